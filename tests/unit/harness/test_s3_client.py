"""The one maker of boto3 clients."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from fake_cloudserver import VirtualClock
from harness.s3_client import s3_client
from harness.s3_model import service_model


def sent(client: Any, call: Callable[[Any], Any] = lambda client: client.list_buckets()) -> dict[str, str]:
    """The headers of a request that goes nowhere."""
    seen: dict[str, str] = {}

    def answer(request: Any, **_: Any) -> AWSResponse:
        headers = {
            name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
        }
        seen.update(headers)
        response = AWSResponse(request.url, 200, {}, None)
        response._content = b"<ListAllMyBucketsResult/>"
        return response

    client.meta.events.register("before-send.s3", answer)
    call(client)
    return seen


def test_requests_are_dated_by_the_clock_that_is_given() -> None:
    clock = VirtualClock()
    clock.advance(86_400)
    headers = sent(s3_client("http://127.0.0.1:1", ("key", "secret"), clock))
    assert headers["X-Amz-Date"] == "20260102T000000Z"
    assert "Credential=key/20260102/us-east-1/s3/aws4_request" in headers["Authorization"]


def test_without_keys_nothing_is_signed() -> None:
    assert "Authorization" not in sent(s3_client("http://127.0.0.1:1", None, VirtualClock()))


def test_a_deletion_of_several_objects_has_the_md5_that_cloudserver_wants() -> None:
    def digest(call: Callable[[Any], Any]) -> str | None:
        return sent(s3_client("http://127.0.0.1:1", ("key", "secret")), call).get("Content-MD5")

    one = digest(lambda client: client.delete_objects(Bucket="b", Delete={"Objects": [{"Key": "k"}]}))
    other = digest(lambda client: client.delete_objects(Bucket="b", Delete={"Objects": [{"Key": "other"}]}))
    assert one is not None
    assert len(base64.b64decode(one)) == 16
    assert one != other
    assert digest(lambda client: client.list_buckets()) is None


def test_what_fails_fails_at_once() -> None:
    client = s3_client("http://127.0.0.1:1", ("key", "secret"))
    tries: list[object] = []
    client.meta.events.register("before-send.s3", lambda **_: tries.append(1))
    with pytest.raises(Exception, match="Could not connect"):
        client.list_buckets()
    assert len(tries) == 1


def test_what_a_client_does_to_its_paths_is_seen_by_nobody_else() -> None:
    def path() -> str:
        return str(service_model().operation_model("HeadBucket").http["requestUri"])

    before = path()
    client = s3_client("http://127.0.0.1:1", ("key", "secret"))
    sent(client, lambda client: client.head_bucket(Bucket="b"))

    assert client.meta.service_model.operation_model("HeadBucket").http["requestUri"] != before
    assert path() == before == "/{Bucket}"
