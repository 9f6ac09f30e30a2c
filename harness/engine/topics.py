"""The topics and consumer groups of an engine."""

from __future__ import annotations

from harness.engine.replay import replay_topic_names
from harness.engine.settings import EngineSettings
from harness.queue.base import Queue, TopicSpecification


def all_topics(settings: EngineSettings) -> list[TopicSpecification]:
    """What is to exist before the engine begins; topics of the same object agree in their partitions."""
    names = [
        settings.topic,
        settings.replication_status_topic,
        settings.replication_failed_topic,
        *replay_topic_names(settings.replay_topics),
    ]
    if settings.transient_locations:
        names.append(settings.gc.topic)
    specifications = [TopicSpecification(name, settings.kafka.partitions) for name in names]
    # one partition: commands and figures are read in the order in which they were written
    specifications += [TopicSpecification(settings.metrics_topic), TopicSpecification(settings.control_topic)]
    compacted = (
        settings.queue_populator.position_topic,
        settings.state_topic,
        settings.statistics_topic,
        settings.failed_removals_topic,
    )
    return [*specifications, *(TopicSpecification(name, compacted=True) for name in compacted)]


def processor_group(settings: EngineSettings, site: str) -> str:
    """Every site has a consumer group of its own, so that none starves the others."""
    return f"{settings.queue_processor.group_id}-{site}"


def processor_topics(settings: EngineSettings) -> tuple[str, ...]:
    """What the members of such a group read, each one of them."""
    return (settings.topic, *replay_topic_names(settings.replay_topics))


def consumer_groups(settings: EngineSettings) -> list[tuple[str, tuple[str, ...]]]:
    """All groups of an engine with the topics they read, from upstream to downstream."""
    topics = processor_topics(settings)
    groups = [(processor_group(settings, site.site), topics) for site in settings.bootstrap_list]
    groups.append((settings.replication_status_processor.group_id, (settings.replication_status_topic,)))
    return [*groups, (settings.gc.group_id, (settings.gc.topic,))] if settings.transient_locations else groups


def replay_ends(settings: EngineSettings, queue: Queue) -> list[int]:
    """Where the replay topics end. Failures go back upstream through them: an engine is at rest only if nothing came
    there while one looked everywhere else."""
    names = replay_topic_names(settings.replay_topics)
    if not names:
        return []
    progress = queue.progress(settings.replication_status_processor.group_id, names)
    return [progress[partition].end for partition in sorted(progress)]
