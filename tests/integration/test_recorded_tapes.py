"""What a real CloudServer answered, asked of the fake: every exchange of every tape in scenarios/recorded."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_cloudserver import FakeCloudServer, Settings, serving
from harness.processes import start_module
from harness.tape import configuration, files
from harness.tape.model import Tape
from harness.tape.replay import Outcome, Player, report
from harness.tape.wire import HttpSender

RECORDED = Path(__file__).parents[2] / "scenarios" / "recorded"

#: Exchanges of each tape; more of them were recorded, some were set aside.
EXCHANGES = {"buckets": 548, "crr-aws": 304, "objects": 577}


@contextlib.contextmanager
def aws_of(tape: Tape) -> Iterator[str]:
    """The URL of an S3 with the buckets that the tape begins with."""
    options = {"versioned": "--bucket", "plain": "--plain-bucket"}
    arguments = [part for name, kind in tape.header.buckets["aws"].items() for part in (options[kind], name)]
    child = start_module("aws", "harness.aws_server", arguments)
    try:
        yield child.ready["endpoint"]
    finally:
        child.stop()


@contextlib.contextmanager
def player_of(tape: Tape) -> Iterator[Player]:
    """Fresh servers, configured as the recorded ones, and a player for them."""
    with aws_of(tape) as aws:
        endpoint = urllib.parse.urlsplit(aws).netloc
        assert tape.header.config is not None
        loaded = configuration.load(RECORDED / tape.header.config, {"aws": endpoint})
        settings = Settings.from_documents(loaded.config, loaded.locations, loaded.accounts, tape.header.environ)
        with FakeCloudServer(settings) as fake, serving(fake.app) as server:
            accounts = loaded.key_pairs() | {"aws": loaded.key_pair_at(endpoint)}
            yield Player(tape, {"cloudserver": HttpSender(server.url), "aws": HttpSender(aws)}, accounts)


@pytest.fixture(scope="module", params=EXCHANGES)
def played(request: pytest.FixtureRequest) -> tuple[str, list[Outcome]]:
    """A tape's name and how each of its events went."""
    tape = files.load(RECORDED / f"{request.param}.tape")
    with player_of(tape) as player:
        return request.param, list(player.play())


def test_every_answer_is_the_recorded_one(played: tuple[str, list[Outcome]]) -> None:
    name, outcomes = played

    differing = report(outcomes)

    assert len(outcomes) == EXCHANGES[name]
    assert not differing, f"{name} differs:\n{differing}"


def test_what_the_real_one_never_answers_gets_an_error(played: tuple[str, list[Outcome]]) -> None:
    _, outcomes = played

    statuses = {outcome.event.name: outcome.status for outcome in outcomes if outcome.event.response is None}

    assert {name: status for name, status in statuses.items() if status is None or not 400 <= status < 600} == {}
