"""The servers under test, each started as a process of its own: the fake, and its peers where they are installed.

moto_server comes with moto; ``ministack`` (PyPI) and ``fauxqs`` (npm) are measured when they are on the PATH.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from wire import Target

from harness.reserved_port import free_port

FAKE = "fake"
BASELINE = "moto_server"
NAMES = (FAKE, BASELINE, "ministack", "fauxqs")


def installed(names: tuple[str, ...] = NAMES) -> list[str]:
    """Those of the servers that can be started here."""
    present = {
        FAKE: True,
        "moto_server": importlib.util.find_spec("moto") is not None,
        "ministack": shutil.which("ministack") is not None,
        "fauxqs": shutil.which("fauxqs") is not None,
    }
    return [name for name in names if present[name]]


@contextlib.contextmanager
def running(name: str) -> Iterator[Target]:
    """A server with the built-in configuration, ready to answer; ended with the context."""
    port = free_port("127.0.0.1")
    process = subprocess.Popen(
        _command(name, port),
        env={**os.environ, **_environment(name, port)},
        stdout=subprocess.PIPE if name == FAKE else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if name == FAKE:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise ConnectionError("the fake did not start")
            facts = json.loads(line)
            yield Target(name, port, process.pid, facts["access_key"], facts["secret_key"])
        else:
            _wait_for(process, port)
            yield Target(name, port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(name: str, port: int) -> list[str]:
    match name:
        case "moto_server":
            return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        case "ministack" | "fauxqs":
            return [name]
    return [sys.executable, "-m", "fake_cloudserver", "--host", "127.0.0.1", "--port", str(port), "--json"]


def _environment(name: str, port: int) -> dict[str, str]:
    match name:
        case "ministack":
            return {"GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR"}
        case "fauxqs":
            return {"FAUXQS_PORT": str(port), "FAUXQS_HOST": "127.0.0.1", "FAUXQS_LOGGER": "false"}
    return {}


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise ConnectionError(f"{process.args!r} did not start")
