"""PUT, GET and HEAD of small objects, the fake and its peers side by side in one run.

    python tests/bench/small_objects.py [--size 1024] [--rounds 5] [--clients 1 --clients 8] [--only NAME]

Every request is signed, and the fake verifies it. Servers take turns within a round; a ratio is that of one round, and
the table shows its median and its spread. moto_server answers ``Connection: close``: its clients connect each time.
"""

from __future__ import annotations

import contextlib
import statistics
from collections import defaultdict

import click
from servers import BASELINE, NAMES, installed, running
from wire import Measurement, Target, drive, once, signed

_KEYS = 1000
_METHODS = ("PUT", "GET", "HEAD")


def requests_for(target: Target, method: str, size: int) -> list[bytes]:
    body = b"x" * size if method == "PUT" else b""
    return [signed(target, method, f"/bench/object-{number:06d}", body=body) for number in range(_KEYS)]


def prepare(target: Target, size: int) -> None:
    """A bucket, its objects, and warm code paths."""
    once(target, signed(target, "PUT", "/bench"))
    for request in requests_for(target, "PUT", size):
        once(target, request)


Results = dict[tuple[str, int, str], list[Measurement]]


def measure(targets: list[Target], clients: tuple[int, ...], rounds: int, seconds: float, size: int) -> Results:
    """By method, number of clients and server: a measurement of each round."""
    results: Results = defaultdict(list)
    for number in range(rounds):
        for method in _METHODS:
            for target in targets[number % len(targets) :] + targets[: number % len(targets)]:
                requests = requests_for(target, method, size)
                for count in clients:
                    results[method, count, target.name].append(drive(target, requests, count, seconds))
    return results


def show(results: Results, baseline: str) -> None:
    click.echo("| | clients | server | requests/s | p50 ms | p99 ms | worst ms | CPU ms | ratio [lowest to highest] |")
    click.echo("|---|---|---|---|---|---|---|---|---|")
    for (method, clients, name), runs in sorted(results.items(), key=lambda item: _METHODS.index(item[0][0])):
        base = results.get((method, clients, baseline), runs)
        ratios = sorted(run.rate / other.rate for run, other in zip(runs, base, strict=True))
        cells = [
            f"{statistics.median(run.rate for run in runs):.0f}",
            f"{statistics.median(run.quantile(0.5) for run in runs):.2f}",
            f"{statistics.median(run.quantile(0.99) for run in runs):.2f}",
            f"{max(run.quantile(1) for run in runs):.1f}",
            f"{statistics.median(run.cpu_milliseconds for run in runs):.2f}",
            f"x{statistics.median(ratios):.2f} [{ratios[0]:.2f} to {ratios[-1]:.2f}]",
        ]
        click.echo(f"| {method} | {clients} | {name} | {' | '.join(cells)} |")


@click.command()
@click.option("--size", default=1024, show_default=True, help="Bytes of each object.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=0.5, show_default=True, help="Length of each measurement.")
@click.option("--clients", multiple=True, default=(1, 8, 32), show_default=True, help="Keep-alive connections.")
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Servers to measure.")
def main(size: int, rounds: int, seconds: float, clients: tuple[int, ...], only: tuple[str, ...]) -> None:
    with contextlib.ExitStack() as stack:
        targets = [stack.enter_context(running(name)) for name in installed(only or NAMES)]
        for target in targets:
            prepare(target, size)
        results = measure(targets, clients, rounds, seconds, size)
    show(results, BASELINE if BASELINE in {target.name for target in targets} else targets[0].name)


if __name__ == "__main__":
    main()
