"""Taking turns: a key that one consumption is at work on is left alone by the others."""

from __future__ import annotations

import threading
from collections.abc import Hashable


class Turns:
    """The keys at work in all consumptions that share this, guarded by ``changed``.

    Backbeat serialises a key across the topics of one process (lib/tasks/TaskScheduler.js). A consumption that reads
    another topic of the same objects shares its turns with the first one, so that a message waits for the end of an
    older one of the other topic without keeping a thread busy.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.running: set[Hashable] = set()
