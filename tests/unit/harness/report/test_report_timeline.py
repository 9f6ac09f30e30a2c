"""Where things are drawn."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.record import LANES, Event
from harness.report.scale import Scale
from harness.report.timeline import ROW, WIDTH, draw
from support.report_records import EVENTS

_SECONDS = st.floats(0, 1000, allow_nan=False)


@given(st.lists(st.tuples(_SECONDS, st.floats(0, 50)), min_size=1, max_size=30))
def test_time_never_runs_backwards_and_stays_inside(raw: list[tuple[float, float]]) -> None:
    spans = [(start, start + length) for start, length in raw]
    scale = Scale(spans)
    moments = sorted(moment for span in spans for moment in span)
    places = [scale.place(moment) for moment in moments]
    assert all(0 <= place <= 1 for place in places)
    assert all(before <= after + 1e-9 for before, after in itertools.pairwise(places))
    assert places[0] == pytest.approx(0.02)


def test_a_long_wait_is_cut_short_and_says_so() -> None:
    scale = Scale([(0, 1), (11, 12)])
    [gap] = scale.gaps
    assert gap.seconds == 10
    assert gap.right - gap.left == pytest.approx(0.06)
    assert scale.place(1) == pytest.approx(gap.left)
    assert scale.place(11) == pytest.approx(gap.right)
    assert scale.place(0.5) - scale.place(0) == pytest.approx(scale.place(12) - scale.place(11.5))


def test_a_short_wait_is_not() -> None:
    assert Scale([(0, 1), (1.1, 2)]).gaps == []


@given(st.lists(st.tuples(_SECONDS, st.floats(0, 50)), min_size=1, max_size=10))
def test_ticks_are_apart_and_outside_of_what_was_cut(raw: list[tuple[float, float]]) -> None:
    scale = Scale([(start, start + length) for start, length in raw])
    places = [scale.place(tick) for tick in scale.ticks()]
    assert all(after - before >= 0.07 for before, after in itertools.pairwise(places))
    assert not any(gap.left < place < gap.right for gap in scale.gaps for place in places)


def test_every_event_is_a_mark_in_its_lane() -> None:
    picture = draw(EVENTS)
    assert picture is not None
    assert [lane.name for lane in picture.lanes] == list(LANES)
    lanes = {lane.name: lane for lane in picture.lanes}
    assert len(picture.marks) == len(EVENTS)
    for mark in picture.marks:
        lane = lanes[mark.lane]
        assert lane.y <= mark.y <= lane.y + lane.height - ROW
        assert 0 <= mark.x < mark.x + mark.width <= WIDTH


def test_labels_do_not_run_into_each_other() -> None:
    crowd = [Event("kafka", number / 1000, 0.0, "replication", "d") for number in range(100)]
    picture = draw(crowd)
    assert picture is not None
    rows: dict[float, list[tuple[float, float]]] = {}
    for mark in picture.marks:
        if mark.label:
            rows.setdefault(mark.y, []).append((mark.x, mark.x + mark.width + 6.3 * len(mark.label)))
    assert rows
    for spans in rows.values():
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(sorted(spans)))


def test_a_thread_follows_an_object_and_no_look_at_it() -> None:
    looks = [dataclasses.replace(EVENTS[1], at=1.0, label="HEAD"), dataclasses.replace(EVENTS[5], at=1.1, label="GET")]
    with_looks = draw([*EVENTS, *looks])
    assert with_looks is not None
    [thread] = with_looks.threads
    assert len(thread.split()) == 5  # PENDING, Kafka, the engine, AWS, COMPLETED


def test_nothing_is_no_picture() -> None:
    assert draw([]) is None
