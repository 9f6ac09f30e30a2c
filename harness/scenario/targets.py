"""The stacks of one session: as few as the runs allow, because starting one takes longer than most runs."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType

from harness.errors import StackError
from harness.scenario.model import ScenarioRun
from harness.scenario.target import Target, TargetFactory

#: See :attr:`harness.scenario.model.ScenarioRun.kind`.
_Kind = tuple[str, ...]


@dataclasses.dataclass(slots=True)
class Lease:
    """A target for one run. ``keep`` says that another run may have it afterwards; nobody has said so at first."""

    target: Target
    keep: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class _Opened:
    kind: _Kind
    target: Target
    context: AbstractContextManager[Target]

    def close(self) -> None:
        self.context.__exit__(None, None, None)


class Targets:
    """Lends stacks to runs: runs that need nothing of their own share one for each dialect and set of sites; any other
    has one to itself, which goes on to the next that needs the same when it was left whole.

    A stack that nobody uses takes processor time from the others, so that it is closed as soon as a run wants another
    kind; who has runs of one kind follow each other starts few.

    A context manager: leaving it closes them all.

    Args:
        idle: how many stacks may wait for the next run that needs one to itself.
    """

    def __init__(self, factory: TargetFactory, *, idle: int = 1) -> None:
        self._factory = factory
        self._most_idle = idle
        self._lock = threading.Lock()
        self._opening: dict[_Kind, threading.Lock] = {}
        self._shared: dict[_Kind, _Opened] = {}
        self._users: Counter[_Kind] = Counter()
        self._failed: dict[_Kind, StackError] = {}
        self._idle: list[_Opened] = []

    def __enter__(self) -> Targets:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.ExitStack() as closing:
            for opened in (*self._shared.values(), *self._idle):
                closing.callback(opened.close)
            self._shared.clear()
            self._idle.clear()

    @contextlib.contextmanager
    def lend(self, run: ScenarioRun) -> Iterator[Lease]:
        """A target for ``run``. What the factory raises comes through."""
        for one in self._unwanted(run.kind):
            one.close()
        if run.scenario.needs.shared:
            with self._using(run.kind):
                yield Lease(self._shared_one(run).target)
            return
        opened = self._taken(run.kind) or self._open(run)
        lease = Lease(opened.target)
        try:
            yield lease
        finally:
            for one in self._put_back(opened) if lease.keep else [opened]:
                one.close()

    def forget(self, run: ScenarioRun) -> None:
        """Its run does not come to an end: nobody else gets the stack, and nobody waits for it to stop."""
        if run.scenario.needs.shared:
            with self._lock:
                self._shared.pop(run.kind, None)

    def _open(self, run: ScenarioRun) -> _Opened:
        context = self._factory(run.dialect, run.scenario.needs)
        return _Opened(run.kind, context.__enter__(), context)

    def _shared_one(self, run: ScenarioRun) -> _Opened:
        kind = run.kind
        with self._lock:
            opening = self._opening.setdefault(kind, threading.Lock())
        with opening:
            if kind in self._failed:
                raise self._failed[kind]
            if kind not in self._shared:
                try:
                    opened = self._open(run)
                except StackError as error:  # one try is enough: it would go wrong for every run
                    self._failed[kind] = error
                    raise
                with self._lock:
                    self._shared[kind] = opened
            with self._lock:
                return self._shared[kind]

    @contextlib.contextmanager
    def _using(self, kind: _Kind) -> Iterator[None]:
        with self._lock:
            self._users[kind] += 1
        try:
            yield
        finally:
            with self._lock:
                self._users[kind] -= 1

    def _unwanted(self, kind: _Kind) -> list[_Opened]:
        """Those that nobody uses and that are not of this kind; they are nobody's from now on."""
        with self._lock:
            gone = [one for one in self._idle if one.kind != kind]
            self._idle = [one for one in self._idle if one.kind == kind]
            unused = [one for one in self._shared if one != kind and not self._users[one]]
            return gone + [self._shared.pop(one) for one in unused]

    def _taken(self, kind: _Kind) -> _Opened | None:
        with self._lock:
            for index, opened in enumerate(self._idle):
                if opened.kind == kind:
                    return self._idle.pop(index)
        return None

    def _put_back(self, opened: _Opened) -> list[_Opened]:
        """Keep it for the next; those that waited longest and must go."""
        with self._lock:
            self._idle.append(opened)
            surplus = len(self._idle) - self._most_idle
            gone, self._idle = self._idle[: max(surplus, 0)], self._idle[max(surplus, 0) :]
        return gone
