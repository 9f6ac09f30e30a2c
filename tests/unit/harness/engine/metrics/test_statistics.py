"""Counters in five-minute intervals, and the figures that are made of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver import VirtualClock
from harness.engine.metrics.answers import SITE_METRICS, MetricsAnswers
from harness.engine.metrics.message import MetricsMessage, ObjectName
from harness.engine.metrics.statistics import INTERVAL_MS, Count, Statistics

#: The start of an interval.
NOW = 1_767_225_600_000
DAY_MS = 86_400_000
NAME = ObjectName("b", "dir/k", "v1")


def about_site(kind: str, ops: int = 1, size: int = 10, *, at: int = NOW, site: str = "a") -> MetricsMessage:
    return MetricsMessage(kind, site, size, at, ops=ops)


def about_object(kind: str, size: int, *, at: int = NOW, name: ObjectName = NAME) -> MetricsMessage:
    return MetricsMessage(kind, "a", size, at, name=name)


def counted(*messages: MetricsMessage, now: int = NOW) -> Statistics:
    statistics = Statistics()
    for one in messages:
        statistics.add(one, now)
    return statistics


def test_what_is_queued_is_pending_until_it_is_done_or_failed() -> None:
    statistics = counted(about_site("queued", 5, 50))
    assert statistics.pending(["a"]) == Count(5, 50)
    statistics.add(about_site("completed", 1, 20), NOW)
    statistics.add(about_site("failed", 2, 5), NOW)
    assert statistics.pending(["a"]) == Count(2, 25)
    assert statistics.completions(["a"], NOW) == Count(1, 20)


def test_what_is_only_pending_counts_nowhere_else() -> None:
    statistics = counted(about_site("pendingOnly", 2, 20), about_site("pendingOnly", -3, -30))
    assert statistics.pending(["a"]) == Count(-1, -10)
    assert statistics.completions(["a"], NOW) == Count(0, 0)
    assert statistics.throughput(["a"], NOW) == Count(0, 0)


def test_several_sites_are_summed_and_unknown_ones_are_nothing() -> None:
    statistics = counted(about_site("queued"), about_site("queued", 2, 5, site="b"), about_site("completed", site="b"))
    assert statistics.pending(["a", "b", "c"]) == Count(2, 5)
    assert statistics.completions(["a", "b", "c"], NOW) == Count(1, 10)
    assert statistics.throughput(["a", "b"], NOW) == Count(1 / 900, 10 / 900)


def test_a_day_is_288_intervals_the_current_one_among_them() -> None:
    first = NOW - 287 * INTERVAL_MS
    statistics = counted(about_site("completed", at=first), about_site("completed", at=first - 1))
    assert statistics.completions(["a"], NOW) == Count(1, 10)
    assert statistics.completions(["a"], NOW + INTERVAL_MS - 1) == Count(1, 10)
    assert statistics.completions(["a"], NOW + INTERVAL_MS) == Count(0, 0)


def test_the_throughput_takes_what_the_current_interval_lacks_from_the_fourth() -> None:
    at = [NOW - back * INTERVAL_MS for back in range(5)]
    statistics = counted(*(about_site("completed", 90, 900 * (back + 1), at=time) for back, time in enumerate(at)))
    assert statistics.throughput(["a"], NOW) == Count(360 / 900, 1 + 2 + 3 + 4)
    assert statistics.throughput(["a"], NOW + INTERVAL_MS // 2) == Count(315 / 900, 1 + 2 + 3 + 2)
    assert statistics.throughput(["a"], NOW + 10 * INTERVAL_MS) == Count(0, 0)


def test_a_message_from_the_future_counts_as_one_of_now() -> None:
    statistics = counted(about_site("completed", at=NOW + DAY_MS))
    assert statistics.completions(["a"], NOW) == Count(1, 10)


def test_of_an_old_message_only_the_effect_on_what_is_pending_counts() -> None:
    statistics = counted(about_site("completed", at=NOW - DAY_MS), about_object("queued", 5, at=NOW - DAY_MS))
    assert statistics.pending(["a"]) == Count(-1, -10)
    assert statistics.completions(["a"], NOW) == Count(0, 0)
    assert statistics.objects_from() == {}


def test_an_object_has_its_bytes_by_version() -> None:
    statistics = counted(about_object("queued", 100), about_object("completed", 30), about_object("completed", 20))
    assert statistics.object_bytes("a", NAME, NOW) == (100, 50)
    assert statistics.object_bytes("b", NAME, NOW) == (0, 0)
    assert statistics.object_bytes("a", ObjectName("b", "dir/k", "v2"), NOW) == (0, 0)
    assert statistics.object_throughput("a", NAME, NOW) == pytest.approx(50 / 900)
    assert statistics.pending(["a"]) == Count(0, 0)
    assert statistics.object_bytes("a", NAME, NOW + DAY_MS) == (0, 0)


def test_memory_stays_bounded() -> None:
    statistics = Statistics(max_objects=3)
    for number in range(100):
        at = NOW + number * INTERVAL_MS
        statistics.add(about_object("queued", 1, name=ObjectName("b", str(number), "v"), at=at), at, (0, number))
        statistics.add(about_site("queued", at=at), at)
    last = NOW + 99 * INTERVAL_MS
    assert statistics.object_bytes("a", ObjectName("b", "96", "v"), last) == (0, 0)
    assert statistics.object_bytes("a", ObjectName("b", "97", "v"), last) == (1, 0)
    assert statistics.objects_from() == {0: 97}
    statistics.expire(NOW + DAY_MS + 50 * INTERVAL_MS)
    assert len(statistics.to_document()["a"]["intervals"]) == 49
    statistics.expire(last + DAY_MS)
    assert statistics.to_document() == {"a": {"pending": [100, 1000], "intervals": {}}}
    assert statistics.objects_from() == {}


kinds = st.sampled_from(["queued", "completed", "failed", "pendingOnly"])
sent = st.lists(
    st.builds(about_site, kinds, st.integers(0, 5), st.integers(0, 99), at=st.integers(NOW - 2 * DAY_MS, NOW))
)


@given(sent, sent)
def test_what_was_kept_goes_on_as_if_nothing_had_happened(before: list[MetricsMessage], after: list[Any]) -> None:
    whole = counted(*before, *after)
    second = Statistics()
    second.restore(counted(*before).to_document())
    for one in after:
        second.add(one, NOW)
    assert second.to_document() == whole.to_document()
    assert second.completions(["a"], NOW) == whole.completions(["a"], NOW)


@given(sent)
def test_what_is_pending_is_what_came_less_what_went(messages: list[MetricsMessage]) -> None:
    signs = {"queued": 1, "pendingOnly": 1, "completed": -1, "failed": -1}
    pending = counted(*messages).pending(["a"])
    assert pending.ops == sum(signs[one.type] * (one.ops or 0) for one in messages)
    assert pending.size == sum(signs[one.type] * one.size for one in messages)


class TestAnswers:
    """Descriptions and results of the metrics routes."""

    def answers(self, *messages: MetricsMessage) -> MetricsAnswers:
        clock = VirtualClock(NOW / 1000)
        return MetricsAnswers(counted(*messages), clock, {"a": 3, "b": 4, "c": 0}.__getitem__)

    def test_backlog_and_pending_are_the_pending_counters(self) -> None:
        answers = self.answers(about_site("queued", 2, 1024), about_site("queued", 1, 1, site="b"))
        assert answers.of_sites(["pending"], ["a"]) == {
            "pending": {
                "description": "Number of pending replication operations (count) and bytes (size)",
                "results": {"count": 2, "size": 1024},
            }
        }
        assert answers.of_sites(["backlog"], ["a", "b"]) == {
            "backlog": {
                "description": "Number of incomplete replication operations (count) and number of incomplete bytes "
                "transferred (size)",
                "results": {"count": 3, "size": 1025},
            }
        }

    def test_the_backlog_is_never_negative(self) -> None:
        answers = self.answers(about_site("completed", 2, 5))
        assert answers.of_sites(["backlog"], ["a"])["backlog"]["results"] == {"count": 0, "size": 0}
        assert answers.of_sites(["pending"], ["a"])["pending"]["results"] == {"count": -2, "size": -5}

    def test_completions_are_those_of_a_day(self) -> None:
        answers = self.answers(about_site("completed", 450, 1027), about_site("completed", 1, 1, site="b"))
        assert answers.of_sites(["completions"], ["a"]) == {
            "completions": {
                "description": "Number of completed replication operations (count) and number of bytes transferred "
                "(size) in the last 86400 seconds",
                "results": {"count": 450, "size": 1027},
            }
        }
        assert answers.of_sites(["completions"], ["a", "b"])["completions"]["results"] == {"count": 451, "size": 1028}

    def test_failures_are_the_listed_ones_whatever_was_counted(self) -> None:
        answers = self.answers(about_site("failed", 99, 99))
        assert answers.of_sites(["failures"], ["a", "b"]) == {
            "failures": {
                "description": "Number of failed replication operations (count) and bytes (size) in the last 86400 "
                "seconds",
                "results": {"count": 7, "size": 0},
            }
        }

    def test_throughput_is_text_with_two_decimals(self) -> None:
        answers = self.answers(about_site("completed", 450, 1027))
        assert answers.of_sites(["throughput"], ["a"]) == {
            "throughput": {
                "description": "Current throughput for replication operations in ops/sec (count) and bytes/sec (size) "
                "in the last 900 seconds",
                "results": {"count": "0.50", "size": "1.14"},
            }
        }

    def test_without_data_everything_is_zero(self) -> None:
        answers = self.answers()
        results = {name: one["results"] for name, one in answers.of_sites(SITE_METRICS, ["c"]).items()}
        assert list(results) == ["backlog", "completions", "failures", "throughput", "pending"]
        nothing = {"count": 0, "size": 0}
        assert results.pop("throughput") == {"count": "0.00", "size": "0.00"}
        assert all(one == nothing for one in results.values())
        assert answers.progress("a", NAME)["progress"] == "0%"
        assert answers.throughput("a", NAME)["throughput"] == "0.00"

    def test_progress_of_an_object(self) -> None:
        answers = self.answers(about_object("queued", 100), about_object("completed", 50))
        assert answers.progress("a", NAME) == {
            "description": "Number of bytes to be replicated (pending), number of bytes transferred to the destination "
            "(completed), and percentage of the object that has completed replication (progress)",
            "pending": 50,
            "completed": 50,
            "progress": "50%",
        }
        assert answers.throughput("a", NAME) == {
            "description": "Current throughput for object replication in bytes/sec (throughput)",
            "throughput": "0.06",
        }

    @pytest.mark.parametrize(("done", "percent"), [(1, "1%"), (5, "3%"), (199, "100%"), (200, "100%")])
    def test_percentages_are_rounded(self, done: int, percent: str) -> None:
        answers = self.answers(about_object("queued", 200), about_object("completed", done))
        assert answers.progress("a", NAME)["progress"] == percent
