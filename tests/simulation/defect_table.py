"""Deliberate defects of the engine that show only when requests fail, engines die, or others are at work meanwhile."""

from __future__ import annotations

import dataclasses

_STATUS = "harness/engine/status.py"
_WRITER = "harness/engine/status_writer.py"
_POPULATOR = "harness/engine/queue_populator.py"
_PROCESSOR = "harness/engine/queue_processor.py"
_RECENT = "harness/engine/recent.py"
_LEDGER = "harness/queue/ledger.py"
_CLIENT = "harness/engine/backbeat_client.py"
_MULTIPART = "harness/engine/tasks/multipart.py"
_ARRIVALS = "fake_cloudserver/backbeat/arrivals.py"
_GATEWAY = "fake_cloudserver/locations/gateway.py"


@dataclasses.dataclass(frozen=True, slots=True)
class Defect:
    """One small change of one place.

    Attributes:
        name: what goes wrong by it.
        file: the source file, from the project's root.
        old, new: text of the file that stands there exactly once, and what takes its place.
        dialect: in which it shows; both for "".
    """

    name: str
    file: str
    old: str
    new: str
    dialect: str = ""


DEFECTS = (
    Defect(
        "a message that comes twice is worked on twice",
        _RECENT,
        "return _digest(entry, message) in self._messages",
        "return False",
        "release",
    ),
    Defect(
        "what was completed is not remembered",
        _PROCESSOR,
        "self._recent.add(entry, message.value, outcome.version_id)",
        "pass",
        "release",
    ),
    Defect(
        "the copy of a version whose status is not written yet is unknown",
        _RECENT,
        "return self._copies.get(_identity(entry))",
        "return None",
        "release",
    ),
    Defect(
        "the position is saved before its entries are published",
        _POPULATOR,
        "        self._checkpoints.reach(POPULATOR_READ)",
        "        self._position = batch.next\n        self.save()\n        self._checkpoints.reach(POPULATOR_READ)",
    ),
    Defect(
        "offsets are committed before their work is done",
        _LEDGER,
        "return next(iter(progress)) if progress else latest + 1",
        "return latest + 1",
    ),
    Defect(
        "versions of a key are not in one partition",
        "harness/engine/filter.py",
        'key = encode_uri_component(f"{entry.bucket}/{object_key}").encode()',
        'key = encode_uri_component(f"{entry.bucket}/{entry.key}").encode()',
    ),
    Defect(
        "the result of older tags completes an object that waits for newer ones",
        _STATUS,
        "if status != PENDING and was_updated(result.replicated, current, result.site):",
        "if status == REPLICA:",
    ),
    Defect(
        "COMPLETED is not final",
        _STATUS,
        "if site_status(current, result.site) == COMPLETED or not",
        "if not",
    ),
    Defect(
        "metadata are written over whatever others wrote meanwhile",
        _WRITER,
        "version, changed, replacing=fingerprint)",
        "version, changed)",
    ),
    Defect(
        "metadata that changed meanwhile end the attempt",
        _WRITER,
        "if error.http_status != 412:",
        "if error.http_status:",
    ),
    Defect(
        "a copy that had arrived in parts has no version id",
        _MULTIPART,
        "        if arrived:\n            return arrived",
        '        if arrived:\n            return ""',
        "design",
    ),
    Defect(
        "data whose answer was lost are stored again",
        "fake_cloudserver/backbeat/data_design.py",
        "        if arrived is not None:\n            _check_unwanted_body(request)",
        "        if arrived == ():\n            _check_unwanted_body(request)",
        "design",
    ),
    Defect(
        "a delete marker whose answer was lost is made again",
        _GATEWAY,
        "                if last[1] != latest:\n                    return",
        "                if last[1] == '?':\n                    return",
        "design",
    ),
    Defect(
        "what arrived last is not known by its version",
        _ARRIVALS,
        "arrived = current[1] if current is not None and current[0] == source_version_id else None",
        "arrived = None",
        "design",
    ),
    Defect(
        "failures are not told",
        _WRITER,
        "if now == status.FAILED and self._failed_topic is not None:",
        "if now == status.PENDING and self._failed_topic is not None:",
    ),
    Defect(
        "another attempt is promised and not made",
        "harness/engine/replay.py",
        "            self._producer.send_all([Outgoing(self._topics[retry.replay_count], key, value)], interruption)",
        "            assert key and value and interruption",
    ),
    Defect(
        "requests without an answer are not tried again",
        _CLIENT,
        "return ReplicationError(error.code, str(error), retryable=True, origin=origin)",
        "return ReplicationError(error.code, str(error), retryable=False, origin=origin)",
    ),
    Defect(
        "what keeps failing at the source is skipped, and stays pending",
        "harness/engine/tasks/replication.py",
        'error.name in _SKIPPED_FROM_ANYWHERE or (error.origin == "source" and error.name in _SKIPPED_FROM_SOURCE)',
        'error.name in _SKIPPED_FROM_ANYWHERE or error.origin == "source"',
    ),
    Defect(
        "a busy server is not asked again",
        "harness/engine/errors.py",
        "return http_status >= 500 or http_status == 429 or",
        "return",
    ),
    Defect(
        "the result is published before the work is done",
        _PROCESSOR,
        "        outcome = self._run(context, entry)\n        self._checkpoints.reach(PROCESSOR_COPIED)\n"
        "        self._publisher.publish(client, entry, self.site.site, outcome, interruption)\n",
        "        outcome = Outcome(status.COMPLETED, '')\n"
        "        self._publisher.publish(client, entry, self.site.site, outcome, interruption)\n"
        "        self._checkpoints.reach(PROCESSOR_COPIED)\n        outcome = self._run(context, entry)\n",
    ),
    Defect(
        "an engine begins again at the first position it ever saved",
        "harness/engine/populator_lease.py",
        "                self.position = int(message.value)",
        "                self.position = self.position or int(message.value)",
    ),
)
