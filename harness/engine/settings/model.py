"""Everything that one engine needs to know."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic

from harness.engine.settings.base import Model
from harness.engine.settings.kafka import KafkaClusterSettings
from harness.engine.settings.processes import (
    ApiSettings,
    GcSettings,
    QueuePopulatorSettings,
    QueueProcessorSettings,
    ReplayTopicSettings,
    StatusProcessorSettings,
)
from harness.engine.settings.reading import read_json, validated
from harness.engine.settings.sites import DestinationSettings, SiteSettings, SourceSettings

Dialect = Literal["design", "release"]


class EngineSettings(Model):
    """Everything that one engine needs to know.

    Attributes:
        destination: for CloudServer sites; cloud sites need none, their CloudServer writes to the cloud.
        dialect: ``design`` (the task writes the source's metadata) or ``release`` (the status processor does).
        metrics_topic: what was queued, done and failed, as Backbeat's metrics producer tells it.
        statistics_topic: compacted; what the API's counters have come to, where Backbeat uses Redis.
        metrics_group_id_prefix: of the consumer group that counts them.
        control_topic: commands to the processors of all sites (pause, resume), where Backbeat uses Redis.
        state_topic: compacted; whether a site is paused, where Backbeat uses ZooKeeper.
        failed_removals_topic: compacted; which failures are listed no more, where Backbeat uses Redis.
        cold_locations: names of locations whose objects are never published.
        transient_locations: names of locations whose data go once they are replicated.
        object_size_metrics: upper bounds, in bytes, of the size classes in metrics.
    """

    source: SourceSettings
    destination: DestinationSettings | None = None
    bootstrap_list: tuple[SiteSettings, ...]
    dialect: Dialect = "design"
    topic: str = "backbeat-replication"
    data_mover_topic: str = "backbeat-data-mover"
    replication_status_topic: str = "backbeat-replication-status"
    replication_failed_topic: str = "backbeat-replication-failed"
    replay_topics: tuple[ReplayTopicSettings, ...] = ()
    metrics_topic: str = "backbeat-metrics"
    statistics_topic: str = "backbeat-metrics-statistics"
    metrics_group_id_prefix: str = "backbeat-metrics-group"
    control_topic: str = "backbeat-replication-control"
    state_topic: str = "backbeat-replication-state"
    failed_removals_topic: str = "backbeat-replication-failed-removals"
    monitor_replication_failures: bool = True
    monitor_replication_failure_expiry_time_s: int = 86_400
    queue_processor: QueueProcessorSettings = QueueProcessorSettings()
    replication_status_processor: StatusProcessorSettings = StatusProcessorSettings()
    queue_populator: QueuePopulatorSettings = QueuePopulatorSettings()
    kafka: KafkaClusterSettings = KafkaClusterSettings()
    api: ApiSettings = ApiSettings()
    gc: GcSettings = GcSettings()
    cold_locations: frozenset[str] = frozenset()
    transient_locations: frozenset[str] = frozenset()
    object_size_metrics: tuple[int, ...] = (66_560, 8_388_608, 68_157_440)

    @pydantic.model_validator(mode="after")
    def _check_sites(self) -> EngineSettings:
        names = [site.site for site in self.bootstrap_list]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"bootstrapList names the site {name} more than once")
        if sum(site.default for site in self.bootstrap_list) > 1:
            raise ValueError("bootstrapList has more than one default site")
        if self.queue_populator.log_source == "bucketd" and self.queue_populator.bucketd is None:
            raise ValueError("queuePopulator.logSource is bucketd, but queuePopulator.bucketd does not say where it is")
        return self

    def site(self, name: str) -> SiteSettings | None:
        """The site of that name, if the bootstrap list has it."""
        return next((site for site in self.bootstrap_list if site.site == name), None)

    @classmethod
    def load(cls, path: Path) -> EngineSettings:
        """Read a JSON file. Raises UsageError, with a line for each wrong member."""
        return validated(cls, read_json(path), path)

    def to_json(self) -> str:
        """What :meth:`load` reads back."""
        return self.model_dump_json(indent=2)
