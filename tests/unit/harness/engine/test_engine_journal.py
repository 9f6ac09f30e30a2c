from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest
from engine_helpers import Answer

from fake_cloudserver import VirtualClock
from harness.engine.errors import ReplicationError
from harness.engine.journal import BucketdJournal, InProcessJournal, JournalBatch, JournalEntry, strip_key_prefix
from harness.transport import TransportError


class Record:
    def __init__(self, sequence: int, value: str | None = "{}", key: str = "k") -> None:
        self.sequence = sequence
        self.timestamp = f"t{sequence}"
        self.db = "b"
        self.type = "del" if value is None else "put"
        self.key = key
        self.value = value


class Records:
    """A journal in this process."""

    first_sequence = 3

    def __init__(self) -> None:
        self.records = [Record(3), Record(4, None), Record(5, key="\x7fVkey\0v")]
        self.waited: list[tuple[int, float]] = []

    @property
    def last_sequence(self) -> int:
        return self.records[-1].sequence

    def read(self, start: int, limit: int, end: int | None = None) -> list[Record]:
        return [record for record in self.records if record.sequence >= start][:limit]

    def wait(self, after: int, timeout: float) -> bool:
        self.waited.append((after, timeout))
        return False


@pytest.mark.parametrize(
    ("key", "stripped"),
    [
        ("\x7fMkey", "key"),
        ("\x7fVkey\0v", "key\0v"),
        ("key", "key"),
        ("\x7fX", "\x7fX"),
        ("a\x7fM", "a\x7fM"),
        (None, None),
    ],
)
def test_the_mark_of_newer_buckets_is_removed(key: str | None, stripped: str | None) -> None:
    assert strip_key_prefix(key) == stripped


def test_a_journal_in_this_process() -> None:
    records = Records()
    source = InProcessJournal(records)
    assert source.log_id == "bucketFile_s3-recordlog"
    assert source.bounds() == (3, 6)
    batch = source.read(1, 2)
    assert batch == JournalBatch(
        (JournalEntry("b", "put", "k", "{}", "t3"), JournalEntry("b", "del", "k", None, "t4")),
        next=5,
        records=2,
        end=5,
        written="t4",
    )
    assert source.read(5, 10).entries[0].key == "key\0v"
    assert source.read(6, 10) == JournalBatch((), 6, 0)
    source.wait(6, 0.5)
    assert records.waited == [(5, 0.5)]


class Bucketd:
    """Answers what it is told to, after ``lasting`` seconds."""

    def __init__(self, *answers: Answer | TransportError, lasting: float = 0.0) -> None:
        self.clock = VirtualClock()
        self.queries: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._answers = list(answers)
        self._lasting = lasting

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        parts = urllib.parse.urlsplit(url)
        self.paths.append(parts.path)
        self.queries.append(dict(urllib.parse.parse_qsl(parts.query)))
        self.clock.advance(self._lasting)
        answer = self._answers.pop(0)
        if isinstance(answer, TransportError):
            raise answer
        return answer

    def close(self) -> None: ...

    def journal(self) -> BucketdJournal:
        return BucketdJournal(self, "http://bucketd:9000/", self.clock, session=7, poll_interval=1.0)


def document(info: dict[str, Any], *log: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps({"info": info, "log": list(log)}).encode())


def test_reading_from_bucketd() -> None:
    value = {"key": "k", "value": "{}"}
    bucketd = Bucketd(
        document(
            {"start": 10, "cseq": 12, "prune": 1},
            {"db": "b", "method": 8, "timestamp": "t", "entries": [value, value | {"key": "k\0v"}]},
            {"db": "b", "method": 8, "entries": [{"key": "k", "type": "del", "overhead": {"versionId": "v"}}]},
            {"db": "b", "method": 0, "entries": [{"value": "{}"}]},
        )
    )
    batch = bucketd.journal().read(10, 100)
    assert batch.end == 12
    assert bucketd.paths == ["/_/raft_sessions/7/log"]
    assert bucketd.queries == [{"begin": "10", "limit": "100", "targetLeader": "false"}]
    assert (batch.next, batch.records) == (13, 3)
    assert batch.entries == (
        JournalEntry("b", "put", "k", "{}", "t"),
        JournalEntry("b", "put", "k\0v", "{}", "t"),
        JournalEntry("b", "del", "k", None, None, None, "v"),
        JournalEntry("b", "put", None, "{}"),
    )


@pytest.mark.parametrize(
    "answer",
    [Answer(404, b'{"code":"x"}'), Answer(416), Answer(416, b"[]"), document({"start": None}), document({"start": 5})],
)
def test_nothing_new_is_an_empty_read(answer: Answer) -> None:
    assert Bucketd(answer).journal().read(5, 10) == JournalBatch((), 5, 0)


@pytest.mark.parametrize(
    ("answer", "retryable"),
    [
        (Answer(500), True),
        (Answer(400), False),
        (Answer(200, b"<html>"), False),
        (TransportError("NetworkingError", "gone"), True),
    ],
)
def test_what_cannot_be_read(answer: Answer | TransportError, retryable: bool) -> None:
    with pytest.raises(ReplicationError) as raised:
        Bucketd(answer).journal().read(1, 1)
    assert raised.value.retryable is retryable


@pytest.mark.parametrize(
    ("answer", "bounds"),
    [
        (document({"start": 4, "cseq": 9, "prune": 4}, {"db": "b", "entries": []}), (4, 10)),
        (document({"start": 1, "cseq": 9}, {"db": "b", "entries": []}), (1, 10)),
        (Answer(416), (1, 1)),
    ],
)
def test_bounds(answer: Answer, bounds: tuple[int, int]) -> None:
    assert Bucketd(answer).journal().bounds() == bounds


def test_a_server_that_holds_back_its_answer_is_asked_to() -> None:
    bucketd = Bucketd(Answer(416), Answer(416), lasting=0.5)
    source = bucketd.journal()
    source.wait(7, 0.5)
    source.wait(7, 0.5)
    assert [query["wait"] for query in bucketd.queries] == ["0.5", "0.5"]
    assert bucketd.queries[0]["begin"] == "7"


def test_a_server_that_does_not_is_polled() -> None:
    bucketd = Bucketd(Answer(416), lasting=0.01)
    source = bucketd.journal()
    source.wait(7, 5.0)
    source.wait(7, 5.0)
    source.wait(7, 0.3)
    assert len(bucketd.queries) == 1
    assert bucketd.clock.monotonic() == pytest.approx(0.01 + 1.0 + 0.3)


def test_an_answer_at_once_because_there_is_something_is_no_reason_to_poll() -> None:
    news = document({"start": 7, "cseq": 7}, {"db": "b", "entries": []})
    bucketd = Bucketd(news, news)
    source = bucketd.journal()
    source.wait(7, 5.0)
    source.wait(7, 5.0)
    assert len(bucketd.queries) == 2
