"""Threads that do pieces of work, each of which can be given up when it takes too long."""

from __future__ import annotations

import concurrent.futures
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from fake_cloudserver import Clock

Value = TypeVar("Value")

#: Frames that are told of work that was given up.
_MOST_FRAMES = 12


class GivenUp(Exception):  # noqa: N818  (nothing is wrong with the work's result, there is none)
    """Work that was not done in time.

    Attributes:
        frames: where it was then, ``file:line in function``, the innermost last.
    """

    def __init__(self, frames: list[str]) -> None:
        super().__init__(frames[-1] if frames else "it was nowhere")
        self.frames = frames


class Work(Generic[Value]):
    """A piece of work: waiting for a thread, under way, or done."""

    def __init__(self, do: Callable[[], Value], clock: Clock) -> None:
        self._do = do
        self._clock = clock
        self._future: concurrent.futures.Future[Value] = concurrent.futures.Future()
        self._under_way = threading.Event()
        self._began = 0.0
        self._thread: int | None = None

    def run(self) -> None:
        """Do it, in this thread; nothing when it was cancelled."""
        if not self._future.set_running_or_notify_cancel():
            return
        self._thread, self._began = threading.get_ident(), self._clock.monotonic()
        self._under_way.set()
        try:
            value = self._do()
        except BaseException as error:  # noqa: BLE001  (raised again by whoever wants the value)
            self._future.set_exception(error)
        else:
            self._future.set_result(value)

    def cancel(self) -> bool:
        """Whether it was not begun, and never will be."""
        return self._future.cancel()

    def value(self, limit: float) -> Value:
        """Wait for it, ``limit`` seconds from its beginning; what the work raises comes through.

        Raises:
            GivenUp: it was not done then.
        """
        if not self.settle(limit):
            raise GivenUp(self._frames())
        return self._future.result()

    def settle(self, limit: float) -> bool:
        """Wait for it likewise; whether it was done, or raised something."""
        self._under_way.wait()
        left = self._began + limit - self._clock.monotonic()
        return bool(concurrent.futures.wait([self._future], max(0.0, left)).done)

    def _frames(self) -> list[str]:
        frame = sys._current_frames().get(self._thread or 0)  # noqa: SLF001  (Python's own, documented)
        stack = [] if frame is None else traceback.extract_stack(frame)[-_MOST_FRAMES:]
        return [f"{one.filename}:{one.lineno} in {one.name}" for one in stack]


class Workers:
    """``count`` threads. They stay until :meth:`close`: the kernel ends a child with the thread that started it."""

    def __init__(self, count: int, clock: Clock) -> None:
        self._clock = clock
        self._waiting: queue.SimpleQueue[Work[Any] | None] = queue.SimpleQueue()
        self._begun: list[Work[Any]] = []
        self._threads = 0
        for _ in range(count):
            self._add_thread()

    def begin(self, do: Callable[[], Value]) -> Work[Value]:
        """Do it as soon as a thread is free."""
        work = Work(do, self._clock)
        self._begun.append(work)
        self._waiting.put(work)
        return work

    def end(self, work: Work[Value], limit: float) -> Value:
        """Its value; see :meth:`Work.value`. Work that is given up keeps its thread, and another takes its place."""
        self._begun.remove(work)
        try:
            return work.value(limit)
        except GivenUp:
            self._add_thread()
            raise

    def close(self, limit: float) -> None:
        """Begin nothing more, and wait for what is under way, ``limit`` seconds from its beginning."""
        under_way = [work for work in self._begun if not work.cancel()]
        self._begun.clear()
        for work in under_way:
            work.settle(limit)
        for _ in range(self._threads):
            self._waiting.put(None)

    def _add_thread(self) -> None:
        self._threads += 1
        # what was given up must not keep the process from ending
        threading.Thread(target=self._work, name="scenario", daemon=True).start()

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            work.run()
