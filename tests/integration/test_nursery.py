"""Children that are forked by a process which has loaded everything: they come, say something, end, and are not left
behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import nursery
from harness.errors import StackError
from harness.nursery import Forked, Nursery
from harness.processes import start_module
from harness.s3_client import s3_client

AWS = "harness.aws_server"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is a nursery on Linux only")


@pytest.fixture
def children() -> Iterator[Nursery]:
    one = Nursery()
    yield one
    one.close()


def ready(child: Forked) -> str:
    assert child.stdout is not None
    return str(json.loads(child.stdout.readline())["endpoint"])


def closed(child: Forked) -> None:
    for pipe in (child.stdin, child.stdout, child.stderr):
        assert pipe is not None
        pipe.close()


def test_each_child_is_a_process_of_its_own(children: Nursery) -> None:
    one, other = (children.start(AWS, ["--bucket=bucket"]) for _ in range(2))
    clients = [s3_client(ready(child), ("key", "secret")) for child in (one, other)]
    versions = [client.put_object(Bucket="bucket", Key="k", Body=b"")["VersionId"] for client in clients]

    assert one.pid != other.pid
    assert versions[0] != versions[1]
    assert [client.list_object_versions(Bucket="bucket")["Versions"][0]["VersionId"] for client in clients] == versions
    for child in (one, other):
        child.kill()
        assert child.wait(10) == -signal.SIGKILL
        closed(child)


def test_how_a_child_ended_is_told(children: Nursery) -> None:
    wrong = children.start(AWS, ["--no-such-option"])
    assert wrong.stderr is not None
    assert "No such option" in wrong.stderr.read()
    assert wrong.wait(10) == 2
    assert wrong.poll() == 2

    running = children.start(AWS, [])
    ready(running)
    assert running.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0)
    running.terminate()
    assert running.wait(10) == 0
    running.kill()  # it is gone: nothing happens
    for child in (wrong, running):
        closed(child)


def test_a_child_has_the_environment_and_the_folder_of_now(
    children: Nursery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NURSERY_TEST", "yes")
    child = children.start(AWS, [])
    ready(child)
    process = Path(f"/proc/{child.pid}")

    assert (process / "cwd").readlink() == tmp_path
    assert os.getsid(child.pid) == child.pid
    child.kill()
    child.wait(10)
    closed(child)


def test_a_child_ends_with_its_parent() -> None:
    parent = (
        "import os, signal, sys\n"
        "from harness.processes import start_module\n"
        "child = start_module('AWS', 'harness.aws_server', [])\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        pid = int(started.stdout.read())
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(descriptor):
        poll = select.poll()  # it turns readable when the process ends
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(20_000)


def test_without_a_nursery_a_child_starts_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = Nursery()
    dead.close()
    monkeypatch.setitem(nursery._nurseries, os.getpid(), dead)

    child = start_module("AWS", AWS, ["--bucket=bucket"])
    again = start_module("AWS", AWS, ["--bucket=bucket"])

    new = nursery._nurseries[os.getpid()]
    assert new is not dead
    assert child.ask("dump bucket") == again.ask("dump bucket") == {"done": "dump", "versions": []}
    assert child.stop() == again.stop() == 0
    new.close()


def test_what_a_child_said_before_it_ended_is_told() -> None:
    with pytest.raises(StackError, match=r"(?s)AWS did not get ready \(exit status 2\); it said:.*No such option"):
        start_module("AWS", AWS, ["--no-such-option"])
