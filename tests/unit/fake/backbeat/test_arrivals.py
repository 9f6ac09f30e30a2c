"""Repeats of the designed dialect beyond the plain put: uploads in parts and delete markers."""

from __future__ import annotations

from typing import Any

import pytest
from routes_backend import Backend, json_of
from scripted_remote import REFUSED

VERSION = "39383230343630383438373531373939393939395247303031202030"
OTHER = "39383230343630383438373531373939393939395247303031202031"
DESIGN = {"x-scal-replication-storage-type": "aws_s3", "x-scal-replication-storage-class": "aws-site"}
COMMON = {"x-scal-storage-type": "aws_s3", "x-scal-storage-class": "aws-site"}
URL = "/_/backbeat/multiplebackenddata/src/k?operation="


def initiate(backend: Backend, headers: dict[str, str]) -> Any:
    return json_of(backend.ask("POST", f"{URL}initiatempu", COMMON | headers))


def upload(backend: Backend, headers: dict[str, str]) -> None:
    """A whole upload of one part."""
    upload_id = initiate(backend, headers)["uploadId"]
    part = COMMON | {"x-scal-part-number": "1", "x-scal-upload-id": upload_id}
    etag = json_of(backend.ask("PUT", f"{URL}putpart", part, b"part"))["ETag"]
    body = b'[{"PartNumber":[1],"ETag":["%b"]}]' % etag.encode()
    backend.ask("POST", f"{URL}completempu", COMMON | {"x-scal-upload-id": upload_id}, body)


def delete(backend: Backend, headers: dict[str, str]) -> None:
    assert json_of(backend.ask("DELETE", f"{URL}deleteobject", COMMON | headers)) == {}


def test_an_upload_that_arrived_is_answered_with_its_version(backend: Backend) -> None:
    upload(backend, DESIGN | {"x-scal-version-id": VERSION})
    (version,) = backend.remote.objects["k"]
    assert initiate(backend, DESIGN | {"x-scal-version-id": VERSION}) == {"versionId": version.version_id}


@pytest.mark.parametrize(
    "headers",
    [
        DESIGN | {"x-scal-version-id": OTHER},
        DESIGN | {"x-scal-version-id": "null"},
        DESIGN,
        {"x-scal-version-id": VERSION},  # the released dialect knows of no repeats
    ],
)
def test_any_other_upload_begins(backend: Backend, headers: dict[str, str]) -> None:
    upload(backend, DESIGN | {"x-scal-version-id": VERSION})
    assert set(initiate(backend, headers)) == {"uploadId"}


def test_a_delete_marker_is_made_once(backend: Backend) -> None:
    for version_id in (VERSION, VERSION, OTHER, OTHER):
        delete(backend, DESIGN | {"x-scal-version-id": version_id})
    assert len(backend.remote.objects["k"]) == 2


@pytest.mark.parametrize("headers", [DESIGN, DESIGN | {"x-scal-version-id": "null"}, {"x-scal-version-id": VERSION}])
def test_a_marker_that_cannot_be_told_from_others_is_made_each_time(backend: Backend, headers: dict[str, str]) -> None:
    for _ in range(2):
        delete(backend, headers)
    assert len(backend.remote.objects["k"]) == 2


def test_a_marker_that_failed_is_not_remembered(backend: Backend) -> None:
    backend.remote.failures["delete"] = [REFUSED]
    headers = COMMON | DESIGN | {"x-scal-version-id": VERSION}
    assert backend.refusal("DELETE", f"{URL}deleteobject", headers).code == "ServiceUnavailable"
    delete(backend, DESIGN | {"x-scal-version-id": VERSION})
    assert len(backend.remote.objects["k"]) == 1
