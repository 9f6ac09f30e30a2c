"""Named points that the engine passes: nothing happens there, unless a test wants the process to end at one."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping

from harness.errors import UsageError

KILL_VARIABLE = "HARNESS_ENGINE_KILL_AT"

POPULATOR_READ = "populator.read"  # entries were read, nothing is in Kafka
POPULATOR_PRODUCED = "populator.produced"  # Kafka has acknowledged them, the position is not saved
POPULATOR_SAVED = "populator.saved"
PROCESSOR_CONSUMED = "processor.consumed"
PROCESSOR_COPIED = "processor.copied"  # the destination has the object, nobody knows yet
PROCESSOR_PUBLISHED = "processor.published"  # the result is durable, the offset is not committed
STATUS_CONSUMED = "status.consumed"
STATUS_WRITTEN = "status.written"  # the source's metadata have the result
STATUS_REPLAYED = "status.replayed"  # a failure goes round once more, the offset not committed
REQUEST_BEFORE = "request.before"  # whatever it is about: it is not sent yet
REQUEST_AFTER = "request.after"  # the head of its answer is there, and nobody has looked at it

NAMES = (
    POPULATOR_READ,
    POPULATOR_PRODUCED,
    POPULATOR_SAVED,
    PROCESSOR_CONSUMED,
    PROCESSOR_COPIED,
    PROCESSOR_PUBLISHED,
    STATUS_CONSUMED,
    STATUS_WRITTEN,
    STATUS_REPLAYED,
)
#: Passed with every request to the source.
REQUESTS = (REQUEST_BEFORE, REQUEST_AFTER)
EVERYWHERE = NAMES + REQUESTS


class Checkpoints:
    """Points that are passed without a trace."""

    def reach(self, name: str) -> None:
        """The engine is at ``name`` now."""


class KillAt(Checkpoints):
    """SIGKILL for this process when it is at ``name`` for the ``nth`` time."""

    def __init__(self, name: str, nth: int = 1) -> None:
        if name not in EVERYWHERE:
            raise UsageError(f"there is no checkpoint {name!r}; there are {', '.join(EVERYWHERE)}")
        self._name = name
        self._nth = nth
        self._reached: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            self._reached[name] += 1
            if name == self._name and self._reached[name] == self._nth:
                os.kill(os.getpid(), signal.SIGKILL)


def from_environment(environ: Mapping[str, str]) -> Checkpoints:
    """What HARNESS_ENGINE_KILL_AT asks for: ``processor.copied`` or ``processor.copied:3``.

    Raises UsageError for a checkpoint that does not exist.
    """
    wanted = environ.get(KILL_VARIABLE)
    if not wanted:
        return Checkpoints()
    name, _, nth = wanted.partition(":")
    if nth and not nth.isdigit():
        raise UsageError(f"{KILL_VARIABLE}: {nth!r} is no number")
    return KillAt(name, int(nth or 1))
