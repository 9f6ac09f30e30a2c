"""Two CloudServers over real sockets: whatever breaks on the way between them, the replica is whole in the end."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from fake_cloudserver import FakeCloudServer, SeededRandomness, Settings, SystemClock, SystemRandomness
from fake_cloudserver.server import HttpServer
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.faults.middleware import Faults
from harness.faults.rules import Effect, FaultBoard, FaultRule, S3Failure
from harness.queue.memory import MemoryQueue
from harness.s3_client import s3_client
from harness.stack_plan import ROLE
from harness.stack_sites import CloudServerSite, destination_of, target_role

BODY = bytes(range(256)) * 40_000  # about 10 MB
RETRY = {"maxRetries": 4, "timeoutS": 30, "backoff": {"min": 20, "max": 100, "jitter": 0}}


class Pair:
    """A source and a target that listen, an engine with threads, and faults at both.

    Attributes:
        source, target: boto3 clients of the owners.
    """

    def __init__(self, stack: contextlib.ExitStack, dialect: str) -> None:
        clock = SystemClock()
        self.board = FaultBoard(SeededRandomness(1))
        site = CloudServerSite("target", 2, clock)
        stack.callback(site.close)
        self.target_fake = site.fake
        site.fake.app = Faults(site.fake.app, self.board, "target", clock)
        site.up()
        settings = Settings.default(cloudserver_sites={"target": site.servers}, listen_on=(("127.0.0.1", 0),))
        fake = stack.enter_context(FakeCloudServer(settings, clock=clock))
        server = HttpServer(Faults(fake.app, self.board, "cloudserver", clock)).start()
        stack.callback(server.stop)
        self.source = s3_client(server.url, ("accessKey1", "verySecretKey1"))
        self.target = s3_client(site.endpoint, site.keys())
        role = f"{ROLE},{target_role({'target': site})}"
        self._make_buckets(role)
        keys = {"type": "service", "accessKey": "replicationKey1", "secretKey": "replicationSecretKey1"}
        document: dict[str, Any] = {
            "source": {"host": "127.0.0.1", "port": server.port, "auth": keys},
            "destination": destination_of({"target": site}),
            "bootstrapList": [{"site": "target", "servers": site.servers}],
            "dialect": dialect,
            "queueProcessor": {"retry": {"scality": RETRY}},
        }
        queue = MemoryQueue(clock, SystemRandomness())
        self.engine = Engine(EngineSettings.model_validate(document), queue, clock, SystemRandomness(), fake.journal)
        self.engine.start()
        stack.callback(self.engine.stop)

    def _make_buckets(self, role: str) -> None:
        for client, bucket in ((self.source, "src"), (self.target, "tgt")):
            client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        destination = {"Bucket": "arn:aws:s3:::tgt", "StorageClass": "target"}
        rules = [{"Status": "Enabled", "Prefix": "", "Destination": destination}]
        self.source.put_bucket_replication(Bucket="src", ReplicationConfiguration={"Role": role, "Rules": rules})

    def fail(self, site: str, operation: str, effect: Effect, times: int | None = 1) -> None:
        self.board.add("fault", FaultRule(effect, site, operation=operation, times=times))

    def replicated(self) -> str:
        """Wait until the engine is done; the source's status."""
        assert self.engine.settle(40)
        self.board.clear()
        return str(self.source.head_object(Bucket="src", Key="k")["ReplicationStatus"])

    def pieces_kept(self) -> int:
        memory = self.target_fake._gateway._factory._memory
        return 0 if memory is None else len(memory._bucket.keys)


@pytest.fixture(params=["design", "release"])
def crr(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        yield Pair(stack, request.param)


#: site, operation, what goes wrong, whether data are sent once more
BREAKS = {
    "nothing": ("nowhere", "nothing", Effect(delay=0.0)),
    "the source's answer ends early": ("cloudserver", "GetObject", Effect(truncate=5_000_000)),
    "the source hangs up": ("cloudserver", "GetObject", Effect(reset="before")),
    "the source is overloaded": ("cloudserver", "GetObject", Effect(error=S3Failure(503, "SlowDown"))),
    "the target hangs up in the middle": ("target", "data:put", Effect(reset="during")),
    "the target does not say that it has the data": ("target", "data:put", Effect(reset="after")),
    "the target is overloaded": ("target", "data:put", Effect(error=S3Failure(503, "ServiceUnavailable"))),
    "the target hangs up before the metadata": ("target", "metadata:put", Effect(reset="before")),
    "the target does not say that it has the metadata": ("target", "metadata:put", Effect(reset="after")),
}


@pytest.mark.parametrize("case", BREAKS)
def test_ten_megabytes_arrive_whatever_breaks_once(crr: Pair, case: str) -> None:
    site, operation, effect = BREAKS[case]
    crr.fail(site, operation, effect)
    version = crr.source.put_object(Bucket="src", Key="k", Body=BODY)["VersionId"]
    assert crr.replicated() == "COMPLETED"
    replica = crr.target.get_object(Bucket="tgt", Key="k", VersionId=version)
    assert hashlib.sha256(replica["Body"].read()).digest() == hashlib.sha256(BODY).digest()
    assert replica["ReplicationStatus"] == "REPLICA"


def test_damaged_data_are_not_taken_for_the_object(crr: Pair) -> None:
    crr.fail("target", "data:put", Effect(corrupt=True))
    crr.source.put_object(Bucket="src", Key="k", Body=BODY)
    assert crr.replicated() == "FAILED"
    assert "Versions" not in crr.target.list_object_versions(Bucket="tgt")


def test_metadata_that_never_get_through_take_their_data_along(crr: Pair) -> None:
    crr.fail("target", "metadata:put", Effect(error=S3Failure(503, "ServiceUnavailable")), times=None)
    crr.source.put_object(Bucket="src", Key="k", Body=b"small")
    assert crr.replicated() == "FAILED"
    assert crr.pieces_kept() == 0
