"""The one way to a boto3 client: what fails, fails at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REGION = "us-east-1"
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 60.0
_CONNECTIONS = 50


def s3_client(endpoint: str, credentials: tuple[str, str] | None) -> Any:
    """A boto3 S3 client: path style, no retries of its own. Without credentials nothing is signed."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        signature_version="s3v4" if credentials else UNSIGNED,
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        max_pool_connections=_CONNECTIONS,
    )
    access_key, secret_key = credentials or (None, None)
    session = boto3.session.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=_REGION)
    return session.client("s3", endpoint_url=endpoint, config=config)


def client_of(facts: Mapping[str, str]) -> Any:
    """The same for an entry of :meth:`harness.stack.Stack.facts`."""
    return s3_client(facts["endpoint"], (facts["access_key"], facts["secret_key"]))
