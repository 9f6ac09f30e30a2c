"""The page about a session: one file, no scripts, nothing from a network."""

from __future__ import annotations

import collections
import datetime
import functools
import itertools
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import jinja2

from harness.report.record import LANES, RunRecord
from harness.report.timeline import ROW, WIDTH, draw

OUTCOMES = ("failed", "broken", "skipped", "passed")
_LANE_NAMES = {"scenario": "scenario", "cloudserver": "CloudServer", "kafka": "Kafka", "engine": "engine", "aws": "AWS"}
#: What XML and HTML have no place for.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def page(records: Sequence[RunRecord], began: datetime.datetime, seconds: float) -> str:
    """The page as text.

    Args:
        began: when the session began.
        seconds: how long it took.
    """
    counts = collections.Counter(record.outcome for record in records)
    ordered = sorted(records, key=lambda record: (PurePath(record.file).parent, record.file))
    groups = [
        (str(folder), sorted(group, key=lambda record: not record.is_bad))
        for folder, group in itertools.groupby(ordered, key=lambda record: PurePath(record.file).parent)
    ]
    return _template().render(
        counts=[(outcome, counts[outcome]) for outcome in OUTCOMES if counts[outcome]],
        groups=groups,
        total=len(records),
        bad=counts["failed"] + counts["broken"],
        began=f"{began:%Y-%m-%d %H:%M} UTC",
        took=_took(seconds),
        seeds=sorted({record.seed for record in records}),
        draw=draw,
        row=ROW,
        width=WIDTH,
        lanes=[(name, _LANE_NAMES[name]) for name in LANES],
        lane_names=_LANE_NAMES,
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    environment.filters["took"] = _took
    return environment.get_template("page.html")


def _shown(value: Any) -> Any:
    """Keys and answers may hold anything; what a page cannot hold is shown as an escape."""
    if isinstance(value, str) and _CONTROLS.search(value):
        cleaned = _CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
        return type(value)(cleaned)
    return value


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
