"""How a remote names CloudServer's objects."""

from __future__ import annotations


def remote_key(bucket: str, key: str, *, bucket_match: bool) -> str:
    """The key in the remote bucket: the object's own, or with the source bucket's name before it."""
    # Arsenal lib/storage/data/external/AwsClient.js (_createAwsKey)
    return key if bucket_match else f"{bucket}/{key}"
