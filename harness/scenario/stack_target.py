"""The embedded stack as a target: what ``harness run`` runs scenarios on when it is told nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.scenario.engine_log import LOG
from harness.scenario.model import AWS, CLOUDSERVER, Needs
from harness.scenario.remote import RemoteTarget, SiteAccess
from harness.scenario.target import JournalRecord, Target, Unsupported
from harness.stack_plan import ROLE, SITE, StackOptions

if TYPE_CHECKING:
    from harness.stack import Stack

_OWNER = "bart"
_ALL_RECORDS = 2**31


class StackTarget(RemoteTarget):
    """A started :class:`~harness.stack.Stack`; closing it leaves the stack running."""

    disposable = True

    def __init__(self, stack: Stack) -> None:
        accounts = {account.name.lower(): account.keys[0] for account in stack.settings.accounts}
        facts = stack.facts()
        aws_keys = (facts["aws"]["access_key"], facts["aws"]["secret_key"])
        super().__init__(
            "the embedded stack",
            {
                CLOUDSERVER: SiteAccess(stack.cloudserver.url, _OWNER, accounts),
                AWS: SiteAccess(stack.aws_endpoint, AWS, {AWS: aws_keys}),
            },
            dialect=stack.options.dialect,
            aws_bucket=stack.aws_bucket,
            storage_classes={AWS: SITE},
            role=ROLE,
            clock=stack.clock,
            queue=stack.queue,
        )
        self._stack = stack

    def settle(self, timeout: float) -> str:
        return self._stack.settle(timeout)

    def journal(self, bucket: str) -> Sequence[JournalRecord]:
        return [
            JournalRecord(record.sequence, record.timestamp, record.db, record.type, record.key, record.value)
            for record in self._stack.fake.journal.read(1, _ALL_RECORDS)
            if record.db == bucket
        ]

    def stop(self, part: str) -> None:
        self._parts()[part].stop()

    def kill(self, part: str) -> None:
        self._parts()[part].kill()

    def start(self, part: str) -> None:
        self._parts()[part].start()

    def evidence(self, bucket: str, key: str) -> Sequence[str]:
        return LOG.about(bucket, key)

    def _parts(self) -> dict[str, _Part]:
        stack = self._stack
        return {
            "aws": _Part(stack.aws_down, stack.aws_down, stack.aws_up),
            "cloudserver": _Part(stack.cloudserver_down, stack.cloudserver_down, stack.cloudserver_up),
            "engine": _Part(stack.stop_engine, stack.kill_engine, stack.start_engine),
            "kafka": _Part(stack.kafka_down, stack.kafka_down, stack.kafka_up),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    stop: Callable[[], None]
    kill: Callable[[], None]
    start: Callable[[], None]


@contextlib.contextmanager
def embedded_target(dialect: str, needs: Needs) -> Iterator[Target]:
    """The factory of embedded stacks, one for each call: give it to ``run_paths``.

    Raises:
        Unsupported: sites that the embedded stack does not have.
        StackError: a part did not start.
    """
    from harness.stack import Stack

    if needs.sites:
        raise Unsupported(f"the embedded stack has no site {', '.join(sorted(needs.sites))}")
    options = StackOptions(
        dialect=dialect, engine_process=needs.killable, engine_overrides=engine_overrides(needs.settings)
    )
    with Stack(options) as stack:
        target = StackTarget(stack)
        try:
            yield target
        finally:
            target.close()


def engine_overrides(settings: dict[str, Any]) -> dict[str, Any]:
    """What ``stack:`` of a scenario means in the engine's own settings."""
    if "retry" not in settings:
        return {}
    return {"queueProcessor": {"retry": dict.fromkeys(("aws_s3", "azure", "gcp", "scality"), settings["retry"])}}
