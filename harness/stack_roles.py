"""The engine of a stack in processes of its own: one with all roles, or several, each of which comes and goes alone."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fake_cloudserver import Clock
from harness.engine.journal import BucketdJournal
from harness.engine.roles import checked_roles
from harness.engine.settings import EngineSettings
from harness.engine.settling import await_rest, is_settled
from harness.errors import StackError
from harness.faults.control import Board, RemoteBoard
from harness.http_transport import HttpTransport
from harness.processes import Child, start_module
from harness.queue.base import Queue

#: The name of a process with all roles, where one of a single role has the role's.
WHOLE = "engine"


@dataclasses.dataclass(frozen=True, slots=True)
class RoleProcess:
    """One ``harness engine``.

    Attributes:
        role: WHOLE for one that does everything.
        board: where its faults, and those of its queue, are set.
    """

    role: str
    child: Child
    board: Board


class EngineInProcesses:
    """``harness engine`` as children of this process; the journal reaches them through bucketd.

    Not for several threads at once.

    Attributes:
        processes: those that were started and neither stopped nor killed, oldest first.
    """

    def __init__(self, settings: EngineSettings, queue: Queue, clock: Clock) -> None:
        self._settings = settings
        self._queue = queue
        self._clock = clock
        assert settings.queue_populator.bucketd is not None
        self._transport = HttpTransport()
        self._source = BucketdJournal(
            self._transport, settings.queue_populator.bucketd.url, clock, session=1, poll_interval=1.0
        )
        self.processes: list[RoleProcess] = []

    # processes

    def start(self, counts: Mapping[str, int], kill_at: str | None = None) -> list[RoleProcess]:
        """Start so many processes of each role (or of WHOLE), and wait until they are at work.

        Args:
            kill_at: ``point`` or ``point:n`` at which each of them is to end itself.

        Raises:
            UsageError: there is no such role.
            StackError: one did not start; those that did are among ``processes``.
        """
        checked_roles(set(counts) - {WHOLE})
        wanted = [role for role, count in counts.items() for _ in range(count)]
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max(1, len(wanted))) as pool:
            file = Path(folder) / "engine.json"
            file.write_text(self._settings.to_json(), encoding="utf-8")
            starting = [(role, pool.submit(self._start_one, role, file, kill_at)) for role in wanted]
        children = [(role, future.result()) for role, future in starting if future.exception() is None]
        new = [RoleProcess(role, child, RemoteBoard(child.ask)) for role, child in children]
        self.processes += new
        for _, future in starting:
            future.result()
        return new

    def stop_role(self, role: str, count: int | None = None) -> int:
        """SIGTERM for ``count`` processes of a role, the oldest first, or for all; how many there were."""
        chosen = self._take(role, count)
        for process in chosen:
            process.child.stop(grace=40.0)
        return len(chosen)

    def kill_role(self, role: str, count: int | None = None) -> int:
        """SIGKILL for ``count`` processes of a role, the oldest first, or for all; how many there were."""
        chosen = self._take(role, count)
        for process in chosen:
            process.child.kill()
        return len(chosen)

    def running(self, role: str) -> int:
        """How many processes of a role there are."""
        return sum(process.role == role for process in self.processes)

    # as a stack's engine

    def check(self) -> None:
        for process in self.processes:
            if not process.child.is_running:
                raise StackError(f"{process.child.name} ended unexpectedly; it said:\n{process.child.last_words()}")

    def settle(self, timeout: float) -> bool:
        settings, queue = self._settings, self._queue
        return await_rest(
            lambda: is_settled(settings, queue, self._source), settings, queue, self._clock, timeout, pause=0.05
        )

    def stop(self) -> None:
        # all at once: a group that loses its members one by one balances itself after each
        with ThreadPoolExecutor(max(1, len(self.processes))) as pool:
            list(pool.map(lambda process: process.child.stop(grace=40.0), self.processes))
        self._closed()

    def kill(self) -> None:
        for process in self.processes:
            process.child.kill()
        self._closed()

    def ended(self, timeout: float) -> int:
        status = self.processes[0].child.wait(timeout)
        self._closed()
        return status

    def boards(self) -> list[Board]:
        return [process.board for process in self.processes if process.child.is_running]

    def _start_one(self, role: str, file: Path, kill_at: str | None) -> Child:
        arguments = ["engine", "--settings", str(file), "--child"]
        arguments += [] if role == WHOLE else ["--role", role]
        arguments += ["--kill-at", kill_at] if kill_at else []
        name = role if role == WHOLE else f"engine-{role}"
        return start_module(name, "harness.cli", arguments)

    def _take(self, role: str, count: int | None) -> list[RoleProcess]:
        chosen = [process for process in self.processes if process.role == role][:count]
        self.processes = [process for process in self.processes if process not in chosen]
        return chosen

    def _closed(self) -> None:
        self.processes.clear()
        self._transport.close()
