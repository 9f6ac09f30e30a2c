"""Chaos without processes: the fake, a scripted AWS and engines that die, on one thread and a virtual clock.

A seed repeats a run exactly, and takes a fraction of a second. What needs real concurrency is not seen here.
"""

from __future__ import annotations

import random
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from chaos.audit import Report, Truth, audit
from chaos.workload import Action, Actor, plan
from fake_cloudserver import FakeCloudServer, SeededRandomness, Settings, VirtualClock
from harness.engine.checkpoints import Checkpoints
from harness.engine.engine import Engine
from harness.engine.settings import EngineSettings
from harness.faults.description import to_rule
from harness.faults.middleware import Faults
from harness.faults.rules import FaultBoard
from harness.faults.seams import FaultyQueue
from harness.queue.base import Consumer, RebalanceListener
from harness.queue.memory import MemoryQueue
from harness.transport import Body, Response, WsgiTransport
from support.in_process import Client, Reply
from unit.fake.backbeat.scripted_remote import REFUSED, ScriptedRemote

BUCKET = "src"
HOST = "127.0.0.1:8000"
ROLE = "arn:aws:iam::root:role/s3-replication-role"
RULES: tuple[dict[str, Any], ...] = (
    {"site": "cloudserver", "error": 503, "probability": 0.05},
    {"site": "cloudserver", "reset": "before", "probability": 0.03},
    {"site": "cloudserver", "reset": "during", "probability": 0.03},
    {"site": "cloudserver", "reset": "after", "probability": 0.05},
    {"site": "kafka", "operation": "Produce", "duplicate": 1, "probability": 0.1},
)


class Crash(BaseException):
    """The engine ended here, as by SIGKILL."""


class Mortality:
    """Decides when an engine dies: at a checkpoint, before a request, or after it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.rate = 0.0
        self.deaths = 0

    def maybe(self) -> None:
        """Raises Crash now and then."""
        if self._chance.random() < self.rate:
            self.deaths += 1
            raise Crash


class MortalCheckpoints(Checkpoints):
    def __init__(self, mortality: Mortality) -> None:
        self._mortality = mortality

    def reach(self, name: str) -> None:
        self._mortality.maybe()


class MortalTransport:
    """Requests are lost with the engine that sent them: some before they leave, some when their work is done."""

    def __init__(self, inner: WsgiTransport, mortality: Mortality) -> None:
        self._inner = inner
        self._mortality = mortality

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        self._mortality.maybe()
        answer = self._inner.send(method, url, headers, body)
        self._mortality.maybe()
        return answer

    def close(self) -> None:
        self._inner.close()


class MortalQueue(FaultyQueue):
    """Members that died leave their groups, as the broker would find out."""

    def __init__(self, queue: MemoryQueue, board: FaultBoard, clock: VirtualClock) -> None:
        super().__init__(queue, board, clock)
        self._members: list[Consumer] = []

    def consumer(self, group: str, topics: Sequence[str], listener: RebalanceListener, *more: Any) -> Consumer:
        member = super().consumer(group, topics, listener, *more)
        self._members.append(member)
        return member

    def bury(self) -> None:
        for member in self._members:
            member.close()
        self._members.clear()


class UnreliableRemote(ScriptedRemote):
    """An AWS that refuses, and that does things without saying so."""

    def __init__(self, name: str, clock: VirtualClock, chance: random.Random) -> None:
        super().__init__(name, clock)
        self._chance = chance
        self.refuses = 0.0
        self.loses = 0.0
        self.lost = 0
        self._retagged: set[str] = set()

    def _begin(self, method: str) -> None:
        super()._begin(method)
        if self._chance.random() < self.refuses:
            raise REFUSED

    def _done(self, result: Any) -> Any:
        if self._chance.random() < self.loses:
            self.lost += 1
            raise REFUSED
        return result

    def put(self, *arguments: Any) -> Any:
        return self._done(super().put(*arguments))

    def delete(self, *arguments: Any, **named: Any) -> None:
        self._done(super().delete(*arguments, **named))

    def complete_upload(self, *arguments: Any) -> Any:
        return self._done(super().complete_upload(*arguments))

    def put_tags(self, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        super().put_tags(bucket, key, version_id, tags)
        self._retagged.add(version_id)
        self._done(None)

    def delete_tags(self, bucket: str, key: str, version_id: str) -> None:
        super().delete_tags(bucket, key, version_id)
        self._retagged.add(version_id)
        self._done(None)

    def contents(self) -> list[dict[str, Any]]:
        """As :func:`harness.aws_server.contents` has it."""
        import hashlib

        found = []
        for key, versions in sorted(self.objects.items()):
            for version in versions:
                one: dict[str, Any] = {"key": f"{BUCKET}/{key}", "version_id": version.version_id, "marker": True}
                if version.body is not None:
                    upload = version.upload
                    assert upload is not None
                    headers = {"content-type": upload.content_type, "cache-control": upload.cache_control}
                    first = dict(urllib.parse.parse_qsl(upload.tags or ""))
                    one |= {
                        "marker": False,
                        "md5": hashlib.md5(version.body).hexdigest(),
                        "metadata": {
                            **upload.metadata,
                            **{name: value for name, value in headers.items() if value},
                            "scal-replication-status": "REPLICA",
                            "scal-version-id": upload.source_version_id,
                        },
                        "tags": version.tags if version.version_id in self._retagged else first,
                    }
                    one["metadata"].setdefault("content-type", "application/octet-stream")
                found.append(one)
        return found


class SourceClient:
    """What the workload needs of boto3, straight into the fake."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _ask(self, method: str, named: dict[str, Any], query: str = "", body: bytes = b"", **headers: str) -> Reply:
        version = named.get("VersionId")
        query = "&".join(part for part in (query, f"versionId={version}" if version else "") if part)
        path = f"/{named['Bucket']}/{urllib.parse.quote(named['Key'], safe='/-_.~')}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self._client.request(method, path, query, sent, body)
        assert reply.status < 300, reply
        return reply

    def put_object(self, Body: bytes, Metadata: Mapping[str, str] | None = None, **named: Any) -> dict[str, Any]:  # noqa: N803
        headers = {f"x-amz-meta-{name}": value for name, value in (Metadata or {}).items()}
        for argument, header in (
            ("Tagging", "x-amz-tagging"),
            ("ContentType", "content-type"),
            ("CacheControl", "cache-control"),
        ):
            if argument in named:
                headers[header] = named[argument]
        return _version(self._ask("PUT", named, body=Body, **headers))

    def copy_object(self, CopySource: dict[str, str], **named: Any) -> dict[str, Any]:  # noqa: N803
        source = urllib.parse.quote(f"/{CopySource['Bucket']}/{CopySource['Key']}", safe="/-_.~")
        copy = {"x-amz-copy-source": f"{source}?versionId={CopySource['VersionId']}"}
        return _version(self._ask("PUT", named, **copy))

    def delete_object(self, **named: Any) -> dict[str, Any]:
        return _version(self._ask("DELETE", named))

    def put_object_tagging(self, Tagging: dict[str, Any], **named: Any) -> None:  # noqa: N803
        tags = "".join(f"<Tag><Key>{one['Key']}</Key><Value>{one['Value']}</Value></Tag>" for one in Tagging["TagSet"])
        self._ask("PUT", named, "tagging", f"<Tagging><TagSet>{tags}</TagSet></Tagging>".encode())

    def delete_object_tagging(self, **named: Any) -> None:
        self._ask("DELETE", named, "tagging")


def _version(reply: Reply) -> dict[str, Any]:
    return {"VersionId": reply.header("x-amz-version-id")}


class TwinExperiment:
    """One run; ``report`` says what came of it.

    Args:
        engines: how many there are at a time, of one consumer group.
        multipart: the engine copies in parts what is bigger than nothing.
    """

    def __init__(
        self, seed: int, dialect: str, objects: int = 40, *, engines: int = 2, multipart: bool = False
    ) -> None:
        self._chance = random.Random(f"twins-{seed}")
        self._clock = VirtualClock()
        self.fake = FakeCloudServer(
            Settings.default(aws_endpoint="aws:80", aws_bucket="target"),
            clock=self._clock,
            randomness=SeededRandomness(seed),
        )
        self.site = "aws-us-east-1"
        self.remote = UnreliableRemote(self.site, self._clock, random.Random(f"remote-{seed}"))
        self.fake._gateway._locations[self.site] = self.remote
        self.board = FaultBoard(SeededRandomness(seed + 1))
        self.mortality = Mortality(random.Random(f"mortality-{seed}"))
        self._queue = MortalQueue(MemoryQueue(self._clock, SeededRandomness(seed + 2)), self.board, self._clock)
        self._seed = seed
        patient = {"maxRetries": 1000, "timeoutS": 1e9, "backoff": {"min": 10, "max": 1000, "jitter": 0, "factor": 2}}
        self._settings = EngineSettings.model_validate(
            {
                "source": {
                    "host": "127.0.0.1",
                    "port": 8000,
                    "auth": {"type": "service", "accessKey": "replicationKey1", "secretKey": "replicationSecretKey1"},
                },
                "bootstrapList": [{"site": self.site, "type": "aws_s3"}],
                "dialect": dialect,
                "queueProcessor": {"retry": {"aws_s3": patient}, **({"minMPUSizeMB": 0} if multipart else {})},
            }
        )
        self._prepare()
        self._actor = Actor(SourceClient(Client(self.fake)), BUCKET)
        self._plan = plan(seed, objects, big=False)
        self._engines: list[Engine | None] = [None] * engines

    def aws_contents(self) -> list[dict[str, Any]]:
        return self.remote.contents()

    def run(self) -> Report:
        try:
            self._disturbed()
            self._peace()
            return audit(self, BUCKET, self.site, Truth(self._actor.sent, self._actor.tags))
        finally:
            self.fake.close()

    def _prepare(self) -> None:
        client = Client(self.fake)
        rule = (
            "<Rule><ID>all</ID><Prefix/><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::any</Bucket>"
            f"<StorageClass>{self.site}</StorageClass></Destination></Rule>"
        )
        versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        replication = f"<ReplicationConfiguration><Role>{ROLE}</Role>{rule}</ReplicationConfiguration>"
        for query, document in (("", ""), ("versioning", versioning), ("replication", replication)):
            reply = client.request("PUT", f"/{BUCKET}", query, body=document)
            assert reply.status < 300, reply

    def _disturbed(self) -> None:
        for number, rule in enumerate(RULES):
            self.board.add(f"rule-{number}", to_rule(rule))
        self.mortality.rate, self.remote.refuses, self.remote.loses = 0.01, 0.05, 0.05
        versions: dict[str, list[str]] = {}
        waiting = list(self._plan)
        window: list[list[Action]] = []
        while waiting or window:
            while waiting and len(window) < 5:
                window.append(list(waiting.pop(0)))
            if self._chance.random() < 0.5:
                chosen = self._chance.choice(window)
                action = chosen.pop(0)
                self._actor.do(action, versions.setdefault(action.key, []))
                window = [actions for actions in window if actions]
            else:
                self._step(self._chance.randrange(len(self._engines)))
            self._clock.advance(self._chance.random() * 0.2)

    def _step(self, index: int) -> None:
        """One round of one engine. Who dies takes the others' partitions into no rebalance: all begin anew."""
        try:
            if self._engines[index] is None:
                self._engines[index] = self._new_engine()
            engine = self._engines[index]
            assert engine is not None
            engine.step()
        except Crash:
            self._queue.bury()
            self._engines = [None] * len(self._engines)

    def _new_engine(self) -> Engine:
        app: Callable[..., Iterable[bytes]] = Faults(self.fake.app, self.board, "cloudserver", self._clock)
        return Engine(
            self._settings,
            self._queue,
            self._clock,
            SeededRandomness(self._seed + 3),
            self.fake.journal,
            transport=MortalTransport(WsgiTransport({HOST: app}), self.mortality),
            checkpoints=MortalCheckpoints(self.mortality),
            threaded=False,
        )

    def _peace(self) -> None:
        self.board.clear()
        self.mortality.rate = self.remote.refuses = self.remote.loses = 0.0
        self._queue.bury()
        engine = self._new_engine()
        engine.run_until_idle()
        engine.stop()
