"""Changing one part of a bucket's metadata."""

from __future__ import annotations

import dataclasses
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.store import METASTORE


def update_bucket(server: CloudServer, name: str, **changes: Any) -> None:
    """Set fields of the bucket as it is now, so that requests for different parts do not undo each other.

    Raises:
        S3Error: NoSuchBucket when it was deleted meanwhile.
    """
    with server.metadata.locked(METASTORE, name):
        bucket = server.metadata.find_bucket(name)
        if bucket is None:
            raise S3Error("NoSuchBucket")
        server.metadata.put_bucket(dataclasses.replace(bucket, **changes))
