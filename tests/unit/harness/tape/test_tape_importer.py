from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.errors import UsageError
from harness.tape import configuration, files
from harness.tape import format as tape_format
from harness.tape.__main__ import main as play_command
from harness.tape.errors import TapeError
from harness.tape.importer import main
from harness.tape.model import Body, Signature
from harness.tape.signing import KeyPair

RECORDED = Path(__file__).parents[4] / "scenarios" / "recorded"
INTERNAL = "98204619311460999999RG001  204"
ID = INTERNAL.encode().hex()


def exchange(n: int, request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    base: dict[str, Any] = {"method": "GET", "path": "/b/k", "query": "", "access_key": None, "headers": {}, "body": ""}
    return {"n": n, "name": f"e{n}", "at": "cloudserver", "request": base | request, "response": response}


def answer(body: str = "", *headers: tuple[str, str]) -> dict[str, Any]:
    return {"status": 200, "headers": [list(header) for header in headers], "body": body}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "config").mkdir(parents=True)
    credentials = {"accessKey": "motoAccess", "secretKey": "motoSecret"}
    documents = {
        "config.json": {"port": 8000},
        "locationConfig.json": {
            "us-east-1": {"type": "mem", "details": {}},
            "aws": {"type": "aws_s3", "details": {"awsEndpoint": "127.0.0.1:5000", "credentials": credentials}},
            "down": {"type": "aws_s3", "details": {"awsEndpoint": "127.0.0.1:9", "credentials": credentials}},
        },
        "authdata.json": {
            "accounts": [
                {"name": "Bart", "keys": [{"access": "accessKey1", "secret": "verySecretKey1"}]},
                {"name": "Keyless", "keys": []},
            ]
        },
    }
    for name, document in documents.items():
        (folder / "config" / name).write_text(json.dumps(document))
    return folder


def convert(source: Path, *exchanges: dict[str, Any]) -> Any:
    header = {"of": "CloudServer", "aws": "moto", "recorded": "2026-11-22"}
    recording = "".join(json.dumps(document) + "\n" for document in (header, *exchanges))
    (source / "some.jsonl").write_text(recording)
    result = CliRunner().invoke(main, [str(source), str(source.parent / "out")])
    assert result.exit_code == 0, result.output
    return files.load(source.parent / "out" / "some.tape")


def test_exchanges_become_events(source: Path) -> None:
    tape = convert(
        source,
        exchange(1, {"method": "PUT", "headers": {"content-length": "2"}, "body": "hi"}, answer("", ("ETag", "x"))),
        exchange(4, {}, {"error": "no answer"}),
    )

    one, other = tape.events
    assert (one.n, one.name, one.request.headers) == (1, "e1", (("content-length", "<length>"),))
    assert one.request.body == Body("text", "hi")
    assert one.response.headers == (("ETag", "x"),)
    assert (other.n, other.response) == (4, None)
    assert tape.header.about == "CloudServer; AWS is moto"
    assert tape.header.environ == {"MPU_TESTING": "yes"}
    assert tape.header.buckets["aws"]["crr-target-nover"] == "plain"


def test_ids_get_names_where_they_stand_and_nowhere_else(source: Path) -> None:
    tape = convert(
        source,
        exchange(1, {"query": f"versionId={'0' * 32}"}, answer(ID, ("x-amz-version-id", ID))),
        exchange(2, {"query": f"versionId={ID}"}, answer(f'{{"versionId":"{INTERNAL}","name":"{ID}"}}')),
        exchange(3, {"body": f"<A><VersionId>{ID}</VersionId></A>"}, answer("<A><VersionId>null</VersionId></A>")),
    )

    first, second, third = tape.events
    assert first.request.query == f"versionId={'0' * 32}"
    assert first.response.headers == (("x-amz-version-id", "<version:1>"),)
    assert first.response.body == Body("text", ID)
    assert second.request.query == "versionId=<version:1>"
    assert second.response.body == Body("json", {"versionId": "<version:1:internal>", "name": ID})
    assert third.request.body.content == "<A><VersionId>&lt;version:1&gt;</VersionId></A>"
    assert third.response.body.content == "<A><VersionId>null</VersionId></A>"


def test_signatures_name_accounts(source: Path) -> None:
    special = {"bad_signature": True, "unsigned_headers": ["x-a"], "content_sha256": "abc"}

    tape = convert(
        source,
        exchange(1, {"access_key": "accessKey1"} | special, answer()),
        exchange(2, {"access_key": "motoAccess"}, answer()),
        exchange(3, {"access_key": "elsewhere"}, answer()),
        exchange(4, {}, answer()),
    )

    assert [event.request.sign for event in tape.events] == [
        Signature("Bart", wrong=True, unsigned=("x-a",), payload="abc"),
        Signature("aws"),
        Signature("nobody"),
        None,
    ]


def test_hashes_are_computed_again_and_wrong_lengths_kept(source: Path) -> None:
    headers = {"content-md5": "x", "content-length": "7"}

    tape = convert(
        source,
        exchange(1, {"headers": headers, "md5_of_body": "hex"}, answer()),
        exchange(2, {"headers": headers}, answer()),
    )

    assert tape.events[0].request.headers == (("content-md5", "<md5:hex>"), ("content-length", "7"))
    assert tape.events[1].request.headers == (("content-md5", "x"), ("content-length", "7"))


def test_bodies_have_the_form_that_says_most(source: Path) -> None:
    bodies: list[dict[str, Any]] = [
        {"body_repeat": ["ab", 1000]},
        {"body_base64": "/w=="},
        {"body": '{"a": 1}'},
        {"body": '{"a":1 }'},
        {"body": "<a"},
    ]

    tape = convert(source, *(exchange(n, body, answer()) for n, body in enumerate(bodies, 1)))

    assert [event.request.body for event in tape.events] == [
        Body("repeat", ("ab", 1000)),
        Body("base64", "/w=="),
        Body("spaced", {"a": 1}),
        Body("text", '{"a":1 }'),
        Body("text", "<a"),
    ]


def test_session_tokens_do_not_get_on_a_tape(source: Path) -> None:
    convert(source, exchange(1, {"headers": {"x-amz-security-token": "t0ken"}}, answer()))

    assert "t0ken" not in (source.parent / "out" / "some.tape").read_text()


def test_the_address_of_aws_becomes_a_name(source: Path) -> None:
    convert(source)

    loaded = configuration.load(source.parent / "out" / "config", {"aws": "127.0.0.1:4711"})

    assert loaded.locations["aws"]["details"]["awsEndpoint"] == "127.0.0.1:4711"
    assert loaded.locations["down"]["details"]["awsEndpoint"] == "127.0.0.1:9"
    assert loaded.key_pairs() == {"Bart": KeyPair("accessKey1", "verySecretKey1")}
    assert loaded.key_pair_at("127.0.0.1:4711") == KeyPair("motoAccess", "motoSecret")


def test_a_configuration_needs_every_site_it_names(source: Path) -> None:
    convert(source)

    with pytest.raises(UsageError, match=r"^location aws is at the site 'aws', which is not given$"):
        configuration.load(source.parent / "out" / "config", {})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", "[]", "no JSON object"),
        ("config.json", "{", "Expecting property name"),
        ("locationConfig.json", '{"a": 1}', "a location without details"),
        ("authdata.json", '{"accounts": [{"name": "x"}]}', "no list of accounts with keys"),
    ],
)
def test_a_configuration_that_is_none(source: Path, name: str, content: str, message: str) -> None:
    (source / "config" / name).write_text(content)

    with pytest.raises(UsageError, match=message):
        configuration.load(source / "config", {})


def test_what_is_no_recording_is_refused(source: Path) -> None:
    (source / "some.jsonl").write_text('{"of": "x"}\n{"n": 1}\n')

    result = CliRunner().invoke(main, [str(source), str(source.parent / "out")])

    assert result.exit_code == 1
    assert "some.jsonl: not a recording" in result.output


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\n", "not a tape: no UTF-8 at byte 0"), (b"{}\n", "line 1: not a tape: its first line has no 'tape'")],
)
def test_a_file_that_is_no_tape(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.tape"
    path.write_bytes(content)

    with pytest.raises(TapeError) as refused:
        files.load(path)

    assert str(refused.value) == f"{path}: {message}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="No such file"):
        files.load(tmp_path / "x.tape")


def test_a_file_that_is_too_big(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_SIZE", 2)
    (tmp_path / "x.tape").write_bytes(b"{}\n")

    with pytest.raises(TapeError, match="3 bytes; a tape has at most 2"):
        files.load(tmp_path / "x.tape")


def test_playing_from_the_command_line_needs_a_tape_and_its_sites(tmp_path: Path) -> None:
    for arguments, message in [
        ([str(tmp_path / "none.tape")], "No such file"),
        ([str(RECORDED / "objects.tape"), "--at", "cloudserver"], "no SITE=URL"),
        ([str(RECORDED / "objects.tape"), "--at", "aws=ftp://x"], "is no http://host:port"),
        ([str(RECORDED / "objects.tape"), "--at", "aws=http://127.0.0.1:9"], "the tape asks cloudserver"),
    ]:
        result = CliRunner().invoke(play_command, arguments)

        assert result.exit_code == 2
        assert message in result.output


@pytest.mark.parametrize("name", ["buckets", "crr-aws", "objects"])
def test_recorded_tapes_are_written_as_they_read_and_hold_no_secret(name: str) -> None:
    path = RECORDED / f"{name}.tape"
    text = path.read_text(encoding="utf-8")
    pairs = configuration.load(RECORDED / "config", {"aws": "127.0.0.1:1"}).key_pairs().values()

    assert tape_format.serialise(files.load(path)) == text
    for secret in [pair.secret_key for pair in pairs] + ["motoSecret", "Signature=", "authorization", "Credential="]:
        assert secret not in text
