from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from engine_helpers import SITE, settings
from test_pause_state import iso

from fake_cloudserver import SeededRandomness, VirtualClock
from harness.engine.pause_control import PauseControl
from harness.engine.pause_state import CANCEL, PAUSE, RESUME, Command, channel, state_key
from harness.engine.settings import SiteSettings
from harness.engine.topics import all_topics
from harness.queue.base import Outgoing
from harness.queue.interruption import Interrupted, Interruption
from harness.queue.memory import MemoryQueue

NOW = 1_767_225_600.0
OTHER = "other-site"
REPLAY = "backbeat-replay-0"


@dataclasses.dataclass
class Processor:
    site: SiteSettings
    topics: tuple[str, ...]
    calls: list[str] = dataclasses.field(default_factory=list)

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    @property
    def paused(self) -> bool:
        return self.calls[-1] == "pause"


class Sites:
    """Two sites with a replay topic, a queue that outlives processes, and commands."""

    def __init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.queue = MemoryQueue(self.clock, SeededRandomness(1))
        self.settings = settings(bootstrapList=[{"site": name, "type": "aws_s3"} for name in (SITE, OTHER)])
        self.queue.ensure_topics(all_topics(self.settings))
        self.interruption = Interruption(self.clock)

    def process(self) -> tuple[PauseControl, Processor, Processor, Processor]:
        """One process: its control, the main processors of both sites, a replay processor of the first."""
        main, other = (Processor(site, (self.settings.topic,)) for site in self.settings.bootstrap_list)
        replay = Processor(self.settings.bootstrap_list[0], (REPLAY,))
        control = PauseControl(self.settings, self.queue, [main, other, replay], self.clock, self.interruption)
        return control, main, other, replay

    def command(self, action: str, date: str | None = None, site: str = SITE) -> None:
        key = channel(self.settings.topic, site).encode()
        value = Command(action, date).to_json()
        self.queue.producer().send_all([Outgoing(self.settings.control_topic, key, value)])

    def stored(self, site: str = SITE, replay_topic: str | None = None) -> dict[str, Any] | None:
        key = state_key(site, replay_topic).encode()
        found = [json.loads(one.value) for one in self.queue.read(self.settings.state_topic) if one.key == key]
        if not found:
            return None
        del found[-1]["nextCommand"]
        state: dict[str, Any] = found[-1]
        return state


def run(control: PauseControl) -> None:
    while control.step():
        pass


ACTIVE = {"paused": False, "scheduledResume": None}
PAUSED = {"paused": True, "scheduledResume": None}


def test_processors_stand_still_until_their_state_is_known() -> None:
    sites = Sites()
    control, main, other, replay = sites.process()
    assert (main.paused, other.paused, replay.paused, control.idle()) == (True, True, True, False)
    run(control)
    assert (main.paused, other.paused, replay.paused, control.idle()) == (False, False, False, True)
    assert sites.stored() == sites.stored(OTHER) == sites.stored(SITE, REPLAY) == ACTIVE


def test_a_command_reaches_all_processors_of_its_site_and_no_other() -> None:
    sites = Sites()
    control, main, other, replay = sites.process()
    run(control)
    sites.command(PAUSE)
    run(control)
    assert (main.paused, replay.paused, other.paused) == (True, True, False)
    assert sites.stored() == sites.stored(SITE, REPLAY) == PAUSED
    assert sites.stored(OTHER) == ACTIVE
    sites.command(RESUME)
    run(control)
    assert (main.paused, replay.paused, other.paused) == (False, False, False)
    assert sites.stored() == sites.stored(SITE, REPLAY) == ACTIVE


def test_every_process_of_a_site_obeys() -> None:
    sites = Sites()
    processes = [sites.process() for _ in range(3)]
    sites.command(PAUSE)
    for control, *_ in processes:
        run(control)
    assert all(main.paused for _, main, *_ in processes)


def test_a_pause_survives_restarts() -> None:
    sites = Sites()
    control, *_ = sites.process()
    sites.command(PAUSE)
    run(control)
    control.stop()
    again, main, other, replay = sites.process()
    run(again)
    assert (main.calls, replay.calls) == (["pause", "pause"], ["pause", "pause"])
    assert not other.paused


def test_a_command_that_nobody_was_there_to_hear_counts() -> None:
    sites = Sites()
    control, *_ = sites.process()
    run(control)
    control.stop()
    sites.command(PAUSE)
    sites.command(RESUME)
    sites.command(PAUSE)
    again, main, *_ = sites.process()
    run(again)
    # never resumed in between: half of the commands may say the opposite of all of them
    assert main.calls == ["pause", "pause"]


def test_a_command_counts_once() -> None:
    sites = Sites()
    control, *_ = sites.process()
    sites.command(PAUSE)
    sites.command(RESUME)
    run(control)
    control.stop()
    again, main, *_ = sites.process()
    sites.command(PAUSE, site=OTHER)
    run(again)
    assert main.calls == ["pause", "resume"]


def test_a_scheduled_resume_comes_when_its_time_has_come() -> None:
    sites = Sites()
    control, main, *_ = sites.process()
    sites.command(PAUSE)
    sites.command(RESUME, iso(3_600))
    run(control)
    assert main.paused
    assert sites.stored() == {"paused": True, "scheduledResume": iso(3_600)}
    sites.clock.advance(3_599)
    run(control)
    assert main.paused
    # nobody sends anything any more: the step ends by itself when the time has come
    control.step(10.0)
    assert sites.clock.now() == NOW + 3_600
    assert not main.paused
    assert sites.stored() == sites.stored(SITE, REPLAY) == ACTIVE


def test_a_cancelled_schedule_leaves_the_site_paused() -> None:
    sites = Sites()
    control, main, *_ = sites.process()
    for command in ((PAUSE,), (RESUME, iso(60)), (CANCEL,)):
        sites.command(*command)
    run(control)
    sites.clock.advance(3_600)
    run(control)
    assert main.paused
    assert sites.stored() == PAUSED


@pytest.mark.parametrize(("passed", "paused"), [(1_000, True), (3_601, False)])
def test_a_schedule_survives_restarts(passed: float, paused: bool) -> None:
    sites = Sites()
    control, *_ = sites.process()
    sites.command(PAUSE)
    sites.command(RESUME, iso(3_600))
    run(control)
    control.stop()
    sites.clock.advance(passed)
    again, main, *_ = sites.process()
    run(again)
    assert main.paused is paused
    assert sites.stored() == ({"paused": True, "scheduledResume": iso(3_600)} if paused else ACTIVE)


def test_what_is_no_command_is_ignored() -> None:
    sites = Sites()
    control, main, *_ = sites.process()
    key = channel(sites.settings.topic, SITE).encode()
    sites.queue.producer().send_all(
        [Outgoing(sites.settings.control_topic, key, value) for value in (b"nonsense", b'{"action":"stop"}')]
    )
    run(control)
    assert not main.paused


def test_a_process_that_is_behind_does_not_take_back_what_another_saved() -> None:
    sites = Sites()
    slow, slow_main, *_ = sites.process()
    run(slow)
    quick, *_ = sites.process()
    for number in range(250):
        sites.command(RESUME if number % 2 else PAUSE)
    sites.command(PAUSE)
    run(quick)
    before = len(sites.queue.read(sites.settings.state_topic))
    while slow.step():
        assert sites.stored() == PAUSED
    assert slow_main.paused
    assert len(sites.queue.read(sites.settings.state_topic)) == before


def test_without_kafka_a_command_is_not_obeyed_before_it_is_saved() -> None:
    sites = Sites()
    control, main, *_ = sites.process()
    run(control)
    sites.command(PAUSE)
    taken = control._commands(0.0)
    sites.interruption.order()
    with sites.queue.outage(), pytest.raises(Interrupted):
        control._advance(control._controlled[0], taken)
    assert not main.paused
    assert sites.stored() == ACTIVE
