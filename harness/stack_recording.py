"""Tapes of an embedded stack: where its recorder is attached, and the file it is written to."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fake_cloudserver import Clock
from harness.errors import StackError
from harness.faults.middleware import Faults
from harness.stack_plan import engine_keys

if TYPE_CHECKING:
    from fake_cloudserver import FakeCloudServer, HttpServer
    from harness.faults.control import FaultControl
    from harness.faults.rules import FaultBoard
    from harness.stack import Stack
    from harness.tape.recorder import Recorder


def recorded_aws(
    recorder: Recorder, upstream: str, address: tuple[str, int], board: FaultBoard, clock: Clock
) -> HttpServer:
    """A recording proxy in front of the stack's AWS. Raises StackError when it cannot listen."""
    from fake_cloudserver import HttpServer
    from harness.tape.proxy import Forwarding

    app = recorder.wrap(Faults(Forwarding(upstream), board, "aws", clock), "aws")
    try:
        return HttpServer(app, *address, clock).start()
    except OSError as error:
        raise StackError(f"aws cannot listen on {address[0]}:{address[1]}: {error.strerror or error}") from None


def attach(recorder: Recorder, fake: FakeCloudServer, board: FaultBoard, faults: FaultControl) -> None:
    """To the journal, to the faults that are set and to those that happen."""
    key, _ = engine_keys(fake.settings)
    if key != fake.settings.accounts[0].keys[0][0]:  # an engine without an account of its own signs as a client does
        recorder.engine_keys = frozenset({key})
    recorder.watch_journal(fake.journal, "cloudserver")
    recorder.watch_board(board)
    faults.listener = recorder.rule


@contextlib.contextmanager
def taped(
    stack: Stack, recorder: Recorder, path: Path, about: str, words: Collection[str] | None = None
) -> Iterator[None]:
    """Inside, everything is written to a tape.

    Args:
        words: only what has one of these in its target, bucket or key; None for everything.

    Raises:
        UsageError: the file cannot be written.
    """
    from harness.tape.recording import header, open_writer

    settings = stack.settings
    accounts = {access: account.name for account in settings.accounts for access, _ in account.keys}
    accounts.setdefault(stack.facts()["aws"]["access_key"], "aws")
    sites = {"cloudserver": "cloudserver", "aws": "s3"}
    head = header(about, sites, seed=stack.options.seed, dialect=stack.options.dialect, profile="8.8")
    with open_writer(path, head, accounts, words) as writer, recorder.writing(writer):
        yield
