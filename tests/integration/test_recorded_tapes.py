"""What a real CloudServer answered, asked of the fake: every exchange of every tape in scenarios/recorded."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fake_cloudserver import FakeCloudServer, Settings, serving
from harness.processes import start_module
from harness.tape import configuration, files
from harness.tape.__main__ import main as play_command
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
def servers_of(tape: Tape) -> Iterator[dict[str, str]]:
    """URLs of fresh servers, configured as the recorded ones, by the site they play."""
    with aws_of(tape) as aws:
        loaded = configuration_of(tape, aws)
        settings = Settings.from_documents(loaded.config, loaded.locations, loaded.accounts, tape.header.environ)
        with FakeCloudServer(settings) as fake, serving(fake.app) as server:
            yield {"cloudserver": server.url, "aws": aws}


def configuration_of(tape: Tape, aws: str) -> configuration.Configuration:
    assert tape.header.config is not None
    return configuration.load(RECORDED / tape.header.config, {"aws": netloc(aws)})


def netloc(url: str) -> str:
    return urllib.parse.urlsplit(url).netloc


@pytest.fixture(scope="module", params=EXCHANGES)
def played(request: pytest.FixtureRequest) -> tuple[str, list[Outcome]]:
    """A tape's name and how each of its events went."""
    tape = files.load(RECORDED / f"{request.param}.tape")
    with servers_of(tape) as urls:
        loaded = configuration_of(tape, urls["aws"])
        accounts = loaded.key_pairs() | {"aws": loaded.key_pair_at(netloc(urls["aws"]))}
        player = Player(tape, {site: HttpSender(url) for site, url in urls.items()}, accounts)
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


def test_the_command_line_plays_a_tape_and_tells_how_it_went() -> None:
    path = RECORDED / "crr-aws.tape"
    with servers_of(files.load(path)) as urls:
        arguments = [str(path), *(part for site, url in urls.items() for part in ("--at", f"{site}={url}"))]
        first = CliRunner().invoke(play_command, arguments)
        second = CliRunner().invoke(play_command, arguments)  # the servers hold what the first one left

    assert first.output == "304 exchanges played; all as recorded\n"
    assert first.exit_code == 0
    assert second.exit_code == 1
    assert "put-replication: before versioning is enabled" in second.output
