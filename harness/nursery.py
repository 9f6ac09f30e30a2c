"""Children that start at once: a process that has loaded our modules once, and forks.

To load moto or the engine takes a second of processor time. A stack has one of each, and a session many stacks.
On Linux only: elsewhere a process that has loaded this much had better not fork.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

#: What each module that can be started loads when it is at work.
_LOADS = {
    "harness.aws_server": ("moto.moto_server.werkzeug_app", "moto.s3.models", "harness.faults.control"),
    "harness.cli": ("harness.engine_process",),
}
_LARGEST_REQUEST = 128 * 1024
_FDS = 4
#: Bytes of a child's number, on the pipe that tells later how it ended.
_PID_LENGTH = 12


class Forked:
    """A child of the nursery, with what :class:`harness.processes.Child` asks of a ``subprocess.Popen``.

    Attributes:
        returncode: None while it runs; less than 0 is a signal's number.
    """

    def __init__(self, stdin: IO[str], stdout: IO[str], stderr: IO[str], status: int) -> None:
        self.stdin: IO[str] | None = stdin
        self.stdout: IO[str] | None = stdout
        self.stderr: IO[str] | None = stderr
        self.returncode: int | None = None
        self._status = status
        self._pid: int | None = None
        self._ending = threading.RLock()

    @property
    def pid(self) -> int:
        """Its number, as soon as it has one. ProcessLookupError when the nursery ended before."""
        with self._ending:
            if self._pid is None:
                told = os.read(self._status, _PID_LENGTH)
                self._pid = int(told or 0)
                if not told:
                    self._learn()
            if self._pid == 0:
                raise ProcessLookupError("the nursery has ended")
            return self._pid

    def poll(self) -> int | None:
        return self.returncode if self.returncode is not None or not self._has_ended(0) else self._learn()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status; subprocess.TimeoutExpired when it goes on."""
        if self.returncode is None and not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return self._learn()

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _has_ended(self, timeout: float | None) -> bool:
        poll = select.poll()
        with contextlib.suppress(ProcessLookupError):
            _ = self.pid  # which is told before how it ended
        with self._ending:
            if self.returncode is not None:
                return True
            poll.register(self._status, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def _learn(self) -> int:
        with self._ending:
            if self.returncode is None:
                said = os.read(self._status, 16)
                os.close(self._status)
                self.returncode = int(said) if said else -signal.SIGKILL  # the nursery is gone, and knew more
            return self.returncode


class Nursery:
    """The process, seen from its parent. For several threads; it ends with the parent."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.nursery", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, module: str, arguments: Sequence[str]) -> Forked:
        """Call ``module.main``, a command of click, in a new child, as soon as the nursery has loaded it; others may go
        on meanwhile. OSError when there is no nursery any more."""
        request = {"module": module, "arguments": list(arguments), "environ": dict(os.environ), "cwd": str(Path.cwd())}
        (child_in, stdin), (stdout, child_out), (stderr, child_err), (status, child_status) = (
            os.pipe() for _ in range(_FDS)
        )
        theirs = [child_in, child_out, child_err, child_status]
        ours = [stdin, stdout, stderr, status]
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], theirs)  # whole, or not at all
        except BaseException:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return Forked(os.fdopen(stdin, "w"), os.fdopen(stdout), os.fdopen(stderr), status)

    def close(self) -> None:
        """No more children; those that there are go on."""
        self._control.close()
        self._process.wait()


_starting = threading.Lock()
_nurseries: dict[int, Nursery] = {}


def start(module: str, arguments: Sequence[str]) -> Forked | None:
    """A child of this process's nursery; None where there can be none."""
    if sys.platform != "linux" or module not in _LOADS:
        return None
    with _starting:
        nursery = _nurseries.get(os.getpid())  # one that another process had before it forked is not ours
        if nursery is None:
            nursery = _nurseries[os.getpid()] = Nursery()
            atexit.register(_close, os.getpid())
    try:
        return nursery.start(module, arguments)
    except OSError:
        with _starting:
            if _nurseries.get(os.getpid()) is nursery:
                del _nurseries[os.getpid()]
        return None


def _close(pid: int) -> None:
    if pid == os.getpid() and pid in _nurseries:
        _nurseries.pop(pid).close()


class _Loop:
    """The nursery itself: one thread, which forks when it is told to and tells how children ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._statuses: dict[int, int] = {}
        self._woken, self._wakes = os.pipe()
        for descriptor in (self._woken, self._wakes):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)

    def next_child(self) -> dict[str, Any] | None:
        """Serve until the parent is gone: None; in a new child what it is to do."""
        control = self._control.fileno()
        while True:
            readable, _, _ = select.select([control, self._woken], [], [])
            if self._woken in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._woken, 4096)
                self._bury()
            if control in readable:
                message, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST_REQUEST, _FDS)
                if not message:
                    return None
                request = json.loads(message)
                if self._fork(request["module"], descriptors):
                    return dict(request)

    def _fork(self, module: str, descriptors: Sequence[int]) -> bool:
        """True in the child."""
        for name in (module, *_LOADS[module]):
            if name not in sys.modules:
                importlib.import_module(name)
                gc.freeze()
        *standard, status = descriptors
        pid = os.fork()
        if pid:
            self._statuses[pid] = status
            for descriptor in standard:
                os.close(descriptor)
            with contextlib.suppress(BrokenPipeError):
                os.write(status, str(pid).rjust(_PID_LENGTH).encode())
            return False
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, descriptor in enumerate(standard):
            os.dup2(descriptor, number)
        self._control.close()
        for descriptor in (*descriptors, *self._statuses.values(), self._woken, self._wakes):
            os.close(descriptor)
        return True

    def _bury(self) -> None:
        while self._statuses:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            status = self._statuses.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(status, str(os.waitstatus_to_exitcode(ended)).encode())
            os.close(status)


def main() -> None:
    """``python -m harness.nursery FD``: FD is the control socket. Returns in the nursery, and in each child after it
    has done its work."""
    request = _Loop(socket.socket(fileno=int(sys.argv[1]))).next_child()
    if request is None:
        return
    os.environ.clear()
    os.environ.update(request["environ"])
    os.chdir(request["cwd"])
    sys.argv = [request["module"], *request["arguments"]]
    sys.modules[request["module"]].main(request["arguments"])


if __name__ == "__main__":
    main()
