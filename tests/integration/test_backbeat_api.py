"""Backbeat's API of an engine in a process of its own, asked as users do: signed, through CloudServer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from fake_cloudserver import SystemClock
from harness.engine.signing import Credentials, SignatureV2
from harness.replication import Replication
from harness.stack import Stack
from harness.stack_plan import StackOptions

CLOCK = SystemClock()
#: A failure is known at once.
ONE_TRY = {"maxRetries": 0, "timeoutS": 5, "backoff": {"min": 10, "max": 10, "jitter": 0, "factor": 1}}


class Users:
    """Somebody with an account, who knows nothing but CloudServer."""

    def __init__(self, stack: Stack) -> None:
        facts = stack.facts()["cloudserver"]
        self._signature = SignatureV2(Credentials(facts["access_key"], facts["secret_key"]), CLOCK)
        self._url = f"{facts['endpoint']}/_/backbeat/api"

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = self._url + path
        headers = self._signature.sign(method, url, {"Content-Type": "application/json"})
        data = b"" if body is None else json.dumps(body).encode()
        answer = requests.request(method, url, headers=headers, data=data, timeout=30)
        return answer.status_code, answer.json()

    def wait_for(self, path: str, condition: Callable[[Any], bool]) -> Any:
        deadline = CLOCK.monotonic() + 60
        while True:
            status, answer = self.ask("GET", path)
            if status == 200 and condition(answer):
                return answer
            assert CLOCK.monotonic() < deadline, (status, answer)
            CLOCK.sleep(0.05)


@pytest.mark.kafka
@pytest.mark.parametrize("dialect", ["design", "release"])
def test_failed_objects_and_pauses_outlive_the_engine_that_knew_of_them(dialect: str) -> None:
    retry = {"queueProcessor": {"retry": {"aws_s3": ONE_TRY}}}
    with Stack(StackOptions(dialect=dialect, engine_process=True, engine_overrides=retry)) as stack:
        replication, users = Replication(stack), Users(stack)
        site, bucket = replication.site, replication.bucket()
        listing = f"/crr/failed?sitename={site}"
        users.wait_for("/crr/status", lambda states: states == {site: "enabled"})

        # it fails, is listed, and a new engine lists it too
        stack.aws.down()
        version = replication.cloudserver.put_object(Bucket=bucket, Key="dir/a:key", Body=b"hello")["VersionId"]
        failed = users.wait_for(listing, lambda page: page["Versions"])["Versions"]
        named = {"Bucket": bucket, "Key": "dir/a:key", "VersionId": version, "StorageClass": site}
        assert failed == [named | {"Size": 5, "LastModified": failed[0]["LastModified"]}]
        assert replication.status(bucket, "dir/a:key") == "FAILED"
        stack.kill_engine()
        assert users.ask("GET", "/crr/status")[0] == 503
        stack.aws.up()
        stack.start_engine()
        assert users.wait_for(listing, lambda page: page["Versions"])["Versions"] == failed

        # AWS is back, and it is tried again
        status, retried = users.ask("POST", "/crr/failed", [named])
        assert (status, retried) == (200, [failed[0] | {"ReplicationStatus": "PENDING"}])
        replication.settle(60)
        assert replication.status(bucket, "dir/a:key") == "COMPLETED"
        assert len(replication.replicas(bucket, "dir/a:key")) == 1
        assert users.ask("GET", listing) == (200, {"IsTruncated": False, "Versions": []})

        # a pause outlives the engine as well
        assert users.ask("POST", f"/crr/pause/{site}") == (200, {})
        users.wait_for("/crr/status", lambda states: states == {site: "disabled"})
        replication.cloudserver.put_object(Bucket=bucket, Key="late", Body=b"hello")
        stack.stop_engine()
        stack.start_engine()
        replication.settle(60)
        users.wait_for("/crr/status", lambda states: states == {site: "disabled"})
        assert replication.status(bucket, "late") == "PENDING"
        assert users.ask("POST", "/crr/resume") == (200, {})
        users.wait_for("/crr/status", lambda states: states == {site: "enabled"})
        replication.settle(60)
        assert replication.status(bucket, "late") == "COMPLETED"


@pytest.mark.kafka
def test_health_and_figures_through_cloudserver_and_directly() -> None:
    with Stack(StackOptions()) as stack:
        replication, users = Replication(stack), Users(stack)
        bucket = replication.bucket()
        replication.cloudserver.put_object(Bucket=bucket, Key="k", Body=b"hello")
        replication.settle(60)
        figures = users.wait_for(
            "/metrics/crr/all", lambda all_of_them: all_of_them["completions"]["results"]["count"] >= 1
        )
        assert list(figures) == ["backlog", "completions", "failures", "throughput", "pending"]
        status, health = users.ask("GET", "/healthcheck")
        assert status == 200
        topic = health["topics"][stack.engine_settings.topic]
        assert len(topic["partitions"]) == stack.engine_settings.kafka.partitions
        assert all(one["leader"] in one["isrs"] for one in topic["partitions"])
        assert health["internalConnections"]["zookeeper"]["status"] == "ok"
        assert requests.get(f"{stack.api}/_/healthcheck", timeout=10).json() == health
        assert users.ask("GET", "/nowhere") == (404, {"RouteNotFound": True})
        assert "s3_replication_" in requests.get(f"{stack.api}/_/monitoring/metrics", timeout=10).text
        unsigned = requests.get(f"{stack.cloudserver.url}/_/backbeat/api/healthcheck", timeout=10)
        assert unsigned.status_code == 403
