"""Failed objects, listed and tried again through the API."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from api_world import KEY, NOW, OTHER, ApiWorld, client_of, retry_of
from engine_helpers import ENCODED, SITE, error

from fake_cloudserver import serving
from harness.queue.base import Outgoing

VERSION = {
    "Bucket": "src",
    "Key": KEY,
    "VersionId": ENCODED,
    "StorageClass": SITE,
    "Size": 11,
    "LastModified": "2025-12-31T23:59:50.000Z",
}
EMPTY = {"IsTruncated": False, "Versions": []}

# listing


def test_a_failure_is_listed_with_what_the_source_says_of_it_now() -> None:
    world = ApiWorld()
    world.fail()
    assert world.server.document is not None
    world.server.document["content-length"] = 12
    assert world.get(f"/_/crr/failed?sitename={SITE}") == {"IsTruncated": False, "Versions": [VERSION | {"Size": 12}]}
    assert world.server.call("GET metadata").query == {"versionId": ENCODED}
    assert world.get(f"/_/crr/failed?sitename={OTHER}") == EMPTY


def test_without_failures_or_without_a_site_the_list_is_empty() -> None:
    world = ApiWorld()
    assert world.get(f"/_/crr/failed?sitename={SITE}") == EMPTY
    world.fail()
    assert world.get("/_/crr/failed") == EMPTY
    assert world.get("/_/crr/failed?sitename=nowhere") == EMPTY


def test_pages_are_followed_by_their_markers() -> None:
    world = ApiWorld()
    for number in range(230):
        world.fail(f"k{number}", hours_ago=number / 60)
    page = world.get(f"/_/crr/failed?sitename={SITE}")
    keys = [version["Key"] for version in page["Versions"]]
    while page["IsTruncated"]:
        assert isinstance(page["NextMarker"], int)
        page = world.get(f"/_/crr/failed?sitename={SITE}&marker={page['NextMarker']}")
        keys += [version["Key"] for version in page["Versions"]]
    assert "NextMarker" not in page
    assert sorted(keys) == sorted(f"k{number}" for number in range(230))


def test_a_marker_outside_of_the_sets_lists_nothing() -> None:
    world = ApiWorld()
    world.fail()
    assert world.get(f"/_/crr/failed?sitename={SITE}&marker=0") == EMPTY
    assert world.get(f"/_/crr/failed?sitename={SITE}&marker={int(NOW * 1000) + 3_600_000}") == EMPTY


def test_what_is_listed_twice_is_kept_once() -> None:
    world = ApiWorld()
    world.fail(hours_ago=1)
    world.fail()

    def failures() -> int:
        return int(world.get(f"/_/metrics/crr/{SITE}/failures")["failures"]["results"]["count"])

    assert failures() == 2
    assert world.listed() == [KEY]
    assert failures() == 1
    world.restart()
    assert (failures(), world.listed()) == (1, [KEY])


def test_what_cannot_be_read_is_left_out() -> None:
    world = ApiWorld()
    world.fail("gone")
    world.fail("there")
    world.server.faults["GET metadata"] = [error(404, "ObjNotFound")]
    assert world.listed() == ["there"]
    assert world.listed() == ["gone", "there"]


def test_one_object_is_answered_for_every_site_where_it_failed() -> None:
    world = ApiWorld()
    world.fail("dir/a:key with#marks/é")
    world.fail("dir/a:key with#marks/é", site=OTHER, hours_ago=5)
    world.fail("other")
    path = f"/_/crr/failed/src/dir/a:key%20with%23marks/%C3%A9?versionId={ENCODED}"
    expected = [VERSION | {"Key": "dir/a:key with#marks/é", "StorageClass": site} for site in (SITE, OTHER)]
    assert world.get(path) == {"IsTruncated": False, "Versions": expected}
    assert world.get(f"/_/crr/failed/src/unknown?versionId={ENCODED}") == EMPTY
    assert world.get("/_/crr/failed/src/other?versionId=another") == EMPTY
    assert world.get("/_/crr/failed/src/other") == EMPTY


def test_a_key_in_a_path_is_decoded_once_behind_a_real_server_too() -> None:
    world = ApiWorld()
    world.fail("dir/a:key %41/é")
    world.current.run_until_idle()
    assert world.api is not None
    path = f"/_//crr/failed/src/dir/a%3Akey%20%2541/%C3%A9?versionId={ENCODED}"
    with serving(world.api) as server:
        answer = requests.get(server.url + path, timeout=10).json()
    assert answer == world.get(path)
    assert [one["Key"] for one in answer["Versions"]] == ["dir/a:key %41/é"]


def test_failures_go_after_24_hours() -> None:
    world = ApiWorld()
    world.fail("old", hours_ago=20.5)
    world.fail("new")
    assert sorted(world.listed()) == ["new", "old"]
    world.clock.advance(4 * 3_600)  # type: ignore[attr-defined]
    assert world.listed() == ["new"]
    world.clock.advance(24 * 3_600)  # type: ignore[attr-defined]
    assert world.listed() == []
    world.restart()
    assert world.listed() == []


def test_what_is_no_failure_is_dropped() -> None:
    world = ApiWorld()
    world.queue.producer().send_all([Outgoing(world.settings.replication_failed_topic, None, b"nonsense")])
    world.fail()
    assert world.listed() == [KEY]


def test_nothing_is_lost_by_a_restart() -> None:
    world = ApiWorld()
    for number in range(5):
        world.fail(f"k{number}")
    assert world.post("/_/crr/failed", [retry_of("k1")])[0]["Key"] == "k1"
    before = world.listed()
    assert sorted(before) == ["k0", "k2", "k3", "k4"]
    world.restart()
    assert world.listed() == before


# retries


@pytest.mark.parametrize("dialect", ["design", "release"])
def test_a_failed_object_whose_destination_is_mended_is_completed_by_a_retry(dialect: str) -> None:
    world = ApiWorld(dialect=dialect)
    world.really_fail()
    assert world.server.status == "FAILED"
    assert world.listed() == [KEY]
    assert world.post("/_/crr/failed", [retry_of()]) == [VERSION | {"ReplicationStatus": "PENDING"}]
    world.current.run_until_idle()
    assert (world.server.status, world.server.aws) == ("COMPLETED", [b"hello world"])
    assert world.listed() == []
    assert world.get(f"/_/metrics/crr/{SITE}/pending")["pending"]["results"] == {"count": 0, "size": 0}
    world.restart()
    assert world.listed() == []


@pytest.mark.parametrize("dialect", ["design", "release"])
def test_a_retry_that_fails_again_is_listed_again(dialect: str) -> None:
    world = ApiWorld(dialect=dialect)
    world.really_fail()
    call = "PUT data" if dialect == "design" else "putobject"
    world.server.faults[call] = [error(400, "InvalidRequest")]
    world.post("/_/crr/failed", [retry_of()])
    world.current.run_until_idle()
    assert world.server.status == "FAILED"
    assert world.listed() == [KEY]


def test_the_two_messages_of_a_retry() -> None:
    world = ApiWorld(dialect="release")
    world.server.document = world.server.document and dict(world.server.document)
    assert world.server.document is not None
    info = world.server.document["replicationInfo"]
    info |= {
        "status": "FAILED",
        "storageClass": f"{SITE},{OTHER}",
        "backends": [
            {"site": SITE, "status": "FAILED", "dataStoreVersionId": "v7"},
            {"site": OTHER, "status": "COMPLETED", "dataStoreVersionId": "w1"},
        ],
    }
    world.fail()
    world.current.run_until_idle()
    assert len(world.post("/_/crr/failed", [retry_of()])) == 1
    (pending,) = world.messages(world.settings.replication_status_topic)
    (again,) = world.messages(world.settings.topic)
    for message in (pending, again):
        assert list(message) == ["bucket", "key", "value", "site", "ignore", "accountId"]
        assert (message["bucket"], message["key"], message["site"]) == ("src", KEY, SITE)
        assert message["accountId"] is None
    # the other site's result stays in the status; a retry entry knows its own site only
    told = json.loads(pending["value"])["replicationInfo"]
    assert [(one["site"], one["status"]) for one in told["backends"]] == [(SITE, "PENDING"), (OTHER, "COMPLETED")]
    assert told["status"] == "PROCESSING"
    retried = json.loads(again["value"])["replicationInfo"]
    assert retried["backends"] == [{"site": SITE, "status": "PENDING", "dataStoreVersionId": "v7"}]
    assert (retried["storageClass"], retried["status"]) == (SITE, "PENDING")


def test_an_unknown_failure_is_left_out_unless_it_is_forced() -> None:
    world = ApiWorld()
    assert world.post("/_/crr/failed", [retry_of()]) == []
    assert world.messages(world.settings.topic) == []
    forced = world.post("/_/crr/failed", [retry_of(ForceRetry=True)])
    assert forced == [VERSION | {"ReplicationStatus": "PENDING"}]
    assert len(world.messages(world.settings.topic)) == 1
    # a lock would have stayed with Backbeat
    assert len(world.post("/_/crr/failed", [retry_of(ForceRetry=True)])) == 1


def test_without_a_version_id_nothing_stays_locked() -> None:
    world = ApiWorld()
    for _ in range(2):
        world.fail(version_id="")
        element = {"Bucket": "src", "Key": KEY, "StorageClass": SITE}
        assert world.post("/_/crr/failed", [element]) == [VERSION | {"ReplicationStatus": "PENDING"}]


def test_keys_with_colons_are_tried_again() -> None:
    world = ApiWorld()
    world.fail("a:b::c")
    assert [one["Key"] for one in world.post("/_/crr/failed", [retry_of("a:b::c")])] == ["a:b::c"]
    assert world.listed() == []


def test_fifty_at_once_and_what_is_named_twice_once() -> None:
    world = ApiWorld()
    for number in range(50):
        world.fail(f"k{number}")
    body = [retry_of(f"k{number}") for number in range(50)]
    answer = world.post("/_/crr/failed", [*body, *body[:7], retry_of("k3", StorageClass="nowhere", ForceRetry=True)])
    assert [one["Key"] for one in answer] == [f"k{number}" for number in range(50)]
    assert world.listed() == []


def test_all_failures_of_an_object_go_with_its_retry() -> None:
    world = ApiWorld()
    for hours in (0, 0, 1, 20):
        world.fail(hours_ago=hours)
    assert len(world.post("/_/crr/failed", [retry_of()])) == 1
    assert world.listed() == []
    assert world.post("/_/crr/failed", [retry_of()]) == []


@pytest.mark.parametrize(("fault", "stays"), [(error(404, "ObjNotFound"), False), (error(503, "SlowDown"), True)])
def test_an_object_that_cannot_be_read_is_left_out_and_leaves_the_list_only_when_it_is_gone(
    fault: Any, stays: bool
) -> None:
    world = ApiWorld()
    world.fail()
    world.server.faults["GET metadata"] = [fault]
    assert world.post("/_/crr/failed", [retry_of()]) == []
    assert world.listed() == ([KEY] if stays else [])
    assert world.post("/_/crr/failed", [retry_of(ForceRetry=True)]) != []


SENSELESS: list[Any] = [b"", b"{", b"{}", b"[]", b'"x"', b"[7]", b"[[]]", b"[null]", b"[{}]"]
SENSELESS += [[{"Bucket": "b", "Key": "k"}], [retry_of(Bucket="")], [retry_of(Key=7)], [retry_of(VersionId=7)]]
SENSELESS += [[retry_of(), {"Bucket": "b"}]]


@pytest.mark.parametrize("body", SENSELESS)
def test_a_body_that_makes_no_sense(body: Any) -> None:
    world = ApiWorld()
    world.fail()
    assert world.ask("POST", "/_/crr/failed", body) == (400, {"MalformedPOSTRequest": True})
    assert world.listed() == [KEY]


def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    assert ApiWorld().ask("POST", "/_/crr/failed", b"[" + b" " * 10_000_000) == (400, {"MalformedPOSTRequest": True})


def test_two_requests_at_the_same_time_retry_an_object_once() -> None:
    world = ApiWorld()
    world.fail()
    world.current.run_until_idle()
    reading, go_on = threading.Event(), threading.Event()
    send = world.server.send

    def slowly(*arguments: Any, **options: Any) -> Any:
        reading.set()
        assert go_on.wait(10)
        return send(*arguments, **options)

    world.server.send = slowly  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: world.client.post("/_/crr/failed", data=json.dumps([retry_of()])).get_json())
        assert reading.wait(10)
        second = client_of(world.api).post("/_/crr/failed", data=json.dumps([retry_of()])).get_json()
        go_on.set()
        assert (len(first.result(10)), second) == (1, [])


def test_while_kafka_is_gone_a_retry_is_refused_and_stays_listed() -> None:
    world = ApiWorld()
    world.fail()
    assert world.listed() == [KEY]
    with world.queue.outage():
        answer = world.client.post("/_/crr/failed", data=json.dumps([retry_of()]))
        assert (answer.status_code, answer.data) == (500, b'{"InternalError":true}')
    assert world.listed() == [KEY]
    assert len(world.post("/_/crr/failed", [retry_of()])) == 1
