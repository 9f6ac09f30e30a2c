"""A script as a scenario whose engines take turns: the same calls, turns, faults and pauses, step by step."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator
from typing import Any

from harness.simulation.clients import body, described, first_tags
from harness.simulation.script import Call, Fault, Item, Outage, Script, Step, Wait
from harness.simulation.world import IMPATIENT, SOURCE, overrides

_HEADERS = {"content-type": "ContentType", "cache-control": "CacheControl"}
_USER = "x-amz-meta-"


@dataclasses.dataclass(slots=True)
class _Version:
    """What a later step calls it by, and the tags that it must have."""

    name: str
    tags: dict[str, str]


def scenario(script: Script, title: str) -> str:
    """The text of a scenario that passes when everything arrives once, and in order."""
    return "\n".join(_Text(script).lines(title)) + "\n"


class _Text:
    def __init__(self, script: Script) -> None:
        self._script = script
        self._names = (f"v{number}" for number in itertools.count(1))
        self._versions: dict[str, list[_Version]] = {}

    def lines(self, title: str) -> Iterator[str]:
        script = self._script
        yield f"scenario: {_plain(title)}"
        yield f"about: found by a simulation, seed {script.seed}, and made smaller"
        yield "tags: [simulation]"
        yield f"dialects: [{script.dialect}]"
        yield "stack:"
        yield f"  twins: {{engines: {script.engines}, seed: {script.seed}}}"
        yield from _settings(script)
        yield "buckets:"
        yield f"  {SOURCE}: {{versioning: Enabled, replicates_to: aws}}"
        yield "steps:"
        for item in script.items:
            yield from self._item(item)
        if any(isinstance(item, Fault) for item in script.items):
            yield "  - clear_faults:"
        if any(isinstance(item, Outage) for item in script.items):
            yield "  - start: kafka"
        yield "  - settle:"
        yield from self._checks()

    def _item(self, item: Item) -> Iterator[str]:
        match item:
            case Call():
                yield from self._call(item)
            case Fault():
                yield f"  - fault: {_plain(dict(item.rule))}"
            case Step():
                named = {"engine": item.engine % self._script.engines, "rounds": item.rounds}
                asked = {} if item.requests is None else {"requests": item.requests}
                yield f"  - turn: {_plain(named | asked)}"
            case Wait():
                yield f"  - advance: {item.seconds:.3f}s"
            case Outage():
                yield f"  - outage: {item.seconds:.3f}s"

    def _call(self, call: Call) -> Iterator[str]:
        place: dict[str, Any] = {"Bucket": SOURCE, "Key": call.key}
        versions = self._versions.setdefault(call.key, [])
        match call.kind:
            case "put":
                yield f"  - put_object: {_plain(place | _described(call) | _tagging(call))}"
                yield self._save(versions, first_tags(call))
            case "multipart":
                yield from self._upload(call, place, versions)
            case "delete":
                yield f"  - delete_object: {_plain(place)}"
            case _ if not versions:
                return
            case "copy":
                source = place | {"VersionId": f"${versions[-1].name}"}
                yield f"  - copy_object: {_plain(place | {'CopySource': source})}"
                yield self._save(versions, versions[-1].tags)
            case _:
                version = versions[max(0, len(versions) - 1 - call.back)]
                place["VersionId"] = f"${version.name}"
                version.tags = {"changed": str(call.number)} if call.kind == "tag" else {}
                if call.kind == "untag":
                    yield f"  - delete_object_tagging: {_plain(place)}"
                else:
                    yield f"  - put_object_tagging: {_plain(place | {'Tagging': {'TagSet': _tag_set(version.tags)}})}"

    def _save(self, versions: list[_Version], tags: dict[str, str]) -> str:
        versions.append(_Version(next(self._names), dict(tags)))
        return f"    save: {{{versions[-1].name}: VersionId}}"

    def _upload(self, call: Call, place: dict[str, Any], versions: list[_Version]) -> Iterator[str]:
        """A multipart upload of one part."""
        name = f"u{call.number}"
        content = _described(call)
        bytes_of_it = content.pop("Body")
        upload = place | {"UploadId": f"${name}"}
        parts = {"Parts": [{"PartNumber": 1, "ETag": f"${name}e"}]}
        yield f"  - create_multipart_upload: {_plain(place | content)}"
        yield f"    save: {{{name}: UploadId}}"
        yield f"  - upload_part: {_plain(upload | {'PartNumber': 1, 'Body': bytes_of_it})}"
        yield f"    save: {{{name}e: ETag}}"
        yield f"  - complete_multipart_upload: {_plain(upload | {'MultipartUpload': parts})}"
        yield self._save(versions, {})

    def _checks(self) -> Iterator[str]:
        """Status and tags of each version at the source; then both sides together."""
        for key, versions in self._versions.items():
            for version in versions:
                place = _plain({"Bucket": SOURCE, "Key": key, "VersionId": f"${version.name}"})
                if self._script.patient:
                    yield f"  - head_object: {place}"
                    yield "    expect: {ReplicationStatus: COMPLETED}"
                yield f"  - get_object_tagging: {place}"
                yield f"    expect: {_plain({'TagSet': _tag_set(version.tags)})}"
        yield f"  - audit: {SOURCE}" if self._script.patient else f"  - audit: {{bucket: {SOURCE}, may_fail: true}}"
        yield "    expect: {wrong: []}"


def _settings(script: Script) -> Iterator[str]:
    """What sets its engines apart; how they retry has a word of its own."""
    found = overrides(script)
    if not script.patient:
        yield f"  retry: {_plain(IMPATIENT)}"
    rest = {name: value for name, value in found.items() if name != "queueProcessor"}
    if script.multipart:
        rest["queueProcessor"] = {"minMPUSizeMB": 0}
    if rest:
        yield f"  engine: {_plain(rest)}"


def _described(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {"Body": body(call.number, call.size).decode()}
    for name, value in described(call).items():
        if name.startswith(_USER):
            found.setdefault("Metadata", {})[name.removeprefix(_USER)] = value
        else:
            found[_HEADERS[name]] = value
    return found


def _tagging(call: Call) -> dict[str, str]:
    tags = first_tags(call)
    return {"Tagging": "&".join(f"{name}={value}" for name, value in tags.items())} if tags else {}


def _tag_set(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def _plain(value: Any) -> str:
    """A value in YAML's flow style, which JSON is."""
    return json.dumps(value, ensure_ascii=False)
