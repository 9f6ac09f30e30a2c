"""What the healthcheck says of Kafka.

Source: Backbeat lib/api/Healthcheck.js.
"""

from __future__ import annotations

from typing import Any

from harness.engine.api.errors import ApiError
from harness.queue.base import Queue, QueueError

_PATIENCE = 10.0
#: In-sync replicas of a healthy partition.
_IN_SYNC = 3
#: There is no ZooKeeper; what is kept there is in Kafka, which was just asked. Clients look for this all the same.
_ZOOKEEPER = {"status": "ok", "details": {"name": "SYNC_CONNECTED", "code": 3}}


def healthcheck(queue: Queue, topic: str) -> dict[str, Any]:
    """The replication topic and the connections; raises ApiError (InternalError) when Kafka does not answer in time,
    or a partition has no in-sync replica."""
    try:
        partitions = queue.describe(topic, _PATIENCE)
    except QueueError:
        raise ApiError("InternalError") from None
    if any(not one.in_sync for one in partitions):
        raise ApiError("InternalError")
    described = [
        {"id": one.partition, "leader": one.leader, "replicas": list(one.replicas), "isrs": list(one.in_sync)}
        for one in partitions
    ]
    connections: dict[str, Any] = {"zookeeper": _ZOOKEEPER, "kafkaProducer": {"status": "ok"}}
    if not partitions:
        return {"topics": {}, "internalConnections": connections}
    health = "ok" if all(len(one.in_sync) == _IN_SYNC for one in partitions) else "error"
    return {
        "topics": {topic: {"name": topic, "partitions": described}},
        "internalConnections": {"isrHealth": health} | connections,
    }
