from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.pause_state import CANCEL, PAUSE, RESUME, Command, PauseState, channel, state_key

NOW = 1_767_225_600.0


def iso(seconds_from_now: float) -> str:
    moment = datetime.datetime.fromtimestamp(NOW + seconds_from_now, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


ACTIVE = PauseState()
PAUSED = PauseState(paused=True)
SCHEDULED = PauseState(paused=True, scheduled_resume=iso(3_600))

TABLE = {
    "pause an active site": (ACTIVE, Command(PAUSE), PAUSED),
    "pausing twice changes nothing": (PAUSED, Command(PAUSE), PAUSED),
    "pausing a paused site keeps its schedule": (SCHEDULED, Command(PAUSE), SCHEDULED),
    "resume a paused site": (PAUSED, Command(RESUME), ACTIVE),
    "a manual resume clears the schedule": (SCHEDULED, Command(RESUME), ACTIVE),
    "resuming an active site changes nothing": (ACTIVE, Command(RESUME), ACTIVE),
    "a dated resume of an active site stores nothing": (ACTIVE, Command(RESUME, iso(3_600)), ACTIVE),
    "a dated resume keeps a paused site paused": (PAUSED, Command(RESUME, iso(3_600)), SCHEDULED),
    "an earlier date replaces the stored one": (
        SCHEDULED,
        Command(RESUME, iso(60)),
        PauseState(paused=True, scheduled_resume=iso(60)),
    ),
    "a later date replaces the stored one": (
        SCHEDULED,
        Command(RESUME, iso(7_200)),
        PauseState(paused=True, scheduled_resume=iso(7_200)),
    ),
    "a date that is past resumes at once": (PAUSED, Command(RESUME, iso(-1)), ACTIVE),
    "a date that is none resumes at once": (PAUSED, Command(RESUME, "soon"), ACTIVE),
    "cancelling stores a null schedule": (SCHEDULED, Command(CANCEL), PAUSED),
    "cancelling where there is no schedule": (ACTIVE, Command(CANCEL), ACTIVE),
    "what is no command": (SCHEDULED, None, SCHEDULED),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_a_command_does(case: str) -> None:
    before, command, after = TABLE[case]
    expected = PauseState(after.paused, after.scheduled_resume, next_command=8)
    assert before.after(command, NOW, 7) == expected


def test_when_the_date_arrives_the_site_is_active_and_the_schedule_null() -> None:
    assert SCHEDULED.at(NOW + 3_599.9) == SCHEDULED
    assert SCHEDULED.at(NOW + 3_600) == ACTIVE
    assert PAUSED.at(NOW + 1e9) == PAUSED


def test_a_command_after_the_date_finds_the_site_active() -> None:
    assert SCHEDULED.after(Command(PAUSE), NOW + 4_000, 0) == PauseState(paused=True, next_command=1)


@pytest.mark.parametrize(
    "value", [b"", b"nonsense", b"[]", b'{"action":"restartService"}', b'{"date":"2026-01-01T00:00:00.000Z"}']
)
def test_what_is_no_command_is_none(value: bytes) -> None:
    assert Command.parse(value) is None


def test_commands_and_states_are_written_as_backbeat_names_them() -> None:
    assert Command(PAUSE).to_json() == b'{"action":"pauseService"}'
    dated = Command(RESUME, iso(0))
    assert dated.to_json() == b'{"action":"resumeService","date":"2026-01-01T00:00:00.000Z"}'
    assert Command.parse(dated.to_json()) == dated
    assert ACTIVE.to_json() == b'{"paused":false,"scheduledResume":null,"nextCommand":0}'
    for state in (ACTIVE, PAUSED, SCHEDULED):
        assert PauseState.parse(state.to_json()) == state


def test_a_state_that_backbeat_wrote_is_understood() -> None:
    assert PauseState.parse(b'{"paused":true}') == PAUSED
    assert PauseState.parse(b"broken") is None
    assert PauseState.parse(b"[1]") is None
    assert PauseState.parse(None) is None


def test_where_states_are_kept_and_commands_are_sent() -> None:
    assert state_key("s") == "/backbeat/replication/state/s"
    assert state_key("s", "replay-0") == "/backbeat/replication/replayState/replay-0/s"
    assert channel("backbeat-replication", "s") == "backbeat-replication-s"


COMMANDS = st.one_of(
    st.none(),
    st.builds(Command, st.sampled_from([PAUSE, RESUME, CANCEL])),
    st.builds(lambda seconds: Command(RESUME, iso(seconds)), st.integers(-100, 1_000)),
)


@given(st.lists(st.tuples(COMMANDS, st.integers(0, 300)), max_size=12), st.data())
def test_who_restarts_in_between_comes_to_the_same_state(
    steps: list[tuple[Command | None, int]], data: st.DataObject
) -> None:
    """Also when it looks at the clock in between, or saves and loads the state."""
    plain = watched = ACTIVE
    sent_at = NOW
    for offset, (command, pause) in enumerate(steps):
        sent_at += pause
        plain = plain.after(command, sent_at, offset)
        watched = watched.at(sent_at - data.draw(st.integers(0, pause))).after(command, sent_at, offset)
        watched = PauseState.parse(watched.to_json()) or ACTIVE
    assert watched.at(sent_at) == plain.at(sent_at)
