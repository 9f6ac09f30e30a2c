from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from fake_cloudserver import FakeCloudServer, SeededRandomness, Settings, VirtualClock
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.faults.description import to_rule
from harness.faults.middleware import Faults
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyQueue
from harness.queue.memory import MemoryQueue
from harness.tape import format as tape_format
from harness.tape.blobs import Blobs
from harness.tape.model import Body, Header, HttpEvent, Signature, Tape
from harness.tape.recorder import Recorder
from harness.tape.seams import RecordedClock, RecordedQueue
from harness.tape.writer import TapeWriter
from harness.transport import WsgiTransport
from support.in_process import BART, HOST, LISA, Client, Reply
from unit.fake.backbeat.scripted_remote import ScriptedRemote

SITE = "aws-us-east-1"
SECRETS = ("verySecretKey1", "replicationSecretKey1", "accessKey1", "replicationKey1")
PUT_RULE = {"site": "cloudserver", "operation": "metadata:put", "error": 503, "times": 1}


class Twins:
    """A fake and an engine on one thread, recorded.

    Args:
        words: what the tape is about; everything unless given.
    """

    def __init__(self, seed: int = 1, words: list[str] | None = None, blobs: Blobs | None = None) -> None:
        virtual = VirtualClock()
        self.recorder = Recorder(virtual, engine_keys=["replicationKey1"], blobs=blobs)
        self.clock = RecordedClock(virtual, self.recorder)
        settings = Settings.default(aws_endpoint="aws:80", aws_bucket="target")
        self.fake = FakeCloudServer(settings, clock=self.clock, randomness=SeededRandomness(seed))
        self.fake._gateway._locations[SITE] = ScriptedRemote(SITE, virtual)
        self.board = FaultBoard(SeededRandomness(seed + 1))
        app = self.recorder.wrap(Faults(self.fake.app, self.board, "cloudserver", self.clock), "cloudserver")
        self.fake.app = app
        self.recorder.watch_journal(self.fake.journal, "cloudserver")
        self.recorder.watch_board(self.board)
        queue = RecordedQueue(MemoryQueue(self.clock, SeededRandomness(seed + 2)), self.recorder)
        self.engine = Engine(
            EngineSettings.model_validate(
                {
                    "source": {
                        "host": "127.0.0.1",
                        "port": 8000,
                        "auth": {
                            "type": "service",
                            "accessKey": "replicationKey1",
                            "secretKey": "replicationSecretKey1",
                        },
                    },
                    "bootstrapList": [{"site": SITE, "type": "aws_s3"}],
                    "dialect": "release",
                }
            ),
            FaultyQueue(queue, self.board, self.clock),
            self.clock,
            SeededRandomness(seed + 3),
            self.fake.journal,
            transport=WsgiTransport({HOST: app}),
            threaded=False,
        )
        self.client = Client(self.fake)
        self.text = io.StringIO()
        names = {access: account.name for account in settings.accounts for access, _ in account.keys}
        self.writer = TapeWriter(
            self.text, Header("a test", {"cloudserver": "cloudserver"}, seed=seed), accounts=names, words=words
        )

    def ask(self, method: str, path: str, query: str = "", body: str | bytes = b"", **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, path, query, sent, body)

    def replicate(self) -> None:
        """A bucket with a rule, an object, a fault, and the engine until it is done."""
        rule = (
            "<Rule><ID>all</ID><Prefix/><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::any</Bucket>"
            f"<StorageClass>{SITE}</StorageClass></Destination></Rule>"
        )
        role = "arn:aws:iam::root:role/s3-replication-role"
        with self.recorder.writing(self.writer):
            self.ask("PUT", "/src")
            self.ask(
                "PUT",
                "/src",
                "versioning",
                "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
            )
            self.ask(
                "PUT",
                "/src",
                "replication",
                f"<ReplicationConfiguration><Role>{role}</Role>{rule}</ReplicationConfiguration>",
            )
            self.board.add("once", to_rule(PUT_RULE))
            self.recorder.rule("set", "once", PUT_RULE)
            assert self.ask("PUT", "/src/hello", body="the body of it").status == 200
            self.clock.advance(5)
            self.engine.run_until_idle()
            self.ask("HEAD", "/src/hello")
        self.engine.stop()
        self.fake.close()

    @property
    def tape(self) -> Tape:
        return tape_format.parse(self.text.getvalue())


@pytest.fixture(scope="module")
def replicated() -> Twins:
    twins = Twins()
    twins.replicate()
    return twins


def facts(tape: Tape, kind: str) -> list[dict[str, Any]]:
    return [dict(fact.what) for fact in tape.facts if fact.kind == kind]


def test_a_recorded_tape_is_read_back_as_it_was_written(replicated: Twins) -> None:
    tape = replicated.tape

    assert tape_format.serialise(tape) == replicated.text.getvalue()
    assert not tape.cut_short
    assert [event.n for event in tape.events] == list(range(1, len(tape.events) + 1))


def test_everything_that_crosses_the_stack_is_on_the_tape(replicated: Twins) -> None:
    tape = replicated.tape

    kinds = {fact.kind for fact in tape.facts}
    by = {event.by for event in tape.exchanges}

    assert kinds == {"journal", "status", "send", "take", "commit", "clock", "rule", "fault"}
    assert by == {"client", "engine"}
    assert {"do": "set", "name": "once", "rule": PUT_RULE} in facts(tape, "rule")
    assert [fault["operation"] for fault in facts(tape, "fault")] == ["metadata:put"]
    assert facts(tape, "clock") == [{"seconds": 5}]
    assert tape.exchanges[-1].response is not None
    assert ("x-amz-replication-status", "COMPLETED") in tape.exchanges[-1].response.headers


def test_status_changes_are_told_once_each(replicated: Twins) -> None:
    changes = [(one.get("site", ""), one.get("old", ""), one["new"]) for one in facts(replicated.tape, "status")]

    assert changes == [
        ("", "", "PENDING"),
        (SITE, "", "PENDING"),
        ("", "PENDING", "COMPLETED"),
        (SITE, "PENDING", "COMPLETED"),
    ]


def test_one_version_has_one_name_in_journal_kafka_and_answers(replicated: Twins) -> None:
    tape = replicated.tape
    put = next(event for event in tape.exchanges if event.request.path == "/src/hello")
    assert put.response is not None

    named = dict(put.response.headers)["x-amz-version-id"]
    journalled = {one["versionId"] for one in facts(tape, "journal") if one["key"] == "hello" and "versionId" in one}
    sent = [one["value"].content for one in facts(tape, "send") if one.get("key") == "src%2Fhello"]

    assert named == "<version:1>"
    assert journalled == {"<version:1:internal>"}
    assert [one["key"] for one in sent[:1]] == ["hello\0<version:1:internal>"]
    assert json.loads(sent[0]["value"])["versionId"] == "<version:1:internal>"


def test_the_same_seed_gives_the_same_tape_byte_for_byte(replicated: Twins) -> None:
    again = Twins()
    again.replicate()

    assert again.text.getvalue() == replicated.text.getvalue()


def test_object_bodies_are_hashes_and_documents_are_kept(replicated: Twins) -> None:
    bodies = {event.request.path + event.request.query: event.request.body for event in replicated.tape.exchanges}

    digest = hashlib.sha256(b"the body of it").hexdigest()

    assert bodies["/src/hello"] in {Body("sha256", digest, 14), Body()}
    assert bodies["/srcversioning"].form == "xml"
    assert "the body of it" not in replicated.text.getvalue()


def test_no_secret_is_on_the_tape(replicated: Twins) -> None:
    text = replicated.text.getvalue()

    assert [word for word in (*SECRETS, "Signature=", "AWS4-HMAC") if word in text] == []
    hashes = {hashlib.sha256(b"the body of it").hexdigest(), BART, LISA}
    assert set(re.findall(r"\b[0-9a-f]{64}\b", text)) <= hashes  # a signature would be another


def test_a_tape_of_one_object_has_what_concerns_it_only() -> None:
    twins = Twins(words=["mine"])
    with twins.recorder.writing(twins.writer):
        for path in ("/src", "/src/mine", "/src/yours", "/mine-too"):
            twins.ask("PUT", path)
    twins.fake.close()

    assert [event.request.path for event in twins.tape.exchanges] == ["/src/mine", "/mine-too"]
    assert {one["key"] for one in facts(twins.tape, "journal") if one["bucket"] == "src"} == {"mine"}


def exchange_of(path: str, query: str = "", method: str = "GET", **more: Any) -> HttpEvent:
    """What is recorded of one request."""
    twins = Twins()
    with twins.recorder.writing(twins.writer):
        twins.client.send(method, path, query, more.pop("headers", []), more.pop("body", b""))
    twins.fake.close()
    return twins.tape.exchanges[-1]


def test_a_presigned_url_is_recorded_without_what_signs_it() -> None:
    twins = Twins()
    event = exchange_of("/b/k", twins.client.presign("GET", "/b/k", "versionId=null"))
    old = exchange_of("/b/k", twins.client.presign_v2("GET", "/b/k", "versionId=null"))

    assert (event.request.query, event.request.sign) == ("versionId=null", Signature("Bart"))
    assert (old.request.query, old.request.sign) == ("versionId=null", Signature("Bart"))


def test_a_wrong_signature_and_an_unknown_key_are_recorded_as_such() -> None:
    credential = (
        "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
    )
    sign = [("host", HOST), ("x-amz-date", "20260101T000000Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]

    wrong, unknown = (
        exchange_of("/bucket", headers=[*sign, ("Authorization", credential.format(key) + f"Signature={'0' * 64}")])
        for key in ("accessKey1", "SOMEBODYSKEY")
    )

    assert wrong.request.sign == Signature("Bart", wrong=True, payload="UNSIGNED-PAYLOAD")
    assert unknown.request.sign == Signature("nobody")


def test_aws_chunked_is_decoded_and_its_framing_left_out() -> None:
    framed = b"5;chunk-signature=" + b"a" * 64 + b"\r\nhello\r\n0;chunk-signature=" + b"b" * 64 + b"\r\n\r\n"
    md5 = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    headers = [
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        ("content-encoding", "aws-chunked,gzip"),
        ("content-length", str(len(framed))),
        ("content-md5", md5),
    ]
    recorder = Recorder(VirtualClock())
    text = io.StringIO()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        while environ["wsgi.input"].read(7):
            pass
        start_response("200 OK", [])
        return []

    with recorder.writing(TapeWriter(text, Header("", {"s": "s3"}))):
        environ = {"REQUEST_METHOD": "PUT", "RAW_URI": "/b/k", "wsgi.input": io.BytesIO(framed)}
        recorder.wrap(app, "s")(environ | {"cloudserver.headers": headers}, lambda *_: None).close()  # type: ignore[attr-defined]

    request = tape_format.parse(text.getvalue()).exchanges[0].request
    assert request.body == Body("sha256", hashlib.sha256(b"hello").hexdigest(), 5)
    assert request.headers == (
        ("content-encoding", "gzip"),
        ("content-length", "<length>"),
        ("content-md5", "<md5:base64>"),
    )


@pytest.mark.parametrize("headers", [[("Content-Length", "10")], []])
def test_an_exchange_is_recorded_before_its_client_has_the_whole_answer(headers: list[tuple[str, str]]) -> None:
    recorder = Recorder(VirtualClock())
    text = io.StringIO()
    lines: list[int] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", headers)
        return [b"first", b"second"[:5]]

    with recorder.writing(TapeWriter(text, Header("", {"s": "s3"}))):
        environ = {"REQUEST_METHOD": "GET", "RAW_URI": "/b/k", "cloudserver.headers": []}
        answer = recorder.wrap(app, "s")(environ, lambda *_: None)
        lines += (len(text.getvalue().splitlines()) for _ in answer)
        lines.append(len(text.getvalue().splitlines()))

    assert lines == ([1, 2, 2] if headers else [1, 1, 2])


def test_bodies_are_kept_when_asked(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "a.tape")
    twins = Twins(blobs=blobs)
    with twins.recorder.writing(twins.writer):
        twins.ask("PUT", "/src")
        twins.ask("PUT", "/src/a", body=b"content")
    twins.fake.close()

    kept = twins.tape.exchanges[-1].request.body

    assert blobs.content(kept) == b"content"
    assert [path.name for path in (tmp_path / "blobs").iterdir()] == [kept.content]


def test_a_body_that_the_server_did_not_read_is_recorded_by_its_length() -> None:
    event = exchange_of("/nobody/k", method="PUT", headers=[("host", HOST), ("content-length", "9")], body=b"123456789")

    assert event.response is not None
    assert event.response.status >= 400
    assert event.request.body in {Body("unread", "", 9), Body("sha256", hashlib.sha256(b"123456789").hexdigest(), 9)}
