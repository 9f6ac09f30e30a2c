"""Objects whose data was moved to a cold location, and not restored."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from support.in_process import Client, start_fake

MESSAGE = "The operation is not valid for the object's storage class"


@pytest.fixture
def bart() -> Iterator[Client]:
    """The owner of an archived object ``cold`` and an ordinary one ``warm``."""
    with start_fake() as fake:
        client = Client(fake)
        client.request("PUT", "/bkt")
        for key in ("cold", "warm"):
            client.request("PUT", f"/bkt/{key}", body="hello")
        service = Client(fake, "lifecycleKey1")
        document = json.loads(service.request("GET", "/_/backbeat/metadata/bkt/cold").json["Body"])
        document |= {"archive": {"archiveInfo": {"archiveId": "a"}}, "x-amz-storage-class": "cold", "location": None}
        assert service.request("PUT", "/_/backbeat/metadata/bkt/cold", body=json.dumps(document)).status == 200
        yield client


def test_it_can_be_looked_at_but_not_read(bart: Client) -> None:
    reply = bart.request("GET", "/bkt/cold")
    assert (reply.status, reply.code, reply.message) == (403, "InvalidObjectState", MESSAGE)
    head = bart.request("HEAD", "/bkt/cold")
    assert (head.status, head.header("x-amz-storage-class")) == (200, "cold")
    assert bart.request("HEAD", "/bkt/warm").header("x-amz-storage-class") is None


def test_it_cannot_be_copied(bart: Client) -> None:
    upload_id = bart.request("POST", "/bkt/new", "uploads").elements("UploadId")[0]
    source = {"x-amz-copy-source": "/bkt/cold"}
    for query in ("", f"partNumber=1&uploadId={upload_id}"):
        reply = bart.request("PUT", "/bkt/new", query, source)
        assert (reply.status, reply.code, reply.message) == (403, "InvalidObjectState", MESSAGE)


def test_its_archive_is_shown_to_who_asks_for_it(bart: Client) -> None:
    assert bart.request("HEAD", "/bkt/cold").header("x-amz-scal-archive-info") is None
    reply = bart.request("HEAD", "/bkt/cold", "", {"x-amz-scal-archive-info": "true"})
    assert reply.header("x-amz-scal-archive-info") == '{"archiveId":"a"}'
    assert (reply.header("x-amz-storage-class") or "").startswith("cold")
    assert reply.header("x-amz-scal-owner-id") is not None
