"""The page about a session as a person sees it: on a desk and on a phone, in the light and in the dark."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.report.html import page
from support.report_records import failure, record

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "page.html"
    records = [record(title=f"run {number}") for number in range(3)]
    records += [failure(), record(title="skipped", outcome="skipped", reason="no faults there", events=())]
    path.write_text(page(records, datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC), 3.0), encoding="utf-8")
    return path


@pytest.fixture(params=[(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def opened(request: pytest.FixtureRequest, browser: Any, file: Path) -> Iterator[Any]:
    viewport, scheme = request.param
    context = browser.new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=True, offline=True)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("requestfailed", lambda failed: opened.complaints.append(failed.url))
    opened.goto(file.as_uri())
    yield opened
    context.close()


def test_nothing_is_missing_and_nothing_sticks_out(opened: Any) -> None:
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= opened.viewport_size["width"]
    assert opened.locator("h1").inner_text() == "1 of 5 runs failed"
    assert opened.locator("script").count() == 0


def test_text_is_large_enough_to_read(opened: Any) -> None:
    sizes = opened.evaluate(
        """[...document.querySelectorAll('details.failed pre, details.failed svg text, h1, h2, .title')].map(element =>
            parseFloat(getComputedStyle(element).fontSize) * (element.ownerSVGElement
                ? element.getScreenCTM().a : 1))"""
    )
    assert sizes
    assert min(sizes) >= 9.5


def test_a_failure_shows_itself_and_its_picture(opened: Any) -> None:
    failed = opened.locator("details.failed")
    assert failed.locator("pre").first.is_visible()
    assert failed.locator("svg").is_visible()
    width = failed.locator("svg").bounding_box()["width"]
    frame = failed.locator(".scroll").bounding_box()["width"]
    assert frame <= opened.viewport_size["width"]
    assert width >= 1000 or width == pytest.approx(frame, abs=1)
    assert not opened.locator("details.passed svg").first.is_visible()


def test_a_run_opens_at_a_touch(opened: Any) -> None:
    first = opened.locator("details.passed").first
    first.locator("summary").first.click()
    assert first.locator("svg").is_visible()
    first.get_by_text("in words").click()
    assert first.get_by_text("metadata 7: put k PENDING").last.is_visible()


def test_one_kind_of_outcome_can_be_looked_at_alone(opened: Any) -> None:
    opened.get_by_text("1 failed").click()
    assert opened.locator("details.failed").is_visible()
    assert not opened.locator("details.passed").first.is_visible()
    opened.get_by_text("all 5").click()
    assert opened.locator("details.passed").first.is_visible()


def test_text_stands_out_from_its_paper(opened: Any) -> None:
    """Contrast of text against the card behind it, as WCAG counts it."""
    contrast = opened.evaluate(
        """() => {
          const light = color => color.match(/[0-9.]+/g).slice(0, 3).map(Number).map(value => {
            value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
          }).reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
          const card = light(getComputedStyle(document.querySelector('.run')).backgroundColor);
          return [...document.querySelectorAll('.title, .time, .tag, .soft')].map(element => {
            const ink = light(getComputedStyle(element).color);
            return (Math.max(ink, card) + 0.05) / (Math.min(ink, card) + 0.05);
          });
        }"""
    )
    assert min(contrast) >= 4.5
