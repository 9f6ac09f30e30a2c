from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tape import json_text, rewriting, xml_text
from harness.tape.model import Body

ID = b"98204619311460999999RG001  204".hex()


def mark(kind: str, value: Any) -> str:
    return f"<{kind}:1>" if kind != "time" else str(value)


def keep(_kind: str, value: Any) -> Any:
    return value


def test_ids_in_a_query_are_found_by_their_name() -> None:
    raw = f"versions&prefix={ID}&version-id-marker={ID}&uploadId={ID}&versionId"

    new = rewriting.query(raw, mark)

    assert new == f"versions&prefix={ID}&version-id-marker=<version:1>&uploadId=<upload:1>&versionId"


def test_a_value_in_a_query_is_percent_encoded() -> None:
    assert rewriting.query("versionId=<version:1>", lambda *_: "RG001  204") == "versionId=RG001%20%20204"


def test_a_query_that_nothing_is_changed_in_keeps_every_byte() -> None:
    raw = "a=%3c+%3C&&versionId=%6eull&uploadId="

    assert rewriting.query(raw, keep) == raw


def test_signatures_in_a_query_are_secrets() -> None:
    raw = f"X-Amz-Signature={ID}&X-Amz-Credential=accessKey1%2F2026&X-Amz-Date=20261122T000000Z"

    assert "accessKey1" not in rewriting.query(raw, mark)
    assert ID not in rewriting.query(raw, mark)


@pytest.mark.parametrize(
    ("name", "value", "new"),
    [
        ("X-Amz-Version-Id", ID, "<version:1>"),
        ("x-amz-meta-aws-us-east-1-version-id", ID, "<version:1>"),
        ("x-amz-meta-color", ID, ID),
        ("x-scal-upload-id", ID, "<upload:1>"),
        ("x-amz-copy-source", f"/b/{ID}?versionId={ID}", f"/b/{ID}?versionId=<version:1>"),
        ("x-scal-locations", f'[{{"key":7,"dataStoreName":"{ID}"}}]', f'[{{"key":"<data:1>","dataStoreName":"{ID}"}}]'),
        (
            "x-scal-locations",
            '[{"key": 7, "dataStoreName": "\\u00fc"}]',
            '[{"key": "<data:1>", "dataStoreName": "\\u00fc"}]',
        ),
        ("x-scal-locations", "no json", "no json"),
        ("Authorization", "AWS4-HMAC-SHA256 Credential=x", "<secret:1>"),
        ("x-amz-security-token", "t", "<secret:1>"),
    ],
)
def test_ids_in_headers(name: str, value: str, new: str) -> None:
    assert rewriting.headers(((name, value),), mark) == ((name, new),)


def test_ids_in_json_are_found_by_their_property() -> None:
    document = {
        "versionId": ID,
        "name": ID,
        "location": [{"key": 7, "dataStoreName": "us-east-1", "dataStoreVersionId": ID}, None],
        "key": 7,
        "requestId": ID,
        "nullVersionId": None,
    }

    new = rewriting.json_value(document, mark)

    assert new == {
        "versionId": "<version:1>",
        "name": ID,
        "location": [{"key": "<data:1>", "dataStoreName": "us-east-1", "dataStoreVersionId": "<version:1>"}, None],
        "key": 7,
        "requestId": "<request:1>",
        "nullVersionId": None,
    }


def test_the_key_of_an_object_is_no_key_of_data() -> None:
    metadata = {"key": "docs/a", "dataStoreName": "us-east-1", "owner-id": "x"}

    assert rewriting.json_value(metadata, mark) == metadata


def test_a_document_within_a_document_is_looked_into() -> None:
    metadata = json_text.compact({"versionId": ID, "owner-id": "x"})

    assert json.loads(rewriting.json_value({"Body": metadata}, mark)["Body"])["versionId"] == "<version:1>"
    assert rewriting.json_value({"Body": "plain"}, mark) == {"Body": "plain"}


def test_ids_in_xml_are_found_by_their_element_and_every_other_byte_stays() -> None:
    text = f"""<?xml version='1.0'?>
<A xmlns='urn:x' b='>'> <VersionId  c=">">{ID}</VersionId><Key>{ID}</Key><UploadId/></A>"""

    new = rewriting.xml(text, mark)

    assert new == text.replace(f">{ID}</VersionId>", ">&lt;version:1&gt;</VersionId>")


def test_only_a_rule_has_an_id_that_a_server_made() -> None:
    text = f"<A><Rule><ID>{ID}</ID></Rule><Owner><ID>{ID}</ID></Owner></A>"

    assert rewriting.xml(text, mark) == f"<A><Rule><ID>&lt;rule:1&gt;</ID></Rule><Owner><ID>{ID}</ID></Owner></A>"


def test_a_plain_body_is_not_looked_into() -> None:
    body = Body("text", f"versionId={ID}")

    assert rewriting.body(body, mark) is body


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_what_takes_the_place_of_an_id_in_xml_is_read_back(value: str) -> None:
    text = f"<A><VersionId>{ID}</VersionId><B>ü&amp;</B></A>"

    new = rewriting.xml(text, lambda *_: value)

    root = xml_text.parse(new)
    assert [child.text for child in root.children] == [value, "ü&"]


@pytest.mark.parametrize(
    "text",
    ["", "<a>", "<a></b>", "<!DOCTYPE a><a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "<a>" * 65 + "</a>" * 65],
)
def test_what_s3_does_not_speak_is_no_xml(text: str) -> None:
    with pytest.raises(ValueError, match="XML"):
        xml_text.parse(text)


def test_a_tree_has_names_attributes_and_texts() -> None:
    root = xml_text.parse('<a:A xmlns:a="urn:x" a:b="c"><D>e</D><!-- no -->f</a:A>')

    assert (root.tag, root.name, root.attributes, root.text) == ("{urn:x}A", "A", {"{urn:x}b": "c"}, "f")
    assert [(child.tag, child.text) for child in root.children] == [("D", "e")]


@pytest.mark.parametrize("write", [json_text.compact, json_text.spaced, json.dumps])
def test_json_is_written_as_it_was(write: Any) -> None:
    text = write({"ü": [1, 2]})

    assert json_text.like(text, {"ü": [1, 2]})({"ü": [3]}) == write({"ü": [3]})
