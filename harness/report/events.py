"""What happened in one run, gathered from the parts of the stack: requests, journal, Kafka, the engine's log."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator
from typing import Any
from urllib.parse import unquote

from harness.errors import HarnessError
from harness.queue.base import QueueError
from harness.report.record import Event
from harness.request_log import SeenRequest
from harness.scenario.engine_log import LOG
from harness.scenario.engine_verbs import describe_message, describe_record
from harness.scenario.evidence import TOPICS
from harness.scenario.model import AWS
from harness.scenario.target import Target
from harness.scenario.trace import Action, Trace

_MOST = 400
_WRONG_STATUS = 500
#: Requests that only keep house: nobody asked what became of an object.
_QUIET = frozenset({"/_/healthcheck", "/_/backbeat/lifecycle"})


def gather(target: Target, trace: Trace, buckets: Collection[str], began: float) -> tuple[Event, ...]:
    """The events of a run in order.

    Args:
        buckets: the real names of the run's own buckets.
        began: when the run began, in seconds since the epoch.
    """
    events = [_of_action(action) for action in trace.actions]

    sources: tuple[Callable[[Target, Collection[str]], Iterator[Event]], ...] = (_requests, _journal, _kafka, _log)
    for source in sources:
        try:
            events += [_shifted(event, began) for event in source(target, buckets)]
        except (HarnessError, QueueError, OSError):
            continue  # a target that does not show it has an empty lane
    events.sort(key=lambda event: event.at)
    return tuple(event for event in events if event.at >= 0)[:_MOST]


def _of_action(action: Action) -> Event:
    failed = action.came not in {"ok", "no error"} and action.came[:1].isupper() and action.came.isidentifier()
    return Event(
        "scenario",
        action.started,
        action.until - action.started,
        action.verb.replace("_", " "),
        str(action),
        str(action.subject),
        action.came if action.came in _STATES else ("answer" if failed else ""),
    )


_STATES = frozenset({"PENDING", "PROCESSING", "COMPLETED", "FAILED", "REPLICA"})


def _shifted(event: Event, began: float) -> Event:
    return Event(event.lane, event.at - began, event.took, event.label, event.detail, event.about, event.state)


def _requests(target: Target, buckets: Collection[str]) -> Iterator[Event]:
    for one in target.requests(sorted(buckets)):
        if one.path.partition("?")[0] not in _QUIET:
            lane = "engine" if one.is_internal else one.site
            yield Event(lane, one.at, one.took, _label(one), f"{one.site}: {one}", _about(one, buckets), _wrong(one))


def _label(request: SeenRequest) -> str:
    path, _, query = request.path.partition("?")
    parts = path.split("/")
    if request.is_internal and len(parts) > 3:
        return f"{request.method} {parts[3]}"  # the resource of an internal route
    first = query.partition("&")[0]
    return f"{request.method} ?{first}" if first.isalpha() else request.method


def _about(request: SeenRequest, buckets: Collection[str]) -> str:
    """``bucket/key`` of the source, wherever in the path it stands; on AWS a key begins with the source bucket."""
    path = unquote(request.path.partition("?")[0])
    for bucket in buckets:
        before, found, key = path.partition(f"/{bucket}/")
        if found and key and (request.site != AWS or before):
            return f"{bucket}/{key}"
    return ""


def _wrong(request: SeenRequest) -> str:
    return "wrong" if request.status >= _WRONG_STATUS else ""


def _journal(target: Target, buckets: Collection[str]) -> Iterator[Event]:
    for bucket in buckets:
        for record in map(describe_record, target.journal(bucket)):
            if not record["master"]:
                continue  # the same write once more, under the version's own key
            state = _status(record)
            label = f"{record['type']} {state}".strip()
            detail = f"metadata {record['sequence']}: {record['type']} {record['key']} {state}".strip()
            at = datetime.datetime.fromisoformat(record["timestamp"]).timestamp()
            yield Event("cloudserver", at, 0.0, label, detail, f"{bucket}/{record['key']}", state)


def _kafka(target: Target, buckets: Collection[str]) -> Iterator[Event]:
    for topic in TOPICS:
        for message in target.messages(topic):
            described = describe_message(message)
            value = described["value"]
            if not isinstance(value, dict) or value.get("bucket") not in buckets:
                continue
            key = str(value.get("key", "")).partition("\0")[0]
            state = _status(described) or str(value.get("status", ""))
            detail = f"{topic} {message.partition}@{message.offset}: {key} {state}".strip()
            label = topic.removeprefix("backbeat-")
            yield Event("kafka", message.timestamp / 1000, 0.0, label, detail, f"{value['bucket']}/{key}", state)


def _log(_: Target, buckets: Collection[str]) -> Iterator[Event]:
    for bucket in buckets:
        for one in LOG.about(bucket, ""):
            lane = "engine" if one.logger.startswith("harness") else "cloudserver"
            event, __, facts = one.told.removeprefix("event='").partition("'")
            state = "wrong" if one.level in {"WARNING", "ERROR", "CRITICAL"} else ""
            key = facts.partition("key='")[2].partition("'")[0]
            yield Event(lane, one.at, 0.0, event, one.told, f"{bucket}/{key}" if key else "", state)


def _status(described: dict[str, Any]) -> str:
    metadata = described.get("metadata")
    info = metadata.get("replicationInfo") if isinstance(metadata, dict) else None
    return str(info.get("status", "")) if isinstance(info, dict) else ""
