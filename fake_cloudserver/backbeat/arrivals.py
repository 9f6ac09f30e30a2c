"""Has this very change of a key arrived at the destination already? What the designed dialect asks before it writes.

Delivery is at least once: an engine that was killed between a copy and the note of it sends the copy again. Changes of
one key come in order, so that only the last one can be a repeat: looking at the destination's current object is
enough. A delete marker carries no metadata; the last one of each key is remembered here.
"""

from __future__ import annotations

from typing import Final

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.request import Request
from fake_cloudserver.s3.versioning import NULL_VERSION

#: The header that tells a request of the designed dialect from a released one: the type of the destination.
STORAGE_TYPE: Final = "x-scal-replication-storage-type"


def may_be_repeated(request: Request, source_version_id: str) -> bool:
    """Whether the request can be told from others of its key; ``null`` is the name of every null version."""
    return STORAGE_TYPE in request.headers and source_version_id not in {"", NULL_VERSION}


def arrived_version(
    server: CloudServer, request: Request, location_name: str, bucket: str, key: str, source_version_id: str
) -> str | None:
    """The destination's version of this source version, if it is the current one there; None: write it.

    Raises:
        S3Error: ServiceUnavailable when the destination cannot be asked.
    """
    if not may_be_repeated(request, source_version_id) or not server.gateway.is_external(location_name):
        return None
    current = server.gateway.replica_version(location_name, bucket, key)
    return current[1] if current is not None and current[0] == source_version_id else None
