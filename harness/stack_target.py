"""A stack as the target of scenarios."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_cloudserver import Clock, SystemClock
from harness.errors import StackError, UsageError
from harness.faults.control import FaultControl
from harness.http_transport import HttpTransport
from harness.movable_clock import MovableClock
from harness.queue.base import Message
from harness.request_log import SeenRequest
from harness.s3_client import s3_client
from harness.scenario.fault_verbs import lines_about
from harness.scenario.model import CLOUDSERVER, Needs
from harness.scenario.own_fake import key_pair, records_of
from harness.scenario.role_verbs import ROLES
from harness.scenario.target import JournalRecord, Target, Unsupported
from harness.scenario.twin_verbs import TWINS, Audited
from harness.stack import Brokers, Stack
from harness.stack_pause import pause_site, resume_site
from harness.stack_plan import ROLE, StackOptions
from harness.stack_recording import taped
from harness.stack_sites import CloudServerSite, target_role
from harness.transport import Transport

if TYPE_CHECKING:
    from harness.tape.recorder import Recorder

#: What `stack:` of a scenario may ask for -> the engine's settings in Backbeat's names.
_STACK_SETTINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "retry": lambda value: {"queueProcessor": {"retry": dict.fromkeys(("aws_s3", "azure", "gcp", "scality"), value)}},
    "concurrency": lambda value: {"queueProcessor": {"concurrency": value}},
    "engine": lambda value: value,
}


class StackTarget:
    """An embedded stack; see :class:`harness.scenario.target.Target` for what is asked of it."""

    name = "embedded"
    version = "8.8"
    role = ROLE
    disposable = True

    def __init__(self, stack: Stack, recorder: Recorder | None = None) -> None:
        self._stack = stack
        self._recorder = recorder
        self.dialect = stack.options.dialect
        self.clock: Clock = stack.clock
        self.aws_bucket = stack.aws.bucket
        sites = [site.site for site in stack.engine_settings.bootstrap_list]
        self.storage_classes: Mapping[str, str] = {"aws": sites[0], **{site: site for site in sites}}
        self.transport: Transport = HttpTransport()
        self._clients: dict[tuple[str, str | None], Any] = {}

    def endpoint(self, site: str) -> str:
        match site:
            case "cloudserver":
                return self._stack.cloudserver.url
            case "aws":
                return self._stack.aws.endpoint
        if site in self._stack.sites:
            return self._stack.sites[site].endpoint
        raise Unsupported(f"the embedded stack has no site {site}")

    def credentials(self, site: str, account: str | None = None) -> tuple[str, str] | None:
        if account == "anonymous":
            return None
        if site == "aws":
            facts = self._stack.facts()["aws"]
            return facts["access_key"], facts["secret_key"]
        if site in self._stack.sites:
            keys = self._stack.sites[site].keys(account)
            if keys is None:
                raise Unsupported(f"{site} has no account {account}")
            return keys
        return key_pair(self._stack.fake, account)

    def client(self, site: str, account: str | None = None) -> Any:
        at = self.endpoint(site)  # a site of several servers answers where one of them runs
        if (at, account) not in self._clients:
            self._clients[at, account] = s3_client(at, self.credentials(site, account), self.clock)
        return self._clients[at, account]

    def role_for(self, sites: Iterable[str]) -> str:
        further = self._stack.sites
        return f"{ROLE},{target_role(further)}" if any(site in further for site in sites) else ROLE

    def settle(self, timeout: float, buckets: Sequence[str] = ()) -> str:  # noqa: ARG002  (the protocol's shape)
        return self._stack.settle(timeout)

    def messages(self, topic: str) -> Sequence[Message]:
        return self._stack.queue.read(topic)

    def journal(self, bucket: str) -> Sequence[JournalRecord]:
        return records_of(self._stack.fake, bucket)

    def audit(self, bucket: str, *, may_fail: bool) -> Audited:
        """Of the bucket as it is now: what is still on its way counts as wrong."""
        from harness.simulation.audit import Truth, audit, told_by

        topic = self._stack.engine_settings.replication_failed_topic
        told = told_by(self._stack.queue.read(topic)) if may_fail else None
        report = audit(self._stack, bucket, self.storage_classes["aws"], Truth({}, {}, told))
        return Audited(report.versions, report.duplicates, report.wrong)

    def requests(self, words: Sequence[str]) -> Sequence[SeenRequest]:
        return self._stack.requests(words)

    def _site_of(self, part: str) -> CloudServerSite | None:
        return next((site for site in self._stack.sites.values() if part in site.parts), None)

    def stop(self, part: str) -> None:
        stack, site = self._stack, self._site_of(part)
        if site is not None:
            site.down(part)
            return
        if part == "kafka" and not stack.can_stop_kafka:
            raise Unsupported("the Kafka in use is not the stack's own: nobody here can stop it")
        {
            "aws": stack.aws.down,
            "cloudserver": stack.cloudserver_down,
            "engine": stack.stop_engine,
            "kafka": stack.kafka_down,
        }[part]()

    def start(self, part: str) -> None:
        stack, site = self._stack, self._site_of(part)
        if site is not None:
            site.up(part)
            return
        {
            "aws": stack.aws.up,
            "cloudserver": stack.cloudserver_up,
            "engine": stack.start_engine,
            "kafka": stack.kafka_up,
        }[part]()

    def kill(self, part: str) -> None:
        """Only the engine keeps nothing that a new one would lack; the others go down as :meth:`stop` has it."""
        if part == "engine":
            self._stack.kill_engine()
        else:
            self.stop(part)

    def change_role(self, do: str, role: str, count: int | None) -> None:
        match do:
            case "start":
                self._stack.start_role(role, count or 1)
            case "stop":
                self._stack.stop_role(role, count)
            case _:
                self._stack.kill_role(role, count)

    def pause(self, site: str) -> None:
        pause_site(self._stack.engine_settings, self._stack.queue, self.clock, site)

    def resume(self, site: str) -> None:
        resume_site(self._stack.engine_settings, self._stack.queue, self.clock, site)

    def advance(self, seconds: float) -> None:
        if not isinstance(self.clock, MovableClock):
            raise Unsupported("the clock of this stack cannot be put forward")
        self.clock.advance(seconds)

    def taped(self, path: Path, about: str, words: Sequence[str]) -> contextlib.AbstractContextManager[None]:
        """See :func:`harness.stack_recording.taped`; StackError for a stack that is not recorded."""
        if self._recorder is None:
            raise StackError("this stack is not recorded")
        return taped(self._stack, self._recorder, path, about, words)

    def faults(self) -> FaultControl:
        return self._stack.faults

    def evidence(self, bucket: str, key: str) -> Sequence[str]:
        """What went wrong on purpose, and what the stack itself says when something is wrong with it."""
        lines = lines_about(self, bucket, key)
        try:
            self._stack.check()
        except (StackError, UsageError) as error:
            lines.append(f"stack: {error} (while looking at {bucket}/{key})")
        return lines


class StackFactory:
    """Makes the stacks of a run: one for each dialect and each set of needs."""

    def __init__(
        self,
        *,
        config_dir: Path | None = None,
        kafka: str | None = None,
        brokers: Brokers | None = None,
        record: bool = False,
    ) -> None:
        self._record = record
        self._config_dir = config_dir
        self._kafka = kafka
        self._brokers = brokers

    @contextlib.contextmanager
    def __call__(self, dialect: str, needs: Needs) -> Iterator[Target]:
        if others := sorted(name for name, kind in needs.sites.items() if kind != CLOUDSERVER):
            raise Unsupported(f"the embedded stack has one AWS; it has no {', '.join(others)}")
        settings = dict(needs.settings)
        if TWINS in settings:
            from harness.simulation.twin_target import twin_target

            with twin_target(dialect, settings.pop(TWINS), _overrides(settings)) as twins:
                yield twins
            return
        options = StackOptions(
            dialect=dialect,
            config_dir=self._config_dir,
            kafka=self._kafka,
            # stacks that share a Kafka share nothing in it
            kafka_prefix=f"harness-{uuid.uuid4().hex[:12]}." if self._kafka else "",
            # an engine in this process has the clock that can be put forward
            engine_process=needs.own and not needs.movable,
            engine_roles=dict.fromkeys(ROLES, 1) if needs.roles else {},
            sites=tuple(needs.sites),
            engine_overrides=_overrides(settings),
        )
        clock = MovableClock() if needs.movable else None
        recorder = _recorder(clock) if self._record else None
        with Stack(options, brokers=self._brokers, clock=clock, recorder=recorder) as stack:
            target = StackTarget(stack, recorder)
            try:
                yield target
            finally:
                target.transport.close()


def _recorder(clock: MovableClock | None) -> Recorder:
    from harness.tape.recorder import Recorder

    return Recorder(clock or SystemClock())


def _overrides(settings: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in _STACK_SETTINGS:
            raise UsageError(f"stack: {name!r} is unknown; allowed are {', '.join(sorted(_STACK_SETTINGS))}")
        for section, content in _STACK_SETTINGS[name](value).items():
            old = merged.get(section)
            merged[section] = {**old, **content} if isinstance(old, dict) and isinstance(content, dict) else content
    return merged
