"""Upload and download of big objects: throughput beside the peers', and how much the server's memory grows.

    python tests/bench/big_bodies.py [--mebibytes 64] [--huge 2048] [--rounds 3] [--clients 1 --clients 8] [--only NAME]

Clients make bodies as they send them and throw away what they receive, a mebibyte at a time; each is a thread that
mostly waits for the kernel. Memory is the peak of the server's resident set during a transfer, less what it was before.
Objects of the size ``--huge`` go to the fake alone, once, by one client: peers hold whole bodies in memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import socket
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import click
from memory import Memory
from servers import BASELINE, FAKE, NAMES, installed, running
from wire import Target, cpu_seconds, once, signed

_MEBIBYTE = 1024 * 1024
_PIECE = os.urandom(_MEBIBYTE)


@dataclasses.dataclass(frozen=True, slots=True)
class Transfer:
    """Bodies on their way, one for each client: mebibytes a second of all, the server's processor milliseconds for a
    mebibyte, growth of its memory in mebibytes."""

    rate: float
    cpu: float
    growth: float


def transfer(target: Target, method: str, mebibytes: int, clients: int = 1) -> Transfer:
    """Each client sends or fetches an object of that size, all at once.

    Raises:
        ConnectionError: the server does not take or give all of it.
    """
    memory = Memory(target.pid)
    cpu, start = cpu_seconds(target.pid), time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(lambda number: _transfer(target, method, mebibytes, number), range(clients)))
    total = mebibytes * clients
    rate = total / (time.perf_counter() - start)
    return Transfer(rate, (cpu_seconds(target.pid) - cpu) / total * 1000, memory.peak_growth())


def _transfer(target: Target, method: str, mebibytes: int, number: int) -> None:
    length = mebibytes * _MEBIBYTE if method == "PUT" else 0
    head = signed(target, method, f"/bench/{mebibytes}-{number}", length=length)
    with socket.create_connection(("127.0.0.1", target.port), timeout=120) as stream:
        stream.sendall(head)
        for _ in range(length // _MEBIBYTE):
            stream.sendall(_PIECE)
        _receive(target, stream, mebibytes * _MEBIBYTE if method == "GET" else 0)


def _receive(target: Target, stream: socket.socket, length: int) -> None:
    """An answer, and at least ``length`` bytes of body: chunked coding adds some."""
    buffer = bytearray(_MEBIBYTE)
    head = b""
    while b"\r\n\r\n" not in head:
        count = stream.recv_into(buffer)
        if count == 0:
            raise ConnectionError(f"{target.name} closed the connection")
        head += buffer[:count]
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        raise ConnectionError(f"{target.name}: {head[:600]!r}")
    length -= len(head.partition(b"\r\n\r\n")[2])
    while length > 0:
        count = stream.recv_into(buffer)
        if count == 0:
            raise ConnectionError(f"{target.name} cut its answer short")
        length -= count


def is_ready(target: Target, mebibytes: int) -> bool:
    """Make the bucket and try; False, and a line that says so, for a server that refuses bodies of that size."""
    once(target, signed(target, "PUT", "/bench"))
    try:
        for method in ("PUT", "GET"):
            transfer(target, method, mebibytes)
    except ConnectionError as error:
        click.echo(f"{target.name} does not take {mebibytes} MiB: {str(error)[:100]}", err=True)
        return False
    return True


def compare(targets: list[Target], mebibytes: int, rounds: int, clients: tuple[int, ...]) -> None:
    results: dict[tuple[str, int, str], list[Transfer]] = defaultdict(list)
    for number in range(rounds):
        for method, count in itertools.product(("PUT", "GET"), clients):
            for target in targets[number % len(targets) :] + targets[: number % len(targets)]:
                results[method, count, target.name].append(transfer(target, method, mebibytes, count))
    baseline = BASELINE if BASELINE in {target.name for target in targets} else targets[0].name
    for method, count in itertools.product(("PUT", "GET"), clients):
        for target in targets:
            base = results[method, count, baseline] if len(targets) > 1 else []
            show(f"| {method} | {mebibytes} | {count} | {target.name}", results[method, count, target.name], base)


def show(what: str, runs: list[Transfer], base: list[Transfer]) -> None:
    ratios = sorted(run.rate / other.rate for run, other in zip(runs, base, strict=False))
    cells = [
        f"{statistics.median(run.rate for run in runs):.0f}",
        f"{statistics.median(run.cpu for run in runs):.2f}",
        f"x{statistics.median(ratios):.2f} [{ratios[0]:.2f} to {ratios[-1]:.2f}]" if ratios else "",
        f"{max(run.growth for run in runs):.0f}",
    ]
    click.echo(f"{what} | {' | '.join(cells)} |")


@click.command()
@click.option("--mebibytes", default=64, show_default=True, help="Size of the objects of the comparison.")
@click.option("--huge", default=2048, show_default=True, help="Size of the object for the fake alone; 0 for none.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--clients", multiple=True, default=(1, 8), show_default=True)
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Servers to measure.")
def main(mebibytes: int, huge: int, rounds: int, clients: tuple[int, ...], only: tuple[str, ...]) -> None:
    with contextlib.ExitStack() as stack:
        targets = [stack.enter_context(running(name)) for name in installed(only or NAMES)]
        targets = [target for target in targets if is_ready(target, mebibytes)]
        click.echo(
            "| | MiB | clients | server | MiB/s | CPU ms per MiB | ratio [lowest to highest] | memory growth MiB |"
        )
        click.echo("|---|---|---|---|---|---|---|---|")
        compare(targets, mebibytes, rounds, clients)
        for target in targets:
            if huge and target.name == FAKE:
                compare([target], huge, 1, (1,))


if __name__ == "__main__":
    main()
