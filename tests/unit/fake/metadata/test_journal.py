from __future__ import annotations

import threading

import pytest

from fake_cloudserver.clock import SystemClock, VirtualClock
from fake_cloudserver.metadata.journal import Journal, Record
from fake_cloudserver.metadata.versioning_request import Operation


def fill(journal: Journal, count: int) -> None:
    for number in range(count):
        journal.append("now", "b", [Operation("put", f"k{number}", "{}")])


def sequences(records: list[Record]) -> list[int]:
    return [record.sequence for record in records]


def test_records_are_numbered_from_one_across_groups() -> None:
    journal = Journal(VirtualClock())
    assert (journal.first_sequence, journal.last_sequence) == (1, 0)
    added = journal.append("t1", "b", [Operation("put", "k", "{}"), Operation("del", "k\x001")])
    journal.append("t2", "c", [Operation("put", "l", "[]")])
    assert added == [Record(1, "t1", "b", "put", "k", "{}"), Record(2, "t1", "b", "del", "k\x001", None)]
    assert journal.read(3, 10) == [Record(3, "t2", "c", "put", "l", "[]")]
    assert journal.last_sequence == 3


@pytest.mark.parametrize(
    ("start", "limit", "end", "expected"),
    [
        (1, 100, None, [1, 2, 3, 4, 5]),
        (2, 2, None, [2, 3]),
        (2, 100, 3, [2, 3]),
        (4, 1, 5, [4]),
        (6, 10, None, []),
        (0, 2, None, [1, 2]),
        (3, 0, None, []),
        (3, 10, 2, []),
    ],
)
def test_a_reader_asks_for_what_it_wants(start: int, limit: int, end: int | None, expected: list[int]) -> None:
    journal = Journal(VirtualClock())
    fill(journal, 5)
    assert sequences(journal.read(start, limit, end)) == expected


def test_a_journal_with_a_capacity_forgets_the_oldest() -> None:
    journal = Journal(VirtualClock(), capacity=8)
    fill(journal, 100)
    assert journal.last_sequence == 100
    assert 8 <= 100 - journal.first_sequence + 1 <= 10
    assert journal.read(1, 1)[0].sequence == journal.first_sequence
    assert sequences(journal.read(99, 10)) == [99, 100]
    assert sequences(journal.read(1, 100, 94)) == list(range(journal.first_sequence, 95))


def test_a_capacity_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        Journal(VirtualClock(), capacity=0)


def test_waiting_passes_the_time_when_nothing_comes() -> None:
    clock = VirtualClock()
    journal = Journal(clock)
    fill(journal, 2)
    assert journal.wait(1, 5.0) is True
    assert clock.monotonic() == 0
    assert journal.wait(2, 5.0) is False
    assert clock.monotonic() == 5.0


def test_every_waiting_reader_wakes_up_when_something_comes() -> None:
    journal = Journal(SystemClock())
    ready = threading.Barrier(4)
    woken: list[bool] = []

    def read() -> None:
        ready.wait()
        woken.append(journal.wait(0, 30.0))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    ready.wait()
    fill(journal, 1)
    for reader in readers:
        reader.join(30.0)
    assert woken == [True] * 3


def test_listeners_hear_of_each_record_in_order_until_they_are_removed() -> None:
    journal = Journal(VirtualClock())
    heard: list[int] = []
    remove = journal.add_listener(lambda record: heard.append(record.sequence))
    journal.append("now", "b", [Operation("put", "k", "{}"), Operation("put", "l", "{}")])
    remove()
    fill(journal, 1)
    assert heard == [1, 2]
