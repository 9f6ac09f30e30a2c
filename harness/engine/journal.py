"""What the queue populator reads: the metadata journal, in process or from bucketd over HTTP.

Source: Backbeat lib/queuePopulator/LogReader.js, RaftLogReader.js, BucketFileLogReader.js; Arsenal
lib/storage/metadata/bucketclient/LogConsumer.js.
"""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any, Protocol

from fake_cloudserver import Clock
from harness.engine.errors import ReplicationError, is_retryable
from harness.transport import Transport, TransportError

_KEY_PREFIX = re.compile("^\x7f[MV]")


@dataclasses.dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of one key. ``key`` and ``value`` may be None (bucket-level records; deletions)."""

    bucket: str
    type: str
    key: str | None
    value: str | None
    commit_timestamp: str | None = None
    op_timestamp: str | None = None
    version_id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class JournalBatch:
    """What one read brought.

    Attributes:
        next: where to read on; where this read began when it brought nothing.
        records: how many records were read; each may hold several entries, or none.
        end: the journal's last record, where it is known.
        written: when the last record read was written.
    """

    entries: tuple[JournalEntry, ...]
    next: int
    records: int
    end: int | None = None
    written: str | None = None


class JournalSource(Protocol):
    """A journal of numbered records."""

    log_name: str
    log_id: str

    def read(self, start: int, limit: int) -> JournalBatch:
        """At most ``limit`` records from ``start`` on. Raises ReplicationError when it cannot be read."""

    def wait(self, position: int, timeout: float) -> None:
        """Return when there is a record at ``position``, or after ``timeout`` seconds, or a little sooner."""

    def bounds(self) -> tuple[int, int]:
        """The first record that is kept, and the position after the last one."""


def strip_key_prefix(key: str | None) -> str | None:
    """The key without the mark that newer buckets put before master and version keys (Backbeat lib/util/entry.js)."""
    return None if key is None else _KEY_PREFIX.sub("", key)


class JournalRecord(Protocol):
    """A record of a journal in this process."""

    sequence: int
    timestamp: str
    db: str
    type: str
    key: str
    value: str | None


class Journal(Protocol):
    """A journal in this process, as ``FakeCloudServer`` has one."""

    @property
    def first_sequence(self) -> int: ...

    @property
    def last_sequence(self) -> int: ...

    def read(self, start: int, limit: int, end: int | None = None) -> Sequence[Any]:
        """Records from ``start`` on, each with the members of :class:`JournalRecord`."""

    def wait(self, after: int, timeout: float) -> bool:
        """Return as soon as there is a record after ``after``."""


class InProcessJournal:
    """A journal in this process. Its records have one entry each, as those of CloudServer's file metadata."""

    def __init__(self, journal: Journal, log_name: str = "s3-recordlog") -> None:
        self.log_name = "bucket-file"
        self.log_id = f"bucketFile_{log_name}"
        self._journal = journal

    def read(self, start: int, limit: int) -> JournalBatch:
        records = self._journal.read(start, limit)
        if not records:
            return JournalBatch((), start, 0)
        entries = tuple(
            JournalEntry(
                bucket=record.db,
                type=record.type,
                key=strip_key_prefix(record.key),
                value=record.value,
                commit_timestamp=record.timestamp,
            )
            for record in records
        )
        last = records[-1]
        return JournalBatch(entries, last.sequence + 1, len(records), self._journal.last_sequence, last.timestamp)

    def wait(self, position: int, timeout: float) -> None:
        self._journal.wait(position - 1, timeout)

    def bounds(self) -> tuple[int, int]:
        return max(1, self._journal.first_sequence), self._journal.last_sequence + 1


class BucketdJournal:
    """The journal of one raft session, read from bucketd.

    A server that knows how to hold back an answer until there is something new is asked to (``wait``, in seconds);
    one that answers at once all the same is asked again every ``poll_interval`` seconds.
    """

    def __init__(
        self, transport: Transport, url: str, clock: Clock, *, session: int = 1, poll_interval: float = 1.0
    ) -> None:
        self.log_name = "raft-log"
        self.log_id = f"raft_{session}"
        self._transport = transport
        self._log_url = f"{url.rstrip('/')}/_/raft_sessions/{session}/log"
        self._clock = clock
        self._poll_interval = poll_interval
        self._waits = True

    def read(self, start: int, limit: int) -> JournalBatch:
        answer = self._get(begin=start, limit=limit)
        first = answer["info"].get("start")
        log = answer.get("log") or []
        if first is None or not log:
            return JournalBatch((), start, 0)
        entries = tuple(_entry(record, entry) for record in log for entry in record.get("entries") or ())
        end, written = answer["info"].get("cseq"), log[-1].get("timestamp")
        return JournalBatch(entries, first + len(log), len(log), end, written)

    def wait(self, position: int, timeout: float) -> None:
        if not self._waits:
            self._clock.sleep(min(timeout, self._poll_interval))
            return
        before = self._clock.monotonic()
        answer = self._get(begin=position, limit=1, wait=f"{timeout:g}")
        waited = self._clock.monotonic() - before
        if not answer.get("log") and waited < timeout / 2:
            self._waits = False

    def bounds(self) -> tuple[int, int]:
        info = self._get(begin=1, limit=1)["info"]
        return max(1, info.get("prune") or 1), (info.get("cseq") or 0) + 1

    def _get(self, **parameters: Any) -> dict[str, Any]:
        query = urllib.parse.urlencode(parameters | {"targetLeader": "false"})
        try:
            response = self._transport.send("GET", f"{self._log_url}?{query}", {})
            body = response.read()
        except TransportError as error:
            raise ReplicationError(error.code, str(error), retryable=True, origin="source") from error
        if response.status in {404, 416}:  # no such session; nothing new
            return {"info": _info_of(body)}
        if response.status != 200:
            retryable = is_retryable(response.status, "")
            raise ReplicationError("InternalError", f"bucketd answered {response.status}", retryable=retryable)
        try:
            document: dict[str, Any] = json.loads(body)
        except ValueError as error:
            raise ReplicationError("InternalError", f"bucketd answered no JSON: {error}") from error
        return {"info": {}} | document


def _info_of(body: bytes) -> dict[str, Any]:
    try:
        info = json.loads(body).get("info")
    except (ValueError, AttributeError):
        return {}
    return info if isinstance(info, dict) else {}


def _entry(record: dict[str, Any], entry: dict[str, Any]) -> JournalEntry:
    return JournalEntry(
        bucket=record.get("db", ""),
        type=entry.get("type") or "put",
        key=strip_key_prefix(entry.get("key")),
        value=entry.get("value"),
        commit_timestamp=record.get("timestamp"),
        op_timestamp=entry.get("timestamp"),
        version_id=(entry.get("overhead") or {}).get("versionId"),
    )
