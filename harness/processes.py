"""Child processes of the stack: started, waited for until they say they are ready, and never left behind.

A child says that it is ready by printing one line of JSON on its standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any, Protocol

from harness.errors import StackError

_KEPT_LINES = 40
#: Seconds: several may start at once, perhaps on a machine that has other things to do.
_START_TIMEOUT = 120.0


def commands() -> Iterator[str]:
    """In a child: the lines its parent sends, until the parent ends it or ends itself, however that happens.

    A child lives no longer than its parent because its standard input is a pipe that closes with the parent.
    """
    # the bare descriptor: a buffered reader's lock would get in the way of an ordinary exit
    with os.fdopen(os.dup(0), "rb", buffering=0) as source:
        pending = b""
        while data := source.read(4096):
            *lines, pending = (pending + data).split(b"\n")
            yield from (line.decode() for line in lines)


def die_with_parent(answer: Callable[[str], dict[str, Any]] = lambda _: {}) -> None:
    """In a child that has other things to do: end when the parent ends.

    Args:
        answer: carries out a command, in a thread of its own; the parent is sent what it gives.
    """

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            for command in commands():
                say_ready(**answer(command))
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


class Process(Protocol):
    """What a child is of a ``subprocess.Popen``."""

    stdin: IO[str] | None
    stdout: IO[str] | None
    stderr: IO[str] | None
    returncode: int | None

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status; subprocess.TimeoutExpired when it goes on."""

    def terminate(self) -> None:
        """SIGTERM."""

    def kill(self) -> None:
        """SIGKILL."""


class Child:
    """One running child process.

    Attributes:
        ready: what it said when it was ready.
    """

    def __init__(self, name: str, process: Process, ready: dict[str, Any], tail: list[str]) -> None:
        self.name = name
        self.ready = ready
        self._process = process
        self._tail = tail
        self._asking = threading.Lock()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask(self, command: str) -> dict[str, Any]:
        """Send one line, and wait for the line of JSON that answers it. StackError when the child is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            try:
                self._process.stdin.write(command + "\n")
                self._process.stdin.flush()
                answer: dict[str, Any] = json.loads(self._process.stdout.readline())
            except (OSError, ValueError):
                raise StackError(f"{self.name} is gone; it said:\n{self.last_words()}") from None
        return answer

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status; subprocess.TimeoutExpired when it goes on."""
        self._process.wait(timeout)
        return self._end()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._end()

    def stop(self, grace: float = 10.0) -> int:
        """SIGTERM, and SIGKILL after ``grace`` seconds; the exit status."""
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._end()

    def _end(self) -> int:
        return _end(self._process)

    def last_words(self) -> str:
        """The last lines of its standard error."""
        return "\n".join(self._tail)


def start_child(
    name: str, argv: Sequence[str], *, environ: Mapping[str, str] | None = None, timeout: float = _START_TIMEOUT
) -> Child:
    """Start ``argv`` and wait for its line of JSON.

    Raises:
        StackError: it ended, or said nothing within ``timeout`` seconds; with the last lines it wrote.
    """
    return _awaited(name, _popen(argv, environ or {}), timeout)()


def start_module(name: str, module: str, arguments: Sequence[str], *, timeout: float = _START_TIMEOUT) -> Child:
    """The same for one of our own modules, on this interpreter; a module that is started often is loaded once."""
    return begin_module(name, module, arguments, timeout=timeout)()


def begin_module(
    name: str, module: str, arguments: Sequence[str], *, timeout: float = _START_TIMEOUT
) -> Callable[[], Child]:
    """Start one of our own modules; what comes back waits for it, as :func:`start_module` does, when it is called."""
    from harness import nursery

    process = nursery.start(module, arguments)
    return _awaited(name, process or _popen([sys.executable, "-m", module, *arguments], {}), timeout)


def _popen(argv: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        list(argv),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
        start_new_session=True,  # Ctrl-C is for whoever started the stack; it stops its children in order
    )


def _awaited(name: str, process: Process, timeout: float) -> Callable[[], Child]:
    tail: list[str] = []
    threading.Thread(target=_keep_tail, args=(process, tail), name=f"{name}-stderr", daemon=True).start()
    timer = threading.Timer(timeout, process.kill)
    timer.daemon = True
    timer.start()

    def ready() -> Child:
        assert process.stdout is not None
        line = process.stdout.readline()
        timer.cancel()
        try:
            said = json.loads(line)
        except ValueError:
            process.kill()
            _end(process)
            words = "\n".join(tail) or line.strip() or "nothing"
            raise StackError(
                f"{name} did not get ready (exit status {process.returncode}); it said:\n{words}"
            ) from None
        return Child(name, process, said, tail)

    return ready


def _end(process: Process) -> int:
    status = process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    return status


def say_ready(**facts: Any) -> None:
    """What a child calls when it is ready."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _keep_tail(process: Process, tail: list[str]) -> None:
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            tail.append(line.rstrip("\n"))
            del tail[:-_KEPT_LINES]
