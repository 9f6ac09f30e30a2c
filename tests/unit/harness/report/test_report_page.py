"""What the page says, and that nothing in a record can get out of its place."""

from __future__ import annotations

import datetime
import re
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from harness.report.html import page
from harness.report.record import LANES, RunRecord
from support.report_records import EVENTS, failure, record

BEGAN = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)
SVG = "{http://www.w3.org/2000/svg}"


def made(*records: RunRecord) -> str:
    return page(records, BEGAN, 2.5)


def pictures(text: str) -> list[Element]:
    found = re.findall(r"<svg .*?</svg>", text, re.DOTALL)
    return [fromstring(one.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)) for one in found]


def test_it_says_how_it_went() -> None:
    text = made(record(), failure(), record(outcome="skipped", reason="no faults there", events=()))
    assert "<h1>1 of 3 runs failed</h1>" in text
    assert "3 runs in 2.5 s · 2026-11-30 12:00 UTC · seed 5" in text
    assert "skipped: no faults there" in text
    assert "<h1>All is well</h1>" in made(record())
    assert "<h1>Nothing was run</h1>" in made()


def test_a_failure_is_open_and_says_how_to_run_it_again() -> None:
    text = made(failure())
    assert '<details class="run failed" open>' in text
    assert "scenarios/aws/tags.yaml:12: head_object src-1/k" in text
    assert "run it again: harness run scenarios/aws/hello.yaml --seed 5" in text
    assert '<details class="run passed">' in made(record())


def test_nothing_gets_out_of_its_place() -> None:
    bad = "</title></svg><script>alert(1)</script>\"' \x00\x1b"
    events = (EVENTS[0].__class__("aws", 0.0, 1.0, bad, bad, bad, 'x" onload="y'),)
    text = made(
        record(title=bad, about=bad, file=bad, tags=(bad,), reason=bad, again=bad, warnings=(bad,), text=(bad,)),
        record(events=events),
    )
    assert "<script" not in text
    assert 'onload="y' not in text
    assert "\x1b" not in text
    assert "\\x1b" in text


def test_it_needs_nothing_from_anywhere() -> None:
    text = made(record(), failure())
    assert re.findall(r"(?:src|href|url)\s*[=(]", text) == []
    assert "@import" not in text


@pytest.mark.parametrize("lane", LANES)
def test_every_part_of_the_stack_has_its_lane(lane: str) -> None:
    [picture] = pictures(made(record()))
    told = [title.text or "" for title in picture.iter(f"{SVG}title")]
    wanted = [event for event in EVENTS if event.lane == lane]
    assert wanted
    for event in wanted:
        assert any(event.detail in one for one in told)


def test_states_have_their_colours() -> None:
    [picture] = pictures(made(record()))
    classes = [rect.get("class", "") for rect in picture.iter(f"{SVG}rect")]
    for state in ("PENDING", "COMPLETED", "wrong"):
        assert f"m {state}" in classes


def test_a_run_without_events_has_no_picture() -> None:
    assert pictures(made(record(events=()))) == []
