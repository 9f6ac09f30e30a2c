"""What is wrong with the parts of an engine, in the form of Backbeat's probe servers.

Backbeat counts a consumer or producer as ready while it is connected, and its clients stay so when Kafka goes away:
starting anew would not bring Kafka back. Here a part is ready when it works in rounds and nothing is stuck in it.

Source: Backbeat extensions/replication/queueProcessor/task.js,
extensions/replication/replicationStatusProcessor/ReplicationStatusProcessor.js, lib/queuePopulator/QueuePopulator.js.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from harness.engine.settings import EngineSettings

Problem = dict[str, str]
Condition = Literal["READY", "NOT_READY", "UNDEFINED"]


class Conditions(Protocol):
    """Knows how the parts are; those that do not exist (yet) are UNDEFINED."""

    def condition(self, part_name: str) -> Condition: ...


def populator_problems(settings: EngineSettings, conditions: Conditions) -> list[Problem]:
    """``Zookeeper`` is missing: the position is in Kafka."""
    if conditions.condition("populator") == "READY":
        return []
    return [{"component": "log reader", "status": "NOT_READY", "topic": settings.topic}]


def processor_problems(sites: Iterable[str], replay_topics: Sequence[str], conditions: Conditions) -> list[Problem]:
    """Of all sites together; those of the replay topics, which are other processes of Backbeat's, count too."""
    problems: list[Problem] = []
    for site in sites:
        names = [f"processor-{site}", *(f"processor-{site}-{topic}" for topic in replay_topics)]
        condition = worst(conditions.condition(name) for name in names)
        components = ("Replication Status Producer", "Consumer")
        problems += [{"component": one, "status": condition, "site": site} for one in components]
    return _only_problems(problems)


def status_problems(settings: EngineSettings, replay_topics: Sequence[str], conditions: Conditions) -> list[Problem]:
    """One condition for all of them: consumer and producers are one part here."""
    condition = conditions.condition("status")
    components = ["Consumer"]
    components += ["Failed CRR Producer"] if settings.monitor_replication_failures else []
    components += [f"Replay CRR Producer to {topic}" for topic in replay_topics]
    return _only_problems([{"component": one, "status": condition} for one in components])


def worst(conditions: Iterable[Condition]) -> Condition:
    """What does not exist is worse than what is not ready."""
    found = set(conditions)
    return "UNDEFINED" if "UNDEFINED" in found else "NOT_READY" if "NOT_READY" in found else "READY"


def _only_problems(states: list[Problem]) -> list[Problem]:
    return [state for state in states if state["status"] != "READY"]
