"""Gathers the records of a pytest session, and tells of them when it is over."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_cloudserver import SystemClock
from harness.report.annotations import code_quality, workflow_commands
from harness.report.record import RunRecord
from harness.scenario.pytest_items import record_of

GITHUB = "github"
GITLAB = "gitlab:"


class Collector:
    """A pytest plugin.

    Args:
        page: the file that the page goes to; None for none.
        annotations: ``github``, or ``gitlab:FILE``; None for none.
        write: where GitHub's lines go.

    Raises:
        pytest.UsageError: there are no such annotations.
    """

    def __init__(
        self, page: str | None, annotations: str | None, write: Callable[[str], object] = sys.stdout.write
    ) -> None:
        if annotations is not None and annotations != GITHUB and not annotations.partition(GITLAB)[2]:
            raise pytest.UsageError(f"annotations are {GITHUB} or {GITLAB}FILE, not {annotations!r}")
        self._page = page
        self._annotations = annotations
        self._write = write
        self._clock = SystemClock()
        self._began = self._clock.now()
        self._started = self._clock.monotonic()
        self.records: list[RunRecord] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A run has ended, here or in a worker."""
        record = record_of(report)
        if record is not None:
            self.records.append(record)

    def pytest_sessionfinish(self) -> None:
        """Write everything; a file that cannot be written is an error of usage."""
        if self._page is not None:
            from harness.report.html import page

            began = datetime.datetime.fromtimestamp(self._began, datetime.UTC)
            _save(self._page, page(self.records, began, self._clock.monotonic() - self._started))
        if self._annotations == GITHUB:
            self._write("".join(f"{line}\n" for line in workflow_commands(self.records)))
        elif self._annotations is not None:
            _save(self._annotations.removeprefix(GITLAB), code_quality(self.records))


def _save(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise pytest.UsageError(f"{file}: cannot be written: {error.strerror}") from None
