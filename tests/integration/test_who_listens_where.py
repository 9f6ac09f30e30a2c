"""Nothing is reached from other machines unless somebody says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from support.running import running

_LISTENS = "0A"


def up(*arguments: str) -> AbstractContextManager[tuple[int, dict[str, Any]]]:
    """``harness up``: its process id, and what it says."""
    return running("up", "--json", *arguments)


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    return [pid, *(descendant for child in children(pid) for descendant in family(child))]


def children(pid: int) -> Iterator[int]:
    """What the threads of a process started. Threads that end while they are asked are left out."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            yield from map(int, (task / "children").read_text().split())


def listening(pids: list[int]) -> set[str]:
    """The addresses that these processes listen on, without ports."""
    inodes = {found[1] for pid in pids for name in opened(pid) if (found := re.match(r"socket:\[(\d+)\]", name))}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {address(row[1].partition(":")[0]) for row in rows if row[3] == _LISTENS and row[9] in inodes}


def opened(pid: int) -> Iterator[str]:
    """What a process has open. What it closes while it is asked is left out."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(link.readlink())


def address(text: str) -> str:
    """The kernel writes 32 bits at a time, in the order of this machine."""
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    return str(ip_address(b"".join(words)))


@pytest.mark.kafka
def test_every_server_of_a_stack_listens_on_the_loopback_interface() -> None:
    with up("--target", "lyon") as (pid, _):
        assert listening(family(pid)) == {"127.0.0.1"}


@pytest.mark.kafka
def test_host_is_where_everything_but_the_api_listens() -> None:
    with up("--host", "127.0.0.2", "--target", "lyon") as (pid, facts):
        assert listening(family(pid)) == {"127.0.0.2", "127.0.0.1"}
    for name in ("cloudserver", "aws", "journal", "faults"):
        assert facts[name]["endpoint"].startswith("http://127.0.0.2:")
    assert facts["kafka"]["bootstrap_servers"].startswith("127.0.0.2:")
    assert all(server.startswith("127.0.0.2:") for server in facts["sites"]["lyon"]["servers"])
    assert facts["api"]["endpoint"].startswith("http://127.0.0.1:")
