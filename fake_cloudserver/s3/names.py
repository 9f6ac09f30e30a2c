"""Names of buckets."""

from __future__ import annotations

import re

_BUCKET = re.compile(r"[a-z0-9]+((\.|-+)[a-z0-9]+)*", re.ASCII)
_IPV4 = re.compile(r"(\d{1,3}\.){3}\d{1,3}", re.ASCII)


def is_valid_bucket_name(name: str) -> bool:
    """Arsenal lib/s3routes/routesUtils.ts (isValidBucketName); ``METADATA`` is the one exception to the letter case."""
    if name == "METADATA":
        return True
    if not 3 <= len(name) <= 63 or _IPV4.fullmatch(name):
        return False
    return _BUCKET.fullmatch(name) is not None
