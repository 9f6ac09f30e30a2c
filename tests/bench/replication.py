"""How fast the whole stack replicates: objects a second, PUT to COMPLETED, the first object, memory, scaling.

    python tests/bench/replication.py [--rounds 3] [--objects 400] [--only drain] [--only latency] …

Times are the journal's own (an object's record with PENDING, and the one with COMPLETED): watching costs nothing.
Where two ways are compared they take turns within a round; the ratio is that of one round.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator

import click
from memory import Memory
from wire import Target, cpu_seconds, drive, signed

from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions

_STATUS = re.compile(r'"replicationInfo":\{"status":"(\w+)"')
_QUIET = 300.0


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """One backlog worked off: objects a second after the first one, processor milliseconds for each."""

    rate: float
    cpu: float


def versions(stack: Stack, bucket: str, status: str) -> dict[str, float]:
    """When each version of the bucket got that status, in seconds."""
    journal = stack.fake.journal
    found: dict[str, float] = {}
    for record in journal.read(journal.first_sequence, journal.last_sequence + 1):
        said = _STATUS.search(record.value or "") if record.db == bucket and "\0" in record.key else None
        if said is not None and said[1] == status:
            found.setdefault(record.key, datetime.datetime.fromisoformat(record.timestamp).timestamp())
    return found


def wait_for(stack: Stack, bucket: str, count: int) -> list[float]:
    """When the objects were COMPLETED, in order."""
    deadline = time.monotonic() + _QUIET
    done: dict[str, float] = {}
    while len(done) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {len(done)} of {count} objects are COMPLETED after {_QUIET} s")
        time.sleep(0.2)
        done = versions(stack, bucket, "COMPLETED")
    return sorted(done.values())


def put_all(stack: Stack, bucket: str, count: int, size: int) -> None:
    target = Target("stack", stack.cloudserver.port, os.getpid(), *stack.settings.accounts[0].keys[0])
    body = b"x" * size
    requests = [signed(target, "PUT", f"/{bucket}/object-{number:06d}", body=body) for number in range(count)]
    drive(target, requests, 4)


def drain(options: StackOptions, count: int, size: int) -> Run:
    """A backlog of ``count`` objects that were put while no engine ran."""
    with Stack(dataclasses.replace(options, engine=False)) as stack:
        bucket = Replication(stack).bucket()
        put_all(stack, bucket, count, size)
        stack.start_engine()
        before = cpu_seconds(os.getpid())
        times = wait_for(stack, bucket, count)
        spent = cpu_seconds(os.getpid()) - before
    return Run((count - 1) / max(times[-1] - times[0], 0.001), spent / count * 1000)


def latencies(options: StackOptions, count: int) -> list[float]:
    """PUT to COMPLETED of one object after the other on an idle stack, in milliseconds."""
    with Stack(options) as stack:
        bucket = Replication(stack).bucket()
        put_all(stack, bucket, 1, 1024)
        wait_for(stack, bucket, 1)
        for number in range(count):
            target = Target("stack", stack.cloudserver.port, os.getpid(), *stack.settings.accounts[0].keys[0])
            request = signed(target, "PUT", f"/{bucket}/one-{number}", body=b"x" * 1024)
            settled = threading.Event()
            stop = stack.fake.journal.add_listener(
                lambda record, event=settled: event.set() if '"status":"COMPLETED"' in (record.value or "") else None
            )
            drive(target, [request], 1)
            settled.wait(30)
            stop()
        begun, done = versions(stack, bucket, "PENDING"), versions(stack, bucket, "COMPLETED")
    return sorted((done[key] - begun[key]) * 1000 for key in done if "/one-" in f"/{key}")


def first_object(arguments: list[str]) -> tuple[float, float]:
    """Seconds from the start of ``harness up`` until it is ready, and from the first PUT to COMPLETED."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "harness.cli", "up", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        ready = time.perf_counter() - begun
        try:
            return ready, _first(facts, process.pid)
        finally:
            process.terminate()


def _first(facts: dict[str, dict[str, str]], pid: int) -> float:
    there = facts["cloudserver"]
    target = Target("stack", int(there["endpoint"].rpartition(":")[2]), pid, there["access_key"], there["secret_key"])
    versioning = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    role = "arn:aws:iam::root:role/s3-replication-role"
    rule = (
        f"<ReplicationConfiguration><Role>{role}</Role><Rule><Prefix/><Status>Enabled</Status><Destination>"
        f"<Bucket>arn:aws:s3:::anywhere</Bucket><StorageClass>{facts['engine']['sites'][0]}</StorageClass></Destination>"
        "</Rule></ReplicationConfiguration>"
    )
    for query, body in ((None, b""), ({"versioning": ""}, versioning), ({"replication": ""}, rule.encode())):
        drive(target, [signed(target, "PUT", "/first", query, body=body)], 1)
    begun = time.perf_counter()
    drive(target, [signed(target, "PUT", "/first/object", body=b"x" * 1024)], 1)
    journal = facts["journal"]["endpoint"]
    while time.perf_counter() - begun < _QUIET:
        with urllib.request.urlopen(f"{journal}/_/raft_sessions/1/log?begin=1&limit=1000") as answer:
            if b'\\"status\\":\\"COMPLETED\\"' in answer.read():
                break
    return time.perf_counter() - begun


def memory_of_backlog(count: int) -> float:
    """By how many mebibytes an engine of its own grows over a backlog of so many objects."""
    with Stack(StackOptions(engine=False, engine_process=True)) as stack:
        bucket = Replication(stack).bucket()
        put_all(stack, bucket, 1, 1024)
        stack.start_engine()
        wait_for(stack, bucket, 1)
        stack.aws.down()
        put_all(stack, bucket, count, 1024)
        memory = Memory(_engine_pid(stack))
        time.sleep(5.0)
        stack.aws.up()
        wait_for(stack, bucket, count)
        return memory.peak_growth()


def _engine_pid(stack: Stack) -> int:
    processes = stack._engine.processes  # type: ignore[union-attr]
    return int(processes[0].child.pid)


def big(size: int) -> float:
    """Seconds to replicate one object that was put in parts."""
    import io

    with Stack() as stack:
        replication = Replication(stack)
        bucket = replication.bucket()
        replication.cloudserver.upload_fileobj(io.BytesIO(bytes(size)), bucket, "big")
        times = wait_for(stack, bucket, 1)
        begun = versions(stack, bucket, "PENDING")
        return times[0] - min(begun.values())


def in_turns(ways: dict[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    results: dict[str, list[Run]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in _turned(list(ways), number):
            results[name].append(ways[name]())
    return results


def _turned(names: list[str], number: int) -> Iterator[str]:
    yield from names[number % len(names) :]
    yield from names[: number % len(names)]


def show(title: str, results: dict[str, list[Run]]) -> None:
    click.echo(f"\n{title}\n\n| | objects/s | [lowest to highest] | CPU ms an object | ratio [lowest to highest] |")
    click.echo("|---|---|---|---|---|")
    base = next(iter(results.values()))
    for name, runs in results.items():
        rates = sorted(run.rate for run in runs)
        ratios = sorted(run.rate / other.rate for run, other in zip(runs, base, strict=True))
        cpu = statistics.median(run.cpu for run in runs)
        spread = f"[{ratios[0]:.2f} to {ratios[-1]:.2f}]"
        click.echo(
            f"| {name} | {statistics.median(rates):.0f} | [{rates[0]:.0f} to {rates[-1]:.0f}] | {cpu:.1f} | "
            f"x{statistics.median(ratios):.2f} {spread} |"
        )


_PARTS = ("drain", "sizes", "scaling", "latency", "first", "big", "memory")


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--objects", default=400, show_default=True, help="In a backlog.")
@click.option("--only", multiple=True, type=click.Choice(_PARTS))
def main(rounds: int, objects: int, only: tuple[str, ...]) -> None:
    chosen = only or _PARTS
    threads, process = StackOptions(), StackOptions(engine_process=True)
    if "drain" in chosen:
        ways = {
            "design, engine in threads": lambda: drain(threads, objects, 1024),
            "design, engine in a process": lambda: drain(process, objects, 1024),
            "release, engine in threads": lambda: drain(dataclasses.replace(threads, dialect="release"), objects, 1024),
        }
        show("1 KiB", in_turns(ways, rounds))
    if "sizes" in chosen:
        show("5 MiB", in_turns({"design": lambda: drain(threads, max(objects // 20, 5), 5 << 20)}, rounds))
    if "scaling" in chosen:
        ways = {
            f"{count} processor process(es)": lambda count=count: drain(_roles(count), objects, 1024)
            for count in (1, 2)
        }
        show("scaling", in_turns(ways, rounds))
    if "latency" in chosen:
        for name, options in (("design", threads), ("release", StackOptions(dialect="release"))):
            took = [one for _ in range(rounds) for one in latencies(options, 50)]
            took.sort()
            p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
            click.echo(f"\nPUT to COMPLETED, {name}: median {p50:.0f} ms, p95 {p95:.0f} ms, of {len(took)}")
    if "first" in chosen:
        starts = [first_object([]) for _ in range(rounds)]
        ready, first = (sorted(column) for column in zip(*starts, strict=True))
        click.echo(f"\nstack ready: median {statistics.median(ready):.2f} s [{ready[0]:.2f} to {ready[-1]:.2f}]")
        click.echo(f"first object: median {statistics.median(first):.2f} s [{first[0]:.2f} to {first[-1]:.2f}]")
    if "big" in chosen:
        took = sorted(big(200 << 20) for _ in range(rounds))
        click.echo(f"\n200 MiB in parts: median {statistics.median(took):.2f} s [{took[0]:.2f} to {took[-1]:.2f}]")
    if "memory" in chosen:
        for count in (1_000, 10_000):
            click.echo(f"\nengine's peak over {count} pending objects: {memory_of_backlog(count):+.1f} MiB")


def _roles(processors: int) -> StackOptions:
    return StackOptions(engine_roles={"populator": 1, "processor": processors, "status": 1})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
