"""The one way to a boto3 client: what fails, fails at once."""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Mapping
from typing import Any

from fake_cloudserver import Clock, SystemClock
from harness.s3_model import botocore_session

_REGION = "us-east-1"
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 60.0
_CONNECTIONS = 50
#: What CloudServer wants a Content-MD5 for, while botocore sends a CRC32 (cloudserver lib/api/multiObjectDelete.js,
#: bucketPutCors.js).
_WITH_MD5 = ("DeleteObjects", "PutBucketCors")


def s3_client(endpoint: str, credentials: tuple[str, str] | None, clock: Clock | None = None) -> Any:
    """A boto3 S3 client: path style, no retries of its own, Content-MD5 where CloudServer asks for it.

    Without credentials nothing is signed.
    Requests are dated by ``clock``; by the system's unless given.
    """
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
    session = boto3.session.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=_REGION,
        botocore_session=botocore_session(),
    )
    client = session.client("s3", endpoint_url=endpoint, config=config)
    for operation in _WITH_MD5:
        client.meta.events.register(f"before-sign.s3.{operation}", _add_md5)
    if credentials and clock is not None and not isinstance(clock, SystemClock):
        name = _signature_by(clock)
        choose: Any = lambda **_: name  # noqa: E731  (its types know no handler that answers)
        client.meta.events.register_first("choose-signer.s3", choose)
    return client


def _add_md5(request: Any, **_: Any) -> None:
    digest = hashlib.md5(request.body or b"", usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


def dated_signature(clock: Clock) -> type[Any]:
    """Signature v4 of S3, dated by ``clock``: botocore's own asks the system only."""
    from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth

    base: Any = S3SigV4Auth

    class DatedSignature(base):  # type: ignore[misc]
        def _modify_request_before_signing(self, request: Any) -> None:
            moment = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
            request.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
            super()._modify_request_before_signing(request)

    return DatedSignature


def _signature_by(clock: Clock) -> str:
    """The name by which botocore knows the signature of such requests."""
    from botocore.auth import AUTH_TYPE_MAPS

    name = f"s3v4-by-{id(clock)}"
    AUTH_TYPE_MAPS[name] = dated_signature(clock)
    return name


def client_of(facts: Mapping[str, str]) -> Any:
    """The same for an entry of :meth:`harness.stack.Stack.facts`."""
    return s3_client(facts["endpoint"], (facts["access_key"], facts["secret_key"]))
