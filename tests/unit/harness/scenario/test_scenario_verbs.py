"""The verbs: S3's from botocore's model, the others from their table."""

from __future__ import annotations

import datetime
import io
import json
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.response import StreamingBody
from scenario_target import FakeTarget, client_error, message, record

from harness.errors import ScenarioError
from harness.queue.base import Message
from harness.scenario import s3_shapes, s3_verbs, shapes, verbs
from harness.scenario.engine_verbs import VERBS, describe_message, describe_record
from harness.scenario.target import PARTS, JournalRecord
from harness.scenario.verb import Call, VerbError

BUCKETS = {"src": "src-1", "aws": "remote"}


def call(
    verb: str, target: FakeTarget, arguments: dict[str, Any], *, at: str = "cloudserver", account: str | None = None
) -> Any:
    found = verbs.find(verb)
    assert found is not None
    return found.act(Call(target, verb, arguments, at, account, BUCKETS))


def test_every_operation_of_botocore_is_a_verb() -> None:
    names = verbs.names()
    assert len(names) == len(set(names)) > 115
    assert {"put_object", "list_objects_v2", "get_bucket_accelerate_configuration"} <= set(names)
    assert VERBS.keys() <= set(names)
    for name in names:
        verb = verbs.find(name)
        assert verb is not None
        assert verb.name == name
        assert verb.about
        assert isinstance(verb.output, shapes.Record)


@pytest.mark.parametrize("name", ["put_objet", "", "PutObject", "close", "meta", "__init__", "select_object_content"])
def test_nothing_else_is(name: str) -> None:
    assert verbs.find(name) is None


def test_no_operation_has_the_name_of_another_verb() -> None:
    assert not set(VERBS) & set(s3_verbs.names())


@pytest.mark.parametrize(
    ("name", "reads"),
    [("get_object", True), ("head_bucket", True), ("list_parts", True), ("put_object", False), ("delete_object", False),
     ("copy_object", False), ("settle", False), ("kafka", True), ("journal", True), ("http", True), ("stop", False)],
)  # fmt: skip
def test_verbs_that_may_be_repeated(name: str, reads: bool) -> None:
    verb = verbs.find(name)
    assert verb is not None
    assert verb.reads is reads


def test_shapes_of_an_operation() -> None:
    shape = s3_shapes.input_shape("PutObject")
    assert shape.required == {"Bucket", "Key"}
    assert shape.members["Body"] == shapes.Body()
    assert shape.members["ContentLength"] == shapes.Number()
    assert shape.members["Metadata"] == shapes.Names(shapes.Text())
    assert shape.members["StorageClass"] == shapes.Text()
    acl = shape.members["ACL"]
    assert isinstance(acl, shapes.Text)
    assert "public-read" in acl.enum
    assert {"Body", "BodySize", "BodySHA256", "BodyMD5", "ETag", "ResponseMetadata"} <= set(
        s3_shapes.output_shape("GetObject").members
    )
    assert s3_shapes.output_shape("DeleteBucket").members.keys() == {"ResponseMetadata"}


def test_outputs_are_plain_values() -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert s3_verbs.plain_output({"LastModified": moment, "List": [{"a": (1, b"x")}], "N": None}) == {
        "LastModified": "2026-01-02T03:04:05+00:00", "List": [{"a": [1, "x"]}], "N": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"hello", "hello"), (b"", ""), (b"\xff", None), (b"x" * 65_536, "x" * 65_536), (b"x" * 65_537, None)],
)
def test_a_body_is_read_to_its_end(content: bytes, text: str | None) -> None:
    output = s3_verbs.plain_output({"Body": StreamingBody(io.BytesIO(content), len(content))})
    assert output["BodySize"] == len(content)
    assert len(output["BodySHA256"]) == 64
    assert len(output["BodyMD5"]) == 32
    assert output.get("Body") == text


def test_arguments_that_botocore_refuses() -> None:
    target = FakeTarget()
    target.failures["put_object"] = ParamValidationError(report="bad\n  thing")
    with pytest.raises(ScenarioError, match="put_object: Parameter validation failed: bad thing"):
        call("put_object", target, {"Bucket": "src", "Key": "k"})


def test_errors_carry_all_that_is_known() -> None:
    target = FakeTarget()
    target.failures["put_object"] = client_error("SlowDown", 503, message="later")
    with pytest.raises(VerbError) as caught:
        call("put_object", target, {"Bucket": "src", "Key": "k"})
    assert caught.value.output == {
        "Code": "SlowDown", "Message": "later", "HTTPStatusCode": 503, "ResponseMetadata": {"HTTPStatusCode": 503},
    }  # fmt: skip
    assert not caught.value.is_missing


def test_settle() -> None:
    target = FakeTarget()
    assert call("settle", target, {}) == {}
    call("settle", target, {"within": "250ms"})
    assert target.told == ["settle 30", "settle 0.25"]
    target.open = "3 messages"
    with pytest.raises(VerbError, match="NotSettled: after 1s: 3 messages"):
        call("settle", target, {"within": "1s"})


@pytest.mark.parametrize("verb", ["stop", "start", "kill"])
@pytest.mark.parametrize("part", PARTS)
def test_parts_of_the_stack(verb: str, part: str) -> None:
    target = FakeTarget()
    call(verb, target, {"part": part})
    assert target.told == [f"{verb} {part}"]


@pytest.mark.parametrize(
    ("verb", "arguments", "told"),
    [
        ("engine", {"do": "kill", "role": "processor"}, "kill None processor"),
        ("engine", {"do": "start", "role": "status", "count": 2}, "start 2 status"),
        ("pause", {}, "pause aws-us-east-1"),
        ("pause", {"site": "aws"}, "pause aws-us-east-1"),
        ("resume", {"site": "other"}, "resume other"),
    ],
)
def test_roles_and_sites(verb: str, arguments: dict[str, Any], told: str) -> None:
    target = FakeTarget()
    assert call(verb, target, arguments) == {}
    assert target.told == [told]


def test_putting_the_clock_forward() -> None:
    target = FakeTarget()
    before = target.clock.now()
    call("advance", target, {"by": "1d"})
    assert target.clock.now() - before == 86400


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ({"topic": "t"}, ["k", "other"]),
        ({"topic": "t", "bucket": "src"}, ["k", "other"]),
        ({"topic": "t", "bucket": "src", "key": "k"}, ["k"]),
        ({"topic": "t", "key": "k"}, ["k"]),
        ({"topic": "t", "bucket": "foreign"}, ["k"]),
        ({"topic": "nothing"}, []),
    ],
)
def test_messages_of_a_topic(arguments: dict[str, str], keys: list[str]) -> None:
    target = FakeTarget()
    canary = Message("t", 0, 9, b"canary", b'{"canary":true}')
    target.topics["t"] = [message("src-1", "k"), message("src-1", "other"), message("foreign", "k"), canary]
    found = call("kafka", target, arguments)["messages"]
    assert [one["value"]["key"].partition("\0")[0] for one in found] == keys


def test_a_message_in_plain_values() -> None:
    described = describe_message(message("b", "k", "PENDING", offset=3))
    assert (described["partition"], described["offset"], described["key"]) == (0, 3, "b%2Fk")
    assert described["value"]["type"] == "put"
    assert described["metadata"]["replicationInfo"]["status"] == "PENDING"
    assert describe_message(Message("t", 1, 2, None, b"\xffno json")) == {
        "partition": 1, "offset": 2, "key": None, "value": "\ufffdno json",
    }  # fmt: skip


def test_records_of_the_journal() -> None:
    target = FakeTarget()
    target.records = [
        record("src-1", "k"),
        record("src-1", "k\0v1", sequence=2),
        record("src-1", "o"),
        record("b", "k"),
    ]
    assert len(call("journal", target, {"bucket": "src"})["records"]) == 3
    master, version = call("journal", target, {"bucket": "src", "key": "k"})["records"]
    assert (master["master"], version["master"], version["version"], version["sequence"]) == (True, False, "v1", 2)
    assert "version" not in master
    assert describe_record(JournalRecord(1, "t", "b", "del", "k", None)) == {
        "sequence": 1, "timestamp": "t", "type": "del", "key": "k", "master": True,
    }  # fmt: skip


def test_an_internal_route() -> None:
    target = FakeTarget()
    target.transport.answer = (200, {"Content-Type": "application/json"}, json.dumps({"Body": '{"a":1}'}).encode())
    output = call(
        "backbeat",
        target,
        {"resource": "metadata", "bucket": "src", "key": "a b/ü", "query": {"versionId": "v"}, "headers": {"X-A": 1}},
        account="replication",
    )
    assert output["status"] == 200
    assert output["metadata"] == {"a": 1}
    [(method, url, headers, body)] = target.transport.requests
    assert (method, url, body) == (
        "GET",
        "http://cloudserver:80/_/backbeat/metadata/src-1/a%20b/%C3%BC?versionId=v",
        b"",
    )
    assert headers["X-A"] == "1"
    assert "replication@cloudserver" in headers["Authorization"]


@pytest.mark.parametrize(
    ("sign", "account", "signed"),
    [
        (True, None, True),
        (False, None, False),
        ("wrong", "lisa", True),
        (True, "anonymous", False),
        ("wrong", "anonymous", False),
    ],
)
def test_a_raw_request(sign: Any, account: str | None, signed: bool) -> None:
    target = FakeTarget()
    arguments = {"method": "PUT", "path": "/%41?x", "query": {"replication": None, "b": 2}, "sign": sign, "body": "hi"}
    call("http", target, arguments, account=account)
    [(method, url, headers, body)] = target.transport.requests
    assert (method, url, body) == ("PUT", "http://cloudserver:80/%41?x&replication&b=2", b"hi")
    assert ("Authorization" in headers) is signed


def test_a_wrong_signature_is_another_one() -> None:
    target = FakeTarget()
    for sign in (True, "wrong"):
        call("http", target, {"path": "/", "sign": sign, "headers": {"X-Amz-Date": "20260101T000000Z"}})
    signatures = {headers["Authorization"] for _, _, headers, _ in target.transport.requests}
    assert len(signatures) == 2


def test_json_bodies_are_written_without_spaces() -> None:
    target = FakeTarget()
    call("backbeat", target, {"resource": "x", "json": {"a": ["ü", None]}}, account="anonymous")
    assert target.transport.requests[0][3] == '{"a":["ü",null]}'.encode()


def test_no_answer_is_an_error() -> None:
    target = FakeTarget()
    target.transport.answer = None
    with pytest.raises(VerbError, match="NetworkingError"):
        call("http", target, {"path": "/"})


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b'{"a":1}', {"a": 1}),
        (b"[1]", [1]),
        (b"null", None),
        (b"nothing", None),
        (b"{", None),
        (b"", None),
        (b"<Error><Code>X</Code><Message/></Error>", {"Error": {"Code": "X", "Message": ""}}),
        (b'<?xml version="1.0"?>\n<a xmlns="u"><b>1</b><b>2</b><c><d>x</d></c><b>3</b></a>',
         {"a": {"b": ["1", "2", "3"], "c": {"d": "x"}}}),
        (b"<a>", None),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', None),
    ],
)  # fmt: skip
def test_bodies_of_answers(content: bytes, body: Any) -> None:
    target = FakeTarget()
    target.transport.answer = (418, {"X-Thing": "v"}, content)
    output = call("http", target, {"path": "/"})
    assert output["status"] == 418
    assert output["headers"] == {"x-thing": "v"}
    assert output["text"] == content.decode()
    assert output.get("body") == body
