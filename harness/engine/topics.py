"""The topics that an engine needs."""

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
    return [*specifications, TopicSpecification(settings.queue_populator.position_topic, compacted=True)]
