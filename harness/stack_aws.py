"""The stack's AWS: a process of its own that goes away and comes back when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_cloudserver import Clock
from harness.errors import StackError
from harness.faults.control import Board, LocalBoard, RemoteBoard
from harness.listening import reached
from harness.processes import Child, begin_module
from harness.request_log import SeenRequest
from harness.stack_plan import AWS_BUCKET, AwsPlan
from harness.stack_recording import recorded_aws

if TYPE_CHECKING:
    from fake_cloudserver import HttpServer
    from harness.faults.rules import FaultBoard
    from harness.tape.recorder import Recorder


class StackAws:
    """Begun when it is made, and ready after :meth:`await_ready`.

    Args:
        folder: keeps everything there.
        recorder: hears what passes: a proxy stands in front then, where faults happen, too.
        board: the rules of faults in this process.

    Attributes:
        bucket: what replicas arrive in.
        endpoint: its URL, when it is ready.
    """

    def __init__(
        self, plan: AwsPlan, seed: int, folder: Path | None, recorder: Recorder | None, board: FaultBoard, clock: Clock
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._faults = board
        self._clock = clock
        self._child: Child | None = None
        self._proxy: HttpServer | None = None
        self._board: Board = LocalBoard(board)
        self.bucket = (plan.buckets or (AWS_BUCKET,))[0]
        self.endpoint = ""
        self._begun: Callable[[], Child] = begin_module("AWS", "harness.aws_server", self._arguments(seed, folder))

    def _arguments(self, seed: int, folder: Path | None) -> list[str]:
        plan = self._plan
        port = 0 if self._recorder else plan.port
        arguments = ["--host", plan.host, "--port", str(port), "--seed", str(seed)]
        arguments += [f"--bucket={name}" for name in plan.buckets]
        arguments += [f"--plain-bucket={name}" for name in plan.plain_buckets]
        return arguments + ([f"--data={folder}"] if folder else [])

    def await_ready(self) -> None:
        """Return when it answers. Raises StackError when it ends instead, or a port is taken."""
        self._child = self._begun()
        host = self._plan.host
        self.endpoint = self._child.ready["endpoint"].replace(f"//{host}:", f"//{reached(host)}:")
        if self._recorder is None:
            self._board = RemoteBoard(self._child.ask)
        else:
            address = host, self._plan.port
            self._proxy = recorded_aws(self._recorder, self.endpoint, address, self._faults, self._clock)
            self.endpoint = self._proxy.url

    def stop(self) -> None:
        """End it. Before it was ready there is nothing to end: it goes with the process that began it."""
        if self._proxy is not None:
            self._proxy.stop(grace=1.0)
        if self._child is not None:
            self._child.stop()

    def boards(self) -> list[Board]:
        """Where rules for AWS are in force, as soon as it is ready."""
        return [] if self._child is None else [self._board]

    def check(self) -> None:
        """Raises StackError when it died."""
        if self._child is not None and not self._child.is_running:
            raise StackError(f"AWS ended unexpectedly; it said:\n{self._child.last_words()}")

    def requests(self, words: Collection[str]) -> list[SeenRequest]:
        """What it was asked whose path holds one of ``words``, in order."""
        if self._child is None or not self._child.is_running or not words:
            return []
        return [SeenRequest(*one) for one in self._ask(f"requests {' '.join(words)}")["requests"]]

    def down(self) -> None:
        """Its port closes; its objects stay."""
        self._ask("down")

    def up(self) -> None:
        """After :meth:`down`."""
        self._ask("up")

    def contents(self) -> list[dict[str, Any]]:
        """What replicas arrive in, as :func:`harness.aws_server.contents` tells it."""
        contents: list[dict[str, Any]] = self._ask(f"dump {self.bucket}")["versions"]
        return contents

    def _ask(self, command: str) -> dict[str, Any]:
        assert self._child is not None
        answer: dict[str, Any] = self._child.ask(command)
        return answer
