"""The designed dialect: what an engine sends again, or long after somebody else has done it, changes nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from routes_backend import Backend
from scripted_remote import REFUSED

from fake_cloudserver import SystemClock, VirtualClock
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.version_id import decode
from fake_cloudserver.turns import Turns

DESIGN = {"x-scal-replication-storage-type": "aws_s3", "x-scal-replication-storage-class": "aws-site"}
COMMON = {"x-scal-storage-type": "aws_s3", "x-scal-storage-class": "aws-site"}


def put(backend: Backend, version_id: str, body: bytes) -> str:
    headers = DESIGN | {"content-md5": hashlib.md5(body).hexdigest()}
    answer = backend.ask("PUT", f"/_/backbeat/data/src/k?versionId={version_id}", headers, body)
    return dict(answer.headers)["x-amz-version-id"]


def operate(backend: Backend, method: str, operation: str, headers: dict[str, str], body: bytes = b"") -> Any:
    url = f"/_/backbeat/multiplebackenddata/src/k?operation={operation}"
    answer = backend.ask(method, url, COMMON | headers, body)
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def delete(backend: Backend, version_id: str) -> None:
    operate(backend, "DELETE", "deleteobject", DESIGN | {"x-scal-version-id": version_id})


def replicated(backend: Backend, version_id: str, copy: str, status: str = "COMPLETED", **values: Any) -> None:
    """The source's metadata as they are after a replication."""
    raw = decode(version_id)
    md = backend.stored("src", "k", raw)
    info = {"status": status, "backends": [{"site": "aws-site", "status": status, "dataStoreVersionId": copy}]}
    md = md | values | {"replicationInfo": md["replicationInfo"] | info}
    backend.server.metadata.put_object("src", "k", md, versioning=False, version_id=raw)


def bodies(backend: Backend) -> list[bytes | None]:
    return [version.body for version in backend.remote.objects["k"]]


@pytest.mark.parametrize("status", ["COMPLETED", "PENDING"])  # PENDING again: its tags were changed since
def test_a_copy_that_the_source_knows_is_not_made_again_behind_newer_ones(backend: Backend, status: str) -> None:
    older, newer = backend.add_object("src", "k"), backend.add_object("src", "k")
    copy = put(backend, older, b"one")
    replicated(backend, older, copy, status)
    put(backend, newer, b"two")
    assert put(backend, older, b"one") == copy
    assert bodies(backend) == [b"one", b"two"]


def test_a_marker_that_the_source_knows_is_not_made_again_behind_newer_ones(backend: Backend) -> None:
    older = backend.add_object("src", "k")
    put(backend, older, b"one")
    marker = backend.add_object("src", "k", {"isDeleteMarker": True})
    delete(backend, marker)
    replicated(backend, marker, "")
    put(backend, backend.add_object("src", "k"), b"two")
    delete(backend, marker)
    assert bodies(backend) == [b"one", None, b"two"]


def test_a_marker_whose_answer_got_lost_is_not_made_twice(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    put(backend, backend.add_object("src", "k"), b"one")
    marker = backend.add_object("src", "k", {"isDeleteMarker": True})
    remote = backend.remote
    made = remote.delete

    def lose_the_answer(element: dict[str, Any], *, with_version: bool) -> None:
        made(element, with_version=with_version)
        monkeypatch.undo()
        raise REFUSED

    monkeypatch.setattr(remote, "delete", lose_the_answer)
    with pytest.raises(S3Error) as refused:
        delete(backend, marker)
    assert refused.value.code == "ServiceUnavailable"
    delete(backend, marker)
    assert bodies(backend) == [b"one", None]


def test_a_marker_that_did_not_arrive_is_made(backend: Backend) -> None:
    marker = backend.add_object("src", "k", {"isDeleteMarker": True})
    backend.remote.objects["k"] = []
    backend.remote.failures["delete"] = [REFUSED]
    with pytest.raises(S3Error):
        delete(backend, marker)
    delete(backend, marker)
    assert bodies(backend) == [None]


def test_neighbouring_markers_are_all_made(backend: Backend) -> None:
    for _ in range(3):
        delete(backend, backend.add_object("src", "k", {"isDeleteMarker": True}))
    assert bodies(backend) == [None, None, None]


def test_an_upload_whose_object_has_arrived_meanwhile_is_dropped(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    described = DESIGN | {"x-scal-version-id": version_id}
    upload_id = operate(backend, "POST", "initiatempu", described)["uploadId"]
    part = operate(backend, "PUT", "putpart", {"x-scal-part-number": "1", "x-scal-upload-id": upload_id}, b"one")
    copy = put(backend, version_id, b"one")  # what another engine sent
    parts = json.dumps([{"PartNumber": ["1"], "ETag": [part["ETag"]]}]).encode()
    answer = operate(backend, "POST", "completempu", described | {"x-scal-upload-id": upload_id}, parts)
    assert answer == {"versionId": copy}
    assert bodies(backend) == [b"one"]
    assert backend.remote.parts == {}


@pytest.mark.parametrize(("now", "late"), [({"colour": "green"}, '{"colour":"red"}'), ({}, '{"colour":"red"}')])
def test_tags_that_come_late_are_those_of_the_source(backend: Backend, now: dict[str, str], late: str) -> None:
    version_id = backend.add_object("src", "k", {"tags": now})
    copy = put(backend, version_id, b"one")
    named = {
        "x-scal-data-store-version-id": copy,
        "x-scal-source-bucket": "src",
        "x-scal-source-version-id": decode(version_id),
        "x-scal-replication-endpoint-site": "aws-site",
    }
    operate(backend, "POST", "puttagging", DESIGN | named | {"x-scal-tags": late})
    assert backend.remote.objects["k"][0].tags == now
    operate(backend, "DELETE", "deleteobjecttagging", DESIGN | named)
    assert backend.remote.objects["k"][0].tags == now
    operate(backend, "POST", "puttagging", named | {"x-scal-tags": late})  # released: as it is said
    assert backend.remote.objects["k"][0].tags == {"colour": "red"}


def test_a_place_is_for_one_at_a_time() -> None:
    turns = Turns(VirtualClock())
    with turns.of("k"), turns.of("other"), pytest.raises(S3Error) as refused:
        turns.of("k").__enter__()
    assert refused.value.code == "ServiceUnavailable"
    with turns.of("k"):
        pass


def test_who_comes_second_has_its_turn_after_the_first() -> None:
    import threading

    turns, seen = Turns(SystemClock()), []

    def second() -> None:
        with turns.of("k"):
            seen.append("second")

    with turns.of("k"):
        waiting = threading.Thread(target=second)
        waiting.start()
        seen.append("first")
    waiting.join()
    assert seen == ["first", "second"]
