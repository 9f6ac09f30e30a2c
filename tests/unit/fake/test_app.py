"""What the application itself sees to: documents that lack something, headers that cannot be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fake_cloudserver.errors import S3Error
from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.request import Request
from fake_cloudserver.s3 import router
from support.in_process import BART, Client, start_fake


@pytest.fixture
def fake() -> Iterator[FakeCloudServer]:
    with start_fake() as fake:
        yield fake


@pytest.fixture
def bart(fake: FakeCloudServer) -> Client:
    client = Client(fake)
    assert client.request("PUT", "/bucket").status == 200
    return client


def put_metadata(client: Client, key: str, **values: Any) -> None:
    document = {"owner-id": BART, "replicationInfo": {"status": "", "backends": []}, **values}
    assert client.request("PUT", f"/_/backbeat/metadata/bucket/{key}", body=json.dumps(document)).status == 200


def test_headers_that_node_would_not_set_are_left_out(bart: Client) -> None:
    odd = {
        "x-amz-meta-good": "1",
        "x-amz-meta-a b": "1",
        "x-amz-meta-\u20ac": "1",
        "x-amz-meta-line": "a\r\nb",
        "x-amz-meta-euro": "\u20ac",
    }
    put_metadata(bart, "k", **odd, **{"content-type": "a\x00"})
    for method in ("GET", "HEAD"):
        reply = bart.request(method, "/bucket/k")
        assert reply.status == 200
        names = [name.lower() for name, _ in reply.headers]
        assert [name for name in names if name.startswith("x-amz-meta-")] == ["x-amz-meta-good"]
        assert "content-type" not in names
        assert "x-amz-request-id" in names


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", "", 200),
        ("HEAD", "", 200),
        ("GET", "acl", 200),
        ("GET", "tagging", 200),
        ("GET", "retention", 400),
        ("DELETE", "tagging", 204),
        ("DELETE", "", 204),
    ],
)
def test_an_object_of_which_only_its_owner_is_known(bart: Client, method: str, query: str, status: int) -> None:
    put_metadata(bart, "k")
    assert bart.request(method, "/bucket/k", query).status == status
    assert bart.request("GET", "/bucket").status == 200
    assert bart.request("PUT", "/bucket/k", body="x").status == 200


def test_a_lone_surrogate_is_shown_as_node_shows_it(bart: Client) -> None:
    put_metadata(bart, "k", **{"owner-display-name": "\ud800"})
    assert "<DisplayName>\ufffd</DisplayName>" in bart.request("GET", "/bucket").text


def test_a_restore_of_no_object(bart: Client) -> None:
    assert bart.request("POST", "/bucket", "restore", body="<RestoreRequest/>").error == (404, "NoSuchKey")


@pytest.mark.parametrize("md5", ["\xe9", "====", "x", "1B2M2Y8AsgTpgAmY7PhCfQ00"])
def test_an_md5_that_is_none(bart: Client, md5: str) -> None:
    assert bart.request("PUT", "/bucket/k", headers={"content-md5": md5}).error == (400, "InvalidDigest")


@pytest.mark.parametrize(
    "md5", ["1B2M2Y8AsgTpgAmY7PhCfQ==", "1B2M2Y8AsgTpgAmY7PhCfQ", "d41d8cd98f00b204e9800998ecf8427e"]
)
def test_an_md5_in_every_spelling(bart: Client, md5: str) -> None:
    assert bart.request("PUT", "/bucket/k", headers={"content-md5": md5}).status == 200


def test_a_quota_nested_too_deeply(bart: Client) -> None:
    assert bart.request("PUT", "/bucket", "quota", body='{"a":' * 50_000).error == (400, "InvalidArgument")


def test_a_defect_is_answered_and_logged(
    bart: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(router, "route", fail)
    assert bart.request("GET", "/bucket").error == (500, "InternalError")
    assert "on purpose" in caplog.text


def test_an_error_of_the_catalogue_is_not_logged(
    bart: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_server: object, _request: Request) -> None:
        raise S3Error("InternalError")

    monkeypatch.setattr(router, "route", refuse)
    assert bart.request("GET", "/bucket").error == (500, "InternalError")
    assert caplog.text == ""
