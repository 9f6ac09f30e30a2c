"""Whether a site is paused, and what commands do to that. No IO.

Source: Backbeat extensions/replication/queueProcessor/QueueProcessor.js (pause, resume, schedule).
"""

from __future__ import annotations

import dataclasses
import datetime
import json

from harness.engine.javascript import stringify

PAUSE = "pauseService"
RESUME = "resumeService"
CANCEL = "deleteScheduledResumeService"


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """What the API tells a site's processors; ``date`` (ISO, UTC) is for a resume that is to come later."""

    action: str
    date: str | None = None

    def to_json(self) -> bytes:
        document = {"action": self.action} | ({} if self.date is None else {"date": self.date})
        return stringify(document).encode()

    @classmethod
    def parse(cls, value: bytes) -> Command | None:
        """None for what is no command; that is ignored."""
        try:
            document = json.loads(value)
        except ValueError:
            return None
        if not isinstance(document, dict) or document.get("action") not in (PAUSE, RESUME, CANCEL):
            return None
        date = document.get("date")
        return cls(document["action"], date if isinstance(date, str) else None)


@dataclasses.dataclass(frozen=True, slots=True)
class PauseState:
    """The state of the processors of one site, as it is kept under :func:`state_key`.

    Attributes:
        scheduled_resume: ISO date as it came; only a paused site has one.
        next_command: offset on the control topic of the first command that is not in here. Commands are folded into
            the state one by one, judged by the time when they were sent: every process that does so gets the same
            state, whenever it does, so that a command counts also when no processor was there to hear it.
    """

    paused: bool = False
    scheduled_resume: str | None = None
    next_command: int = 0

    @classmethod
    def parse(cls, value: bytes | None) -> PauseState | None:
        """None for what is no state."""
        try:
            document = json.loads(value or b"")
        except ValueError:
            return None
        if not isinstance(document, dict):
            return None
        date, next_command = document.get("scheduledResume"), document.get("nextCommand")
        return cls(
            paused=document.get("paused") is True,
            scheduled_resume=date if isinstance(date, str) else None,
            next_command=next_command if isinstance(next_command, int) else 0,
        )

    def to_json(self) -> bytes:
        document = {
            "paused": self.paused,
            "scheduledResume": self.scheduled_resume,
            "nextCommand": self.next_command,
        }
        return stringify(document).encode()

    def after(self, command: Command | None, sent_at: float, offset: int) -> PauseState:
        """The state after a command that was sent at ``sent_at`` (seconds since the epoch)."""
        state = _obeying(self.at(sent_at), command, sent_at)
        return dataclasses.replace(state, next_command=offset + 1)

    def at(self, now: float) -> PauseState:
        """The state at ``now``: a resume that was scheduled for an earlier time has taken place."""
        due = self.resume_at
        if due is None or due > now:
            return self
        return PauseState(next_command=self.next_command)

    @property
    def resume_at(self) -> float | None:
        """When the site is to resume by itself, in seconds since the epoch."""
        return None if self.scheduled_resume is None else _timestamp(self.scheduled_resume)


def channel(topic: str, site: str) -> str:
    """The key of a site's commands; Backbeat's Redis channel. ``topic`` is the replication topic, also for replays."""
    return f"{topic}-{site}"


def state_key(site: str, replay_topic: str | None = None) -> str:
    """Where the state is kept; the path of Backbeat's ZooKeeper node."""
    if replay_topic is None:
        return f"/backbeat/replication/state/{site}"
    return f"/backbeat/replication/replayState/{replay_topic}/{site}"


def _timestamp(date: str) -> float | None:
    try:
        parsed = datetime.datetime.fromisoformat(date)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)).timestamp()


def _obeying(state: PauseState, command: Command | None, sent_at: float) -> PauseState:
    if command is None:
        return state
    if command.action == PAUSE:
        return state if state.paused else PauseState(paused=True)
    if command.action == CANCEL:
        return dataclasses.replace(state, scheduled_resume=None)
    # what resumes a site that is active does nothing, whatever its date
    if not state.paused:
        return state
    later = None if command.date is None else _timestamp(command.date)
    if later is not None and later > sent_at:
        return dataclasses.replace(state, scheduled_resume=command.date)
    return PauseState()
