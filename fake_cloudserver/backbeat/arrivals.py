"""Has this very change of a key arrived at the destination already? What the designed dialect asks before it writes.

Delivery is at least once: an engine that was killed between a copy and the note of it sends the copy again; one that
stood still for a while, and whose work somebody else has done meanwhile, sends what is long past. So a change has its
key to itself while it is made; it is not made when the source knows of its copy; and it is not made when it is the last
one that was made. (Changes of one key come in order: only the last can have been made without the source knowing.)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.version_id import decode
from fake_cloudserver.request import Request
from fake_cloudserver.s3.versioning import NULL_VERSION

#: The header that tells a request of the designed dialect from a released one: the type of the destination.
STORAGE_TYPE: Final = "x-scal-replication-storage-type"


def may_be_repeated(request: Request, source_version_id: str) -> bool:
    """Whether the request can be told from others of its key; ``null`` is the name of every null version."""
    return STORAGE_TYPE in request.headers and source_version_id not in {"", NULL_VERSION}


@contextlib.contextmanager
def turn(
    server: CloudServer, request: Request, location_name: str, source_version_id: str, *, marker: bool = False
) -> Iterator[str | None]:
    """While it lasts, nobody else changes the key of the request at the destination.

    Gives the destination's version of this source version where it has arrived already (for a marker that has: "");
    None: write it. A released request, which cannot be told from others, waits for nobody and has never arrived.

    Raises:
        S3Error: ServiceUnavailable when the destination cannot be asked, or another change does not end.
    """
    if not may_be_repeated(request, source_version_id) or not server.gateway.is_external(location_name):
        yield None
        return
    bucket, key = request.bucket or "", request.key or ""
    with server.gateway.turns.of((location_name, bucket, key)):
        arrived = _known_to_source(server, location_name, bucket, key, source_version_id)
        if arrived is None and not marker:
            current = server.gateway.replica_version(location_name, bucket, key)
            arrived = current[1] if current is not None and current[0] == source_version_id else None
        yield arrived


def _known_to_source(
    server: CloudServer, location_name: str, bucket: str, key: str, source_version_id: str
) -> str | None:
    """The copy's version that the source's metadata have; None while they have none."""
    try:
        md = server.metadata.get_object(bucket, key, decode(source_version_id))
    except (ValueError, S3Error):
        return None
    backend = _backend(md or {}, location_name)
    version_id = str(backend.get("dataStoreVersionId") or "")
    made = md is not None and md.get("isDeleteMarker") and backend.get("status") == "COMPLETED"
    return version_id if version_id or made else None


def _backend(md: dict[str, Any], site: str) -> dict[str, Any]:
    backends = (md.get("replicationInfo") or {}).get("backends") or []
    return next((one for one in backends if isinstance(one, dict) and one.get("site") == site), {})
