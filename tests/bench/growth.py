"""What an operation costs when there is much: 100,000 keys in one bucket, 100,000 versions of one key.

    python tests/bench/growth.py [--large 100000] [--rounds 7] [--only keys|versions]

One server holds a small collection and a large one. Requests to both take turns, so that the ratio of their median
times is one of growth and of nothing else; it should stay below 2. Objects are empty: metadata is what is measured.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence

import click
from memory import Memory
from servers import FAKE, running
from wire import Target, drive, once, signed

_SMALL = 100
_PAGE = "50"
_CLIENTS = 8
_BATCH = 5000
_VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


@dataclasses.dataclass(frozen=True, slots=True)
class Collection:
    """A bucket with ``count`` keys, or with ``count`` versions of one key."""

    kind: str
    count: int

    @property
    def bucket(self) -> str:
        return f"/{self.kind}-{self.count}"

    def key(self, number: int) -> str:
        return f"{self.bucket}/key-{number:09d}" if self.kind == "keys" else f"{self.bucket}/key"

    def new_key(self, number: int) -> str:
        """A key in the middle of the others."""
        return f"{self.key(self.count // 2)}-{number}" if self.kind == "keys" else self.key(0)

    def fill(self, target: Target) -> None:
        once(target, signed(target, "PUT", self.bucket))
        if self.kind == "versions":
            once(target, signed(target, "PUT", self.bucket, {"versioning": ""}, body=_VERSIONING))
        for start in range(0, self.count, _BATCH):
            numbers = range(start, min(start + _BATCH, self.count))
            drive(target, [signed(target, "PUT", self.key(number)) for number in numbers], _CLIENTS)


Requests = Callable[[Target, Collection, Iterator[int]], bytes]


def _listing(target: Target, collection: Collection, query: dict[str, str]) -> bytes:
    return signed(target, "GET", collection.bucket, {"max-keys": _PAGE, **query})


def _middle(collection: Collection) -> str:
    return collection.key(collection.count // 2).rpartition("/")[2]


OPERATIONS: dict[str, Requests] = {
    "PUT": lambda target, collection, numbers: signed(target, "PUT", collection.new_key(next(numbers))),
    "HEAD": lambda target, collection, _: signed(target, "HEAD", collection.key(collection.count // 2)),
    "GET of a page (v2)": lambda target, collection, _: _listing(target, collection, {"list-type": "2"}),
    "GET of a page (versions)": lambda target, collection, _: _listing(target, collection, {"versions": ""}),
    "GET of a page in the middle (v2)": lambda target, collection, _: _listing(
        target, collection, {"list-type": "2", "start-after": _middle(collection)}
    ),
    "GET of a page in the middle (versions)": lambda target, collection, _: _listing(
        target, collection, {"versions": "", "key-marker": _middle(collection)}
    ),
}


def measure(target: Target, small: Collection, large: Collection, rounds: int, requests: int) -> None:
    """Print a line for each operation: both medians, and the ratio of each round."""
    for name, build in OPERATIONS.items():
        if small.kind == "versions" and "middle" in name:
            continue  # nothing follows the only key
        numbers = itertools.count()
        times: dict[Collection, list[float]] = {small: [], large: []}
        for number in range(rounds):
            for collection in (small, large)[:: 1 if number % 2 else -1]:
                batch = [build(target, collection, numbers) for _ in range(requests)]
                times[collection].append(drive(target, batch, 1).quantile(0.5))
        ratios = sorted(b / a for a, b in zip(times[small], times[large], strict=True))
        cells = [f"{statistics.median(times[collection]):.2f}" for collection in (small, large)]
        spread = f"x{statistics.median(ratios):.2f} [{ratios[0]:.2f} to {ratios[-1]:.2f}]"
        click.echo(f"| {large.kind} | {name} | {' | '.join(cells)} | {spread} |")


@click.command()
@click.option("--large", default=100_000, show_default=True, help="Keys, and versions, of the large collections.")
@click.option("--rounds", default=7, show_default=True)
@click.option("--requests", default=30, show_default=True, help="Requests of each operation in a round.")
@click.option("--only", "kinds", multiple=True, type=click.Choice(("keys", "versions")), default=("keys", "versions"))
def main(large: int, rounds: int, requests: int, kinds: Sequence[str]) -> None:
    click.echo(f"| collection | operation | ms with {_SMALL} | ms with {large} | ratio [lowest to highest] |")
    click.echo("|---|---|---|---|---|")
    for kind in kinds:
        with running(FAKE) as target:
            collections = Collection(kind, _SMALL), Collection(kind, large)
            collections[0].fill(target)
            memory = Memory(target.pid)
            collections[1].fill(target)
            measure(target, *collections, rounds, requests)
            kibibytes = memory.growth() * 1024 / large
            click.echo(f"| {kind} | memory | | {kibibytes:.1f} KiB each | |")


if __name__ == "__main__":
    main()
