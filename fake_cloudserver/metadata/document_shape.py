"""Whether a document that somebody else wrote has the shape of object metadata. IO-free.

CloudServer stores what Backbeat hands it unseen, and then trips over a property of another type whenever the object is
read: such requests are never answered. Here a document of that kind is not let in.

Source: Arsenal lib/models/ObjectMD.ts (types of the properties), lib/models/ReplicationConfiguration.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from fake_cloudserver.metadata.object_metadata import USER_METADATA_PREFIX

Check: TypeAlias = Callable[[Any], bool]


def is_well_formed(md: Mapping[str, Any]) -> bool:
    """Whether every property that is there has the type that CloudServer's code relies on."""
    return all(_has_type(name, value) for name, value in md.items())


def _has_type(name: str, value: Any) -> bool:
    is_user_metadata = name.startswith(USER_METADATA_PREFIX)
    if value is None:
        return name not in _NEVER_NULL and not is_user_metadata
    check = _is_text if is_user_metadata else _TYPES.get(name)
    return check is None or check(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_size(value: Any) -> bool:
    """A whole number of bytes; as text too, as some back ends gave it."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == int(value)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _object_of(types: Mapping[str, Check], *needed: str) -> Check:
    """An object whose properties, as far as they are there and known, have these types."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and all(name in value for name in needed)
            and all(known(value[name]) for name, known in types.items() if name in value)
        )

    return check


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_tag_set(value: Any) -> bool:
    """An emptied set is stored as an empty list (cloudserver lib/api/objectPutTagging.js)."""
    return value == [] or (isinstance(value, dict) and all(map(_is_text, value.values())))


def _is_data_key(value: Any) -> bool:
    """Data in memory has numbers for keys."""
    return isinstance(value, str | int) and not isinstance(value, bool)


_ELEMENT: Final = _object_of(
    {
        "key": _is_data_key,
        "size": _is_size,
        "start": _is_size,
        "dataStoreName": _is_text,
        "dataStoreType": _is_text,
        "dataStoreETag": _is_text,
        "dataStoreVersionId": _or_null(_is_text),
    },
    "key",
)
_BACKEND: Final = _object_of(
    {"site": _is_text, "status": _is_text, "dataStoreVersionId": _or_null(_is_text)}, "site", "status"
)
_NEVER_NULL: Final = frozenset(
    {"owner-display-name", "owner-id", "content-length", "content-md5", "acl", "last-modified", "replicationInfo"}
    | {"x-amz-storage-class"}
)
_GRANTS: Final = ("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP")


def _is_location(value: Any) -> bool:
    """The pieces of the data; a single key in documents older than model version 2."""
    return isinstance(value, str) or (isinstance(value, list) and all(map(_ELEMENT, value)))


_TYPES: Final[Mapping[str, Check]] = {
    **dict.fromkeys(
        (
            *("owner-display-name", "owner-id", "cache-control", "content-disposition", "content-encoding", "expires"),
            *("content-type", "content-md5", "content-language", "creation-time", "last-modified", "key"),
            *("x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"),
            *("x-amz-website-redirect-location", "x-amz-scal-transition-time", "nullVersionId", "nullUploadId"),
            *("versionId", "uploadId", "retentionMode", "retentionDate", "dataStoreName", "originOp"),
        ),
        _is_text,
    ),
    "content-length": _is_size,
    "acl": _object_of(
        {"Canned": _is_text, **dict.fromkeys(_GRANTS, _list_of(_is_text))}, "Canned", *(set(_GRANTS) - {"WRITE"})
    ),
    "location": _is_location,
    "tags": _is_tag_set,
    "replicationInfo": _object_of(
        {
            **dict.fromkeys(
                ("status", "destination", "storageClass", "role", "storageType", "dataStoreVersionId"),
                _or_null(_is_text),
            ),
            "backends": _list_of(_BACKEND),
            "content": _list_of(_is_text),
        }
    ),
    "x-amz-restore": _object_of({"expiry-date": _is_text}),
    "archive": _object_of(
        {
            "archiveInfo": _is_object,
            **dict.fromkeys(("restoreRequestedAt", "restoreCompletedAt", "restoreWillExpireAt"), _or_null(_is_text)),
            "restoreRequestedDays": _or_null(_is_size),
        }
    ),
    "azureInfo": _is_object,
}
