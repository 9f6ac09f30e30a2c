"""The metrics routes of the HTTP API, as a client sees them."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import OTHER, ApiWorld
from engine_helpers import ENCODED, SITE

from harness.engine.metrics.message import MetricsMessage, ObjectName
from harness.queue.base import Outgoing

NOTHING = {"count": 0, "size": 0}
METRICS = ("backlog", "completions", "failures", "throughput", "pending")


def tell(world: ApiWorld, kind: str, ops: int | None, size: int, site: str = SITE) -> None:
    name = ObjectName("src", "dir/with/slashes", ENCODED) if ops is None else None
    message = MetricsMessage(kind, site, size, int(world.clock.now() * 1000), ops=ops, name=name)
    world.queue.producer().send_all([Outgoing(world.settings.metrics_topic, None, message.to_json())])


def results(world: ApiWorld, site: str, metric: str) -> Any:
    answer = world.get(f"/_/metrics/crr/{site}/{metric}")
    assert list(answer) == [metric]
    return answer[metric]["results"]


@pytest.mark.parametrize("site", [SITE, "all"])
@pytest.mark.parametrize("metric", METRICS)
def test_a_site_metric_has_a_description_and_exactly_count_and_size(site: str, metric: str) -> None:
    (answer,) = ApiWorld().get(f"/_/metrics/crr/{site}/{metric}").values()
    assert list(answer) == ["description", "results"]
    assert list(answer["results"]) == ["count", "size"]
    assert answer["description"]


def test_metrics_by_site_and_summed() -> None:
    world = ApiWorld()
    tell(world, "queued", 452, 2051)
    tell(world, "completed", 450, 1027)
    tell(world, "queued", 2, 10, site=OTHER)
    tell(world, "completed", 3, 11, site=OTHER)
    world.fail()
    world.fail("other/key", site=OTHER, hours_ago=5)
    assert results(world, SITE, "pending") == {"count": 2, "size": 1024}
    assert results(world, OTHER, "pending") == {"count": -1, "size": -1}
    assert results(world, "all", "pending") == {"count": 1, "size": 1023}
    assert results(world, SITE, "backlog") == {"count": 2, "size": 1024}
    assert results(world, OTHER, "backlog") == NOTHING
    assert results(world, SITE, "completions") == {"count": 450, "size": 1027}
    assert results(world, "all", "completions") == {"count": 453, "size": 1038}
    assert results(world, SITE, "failures") == {"count": 1, "size": 0}
    assert results(world, "all", "failures") == {"count": 2, "size": 0}
    assert results(world, SITE, "throughput") == {"count": "0.50", "size": "1.14"}
    world.restart()
    assert results(world, "all", "completions") == {"count": 453, "size": 1038}


@pytest.mark.parametrize("path", [f"{SITE}", f"{SITE}/all", "all", "all/all"])
def test_all_gives_the_five_metrics(path: str) -> None:
    world = ApiWorld()
    tell(world, "completed", 9, 900)
    everything = world.get(f"/_/metrics/crr/{path}")
    assert tuple(everything) == METRICS
    assert everything["completions"]["results"] == {"count": 9, "size": 900}
    assert everything["throughput"]["results"] == {"count": "0.01", "size": "1.00"}


def test_an_object_on_its_way() -> None:
    world = ApiWorld()
    tell(world, "queued", None, 100)
    tell(world, "completed", None, 50)
    path = f"src/dir/with/slashes?versionId={ENCODED}"
    progress = world.get(f"/_/metrics/crr/{SITE}/progress/{path}")
    assert progress.pop("description").startswith("Number of bytes to be replicated (pending)")
    assert progress == {"pending": 50, "completed": 50, "progress": "50%"}
    throughput = world.get(f"/_/metrics/crr/{SITE}/throughput/{path}")
    assert throughput == {
        "description": "Current throughput for object replication in bytes/sec (throughput)",
        "throughput": "0.06",
    }


def test_without_data_everything_is_zero() -> None:
    everything = ApiWorld().get("/_/metrics/crr/all")
    assert everything.pop("throughput")["results"] == {"count": "0.00", "size": "0.00"}
    assert [one["results"] for one in everything.values()] == [NOTHING] * 4


def test_before_what_was_told_is_counted_there_is_no_answer() -> None:
    world = ApiWorld()
    world.restart()
    world.current.metrics.statistics.is_complete = False
    answer = world.client.get("/_/metrics/crr/all")
    assert (answer.status_code, answer.data) == (500, b'{"InternalError":true}')
    world.current.run_until_idle()
    assert world.client.get("/_/metrics/crr/all").status_code == 200
