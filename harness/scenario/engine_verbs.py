"""The verbs that are not S3 operations. A new one is one entry of :data:`VERBS`."""

from __future__ import annotations

import json
from typing import Any

from harness.errors import ScenarioError
from harness.queue.base import Message
from harness.scenario import shapes
from harness.scenario.model import AWS, CLOUDSERVER
from harness.scenario.raw_http import RawRequest, quote_path, send
from harness.scenario.target import PARTS, JournalRecord
from harness.scenario.values import body, duration
from harness.scenario.verb import Call, Verb, VerbError

_SETTLE_WITHIN = "30s"
_NUL = "\0"


def settle(call: Call) -> dict[str, Any]:
    """Wait until no work is left anywhere."""
    within = call.arguments.get("within", _SETTLE_WITHIN)
    own = [name for alias, name in call.buckets.items() if alias != AWS]
    left = call.target.settle(duration(within), own)
    if left:
        raise VerbError({"Code": "NotSettled", "Message": f"after {within}: {left}", "HTTPStatusCode": None})
    return {}


def read_kafka(call: Call) -> dict[str, Any]:
    """The messages of a topic about this scenario's buckets, or about one bucket, or about one object."""
    wanted = {call.bucket(call.arguments["bucket"])} if "bucket" in call.arguments else set(call.buckets.values())
    key = call.arguments.get("key")
    described = [describe_message(message) for message in call.target.messages(call.arguments["topic"])]
    return {"messages": [message for message in described if _is_about(message, wanted, key)]}


def describe_message(message: Message) -> dict[str, Any]:
    """A message in JSON's types; ``metadata`` is the object's metadata, which travels as text inside the value."""
    value = _parsed(message.value.decode("utf-8", "replace"))
    output = {
        "partition": message.partition,
        "offset": message.offset,
        "key": None if message.key is None else message.key.decode("utf-8", "replace"),
        "value": value,
    }
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        output["metadata"] = _parsed(value["value"])
    return output


def _is_about(message: dict[str, Any], buckets: set[str], key: str | None) -> bool:
    value = message["value"]
    if not isinstance(value, dict) or value.get("bucket") not in buckets:
        return False
    return key is None or str(value.get("key", "")).partition(_NUL)[0] == key


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_journal(call: Call) -> dict[str, Any]:
    """The records of the metadata journal about a bucket, or about one object."""
    key = call.arguments.get("key")
    records = [describe_record(record) for record in call.target.journal(call.bucket(call.arguments["bucket"]))]
    return {"records": [record for record in records if key is None or record["key"] == key]}


def describe_record(record: JournalRecord) -> dict[str, Any]:
    """A record in JSON's types: the key apart from the internal version id, the value parsed."""
    key, separator, version = record.key.partition(_NUL)
    output: dict[str, Any] = {
        "sequence": record.sequence,
        "timestamp": record.timestamp,
        "type": record.type,
        "key": key,
        "master": not separator,
    }
    if separator:
        output["version"] = version
    if record.value is not None:
        output["metadata"] = _parsed(record.value)
    return output


def send_raw(call: Call) -> dict[str, Any]:
    """Any HTTP request."""
    arguments = call.arguments
    path = arguments["path"]
    if not path.startswith("/"):
        raise ScenarioError(f"http.path {path!r} does not start with a slash")
    return _send(call, path, sign=arguments.get("sign", True))


def call_backbeat(call: Call) -> dict[str, Any]:
    """A request to an internal route, ``/_/backbeat/<resource>/<bucket>/<key>``."""
    arguments = call.arguments
    parts = ["/_/backbeat", arguments["resource"]]
    if "bucket" in arguments:
        parts.append(call.bucket(arguments["bucket"]))
    if "key" in arguments:
        parts.append(arguments["key"])
    output = _send(call, quote_path("/".join(parts)), sign=True)
    answer = output.get("body")
    if isinstance(answer, dict) and isinstance(answer.get("Body"), str):
        output["metadata"] = _parsed(answer["Body"])
    return output


def _send(call: Call, path: str, *, sign: Any) -> dict[str, Any]:
    arguments = call.arguments
    query = {name: None if value is None else str(value) for name, value in arguments.get("query", {}).items()}
    headers = {name: str(value) for name, value in arguments.get("headers", {}).items()}
    request = RawRequest(arguments.get("method", "GET"), path, query, headers, _content(arguments))
    endpoint = call.target.endpoint(call.at)
    return send(call.target.transport, endpoint, request, _credentials(call, sign), call.target.clock)


def _content(arguments: dict[str, Any]) -> bytes:
    if "json" in arguments:
        return json.dumps(arguments["json"], separators=(",", ":"), ensure_ascii=False).encode()
    return body(arguments.get("body", ""))


def _credentials(call: Call, sign: Any) -> tuple[str, str] | None:
    credentials = None if sign is False else call.target.credentials(call.at, call.account)
    if credentials is not None and sign == "wrong":
        return credentials[0], f"not{credentials[1]}"
    return credentials


def stop_part(call: Call) -> dict[str, Any]:
    """Stop a part of the stack in order."""
    call.target.stop(call.arguments["part"])
    return {}


def kill_part(call: Call) -> dict[str, Any]:
    """End a part of the stack at once."""
    call.target.kill(call.arguments["part"])
    return {}


def start_part(call: Call) -> dict[str, Any]:
    """Start a part of the stack that was stopped or killed."""
    call.target.start(call.arguments["part"])
    return {}


_PART = shapes.Record(
    {"part": shapes.Text(about=f"{', '.join(PARTS)}; or a further CloudServer such as target, or target-1 of it")},
    frozenset({"part"}),
    shorthand="part",
)
_HTTP_MEMBERS: dict[str, shapes.Shape] = {
    "method": shapes.Text(about="GET unless given"),
    "query": shapes.Names(shapes.Anything(), about="parameters; one without a value stands alone, as in ?versioning"),
    "headers": shapes.Names(shapes.Anything(), about="request headers"),
    "body": shapes.Body(about="the body"),
    "json": shapes.Anything(about="the body, sent as JSON"),
}
_ANSWER: dict[str, shapes.Shape] = {
    "status": shapes.Number(about="HTTP status"),
    "headers": shapes.Names(shapes.Text(), about="names in lower case"),
    "text": shapes.Text(about="the body as it came"),
    "body": shapes.Anything(about="the body, when it is JSON or XML, as plain values"),
}
_MESSAGE = shapes.Record(
    {
        "partition": shapes.Number(),
        "offset": shapes.Number(),
        "key": shapes.Text(),
        "value": shapes.Anything(about="the message, parsed"),
        "metadata": shapes.Anything(about="the object's metadata inside it, parsed"),
    }
)
_RECORD = shapes.Record(
    {
        "sequence": shapes.Number(),
        "timestamp": shapes.Text(),
        "type": shapes.Text(about="put or del"),
        "key": shapes.Text(about="the object's key"),
        "master": shapes.Flag(about="whether it is the record of the master key"),
        "version": shapes.Text(about="internal version id, in records of versions"),
        "metadata": shapes.Anything(about="the object's metadata, parsed"),
    }
)

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "settle",
            shapes.Record({"within": shapes.Duration(about="30s unless given")}, shorthand="within"),
            settle,
            about="wait until no work is left: journal read, every topic consumed",
            output=shapes.Record({}),
        ),
        Verb(
            "kafka",
            shapes.Record(
                {
                    "topic": shapes.Text(about="such as backbeat-replication"),
                    "bucket": shapes.Text(about="only messages about this bucket; the scenario's buckets otherwise"),
                    "key": shapes.Text(about="only messages about this object"),
                },
                frozenset({"topic"}),
                shorthand="topic",
            ),
            read_kafka,
            about="read the messages of a topic",
            output=shapes.Record({"messages": shapes.Sequence(_MESSAGE)}),
            reads=True,
        ),
        Verb(
            "journal",
            shapes.Record(
                {"bucket": shapes.Text(about="an alias or a name"), "key": shapes.Text(about="only this object")},
                frozenset({"bucket"}),
                shorthand="bucket",
            ),
            read_journal,
            about="read the metadata journal",
            output=shapes.Record({"records": shapes.Sequence(_RECORD)}),
            reads=True,
        ),
        Verb(
            "backbeat",
            shapes.Record(
                {
                    **_HTTP_MEMBERS,
                    "resource": shapes.Text(about="metadata, data, multiplebackenddata, …"),
                    "bucket": shapes.Text(about="an alias or a name"),
                    "key": shapes.Text(about="the object"),
                },
                frozenset({"resource"}),
            ),
            call_backbeat,
            about="call an internal route, as the replication service account unless `as` says otherwise",
            output=shapes.Record({**_ANSWER, "metadata": shapes.Anything(about="the object's metadata, parsed")}),
            reads=True,
            sites=(CLOUDSERVER,),
            account="replication",
        ),
        Verb(
            "http",
            shapes.Record(
                {
                    **_HTTP_MEMBERS,
                    "path": shapes.Text(about="percent-encoded, begins with a slash"),
                    "sign": shapes.Literal((True, False, "wrong"), about="true unless given"),
                },
                frozenset({"path"}),
            ),
            send_raw,
            about="send a raw request",
            output=shapes.Record(_ANSWER),
            reads=True,
            sites=(CLOUDSERVER, AWS),
        ),
        Verb("stop", _PART, stop_part, about="stop a part of the stack", output=shapes.Record({}), own_stack=True),
        Verb("start", _PART, start_part, about="start a part again", output=shapes.Record({}), own_stack=True),
        Verb("kill", _PART, kill_part, about="end a part at once", output=shapes.Record({}), own_stack=True),
    )
}
