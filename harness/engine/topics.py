"""The topics and consumer groups of an engine."""

from __future__ import annotations

from harness.engine.settings import EngineSettings
from harness.queue.base import TopicSpecification


def all_topics(settings: EngineSettings) -> list[TopicSpecification]:
    """What is to exist before the engine begins; topics of the same object agree in their partitions."""
    names = [
        settings.topic,
        settings.replication_status_topic,
        settings.replication_failed_topic,
        *dict.fromkeys(replay.topic_name for replay in settings.replay_topics),
    ]
    specifications = [TopicSpecification(name, settings.kafka.partitions) for name in names]
    # one partition: commands and figures are read in the order in which they were written
    specifications += [TopicSpecification(settings.metrics_topic), TopicSpecification(settings.control_topic)]
    compacted = (settings.queue_populator.position_topic, settings.state_topic, settings.statistics_topic)
    return [*specifications, *(TopicSpecification(name, compacted=True) for name in compacted)]


def processor_group(settings: EngineSettings, site: str) -> str:
    """Every site has a consumer group of its own, so that none starves the others."""
    return f"{settings.queue_processor.group_id}-{site}"


def consumer_groups(settings: EngineSettings) -> list[tuple[str, tuple[str, ...]]]:
    """All groups of an engine with the topics they read, from upstream to downstream."""
    groups = [(processor_group(settings, site.site), (settings.topic,)) for site in settings.bootstrap_list]
    return [*groups, (settings.replication_status_processor.group_id, (settings.replication_status_topic,))]
