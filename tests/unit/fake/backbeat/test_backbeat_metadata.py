from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routes_backend import BART, Backend, json_of, make_backend, make_settings

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.version_id import VersionIdGenerator, decode, encode

INFO = {"status": "REPLICA", "backends": [], "content": ["DATA", "METADATA"], "isNFS": None}
URL = "/_/backbeat/metadata/src/k"
OLD_SSE = "x-amz-server-side-encryption"


def document(**values: Any) -> str:
    return json.dumps({"owner-id": BART, "replicationInfo": INFO, "location": None, **values})


def newer(backend: Backend) -> str:
    """An internal id that no object has yet."""
    backend.clock.advance(1)
    return VersionIdGenerator(backend.clock, "RG001").next() + "9"


def put(backend: Backend, version_id: str | None, body: str, **headers: str) -> Any:
    query = "" if version_id is None else f"?versionId={version_id}"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_of(backend.ask("PUT", f"{URL}{query}", sent, body))


def test_get_is_json_within_json(backend: Backend) -> None:
    first = backend.add_object("src", "k", {"content-length": 1})
    backend.add_object("src", "k", {"content-length": 2})
    assert json.loads(json_of(backend.ask("GET", URL))["Body"])["content-length"] == 2
    body = json_of(backend.ask("GET", f"{URL}?versionId={first}"))["Body"]
    assert json.loads(body) == backend.stored("src", "k", decode(first))
    assert ": " not in body


@pytest.mark.parametrize("version", ["", "null", "encoded"])
def test_a_write_may_name_the_document_that_it_replaces(backend: Backend, version: str) -> None:
    stored = {"content-length": 1, "content-type": "\ud800"}
    first = backend.add_object("src", "k", stored, versioning=version != "null")
    query = f"?versionId={first if version == 'encoded' else version}" if version else ""
    read = json_of(backend.ask("GET", f"{URL}{query}"))["Body"]
    sent = {"x-scal-replaced-metadata-md5": hashlib.md5(read.encode()).hexdigest()}
    json_of(backend.ask("PUT", f"{URL}{query}", sent, document(**{"content-length": 2})))
    error = backend.refusal("PUT", f"{URL}{query}", sent, document(**{"content-length": 3}))
    assert (error.code, error.status) == ("PreconditionFailed", 412)
    assert json.loads(json_of(backend.ask("GET", f"{URL}{query}"))["Body"])["content-length"] == 2
    missing = backend.refusal("PUT", "/_/backbeat/metadata/src/none", sent, document())
    assert missing.code == "PreconditionFailed"


def test_get_shows_delete_markers(backend: Backend) -> None:
    backend.add_object("src", "k", {"isDeleteMarker": True})
    assert json.loads(json_of(backend.ask("GET", URL))["Body"])["isDeleteMarker"] is True


@pytest.mark.parametrize("query", ["", "?versionId=null", f"?versionId={'30' * 30}"])
def test_get_of_what_is_not_there(backend: Backend, query: str) -> None:
    error = backend.refusal("GET", f"/_/backbeat/metadata/src/none{query}")
    assert (error.code, error.message) == ("ObjNotFound", "This object does not exist")


def test_get_of_the_null_version(backend: Backend) -> None:
    backend.add_object("src", "k", {"content-length": 5}, versioning=False)
    assert json.loads(json_of(backend.ask("GET", f"{URL}?versionId=null"))["Body"])["content-length"] == 5
    backend.add_object("src", "real")
    assert backend.refusal("GET", "/_/backbeat/metadata/src/real?versionId=null").code == "ObjNotFound"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "MalformedPOSTRequest"),
        ("{", "MalformedPOSTRequest"),
        ("null", "InternalError"),
        ("{}", "InternalError"),
        ("[]", "InternalError"),
        ("1", "InternalError"),
        ('{"replicationInfo":null}', "InternalError"),
    ],
)
def test_put_refuses_what_is_no_metadata(backend: Backend, body: str, code: str) -> None:
    assert backend.refusal("PUT", URL, None, body).code == code
    assert backend.server.metadata.get_object("src", "k") is None


@pytest.mark.parametrize(
    "values", [{"content-length": "x"}, {"location": {}}, {"acl": None}, {"replicationInfo": {"backends": [1]}}]
)
def test_put_refuses_what_nobody_could_read(backend: Backend, values: dict[str, Any]) -> None:
    assert backend.refusal("PUT", URL, None, document(**values)).code == "InternalError"
    assert backend.server.metadata.get_object("src", "k") is None


def test_put_stores_verbatim(backend: Backend) -> None:
    md = {"replicationInfo": {"status": "COMPLETED", "own": 1}, "unknown": [1, {"ü": None}], "last-modified": "never"}
    assert put(backend, None, json.dumps(md)) is None
    assert backend.stored("src", "k") == md


def test_put_without_version_writes_the_master_only(backend: Backend) -> None:
    version_id = backend.add_object("src", "k", {"content-length": 1})
    assert put(backend, None, document(**{"content-length": 2})) is None
    assert backend.stored("src", "k")["content-length"] == 2
    assert backend.stored("src", "k", decode(version_id))["content-length"] == 1
    assert [key for key, _ in backend.server.metadata.entries("src")] == ["k", f"k\0{decode(version_id)}"]


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended", None])
def test_put_by_version_creates_and_overwrites_that_version(versioning: str | None) -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", versioning=versioning)
    version_id = newer(backend)
    for length in (1, 2):
        body = document(**{"content-length": length, "versionId": version_id})
        assert put(backend, encode(version_id), body) == {"versionId": version_id}
        assert backend.stored("src", "k")["content-length"] == length
        assert backend.stored("src", "k", version_id)["content-length"] == length


@given(order=st.permutations(range(4)))
def test_replicas_in_any_order_leave_the_newest_current(order: list[int]) -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src")
    version_ids = [newer(backend) for _ in order]
    for number in order:
        body = document(**{"content-length": number, "versionId": version_ids[number]})
        assert put(backend, encode(version_ids[number]), body) == {"versionId": version_ids[number]}
    assert backend.stored("src", "k")["content-length"] == 3
    assert [backend.stored("src", "k", version_id)["content-length"] for version_id in version_ids] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("status", "is_version"), [("REPLICA", True), ("PENDING", False), ("COMPLETED", False), ("", False)]
)
def test_a_replica_of_an_nfs_object_becomes_a_version(backend: Backend, status: str, is_version: bool) -> None:
    written = put(backend, None, document(replicationInfo={"status": status, "isNFS": True}))
    stored = backend.stored("src", "k")
    assert stored["replicationInfo"]["isNFS"] is not is_version
    if is_version:
        assert written == {"versionId": stored["versionId"]}
        assert backend.stored("src", "k", stored["versionId"]) == stored
    else:
        assert written is None
        assert "versionId" not in stored


def test_put_of_the_null_version_overwrites_one_that_has_an_id(backend: Backend) -> None:
    version_id = newer(backend)
    backend.server.metadata.put_object("src", "k", {"owner-id": BART, "isNull": True}, version_id="")
    null_id = backend.stored("src", "k")["versionId"]
    body = document(**{"content-length": 7, "versionId": version_id})
    assert put(backend, "null", body) == {"versionId": null_id}
    assert backend.stored("src", "k")["content-length"] == 7


@pytest.mark.parametrize("versioning", ["Enabled", None])
def test_put_of_a_new_null_version_overwrites_the_master(versioning: str | None) -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", versioning=versioning)
    assert put(backend, "null", document(versionId="98204613516502999999RG001  885")) is None
    stored = backend.stored("src", "k")
    assert stored["isNull"] is True
    assert "versionId" not in stored
    assert len(list(backend.server.metadata.entries("src"))) == 1


def test_put_of_a_new_null_version_gets_an_id_while_versioning_is_suspended() -> None:
    backend = make_backend(make_settings())
    backend.add_bucket("src", versioning="Suspended")
    written = put(backend, "null", document(versionId="98204613516502999999RG001  885"))
    stored = backend.stored("src", "k")
    assert written == {"versionId": stored["versionId"]}
    assert stored["versionId"] != "98204613516502999999RG001  885"
    assert stored["isNull"] is True
    assert [key for key, _ in backend.server.metadata.entries("src")] == ["k"]


def local_data(backend: Backend, content: bytes, url: str = "/_/backbeat/data/src/k") -> list[dict[str, Any]]:
    md5 = hashlib.md5(content).hexdigest()
    headers = {"x-scal-canonical-id": BART, "content-md5": md5}
    [element] = json_of(backend.ask("PUT", url, headers, content))
    return [{**element, "start": 0, "size": len(content), "dataStoreETag": f"1:{md5}"}]


def test_metadata_only_keeps_the_data_of_the_target(backend: Backend) -> None:
    location = local_data(backend, b"data")
    version_id = backend.add_object("src", "k", {"location": location, OLD_SSE: "AES256"})
    body = document(location=[{"key": "elsewhere"}], tags={"a": "b"}, **{OLD_SSE: "", f"{OLD_SSE}-aws-kms-key-id": "x"})
    put(backend, version_id, body, x_scal_replication_content="METADATA")
    stored = backend.stored("src", "k", decode(version_id))
    assert stored["tags"] == {"a": "b"}
    assert stored["location"] == location
    assert (stored[OLD_SSE], stored[f"{OLD_SSE}-aws-kms-key-id"]) == ("AES256", "")
    assert backend.read(location) == b"data"


@pytest.mark.parametrize("body", ["null", document()])
def test_metadata_only_needs_a_target(backend: Backend, body: str) -> None:
    headers = {"x-scal-replication-content": "METADATA"}
    assert backend.refusal("PUT", URL, headers, body).code == "ObjNotFound"
    version_id = encode(newer(backend))
    backend.add_object("src", "k")
    assert backend.refusal("PUT", f"{URL}?versionId={version_id}", headers, body).code == "ObjNotFound"


@pytest.mark.parametrize("content", ["metadata", "DATA,METADATA", "METADATA,DATA", ""])
def test_any_other_content_replaces_everything(backend: Backend, content: str) -> None:
    version_id = backend.add_object("src", "k", {"location": [{"key": "old", "dataStoreName": "us-east-1"}]})
    put(backend, version_id, document(location=None), x_scal_replication_content=content)
    assert backend.stored("src", "k", decode(version_id))["location"] is None


def test_data_of_a_replaced_location_is_deleted(backend: Backend) -> None:
    old, new = local_data(backend, b"old"), local_data(backend, b"new")
    version_id = backend.add_object("src", "k", {"location": old})
    put(backend, version_id, document(location=new))
    assert backend.read(new) == b"new"
    with pytest.raises(S3Error, match="InternalError"):
        backend.read(old)


def test_data_stays_while_it_is_used(backend: Backend) -> None:
    old, more = local_data(backend, b"old"), local_data(backend, b"more")
    version_id = backend.add_object("src", "k", {"location": old})
    put(backend, version_id, document(location=[*more, *old]))
    put(backend, version_id, document(location=None))
    put(backend, version_id, document(location=local_data(backend, b"another")), x_scal_replication_content="METADATA")
    put(backend, None, document(location=local_data(backend, b"the master's")))
    assert backend.read(old) == b"old"


def test_data_of_the_replaced_null_version_is_deleted(backend: Backend) -> None:
    old = local_data(backend, b"old")
    backend.server.metadata.put_object("src", "k", {"owner-id": BART, "isNull": True, "location": old}, version_id="")
    put(backend, "null", document(location=local_data(backend, b"new")))
    with pytest.raises(S3Error, match="InternalError"):
        backend.read(old)


def test_a_failed_clean_up_is_nobodys_concern(backend: Backend) -> None:
    version_id = backend.add_object(
        "src", "k", {"location": [{"key": "old", "dataStoreName": "no-such-location"}, "odd"]}
    )
    assert put(backend, version_id, document(location=[])) == {"versionId": decode(version_id)}


def test_a_status_update_is_journalled(backend: Backend) -> None:
    version_id = backend.add_object("src", "k")
    before = backend.server.metadata.journal.last_sequence
    put(backend, version_id, document(replicationInfo={**INFO, "status": "COMPLETED"}))
    records = backend.server.metadata.journal.read(before + 1, 10)
    assert [record.key for record in records] == [f"k\0{decode(version_id)}", "k"]
