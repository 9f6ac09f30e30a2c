"""What tests run beside themselves: a command of ours until Ctrl-C, a fake of its own."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from fake_cloudserver import FakeCloudServer, Settings, serving


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """``harness …`` in a process of its own: its number, and the line of JSON that it says; Ctrl-C ends it."""
    command = [sys.executable, "-m", "harness.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, json.loads(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


@contextlib.contextmanager
def fresh() -> Iterator[str]:
    """The URL of a CloudServer with nothing in it."""
    with FakeCloudServer(Settings.default()) as fake, serving(fake.app) as server:
        yield server.url
