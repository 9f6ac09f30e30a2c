"""What clients do to the source while everything around it breaks: seeded, and the same from the same seed."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import random
import threading
from typing import Any

KIB, MIB = 1024, 1024 * 1024
#: The smallest part of a multipart upload, and a length that the engine itself copies in parts.
PART = 5 * MIB
IN_PARTS = 20 * MIB
_PATTERN = random.Random(0).randbytes(MIB)


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """One request, or one multipart upload.

    Attributes:
        kind: ``put``, ``multipart``, ``copy``, ``delete``, ``tag``, ``untag``.
        number: varies body, metadata and tags.
        back: ``tag`` and ``untag``: how many versions before the newest one.
    """

    kind: str
    key: str
    number: int
    size: int = 0
    back: int = 0


def body(number: int, size: int) -> bytes:
    """``size`` bytes that no other number has."""
    if size == 0:
        return b""
    head = f"{number:012d}".encode()
    return (head + _PATTERN * (size // MIB + 1))[:size]


def plan(seed: int, objects: int, *, big: bool = True) -> list[list[Action]]:
    """The actions of each key, in order; ``objects`` versions in all (delete markers among them).

    A few keys have many versions, most have few; one version in a hundred is big, up to 20 MiB.
    """
    chance = random.Random(f"workload-{seed}")
    keys: list[list[Action]] = []
    left, number = objects, 0
    while left > 0:
        busy = chance.random() < 0.02
        versions = min(left, chance.randint(20, 60) if busy else chance.choice([1, 1, 1, 2, 2, 3, 5]))
        key = f"{chance.choice(['a', 'photos', 'ünï cødé', 'x+y'])}/{len(keys):05d}"
        actions: list[Action] = []
        for version in range(versions):
            number += 1
            actions.append(_version(chance, key, number, first=version == 0, busy=busy))
            if actions[-1].kind != "delete" and chance.random() < 0.15:
                number += 1
                actions.append(_tagging(chance, key, number, version))
        keys.append(actions)
        left -= versions
    if not big:
        return keys
    for size, kind in ((IN_PARTS, "put"), (2 * PART + 7, "multipart"), (PART + 1, "multipart"), (7 * MIB, "put")):
        number += 1
        keys.append([Action(kind, f"big/{number:06d}", number, size)])
    return keys


def _version(chance: random.Random, key: str, number: int, *, first: bool, busy: bool) -> Action:
    kind = chance.random()
    if not first and kind < 0.12:
        return Action("delete", key, number)
    if not first and kind < 0.16:
        return Action("copy", key, number)
    size = chance.random()
    if size < 0.08:
        length = 0
    elif busy or size < 0.75:
        length = chance.randint(1, 4 * KIB)
    elif size < 0.985:
        length = chance.randint(4 * KIB, 64 * KIB)
    else:
        length = chance.randint(64 * KIB, MIB)
    return Action("put", key, number, length)


def _tagging(chance: random.Random, key: str, number: int, version: int) -> Action:
    kind = "tag" if chance.random() < 0.75 else "untag"
    return Action(kind, key, number, back=chance.randint(0, min(2, version)))


class Actor:
    """Does actions, and knows what must come of them.

    Args:
        client: a boto3 client of the source, or what speaks like one.

    Attributes:
        sent: version id -> MD5 of what was sent.
        tags: version id -> the tags it must have at the end.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self.sent: dict[str, str] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def do(self, action: Action, versions: list[str]) -> None:
        """``versions`` has the version ids of the key's data, oldest first."""
        place = {"Bucket": self._bucket, "Key": action.key}
        match action.kind:
            case "put":
                content = body(action.number, action.size)
                answer = self._client.put_object(**place, Body=content, **_described(action), **_tags(action))
                self._made(versions, answer["VersionId"], hashlib.md5(content).hexdigest(), _first_tags(action))
            case "multipart":
                content = body(action.number, action.size)
                self._made(versions, self._upload(action, place, content), hashlib.md5(content).hexdigest(), {})
            case "copy":
                source = {"Bucket": self._bucket, "Key": action.key, "VersionId": versions[-1]}
                answer = self._client.copy_object(**place, CopySource=source)
                self._made(versions, answer["VersionId"], self.sent[versions[-1]], self.tags[versions[-1]])
            case "delete":
                self._client.delete_object(**place)
            case "tag":
                chosen = _chosen(versions, action)
                tags = {"TagSet": [{"Key": "changed", "Value": str(action.number)}]}
                self._client.put_object_tagging(**place, VersionId=chosen, Tagging=tags)
                self.tags[chosen] = {"changed": str(action.number)}
            case "untag":
                chosen = _chosen(versions, action)
                self._client.delete_object_tagging(**place, VersionId=chosen)
                self.tags[chosen] = {}

    def _made(self, versions: list[str], version_id: str, md5: str, tags: dict[str, str]) -> None:
        self.sent[version_id] = md5
        self.tags[version_id] = dict(tags)
        versions.append(version_id)

    def _upload(self, action: Action, place: dict[str, str], content: bytes) -> str:
        upload = {**place, "UploadId": self._client.create_multipart_upload(**place, **_described(action))["UploadId"]}
        parts = []
        for number, start in enumerate(range(0, len(content), PART), start=1):
            piece = content[start : start + PART]
            md5 = base64.b64encode(hashlib.md5(piece).digest()).decode()
            answer = self._client.upload_part(**upload, PartNumber=number, Body=piece, ContentMD5=md5)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        version: str = self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})["VersionId"]
        return version


class Clients:
    """Several threads that take the plan's keys, some at a time, each in its order.

    Args:
        client: a boto3 client of the source.
        pace: seconds between two actions of one thread, from 0 to this.
    """

    def __init__(
        self, client: Any, bucket: str, keys: list[list[Action]], seed: int, pace: float, threads: int
    ) -> None:
        self._actor = Actor(client, bucket)
        self._pace = pace
        self._chance = random.Random(f"clients-{seed}")
        self._queues = self._shared_out(keys, threads)
        self._failures: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(queue, seed + index), name=f"client-{index}", daemon=True)
            for index, queue in enumerate(self._queues)
        ]
        self.actions = sum(len(actions) for actions in keys)
        self.sent, self.tags = self._actor.sent, self._actor.tags

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def working(self) -> bool:
        """Whether anything is left to do."""
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Raises what made a client fail: the source is not disturbed, so that nothing may."""
        for thread in self._threads:
            thread.join()
        for failure in self._failures:
            raise failure

    def _shared_out(self, keys: list[list[Action]], threads: int) -> list[list[Action]]:
        """Keys are mixed within a thread: the versions of one come among those of others."""
        queues: list[list[Action]] = []
        for index in range(threads):
            mine = [list(actions) for actions in keys[index::threads]]
            mixed: list[Action] = []
            window: list[list[Action]] = []
            while mine or window:
                while mine and len(window) < 8:
                    window.append(mine.pop(0))
                chosen = self._chance.choice(window)
                mixed.append(chosen.pop(0))
                if not chosen:
                    window.remove(chosen)
            queues.append(mixed)
        return queues

    def _work(self, queue: list[Action], seed: int) -> None:
        chance = random.Random(f"pace-{seed}")
        versions: dict[str, list[str]] = {}
        try:
            for action in queue:
                self._actor.do(action, versions.setdefault(action.key, []))
                if self._pace and self._stop.wait(chance.random() * self._pace):
                    return
        except BaseException as failure:  # noqa: BLE001  (raised by join)
            self._failures.append(failure)


def _chosen(versions: list[str], action: Action) -> str:
    return versions[max(0, len(versions) - 1 - action.back)]


def _described(action: Action) -> dict[str, Any]:
    number = action.number
    described: dict[str, Any] = {"Metadata": {"number": str(number)}} if number % 3 else {}
    if number % 5 == 0:
        described |= {"ContentType": "text/plain", "CacheControl": f"max-age={number}"}
    return described


def _first_tags(action: Action) -> dict[str, str]:
    return {"first": str(action.number), "colour": "green"} if action.number % 4 == 0 else {}


def _tags(action: Action) -> dict[str, Any]:
    tags = _first_tags(action)
    return {"Tagging": "&".join(f"{name}={value}" for name, value in tags.items())} if tags else {}
