"""What is counted of journal entries that are published: once for each site that waits for the object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_helpers import SITE, VERSION, metadata, pending

from fake_cloudserver import VirtualClock
from harness.engine.filter import Dropped, Publication, decide
from harness.engine.journal import JournalEntry
from harness.engine.metrics import EngineMetrics
from harness.engine.metrics.reports import MetricsReports

LOG = ("raft-log", "raft_1")
LABELS = 'logId="raft_1",logName="raft-log",origin="replication"'


class Counting:
    def __init__(self) -> None:
        self.reports = MetricsReports(VirtualClock())
        self.metrics = EngineMetrics(self.reports)

    def publish(self, *documents: dict[str, Any], key: str = f"k\0{VERSION}") -> None:
        decisions = [decide(JournalEntry("src", "put", key, json.dumps(document), "t")) for document in documents]
        self.metrics.populated(*LOG, [one for one in decisions if isinstance(one, Publication)])

    def queued(self) -> list[tuple[str, int | None, int]]:
        taken = self.reports.take(100)
        assert {one.type for one in taken} <= {"queued"}
        assert all(one.name is None for one in taken)
        return [(one.site, one.ops, one.size) for one in taken]

    def prometheus(self) -> tuple[float, float, float]:
        """Objects, bytes, messages."""
        values = dict(line.rsplit(" ", 1) for line in self.metrics.render().decode().splitlines() if "{" in line)
        return (
            float(values[f"s3_replication_populator_objects_total{{{LABELS}}}"]),
            float(values[f"s3_replication_populator_bytes_total{{{LABELS}}}"]),
            float(values[f's3_replication_populator_messages_total{{{LABELS},publishStatus="SUCCESS"}}']),
        )


def test_a_version_is_one_operation_and_its_bytes() -> None:
    counting = Counting()
    counting.publish(metadata())
    assert counting.queued() == [(SITE, 1, 11)]
    assert counting.prometheus() == (1, 11, 1)


def test_two_pending_sites_are_counted_and_one_message() -> None:
    counting = Counting()
    counting.publish(metadata(replicationInfo={"backends": [pending(), pending(site="other")]}))
    assert counting.queued() == [(SITE, 1, 11), ("other", 1, 11)]
    assert counting.prometheus() == (2, 22, 1)


def test_a_site_that_does_not_wait_is_not_counted() -> None:
    counting = Counting()
    counting.publish(metadata(replicationInfo={"backends": [pending("COMPLETED"), pending(site="other")]}))
    assert counting.queued() == [("other", 1, 11)]


def test_changed_metadata_are_one_operation_without_bytes() -> None:
    counting = Counting()
    counting.publish(metadata(replicationInfo={"content": ["METADATA"]}))
    assert counting.queued() == [(SITE, 1, 0)]
    assert counting.prometheus() == (1, 0, 1)


@pytest.mark.parametrize("overrides", [{"versionId": None}, {"isNull": True}], ids=["no version", "null version"])
def test_an_object_without_a_version_of_its_own_is_counted(overrides: dict[str, Any]) -> None:
    counting = Counting()
    counting.publish(metadata(**overrides), key="k")
    assert counting.queued() == [(SITE, 1, 11)]


def test_a_batch_is_told_once_for_each_site() -> None:
    counting = Counting()
    both = metadata(b"123", replicationInfo={"backends": [pending(), pending(site="other")]})
    counting.publish(metadata(), both, both)
    assert counting.queued() == [(SITE, 3, 17), ("other", 2, 6)]
    assert counting.prometheus() == (5, 23, 3)


@pytest.mark.parametrize(
    ("key", "document"), [("k", metadata()), (f"k\0{VERSION}", metadata(replicationInfo={"status": ""}))]
)
def test_what_is_not_published_is_not_counted(key: str, document: dict[str, Any]) -> None:
    counting = Counting()
    assert isinstance(decide(JournalEntry("src", "put", key, json.dumps(document), "t")), Dropped)
    counting.publish(document, key=key)
    assert counting.queued() == []


def test_a_new_bucket_is_a_message_and_no_object() -> None:
    counting = Counting()
    decision = decide(JournalEntry("users..bucket", "put", "owner..|..b", "{}", "t"))
    assert isinstance(decision, Publication)
    counting.metrics.populated(*LOG, [decision])
    assert counting.queued() == []
    assert counting.prometheus() == (0, 0, 1)
