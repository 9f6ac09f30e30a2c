"""``harness engine``: the engine alone, in this process."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from fake_cloudserver import SystemClock, SystemRandomness, get_logger
from harness.engine.checkpoints import KILL_VARIABLE, from_environment
from harness.engine.engine import Engine
from harness.engine.roles import ROLES
from harness.engine.settings import EngineSettings, config_path, load_backbeat
from harness.errors import UsageError
from harness.faults.control import COMMAND, obey
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyCheckpoints, FaultyQueue
from harness.processes import die_with_parent, say_ready
from harness.queue.base import Queue, QueueClosed
from harness.queue.interruption import Interrupted
from harness.queue.kafka import KafkaQueue

log = get_logger(__name__)


def read_settings(settings_file: Path | None, config: Path | None) -> EngineSettings:
    """Of our own file, or of Backbeat's, by default the one that Backbeat would read.

    Raises UsageError with every wrong member named, or when there is no file.
    """
    if settings_file is not None and config is not None:
        raise UsageError("either --settings or --config, not both")
    if settings_file is not None:
        return EngineSettings.load(settings_file)
    return load_backbeat(config or config_path(os.environ), os.environ)


def run_engine(
    settings: EngineSettings,
    roles: Sequence[str],
    sites: Sequence[str],
    kill_at: str | None,
    *,
    is_child: bool,
    ready_file: Path | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; then finish what is in flight, commit, and end.

    Args:
        roles: what to do; everything when there are none.
        sites: what to process; all sites when there are none.
        ready_file: where to write the line that says it is ready, too.
        is_child: end, however abruptly, when the parent process ends.

    Raises:
        UsageError: a setting that makes no sense.
    """
    clock, randomness = SystemClock(), SystemRandomness()
    board = FaultBoard(randomness)
    wanted = from_environment({KILL_VARIABLE: kill_at} if kill_at else os.environ)
    checkpoints = FaultyCheckpoints(board, clock, wanted)
    if is_child:
        die_with_parent(lambda command: obey(board, command.removeprefix(COMMAND)))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    queue = FaultyQueue(KafkaQueue(settings.kafka.client_settings(), clock, randomness), board, clock)
    engine = Engine(
        settings, queue, clock, randomness, checkpoints=checkpoints, roles=roles or ROLES, sites=sites or None
    )
    try:
        if not _started(engine, queue, ended):
            return
        facts = {"engine": "running", "dialect": settings.dialect, "kafka": settings.kafka.hosts} | engine.facts()
        if ready_file is not None:
            _write(ready_file, facts)
        say_ready(**facts)
        while not ended.wait(0.2):
            engine.check()
        engine.stop()
    finally:
        queue.close()


def _write(file: Path, facts: dict[str, object]) -> None:
    """All of it, or nothing: others look at the file while it is written."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(facts), encoding="utf-8")
    part.replace(file)


def _started(engine: Engine, queue: Queue, ended: threading.Event) -> bool:
    """Start the engine; False when it was to end before it was at work, as it may be while Kafka is gone."""
    with ThreadPoolExecutor(1, "engine-start") as pool:
        starting = pool.submit(engine.start)
        while not starting.done() and not ended.is_set():
            wait([starting], 0.1)
        if not starting.done():
            queue.close()  # nobody waits for Kafka any longer
    try:
        starting.result()
    except (Interrupted, QueueClosed):
        log.info("ended before it was at work")
        engine.stop()
        return False
    return True
