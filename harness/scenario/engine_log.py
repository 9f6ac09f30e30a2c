"""What the stack in this process logs, kept while scenarios run: shown beside a failure, and not in between."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import logging
from collections.abc import Iterator

_MOST_LINES = 20_000
#: Who speaks of single objects, and who only makes noise when parts of the stack are stopped on purpose.
_TOLD = ("harness", "fake_cloudserver")
_NOISE = ("kafka", "urllib3", "botocore")


@dataclasses.dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log; ``at`` in seconds since the epoch, ``told`` without time and level."""

    at: float
    level: str
    logger: str
    told: str
    line: str


class LogBook(logging.Handler):
    """Keeps the last lines of the stack's loggers."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
        self._lines: collections.deque[LogLine] = collections.deque(maxlen=_MOST_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self._lines.append(LogLine(record.created, record.levelname, record.name, record.getMessage(), line))

    def about(self, bucket: str, key: str) -> list[LogLine]:
        """The lines about an object, or about all of a bucket when ``key`` is empty."""
        # the facts of a line are written ``bucket='…' key='…'`` (fake_cloudserver.logs)
        wanted = [f"bucket={bucket!r}"] + ([f"key={key!r}"] if key else [])
        return [one for one in list(self._lines) if all(fact in one.told for fact in wanted)]

    @contextlib.contextmanager
    def capture(self, *, quiet: bool) -> Iterator[None]:
        """Keep what is logged until the end; ``quiet`` keeps it from everybody else meanwhile."""
        loggers = [logging.getLogger(name) for name in (*_TOLD, *_NOISE)]
        before = [(logger, logger.level, logger.propagate) for logger in loggers]
        for logger in loggers:
            logger.addHandler(self)
            if logger.name in _TOLD:
                logger.setLevel(logging.INFO)
            if quiet:
                logger.propagate = False
        try:
            yield
        finally:
            for logger, level, propagate in before:
                logger.removeHandler(self)
                logger.setLevel(level)
                logger.propagate = propagate


#: The one of this process.
LOG = LogBook()
