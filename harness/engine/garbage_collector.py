"""The garbage collector: deletes data that the status processor has announced.

Source: Backbeat extensions/gc/GarbageCollector.js, tasks/GarbageCollectorTask.js.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fake_cloudserver import Clock, Randomness, get_logger
from harness.engine.clients import SourceClients
from harness.engine.consuming import ConsumingPart
from harness.engine.errors import ReplicationError
from harness.engine.gc_topic import DELETE_DATA
from harness.engine.javascript import stringify
from harness.engine.retry import Retry
from harness.engine.settings import DEFAULT_RETRY, EngineSettings
from harness.queue.base import Message, Queue
from harness.queue.interruption import Interruption
from harness.queue.ordered import OrderedConsumption

log = get_logger(__name__)


class GarbageCollector(ConsumingPart):
    """One consumer group for all actions; they have no order. What is not there counts as deleted."""

    name = "garbage-collector"

    def __init__(
        self,
        settings: EngineSettings,
        queue: Queue,
        clients: SourceClients,
        *,
        clock: Clock,
        randomness: Randomness,
        threaded: bool = True,
    ) -> None:
        self._clients = clients
        self._clock = clock
        self._randomness = randomness
        consumption = OrderedConsumption(
            queue, settings.gc.group_id, [settings.gc.topic], self._handle, clock=clock, threaded=threaded
        )
        super().__init__(queue, consumption)

    def _handle(self, message: Message, interruption: Interruption) -> None:
        request = _delete_request(message.value)
        if request is None:
            log.warning("no action to delete data", offset=message.offset)
            return
        role, bucket, key, headers, locations = request
        client = self._clients.new(role)
        try:
            Retry(self._clock, self._randomness, interruption).until_it_works(
                lambda: client.batch_delete(bucket, key, locations, headers), DEFAULT_RETRY
            )
        except ReplicationError as error:
            # 412: the object was written again since, its data are in use
            if error.http_status != 412:
                log.warning("data not deleted", bucket=bucket, key=key, reason=str(error))


def _delete_request(value: bytes) -> tuple[str | None, str, str, Mapping[str, str], list[dict[str, Any]]] | None:
    """Role, bucket, key, headers and locations of a well-formed action; None for anything else."""
    try:
        action = json.loads(value)
        source, target = action["source"], action["target"]
        locations = [dict(location) for location in target["locations"]]
        bucket, key = str(source["bucket"]), str(source["objectKey"])
        role = (action.get("auth") or {}).get("roleArn")
        tags = {"scal-delete-marker": "true", "scal-delete-service": str(action["contextInfo"]["origin"])}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    if action.get("action") != DELETE_DATA or not locations:
        return None
    headers = {"X-Scal-Storage-Class": str(source.get("storageClass") or ""), "X-Scal-Tags": stringify(tags)}
    if source.get("lastModified"):
        headers["If-Unmodified-Since"] = str(source["lastModified"])
    return role, bucket, key, headers, locations
