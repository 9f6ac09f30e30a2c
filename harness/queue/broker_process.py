"""A broker as a child process: started, awaited, frozen, killed, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence

from fake_cloudserver import Clock
from harness.errors import StackError

#: Makes the kernel kill the broker when the thread that started it ends, then becomes the broker.
_LAUNCHER = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "os.getppid() == int(sys.argv[1]) or os._exit(1)\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)

#: A Kafka request, ApiVersions version 0, correlation id 1, client id "up?".
_API_VERSIONS = struct.pack(">ihhih3s", 13, 18, 0, 1, 3, b"up?")


class BrokerProcess:
    """One broker that speaks Kafka's protocol on ``host:port``. It never outlives this process, however that ends.

    Args:
        name: for messages.
        environ: added to the broker's environment.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        host: str,
        port: int,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock,
    ) -> None:
        self._name = name
        self._command = list(command)
        self._host = host
        self._port = port
        self._environ = dict(environ or {})
        self._clock = clock
        self._process: subprocess.Popen[str] | None = None
        self._tail: deque[str] = deque(maxlen=40)

    @property
    def pid(self) -> int:
        """Raises StackError when it was not started."""
        if self._process is None:
            raise StackError(f"{self._name} was not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self.status is None and self._process is not None

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs, or when it was not started."""
        return None if self._process is None else self._process.poll()

    @property
    def last_words(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self._tail)

    def launch(self) -> None:
        """Start it, and return at once."""
        started = threading.Event()
        failures: list[OSError] = []
        self._tail.clear()

        def attend() -> None:
            # the kernel looks at the thread that started the process: this one stays as long as the process does
            try:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *self._command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    env={**os.environ, **self._environ},
                    start_new_session=True,  # Ctrl-C is for whoever started it
                )
            except OSError as error:
                failures.append(error)
                started.set()
                return
            self._process = process
            started.set()
            assert process.stdout is not None
            with process.stdout:
                self._tail.extend(line.rstrip("\n") for line in process.stdout)
            process.wait()

        threading.Thread(target=attend, name="kafka-broker", daemon=True).start()
        started.wait()
        if failures:
            raise StackError(f"{self._name} cannot be started: {failures[0]}")

    def answers(self, timeout: float) -> bool:
        """Wait until it answers a Kafka request; False when it ended, or did not answer in time."""
        deadline = self._clock.monotonic() + timeout
        while self.is_running and self._clock.monotonic() < deadline:
            if _answers(self._host, self._port):
                return self.is_running
            self._clock.sleep(0.01)
        return False

    def stop(self, grace: float = 2.0) -> None:
        """SIGTERM, and SIGKILL after ``grace`` seconds. Does nothing when it is not running."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace)
            process.kill()
        process.wait()
        self._process = None

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Freeze it: connections stay, nothing is answered, nothing is lost. Returns when it stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        os.kill(self.pid, signal.SIGCONT)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0) as connection:
            connection.sendall(_API_VERSIONS)
            return connection.recv(8)[4:] == struct.pack(">i", 1)
    except OSError:
        return False
