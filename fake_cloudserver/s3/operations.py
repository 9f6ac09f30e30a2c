"""The operation table: CloudServer's name of each operation, and who answers it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.request import Answer, Request

Operation = Callable[[CloudServer, Request], Answer]

#: module of this package -> its operations
_HOMES: Final[dict[str, tuple[str, ...]]] = {
    "bucket_acl": ("bucket_get_acl", "bucket_put_acl"),
    "bucket_cors": ("bucket_get_cors", "bucket_put_cors", "bucket_delete_cors"),
    "bucket_encryption": ("bucket_get_encryption", "bucket_put_encryption", "bucket_delete_encryption"),
    "bucket_lifecycle": ("bucket_get_lifecycle", "bucket_put_lifecycle", "bucket_delete_lifecycle"),
    "bucket_listing": ("bucket_get",),
    "bucket_notification": ("bucket_get_notification", "bucket_put_notification"),
    "bucket_policy": ("bucket_get_policy", "bucket_put_policy", "bucket_delete_policy"),
    "bucket_quota": ("bucket_get_quota", "bucket_update_quota", "bucket_delete_quota"),
    "bucket_replication": ("bucket_get_replication", "bucket_put_replication", "bucket_delete_replication"),
    "bucket_tagging": ("bucket_get_tagging", "bucket_put_tagging", "bucket_delete_tagging"),
    "bucket_versioning": ("bucket_get_versioning", "bucket_put_versioning"),
    "bucket_website": ("bucket_get_website", "bucket_put_website", "bucket_delete_website"),
    "buckets": ("bucket_put", "bucket_head", "bucket_delete", "bucket_get_location"),
    "cors": ("cors_preflight",),
    "metadata_search": ("metadata_search",),
    "multi_delete": ("multi_object_delete",),
    "multipart_complete": ("complete_multipart_upload",),
    "multipart_listing": ("list_parts", "list_multipart_uploads"),
    "multipart_upload": (
        "initiate_multipart_upload",
        "object_put_part",
        "object_put_copy_part",
        "multipart_delete",
    ),
    "object_acl": ("object_get_acl", "object_put_acl"),
    "object_copy": ("object_copy",),
    "object_delete": ("object_delete",),
    "object_get": ("object_get", "object_head"),
    "object_lock": (
        "object_get_legal_hold",
        "object_put_legal_hold",
        "object_get_retention",
        "object_put_retention",
    ),
    "object_lock_configuration": ("bucket_get_object_lock", "bucket_put_object_lock"),
    "object_put": ("object_put",),
    "object_restore": ("object_restore",),
    "object_tagging": ("object_get_tagging", "object_put_tagging", "object_delete_tagging"),
    "service": ("service_get",),
}

#: operations that read their body themselves, as a stream
STREAMING: Final = frozenset({"object_put", "object_put_part"})
#: operations that name a source, which is read before the requester is known
COPYING: Final = frozenset({"object_copy", "object_put_copy_part"})


class _Table(Mapping[str, Operation]):
    """Loads a family when the first of its operations is asked for: start-up costs nothing for what is not used."""

    def __init__(self) -> None:
        self._homes = {name: module for module, names in _HOMES.items() for name in names}
        self._loaded: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        operation = self._loaded.get(name)
        if operation is None:
            module = importlib.import_module(f"fake_cloudserver.s3.{self._homes[name]}")
            operation = self._loaded[name] = getattr(module, name)
        return operation

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


OPERATIONS: Final[Mapping[str, Operation]] = _Table()
