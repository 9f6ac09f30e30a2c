"""Stacks that a tape is replayed into: a new one like the recorded, or one that runs somewhere."""

from __future__ import annotations

import contextlib
import io
import os
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fake_cloudserver import SystemClock
from harness.errors import UsageError
from harness.tape import configuration, happenings
from harness.tape import format as tape_format
from harness.tape.blobs import Blobs
from harness.tape.driving import Driver, status_differences
from harness.tape.model import Tape
from harness.tape.recording import AWS, CLOUDSERVER
from harness.tape.replay import Outcome, Player
from harness.tape.signing import KeyPair
from harness.tape.wire import HttpSender

_SETTLING = 60.0
_PATIENCE = 15.0
_KEYS = {CLOUDSERVER: "AWS", AWS: "TARGET_AWS"}


class Replay:
    """What a replay is asked for: outcomes one by one, and at the end what else is not as recorded."""

    def __init__(
        self, driver: Driver, tape: Tape, heard: io.StringIO | None = None, settle: Callable[[float], str] | None = None
    ) -> None:
        self._driver = driver
        self._tape = tape
        self._heard = heard
        self._settle = settle

    def outcomes(self) -> Iterator[Outcome]:
        return self._driver.play()

    def happenings(self) -> list[tuple[int | None, str]]:
        """Whatever else was not as recorded, the statuses first: the event on the tape, if it is one, and a line.

        None where nobody could look.
        """
        if self._heard is None:
            return []
        if self._settle is not None:
            self._settle(_SETTLING)
        again = tape_format.parse(self._heard.getvalue())
        left = [(None, line) for line in status_differences(self._tape, again)]
        return [*left, *happenings.differences(self._tape, again)]


@contextlib.contextmanager
def into_running(tape: Tape, path: Path, urls: Mapping[str, str], config_dir: Path | None = None) -> Iterator[Replay]:
    """Into servers that run: only what a client sees is compared, at the sites that have a URL.

    Requests are signed with the keys of the environment: ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, for the
    S3 behind it the same names with ``TARGET_`` in front; and with those of ``config_dir``'s accounts, by name.
    """
    accounts = {} if config_dir is None else configuration.accounts(config_dir)
    others = {}
    for site in urls:
        access, secret = (os.environ.get(f"{_KEYS[site]}_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
        if access and secret:
            others[site] = KeyPair(access, secret)
    if AWS in others:
        accounts[AWS] = others[AWS]
    senders = {site: HttpSender(url) for site, url in urls.items()}
    player = _player(tape, path, senders, accounts, others)
    yield Replay(Driver(tape, player, frozenset(urls), SystemClock(), patience=_patience(tape)), tape)


@contextlib.contextmanager
def into_fresh(tape: Tape, path: Path, config_dir: Path | None = None) -> Iterator[Replay]:
    """Into a stack of its own, gone afterwards: like the one that was recorded, as far as the tape tells.

    Args:
        config_dir: CloudServer's files, for a tape of a CloudServer that ran with others than the built-in ones.
    """
    fresh = _configured(tape, path) if tape.header.config is not None else _embedded(tape, path, config_dir)
    with fresh as replay:
        yield replay


def _patience(tape: Tape) -> float:
    """Where an engine was at work, one may be at work again."""
    return _PATIENCE if tape.header.dialect or any(event.by != "client" for event in tape.exchanges) else 0.0


def _player(
    tape: Tape,
    path: Path,
    senders: Mapping[str, HttpSender],
    accounts: Mapping[str, KeyPair],
    others: Mapping[str, KeyPair],
) -> Player:
    return Player(tape, senders, accounts, others=others, blobs=Blobs(path), partial=True)


@contextlib.contextmanager
def _embedded(tape: Tape, path: Path, config_dir: Path | None) -> Iterator[Replay]:
    from harness.movable_clock import MovableClock
    from harness.stack import Stack
    from harness.stack_plan import StackOptions
    from harness.tape.recorder import Recorder
    from harness.tape.writer import TapeWriter

    patience = _patience(tape)
    clock = MovableClock()
    recorder = Recorder(clock)
    options = StackOptions(
        dialect=tape.header.dialect or "release",
        config_dir=config_dir,
        engine=patience > 0,
        seed=tape.header.seed or 0,
    )
    heard = io.StringIO()
    with Stack(options, clock=clock, recorder=recorder) as stack, recorder.writing(TapeWriter(heard, tape.header)):
        accounts = {account.name: KeyPair(*account.keys[0]) for account in stack.settings.accounts}
        facts = stack.facts()
        pairs = {site: KeyPair(facts[site]["access_key"], facts[site]["secret_key"]) for site in (CLOUDSERVER, AWS)}
        senders = {CLOUDSERVER: HttpSender(stack.cloudserver.url), AWS: HttpSender(stack.aws.endpoint)}
        player = _player(tape, path, senders, accounts | {AWS: pairs[AWS]}, pairs)
        driver = Driver(
            tape,
            player,
            frozenset(senders),
            SystemClock(),
            faults=stack.faults,
            advance=clock.advance,
            patience=patience,
        )
        yield Replay(driver, tape, heard, stack.settle if patience else None)


@contextlib.contextmanager
def _configured(tape: Tape, path: Path) -> Iterator[Replay]:
    """A CloudServer with the files beside the tape and an AWS with the buckets of its header; no engine."""
    from fake_cloudserver import FakeCloudServer, Settings, serving
    from harness.processes import start_module

    assert tape.header.config is not None
    options = {"versioned": "--bucket", "plain": "--plain-bucket"}
    buckets = tape.header.buckets.get(AWS, {})
    child = start_module(
        "AWS", "harness.aws_server", [part for name, kind in buckets.items() for part in (options[kind], name)]
    )
    with contextlib.ExitStack() as exits:
        exits.callback(child.stop)
        endpoint = child.ready["endpoint"]
        at = urllib.parse.urlsplit(endpoint).netloc
        loaded = configuration.load(path.parent / tape.header.config, {AWS: at})
        settings = Settings.from_documents(loaded.config, loaded.locations, loaded.accounts, tape.header.environ)
        fake = exits.enter_context(FakeCloudServer(settings))
        server = exits.enter_context(serving(fake.app))
        senders = {CLOUDSERVER: HttpSender(server.url), AWS: HttpSender(endpoint)}
        player = _player(tape, path, senders, loaded.key_pairs() | {AWS: loaded.key_pair_at(at)}, {})
        yield Replay(Driver(tape, player, frozenset(senders), SystemClock()), tape)


def urls_of(target: str, aws_target: str | None) -> dict[str, str]:
    """By site. Raises UsageError for what is no URL of a server."""
    urls = {CLOUDSERVER: target} | ({AWS: aws_target} if aws_target else {})
    for url in urls.values():
        if not url.startswith("http://"):
            raise UsageError(f"{url!r} is no http://host:port")
    return urls
