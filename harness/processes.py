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
from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import StackError

_KEPT_LINES = 40


def die_with_parent() -> None:
    """End this process when its parent ends, however that ends: our standard input is a pipe that closes then."""

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            # the bare descriptor: a buffered reader's lock would get in the way of an ordinary exit
            while os.read(0, 4096):
                pass
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


class Child:
    """One running child process.

    Attributes:
        ready: what it said when it was ready.
    """

    def __init__(self, name: str, process: subprocess.Popen[str], ready: dict[str, Any], tail: list[str]) -> None:
        self.name = name
        self.ready = ready
        self._process = process
        self._tail = tail

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status; subprocess.TimeoutExpired when it goes on."""
        return self._process.wait(timeout)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def stop(self, grace: float = 10.0) -> int:
        """SIGTERM, and SIGKILL after ``grace`` seconds; the exit status."""
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def last_words(self) -> str:
        """The last lines of its standard error."""
        return "\n".join(self._tail)


def start_child(
    name: str, argv: Sequence[str], *, environ: Mapping[str, str] | None = None, timeout: float = 30.0
) -> Child:
    """Start ``argv`` and wait for its line of JSON.

    Raises:
        StackError: it ended, or said nothing within ``timeout`` seconds; with the last lines it wrote.
    """
    process = subprocess.Popen(
        list(argv),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {})},
        start_new_session=True,  # Ctrl-C is for whoever started the stack; it stops its children in order
    )
    tail: list[str] = []
    threading.Thread(target=_keep_tail, args=(process, tail), name=f"{name}-stderr", daemon=True).start()
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    timer.cancel()
    try:
        ready = json.loads(line)
    except ValueError:
        process.kill()
        process.wait()
        said = "\n".join(tail) or line.strip() or "nothing"
        raise StackError(f"{name} did not get ready (exit status {process.returncode}); it said:\n{said}") from None
    return Child(name, process, ready, tail)


def start_module(name: str, module: str, arguments: Sequence[str], **options: Any) -> Child:
    """The same for one of our own modules, on this interpreter."""
    return start_child(name, [sys.executable, "-m", module, *arguments], **options)


def say_ready(**facts: Any) -> None:
    """What a child calls when it is ready."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _keep_tail(process: subprocess.Popen[str], tail: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        tail.append(line.rstrip("\n"))
        del tail[:-_KEPT_LINES]
