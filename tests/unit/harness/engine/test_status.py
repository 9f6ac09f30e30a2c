"""Status arithmetic over one and several sites."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import pytest
from engine_helpers import SITE, metadata, pending
from hypothesis import given
from hypothesis import strategies as st

from harness.engine import status
from harness.engine.status import COMPLETED, FAILED, PENDING, PROCESSING, SiteResult, aggregate, merged, with_status

OTHER = "other-site"


def two_sites(one: str, other: str, **overrides: Any) -> dict[str, Any]:
    backends = [pending(one, site=SITE), pending(other, site=OTHER)]
    info = {"backends": backends, "storageClass": f"{SITE},{OTHER}"} | overrides.pop("replicationInfo", {})
    return metadata(replicationInfo=info, **overrides)


def result(said: str, replicated: dict[str, Any], version_id: str = "v1", site: str = SITE) -> SiteResult:
    return SiteResult(site, said, version_id, replicated)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], COMPLETED),
        ([COMPLETED], COMPLETED),
        ([PENDING], PROCESSING),
        ([COMPLETED, PENDING], PROCESSING),
        ([FAILED, PENDING], FAILED),
        ([COMPLETED, FAILED, COMPLETED], FAILED),
    ],
)
def test_aggregate(statuses: list[str], expected: str) -> None:
    assert aggregate([pending(one, site=f"s{n}") for n, one in enumerate(statuses)]) == expected


@given(st.lists(st.sampled_from([PENDING, COMPLETED, FAILED])))
def test_the_aggregate_is_never_pending(statuses: list[str]) -> None:
    # the journal filter publishes PENDING: the object would go round for ever
    assert aggregate([pending(one) for one in statuses]) != PENDING


@pytest.mark.parametrize(
    ("said", "site_status", "global_status", "origin_op"),
    [
        (COMPLETED, COMPLETED, PROCESSING, "s3:Replication:OperationCompletedReplication"),
        (FAILED, FAILED, FAILED, "s3:Replication:OperationFailedReplication"),
        (PENDING, PENDING, PROCESSING, "s3:Replication:OperationPendingReplication"),
    ],
)
def test_one_of_two_sites(said: str, site_status: str, global_status: str, origin_op: str) -> None:
    before = two_sites(PENDING, PENDING)
    kept = copy.deepcopy(before)
    after = with_status(before, SITE, said, "v1")
    assert before == kept  # nothing is shared
    assert after["replicationInfo"]["status"] == global_status
    assert after["replicationInfo"]["backends"] == [pending(site_status, "v1"), pending(PENDING, site=OTHER)]
    assert after["originOp"] == origin_op


def test_the_life_of_an_object_with_two_sites() -> None:
    document = two_sites(PENDING, PENDING)
    steps = [
        (SITE, COMPLETED, PROCESSING),
        (OTHER, FAILED, FAILED),
        (OTHER, PENDING, PROCESSING),
        (OTHER, COMPLETED, COMPLETED),
    ]
    for site, said, expected in steps:
        document = with_status(document, site, said)
        assert document["replicationInfo"]["status"] == expected


def test_without_a_version_id_the_known_one_stays() -> None:
    document = metadata(replicationInfo={"backends": [pending(PENDING, "known")]})
    assert status.data_store_version_id(with_status(document, SITE, FAILED), SITE) == "known"
    assert status.data_store_version_id(with_status(document, SITE, COMPLETED, "new"), SITE) == "new"


def test_an_unknown_site_changes_only_the_global_status() -> None:
    after = with_status(two_sites(COMPLETED, COMPLETED), "elsewhere", COMPLETED, "v")
    assert after["replicationInfo"]["backends"] == [pending(COMPLETED), pending(COMPLETED, site=OTHER)]
    assert after["replicationInfo"]["status"] == COMPLETED
    assert status.site_status(after, "elsewhere") is None
    assert status.data_store_version_id(after, "elsewhere") == ""


@pytest.mark.parametrize("said", [COMPLETED, FAILED, PENDING])
def test_completed_is_final(said: str) -> None:
    current = two_sites(COMPLETED, PENDING)
    assert merged(current, result(said, current)) is None


def test_completed_over_failed_and_a_retry_over_failed() -> None:
    current = two_sites(FAILED, COMPLETED)
    completed = merged(current, result(COMPLETED, current))
    assert completed is not None
    assert completed["replicationInfo"]["status"] == COMPLETED
    retried = merged(current, result(PENDING, current, ""))
    assert retried is not None
    assert retried["replicationInfo"]["status"] == PROCESSING


def test_everything_else_comes_from_the_current_metadata() -> None:
    replicated = metadata()
    current = metadata(acl={"Canned": "public-read"}, unknown={"kept": 1})
    after = merged(current, result(COMPLETED, replicated))
    assert after is not None
    assert after["acl"] == {"Canned": "public-read"}
    assert after["unknown"] == {"kept": 1}


def test_an_object_that_is_not_replicated_any_more_is_left_alone() -> None:
    current = metadata(replicationInfo={"status": "", "backends": []})
    assert merged(current, result(COMPLETED, metadata())) is None


class TestUpdatedMeanwhile:
    """An update has a journal entry of its own, which comes after: it must find the object waiting."""

    updated: ClassVar[dict[str, Any]] = {"content": ["METADATA", "PUT_TAGGING"]}

    def test_completed_leaves_the_site_pending_and_notes_the_version(self) -> None:
        current = metadata(tags={"new": "tag"}, replicationInfo=self.updated)
        after = merged(current, result(COMPLETED, metadata()))
        assert after is not None
        assert after["replicationInfo"]["backends"] == [pending(PENDING, "v1")]
        assert after["replicationInfo"]["status"] == PROCESSING
        assert after["tags"] == {"new": "tag"}

    def test_nothing_is_written_when_the_version_is_known_already(self) -> None:
        replicated = metadata(tags={"old": "tag"}, replicationInfo=self.updated)
        info = self.updated | {"backends": [pending(PENDING, "v1")]}
        assert merged(metadata(tags={"new": "tag"}, replicationInfo=info), result(COMPLETED, replicated)) is None

    @pytest.mark.parametrize("change", [{"legalHold": True}, {"retentionMode": "GOVERNANCE"}, {"tags": {"a": "b"}}])
    def test_failed_leaves_it_to_the_update(self, change: dict[str, Any]) -> None:
        assert merged(metadata(**change), result(FAILED, metadata())) is None

    def test_an_empty_tag_set_is_no_update(self) -> None:
        after = merged(metadata(tags=[]), result(COMPLETED, metadata(tags={})))
        assert after is not None
        assert after["replicationInfo"]["status"] == COMPLETED

    def test_a_failed_site_is_not_waiting_for_the_update(self) -> None:
        current = metadata(tags={"a": "b"}, replicationInfo={"status": FAILED, "backends": [pending(FAILED)]})
        after = merged(current, result(COMPLETED, metadata()))
        assert after is not None
        assert after["replicationInfo"]["status"] == COMPLETED


class TestReplacedMeanwhile:
    """A null version: another object under the same id."""

    @pytest.mark.parametrize("said", [COMPLETED, FAILED])
    @pytest.mark.parametrize("change", [{"content-md5": "other"}, {"last-modified": "2026-01-01T00:00:00.000Z"}])
    def test_nothing_is_said_about_the_other_object(self, said: str, change: dict[str, Any]) -> None:
        assert merged(metadata(**change), result(said, metadata())) is None


class TestNfs:
    nfs: ClassVar[dict[str, Any]] = {"isNFS": True}

    def test_unchanged_is_completed(self) -> None:
        current = metadata(replicationInfo=self.nfs)
        after = merged(current, result(COMPLETED, current))
        assert after is not None
        assert after["replicationInfo"]["status"] == COMPLETED

    @pytest.mark.parametrize("change", [{"content-md5": "other"}, {"tags": {"other": "tag"}}])
    def test_changed_goes_back_to_pending(self, change: dict[str, Any]) -> None:
        replicated = metadata(replicationInfo=self.nfs)
        after = merged(metadata(replicationInfo=self.nfs, **change), result(COMPLETED, replicated))
        assert after is not None
        assert status.site_status(after, SITE) == PENDING
        assert after["replicationInfo"]["status"] == PROCESSING
