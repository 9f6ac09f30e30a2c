"""Data of a transient location go once their object is replicated everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_helpers import ENCODED, ROLE, SITE, SmallCloudServer, World, error, metadata, pending

from fake_cloudserver import SeededRandomness
from harness.engine.checkpoints import Checkpoints
from harness.engine.garbage_collector import GarbageCollector
from harness.engine.gc_topic import GcTopic
from harness.engine.status import SiteResult
from harness.engine.status_writer import StatusWriter
from harness.engine.topics import all_topics, consumer_groups
from harness.queue.base import Outgoing
from harness.queue.memory import MemoryQueue
from harness.transport import TransportError

LOCATION = [
    {"key": "k1", "dataStoreName": "us-east-1", "start": 0, "size": 5, "dataStoreETag": "1:a"},
    {"key": "k2", "dataStoreName": "us-east-1", "start": 5, "size": 6, "dataStoreETag": "1:b"},
    {
        "key": "k3",
        "dataStoreName": "us-east-1",
        "start": 11,
        "size": 1,
        "dataStoreETag": "2:c",
        "dataStoreVersionId": "d",
    },
]


class Collecting:
    def __init__(self, info: dict[str, Any] | None = None, **overrides: Any) -> None:
        document = metadata(replicationInfo=info or {}, location=LOCATION)
        self.world = World(SmallCloudServer(document=document), **({"transientLocations": ["us-east-1"]} | overrides))
        self.server, settings = self.world.server, self.world.settings
        self.queue = MemoryQueue(self.world.clock, SeededRandomness(1))
        self.queue.ensure_topics(all_topics(self.world.settings.model_copy(update={"transient_locations": {"any"}})))
        topic = GcTopic(
            self.queue.producer(), "backbeat-gc", settings.transient_locations, self.world.clock, self.world.randomness
        )
        self.writer = StatusWriter(
            self.world.clock, self.world.randomness, self.world.metrics, Checkpoints(), gc_topic=topic
        )
        self.entry = self.world.entry()

    def complete(self, said: str = "COMPLETED", site: str = SITE) -> None:
        result = SiteResult(site, said, "v", self.entry.metadata)
        self.writer.write(self.world.clients.new(), self.entry, result, self.world.interruption)

    def actions(self) -> list[dict[str, Any]]:
        return [json.loads(message.value) for message in self.queue.read("backbeat-gc")]

    def collector(self) -> GarbageCollector:
        world = self.world
        return GarbageCollector(
            world.settings, self.queue, world.clients, clock=world.clock, randomness=world.randomness, threaded=False
        )


def test_the_action() -> None:
    collecting = Collecting()
    collecting.complete()
    (action,) = collecting.actions()
    assert len(action.pop("actionId")) == 36
    assert action == {
        "action": "deleteData",
        "startTime": 1767225600000,
        "contextInfo": {
            "origin": "transientSource",
            "ruleType": "transient",
            "bucketName": "src",
            "objectKey": "dir/obj",
            "versionId": ENCODED,
        },
        "auth": {"roleArn": ROLE},
        "source": {
            "bucket": "src",
            "objectKey": "dir/obj",
            "storageClass": "us-east-1",
            "lastModified": "2025-12-31T23:59:50.000Z",
        },
        "target": {
            "owner": "owner",
            "locations": [
                {"key": "k1", "dataStoreName": "us-east-1", "size": 5},
                {"key": "k2", "dataStoreName": "us-east-1", "size": 6},
                {"key": "k3", "dataStoreName": "us-east-1", "size": 1, "dataStoreVersionId": "d"},
            ],
        },
    }


@pytest.mark.parametrize(
    ("said", "info", "overrides"),
    [
        ("FAILED", {}, {}),
        ("COMPLETED", {"backends": [pending(), pending(site="other")]}, {}),  # PROCESSING
        ("COMPLETED", {}, {"transientLocations": ["another"]}),
        ("COMPLETED", {}, {"transientLocations": []}),
    ],
)
def test_data_that_are_needed_stay(said: str, info: dict[str, Any], overrides: dict[str, Any]) -> None:
    collecting = Collecting(info, **overrides)
    collecting.complete(said)
    assert collecting.actions() == []


def test_an_object_without_data_has_nothing_to_delete() -> None:
    collecting = Collecting()
    assert collecting.server.document is not None
    collecting.server.document["location"] = None
    collecting.complete()
    assert collecting.actions() == []


def test_who_died_before_telling_is_made_up_for() -> None:
    # the status is there, the message comes again
    collecting = Collecting()
    collecting.complete()
    collecting.complete()
    assert len(collecting.actions()) == 2


def test_the_collector_deletes_them() -> None:
    collecting = Collecting()
    collecting.complete()
    collector = collecting.collector()
    assert collector.step() == 1
    call = collecting.server.call("POST batchdelete")
    assert call.path == "/_/backbeat/batchdelete/src/dir/obj"
    assert call.headers["if-unmodified-since"] == "2025-12-31T23:59:50.000Z"
    assert call.headers["x-scal-storage-class"] == "us-east-1"
    assert json.loads(call.headers["x-scal-tags"]) == {
        "scal-delete-marker": "true",
        "scal-delete-service": "transientSource",
    }
    assert json.loads(call.body) == {"Locations": collecting.actions()[0]["target"]["locations"]}
    assert collector.idle()


@pytest.mark.parametrize(
    ("faults", "tries"),
    [
        ([error(412, "PreconditionFailed")], 1),
        ([error(400, "MalformedPOSTRequest")], 1),
        ([error(503, "ServiceUnavailable")] * 30, 31),
        ([TransportError("NetworkingError", "refused")] * 30, 31),
    ],
)
def test_what_cannot_be_deleted_now_is_tried_on_and_what_never_can_is_left(faults: list[Any], tries: int) -> None:
    collecting = Collecting()
    collecting.complete()
    collecting.server.faults["POST batchdelete"] = faults
    collector = collecting.collector()
    collector.step()
    assert collecting.server.names.count("POST batchdelete") == tries
    assert collector.idle()


@pytest.mark.parametrize(
    "value",
    [
        b"{broken",
        b"[]",
        b'{"action":"deleteData"}',
        b'{"auth":7,"source":{"bucket":"b","objectKey":"k"},"target":{"locations":[{}]},"contextInfo":{"origin":"o"}}',
        b'{"action":"copyLocation","source":{"bucket":"b","objectKey":"k"},"target":{"locations":[{}]},"contextInfo":{"origin":"o"}}',
        b'{"action":"deleteData","source":{"bucket":"b","objectKey":"k"},"target":{"locations":[]},"contextInfo":{"origin":"o"}}',
    ],
)
def test_what_is_no_such_action_is_skipped(value: bytes) -> None:
    collecting = Collecting()
    collecting.queue.producer().send_all([Outgoing("backbeat-gc", None, value)])
    collector = collecting.collector()
    collector.step()
    assert collecting.server.calls == []
    assert collector.idle()


def test_an_engine_has_a_collector_only_where_a_location_is_transient() -> None:
    assert "backbeat-gc-consumer-group" in dict(consumer_groups(Collecting().world.settings))
    assert "backbeat-gc-consumer-group" not in dict(consumer_groups(World().settings))
