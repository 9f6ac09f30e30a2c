"""Logging: structlog's bound context, carried by the standard library's loggers, configured for nobody else.

Tracebacks are plain. structlog's own default draws the local variables too, which is slow and would show secrets.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog

_PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    structlog.processors.format_exc_info,
    structlog.processors.KeyValueRenderer(key_order=["event"]),
]


def get_logger(name: str) -> Any:
    """A logger that takes an event and its facts: ``log.info("listening", port=8000)``."""
    return structlog.wrap_logger(
        logging.getLogger(name), processors=_PROCESSORS, wrapper_class=structlog.stdlib.BoundLogger
    )


def log_to_stderr(level: int = logging.WARNING) -> None:
    """What a command line calls: every line with its time, on standard error."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
