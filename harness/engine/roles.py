"""The roles of an engine, one for each of Backbeat's processes, and the parts that each consists of."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence

from harness.engine.api.application import Api
from harness.engine.api.failed_objects import FailedObjects
from harness.engine.api.server import ApiServer
from harness.engine.api.site_states import SiteStates
from harness.engine.circuit_breaker import BreakerControl, CircuitBreaker, Holdable
from harness.engine.circuit_probes import build_probe
from harness.engine.clients import TargetClients
from harness.engine.failed_topic import FailedTopic
from harness.engine.garbage_collector import GarbageCollector
from harness.engine.gc_topic import GcTopic
from harness.engine.journal import BucketdJournal, InProcessJournal, JournalSource
from harness.engine.metrics.consumer import MetricsConsumer
from harness.engine.metrics.reports import MetricsProducer
from harness.engine.parts import Means, Part, Service
from harness.engine.pause_control import PauseControl
from harness.engine.populator_lease import PopulatorLease
from harness.engine.publishing import MetadataPublisher, Publisher, StatusTopicPublisher
from harness.engine.queue_populator import QueuePopulator
from harness.engine.queue_processor import QueueProcessor, SiteState
from harness.engine.replay import Replays, replay_topic_names
from harness.engine.settings import CircuitBreakerSettings, EngineSettings, SiteSettings
from harness.engine.status_processor import ReplicationStatusProcessor
from harness.engine.status_writer import StatusWriter
from harness.engine.tasks.injection import from_environment as injected_errors
from harness.errors import UsageError

Builder = Callable[[Means], list[Part]]


def populator_parts(means: Means) -> list[Part]:
    """One that follows the journal, and before it what may hold it."""
    settings, source = means.settings.queue_populator, journal_source(means)
    owner = means.randomness.hex(16)
    lease = PopulatorLease(
        means.queue, settings.position_topic, source.log_id, owner, means.clock, takeover=settings.takeover_s
    )
    populator = QueuePopulator(
        means.settings,
        source,
        means.queue,
        metrics=means.metrics,
        checkpoints=means.checkpoints,
        interruption=means.interruption,
        lease=lease,
    )
    breaker = settings.circuit_breaker
    return [*breaker_parts(means, "queue_populator", breaker, [populator]), populator]


def breaker_parts(
    means: Means, kind: str, settings: CircuitBreakerSettings, held: Sequence[Holdable]
) -> list[BreakerControl]:
    """One that looks at the probes; none where there are no probes."""
    failed = functools.partial(means.metrics.circuit_breaker_error, kind)
    probes = [build_probe(probe, means.transport, means.queue, failed) for probe in settings.probes]
    if not probes:
        return []
    breaker = CircuitBreaker(settings, probes, means.clock)
    return [BreakerControl(kind, breaker, held, metrics=means.metrics, interruption=means.interruption)]


def processor_parts(means: Means) -> list[Part]:
    """One for each site, and one more for each replay topic at each site."""
    writer = _status_writer(means)
    topics = (None, *replay_topic_names(means.settings.replay_topics))
    states = {site.site: SiteState() for site in means.settings.bootstrap_list}
    injection = injected_errors(os.environ)
    return [
        QueueProcessor(
            means.settings,
            site,
            means.queue,
            means.clients,
            _publisher(means, writer),
            clock=means.clock,
            randomness=means.randomness,
            metrics=means.metrics,
            checkpoints=means.checkpoints,
            targets=_targets(means, site),
            threaded=means.threaded,
            replay_topic=topic,
            shared=states[site.site],
            injection=injection,
        )
        for topic in topics
        for site in means.sites
    ]


def controlled_processor_parts(means: Means) -> list[Part]:
    """The processors, and before them what keeps them from working: their site is paused, a circuit breaker trips."""
    parts = processor_parts(means)
    processors = [part for part in parts if isinstance(part, QueueProcessor)]
    breakers = breaker_parts(means, "replication_processor", means.settings.queue_processor.circuit_breaker, processors)
    pause_control = PauseControl(means.settings, means.queue, processors, means.clock, means.interruption)
    return [*breakers, pause_control, *parts]


def status_parts(means: Means) -> list[Part]:
    """One for the results of all sites; and one for what may be deleted, where a location is transient."""
    parts: list[Part] = [
        ReplicationStatusProcessor(
            means.settings,
            means.queue,
            means.clients,
            _status_writer(means),
            clock=means.clock,
            metrics=means.metrics,
            checkpoints=means.checkpoints,
            threaded=means.threaded,
        )
    ]
    if means.settings.transient_locations:
        collector = GarbageCollector(
            means.settings,
            means.queue,
            means.clients,
            clock=means.clock,
            randomness=means.randomness,
            threaded=means.threaded,
        )
        parts.append(collector)
    return parts


def metrics_parts(means: Means) -> list[Part]:
    """One that tells the metrics topic, whatever the roles."""
    if means.metrics.reports is None:
        return []
    topic = means.settings.metrics_topic
    return [MetricsProducer(means.metrics.reports, means.queue.producer(), topic, means.interruption, means.clock)]


def api_parts(means: Means) -> list[Part]:
    """What the answers of the HTTP API are made from; nothing where nobody can ask."""
    settings = means.settings
    if settings.api.port is None:
        return []
    statistics = MetricsConsumer(
        means.queue,
        settings.metrics_topic,
        settings.statistics_topic,
        clock=means.clock,
        interruption=means.interruption,
        statistics=means.metrics.statistics,
    )
    failed = FailedObjects(
        means.queue,
        settings.replication_failed_topic,
        settings.failed_removals_topic,
        means.clock,
        means.interruption,
    )
    return [statistics, failed, SiteStates(settings, means.queue)]


def api_application(means: Means, parts: Sequence[Part]) -> Api | None:
    """The API of an engine with these parts; None when it has none."""
    failed = next((part for part in parts if isinstance(part, FailedObjects)), None)
    states = next((part for part in parts if isinstance(part, SiteStates)), None)
    if failed is None or states is None:
        return None
    return Api(means, failed, states, _publisher(means, _status_writer(means)))


def api_services(means: Means, parts: Sequence[Part]) -> list[Service]:
    """The server of the HTTP API, where it has a port."""
    api = api_application(means, parts)
    return [] if api is None else [ApiServer(api, means.settings.api)]


#: In the order in which work goes through them.
PARTS: dict[str, Builder] = {
    "populator": populator_parts,
    "processor": controlled_processor_parts,
    "status": status_parts,
    "api": api_parts,
}
SERVICES: dict[str, Callable[[Means, Sequence[Part]], list[Service]]] = {"api": api_services}

#: What an engine can do; Backbeat has a process for each.
ROLES = frozenset(PARTS)


def checked_roles(names: Iterable[str]) -> frozenset[str]:
    """Raises UsageError for one that there is not."""
    roles = frozenset(names)
    if unknown := roles - ROLES:
        known = ", ".join(PARTS)
        raise UsageError(f"there is no engine role {', '.join(sorted(unknown))}; there are {known}")
    return roles


def chosen_sites(settings: EngineSettings, names: Iterable[str] | None) -> tuple[SiteSettings, ...]:
    """Those of the bootstrap list, or some of them. Raises UsageError for one that is not in it."""
    if names is None:
        return settings.bootstrap_list
    wanted = frozenset(names)
    if unknown := wanted - {site.site for site in settings.bootstrap_list}:
        known = ", ".join(site.site for site in settings.bootstrap_list) or "none"
        raise UsageError(f"bootstrapList has no site {', '.join(sorted(unknown))}; it has {known}")
    return tuple(site for site in settings.bootstrap_list if site.site in wanted)


def check_settings(settings: EngineSettings, roles: frozenset[str], *, has_journal: bool) -> None:
    """Raises UsageError for what these roles cannot do."""
    for site in settings.bootstrap_list:
        if site.type is None and not site.servers:
            raise UsageError(f"site {site.site} has neither a type nor servers")
        if site.type is None and settings.destination is None:
            raise UsageError(f"site {site.site} is a CloudServer, but destination does not say how to speak to it")
    if "populator" in roles:
        _check_log_source(settings.queue_populator.log_source, has_journal=has_journal)
    if roles == {"api"} and settings.api.port is None:
        raise UsageError("the role api needs api.port (server.port in Backbeat's configuration)")


def _check_log_source(log_source: str, *, has_journal: bool) -> None:
    if log_source == "in_process" and not has_journal:
        raise UsageError("queuePopulator.logSource is in_process, but there is no journal in this process")
    if log_source not in {"in_process", "bucketd"}:
        raise UsageError(
            f"queuePopulator.logSource is {log_source}, which this engine cannot follow; it follows bucketd. "
            "The roles processor, status and api do without"
        )


def build_parts(roles: frozenset[str], means: Means) -> list[Part]:
    """From upstream to downstream; before all of them the one that tells what they did, as it ends last."""
    parts = [part for name, build in PARTS.items() if name in roles for part in build(means)]
    return [*metrics_parts(means), *parts]


def build_services(roles: frozenset[str], means: Means, parts: Sequence[Part]) -> list[Service]:
    return [service for name, build in SERVICES.items() if name in roles for service in build(means, parts)]


def journal_source(means: Means) -> JournalSource:
    """The journal that the populator follows."""
    populator = means.settings.queue_populator
    if populator.log_source == "in_process" and means.journal is not None:
        return InProcessJournal(means.journal)
    assert populator.bucketd is not None
    return BucketdJournal(
        means.transport,
        populator.bucketd.url,
        means.clock,
        session=populator.bucketd.raft_session,
        poll_interval=populator.poll_interval_s,
    )


def _targets(means: Means, site: SiteSettings) -> TargetClients | None:
    if site.type is not None:
        return None
    assert means.settings.destination is not None
    return TargetClients(site, means.settings.destination, means.transport, means.clock, means.randomness)


def _status_writer(means: Means) -> StatusWriter:
    settings, producer = means.settings, means.queue.producer()
    failed_topic = None
    if settings.monitor_replication_failures:
        failed_topic = FailedTopic(producer, settings.replication_failed_topic, means.clock)
    gc_topic = None
    if settings.transient_locations:
        gc_topic = GcTopic(producer, settings.gc.topic, settings.transient_locations, means.clock, means.randomness)
    replays = Replays(producer, settings.replay_topics)
    return StatusWriter(
        means.clock, means.randomness, means.metrics, means.checkpoints, failed_topic, replays, gc_topic
    )


def _publisher(means: Means, writer: StatusWriter) -> Publisher:
    to_topic = StatusTopicPublisher(means.queue.producer(), means.settings.replication_status_topic, writer)
    return MetadataPublisher(writer, to_topic) if means.settings.dialect == "design" else to_topic
