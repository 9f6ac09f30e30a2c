"""Other attempts: what failed goes through the replay topics before it counts as failed.

Source: Backbeat extensions/replication/replay/ReplayProducer.js, tasks/UpdateReplicationStatus.js,
replicationStatusProcessor/ReplicationStatusProcessor.js.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_cloudserver import get_logger
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.settings import ReplayTopicSettings
from harness.queue.base import MessageTooLarge, Outgoing, Producer
from harness.queue.interruption import Interruption

log = get_logger(__name__)


def replay_list(topics: Sequence[ReplayTopicSettings]) -> tuple[str, ...]:
    """A topic's name for each attempt, the last one first: the index is the number of attempts left after it."""
    return tuple(reversed([topic.topic_name for topic in topics for _ in range(topic.retries)]))


def replay_topic_names(topics: Sequence[ReplayTopicSettings]) -> tuple[str, ...]:
    """Every topic once, as configured."""
    return tuple(dict.fromkeys(topic.topic_name for topic in topics))


def attempts_left(said: Any, attempts: int) -> int | None:
    """The count that the next attempt carries, given what the failed one ``said``; None when there is none left.

    A first failure says nothing. A count beyond ``attempts`` is of a longer configuration; what is no count at all
    was written by nobody of ours: both begin anew, and end.
    """
    valid = isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= attempts
    count = said if valid else attempts
    return count - 1 if count > 0 else None


class Replays:
    """Sends failed entries round once more.

    QUIRK of Backbeat: a replay topic without a producer loses the entry, and so does a producer that fails. Here one
    producer serves all topics and waits for Kafka; what Kafka will never take (a message too large) has no further
    attempt and counts as failed. A count that arrives while no replay is configured is ignored.
    """

    def __init__(self, producer: Producer, topics: Sequence[ReplayTopicSettings]) -> None:
        self._producer = producer
        self._topics = replay_list(topics)

    def next_of(self, entry: ObjectQueueEntry, site: str) -> ObjectQueueEntry | None:
        """What to send round for the failed ``site``; None when it has failed for good."""
        left = attempts_left(entry.replay_count, len(self._topics))
        return None if left is None else entry.to_retry_entry(site).with_replay_count(left)

    def push(self, retry: ObjectQueueEntry, interruption: Interruption) -> bool:
        """Return when Kafka has it; False when Kafka refuses it for good. Raises Interrupted while it waits."""
        assert retry.replay_count is not None
        key, value = retry.to_kafka()
        try:
            self._producer.send_all([Outgoing(self._topics[retry.replay_count], key, value)], interruption)
        except MessageTooLarge as error:
            log.exception("no further attempt", key=retry.canonical_key, site=retry.site, reason=str(error))
            return False
        return True
