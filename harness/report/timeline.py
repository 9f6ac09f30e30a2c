"""The picture of one run: a lane for each part of the stack, time from left to right; numbers only, no markup."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from harness.report.record import LANES, Event
from harness.report.scale import Scale

WIDTH = 1000
ROW = 20
LANE_GAP = 12
TOP = 26
_MOST_ROWS = 5
_LEAST_WIDTH = 5.0
#: How wide a letter of a label is drawn.
_LETTER = 6.3


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One event as it is drawn. ``label`` is empty where there is no room for it."""

    x: float
    y: float
    width: float
    lane: str
    state: str
    label: str
    detail: str


@dataclasses.dataclass(frozen=True, slots=True)
class Lane:
    name: str
    y: float
    height: float


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn; ``threads`` follow single objects from lane to lane."""

    height: float
    lanes: list[Lane]
    marks: list[Mark]
    threads: list[str]
    ticks: list[tuple[float, str]]
    gaps: list[tuple[float, float, str]]


def draw(events: Sequence[Event]) -> Picture | None:
    """The picture of these events; None when nothing happened."""
    if not events:
        return None
    scale = Scale((event.at, event.at + event.took) for event in events)
    lanes: list[Lane] = []
    y = float(TOP)
    drawn: dict[int, Mark] = {}
    for name in LANES:
        inside = [(number, event) for number, event in enumerate(events) if event.lane == name]
        rows = _rows([event for _, event in inside], scale)
        height = ROW * (1 + max(rows, default=0))
        for (number, event), row in zip(inside, rows, strict=True):
            drawn[number] = _mark(event, scale, y + row * ROW)
        lanes.append(Lane(name, y, height))
        y += height + LANE_GAP
    marks = _labelled([drawn[number] for number in sorted(drawn)])
    ticks = [(round(WIDTH * scale.place(moment), 1), _moment(moment)) for moment in scale.ticks()]
    gaps = [
        (round(WIDTH * gap.left, 1), round(WIDTH * (gap.right - gap.left), 1), _moment(gap.seconds))
        for gap in scale.gaps
    ]
    return Picture(y, lanes, marks, _threads(events, drawn), ticks, gaps)


def _mark(event: Event, scale: Scale, y: float) -> Mark:
    left = WIDTH * scale.place(event.at)
    width = max(WIDTH * scale.place(event.at + event.took) - left, _LEAST_WIDTH)
    told = f"+{_moment(event.at)} {event.detail}" + (f" ({_moment(event.took)})" if event.took else "")
    return Mark(round(left, 1), y, round(width, 1), event.lane, event.state, event.label, told)


def _rows(events: Sequence[Event], scale: Scale) -> list[int]:
    """The row of each: the first that is free, labels included; the last one when none is."""
    free: list[float] = []
    rows = []
    for event in events:
        left = WIDTH * scale.place(event.at)
        right = max(WIDTH * scale.place(event.at + event.took), left + _LEAST_WIDTH)
        wanted = right + 4 + len(event.label) * _LETTER + 8
        row = next((number for number, end in enumerate(free) if end <= left), len(free))
        row = min(row, _MOST_ROWS - 1)
        if row == len(free):
            free.append(0.0)
        free[row] = max(free[row], wanted)
        rows.append(row)
    return rows


def _labelled(marks: list[Mark]) -> list[Mark]:
    """Labels stand to the right of their marks; one that would run into the next mark, or out, is left out."""
    by_row: dict[float, list[Mark]] = {}
    for mark in marks:
        by_row.setdefault(mark.y, []).append(mark)
    labelled = []
    for mark in marks:
        end = mark.x + mark.width + 4 + len(mark.label) * _LETTER
        fits = end <= WIDTH and all(
            other is mark or other.x + other.width <= mark.x or other.x >= end for other in by_row[mark.y]
        )
        labelled.append(mark if fits else dataclasses.replace(mark, label=""))
    return labelled


def _threads(events: Sequence[Event], drawn: dict[int, Mark]) -> list[str]:
    """A line through all that concerns one object behind the client's back, in the order in which it happened."""
    points: dict[str, list[str]] = {}
    for number, event in enumerate(events):
        if event.about and _is_replication(event):
            mark = drawn[number]
            points.setdefault(event.about, []).append(f"{mark.x:g},{mark.y + ROW / 2:g}")
    return [" ".join(line) for line in points.values() if len(line) > 1]


def _is_replication(event: Event) -> bool:
    """Whether it is a step of the object's way, and nobody's look at it."""
    if event.lane == "cloudserver":
        return event.state != ""
    return event.lane in {"kafka", "engine"} or (event.lane == "aws" and event.label[:4] not in {"GET", "GET ", "HEAD"})


def _moment(seconds: float) -> str:
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
