"""What the stack knows of one object: journal, Kafka, and what the target adds; for whoever reads a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from harness.errors import HarnessError
from harness.queue.base import QueueError
from harness.scenario.engine_log import LOG
from harness.scenario.engine_verbs import describe_message, describe_record
from harness.scenario.model import AWS
from harness.scenario.target import Target, Unsupported
from harness.scenario.trace import Subject

#: Topics that tell the story of an object (backbeat conf/config.json).
TOPICS = ("backbeat-replication", "backbeat-replication-status", "backbeat-replication-failed")
_MOST_LINES = 40


def collect(target: Target, subjects: Iterable[Subject]) -> tuple[str, ...]:
    """Lines about these objects; what cannot be read is said in a line, and never raised."""
    lines: list[str] = []
    for subject in subjects:
        if subject.bucket is None:
            continue
        for source in (_journal, _kafka, _requests, _target, _log):
            lines += _guarded(source, target, subject)
    if len(lines) > _MOST_LINES:
        lines = [f"({len(lines) - _MOST_LINES} lines before)", *lines[-_MOST_LINES:]]
    return tuple(lines)


def _guarded(source: Callable[[Target, Subject], Iterator[str]], target: Target, subject: Subject) -> list[str]:
    name = source.__name__.removeprefix("_")
    try:
        return list(source(target, subject))
    except Unsupported:
        return []
    except (HarnessError, QueueError, OSError) as error:
        return [f"{name}: cannot be read now: {error}"]


def _journal(target: Target, subject: Subject) -> Iterator[str]:
    for record in map(describe_record, target.journal(subject.bucket or "")):
        if subject.key is None or record["key"] == subject.key:
            what = "master" if record["master"] else "version"
            yield f"journal {record['sequence']}: {record['type']} {what} {record['key']}{_status(record)}"


def _kafka(target: Target, subject: Subject) -> Iterator[str]:
    for topic in TOPICS:
        for message in map(describe_message, target.messages(topic)):
            value = message["value"]
            if not isinstance(value, dict) or value.get("bucket") != subject.bucket:
                continue
            key = str(value.get("key", "")).partition("\0")[0]
            if subject.key is None or key == subject.key:
                yield f"kafka {topic} {message['partition']}@{message['offset']}: {key}{_status(message)}"


def _target(target: Target, subject: Subject) -> Iterator[str]:
    yield from target.evidence(subject.bucket or "", subject.key or "")


def _log(target: Target, subject: Subject) -> Iterator[str]:  # noqa: ARG001  (a source like the others)
    for one in LOG.about(subject.bucket or "", subject.key or ""):
        yield f"log {one.line}"


def _requests(target: Target, subject: Subject) -> Iterator[str]:
    """What others than the scenario asked of the object: the engine, and CloudServer of AWS."""
    for one in target.requests([quote(str(subject), safe="/")]):
        if one.is_internal or one.site == AWS:
            yield f"{one.site} {one}"


def _status(described: dict[str, Any]) -> str:
    """`` PENDING (aws-us-east-1 PENDING)`` from the metadata inside."""
    metadata = described.get("metadata")
    info = metadata.get("replicationInfo") if isinstance(metadata, dict) else None
    if not isinstance(info, dict) or not info.get("status"):
        return ""
    backends = [one for one in info.get("backends", []) if isinstance(one, dict)]
    sites = ", ".join(f"{one.get('site')} {one.get('status')}" for one in backends)
    return f" {info['status']}" + (f" ({sites})" if sites else "")
