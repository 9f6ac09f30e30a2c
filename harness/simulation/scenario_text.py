"""A script as a scenario, for the embedded stack: the same calls and faults, with real processes and real time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from harness.simulation.clients import body, described, first_tags
from harness.simulation.script import Call, Fault, Item, Kill, Outage, Script

_HEADERS = {"content-type": "ContentType", "cache-control": "CacheControl"}
_USER = "x-amz-meta-"


def scenario(script: Script, title: str) -> str:
    """The text of a scenario that passes when everything arrives once, and in order.

    The engine is stopped while clients do what they did between two of its rounds, unless a rule is to end it: an
    engine that is started later does not know of that rule. A death at a request of the
    engine's own has no name in a scenario: the engine is killed then and there.
    """
    lines = [
        "# yaml-language-server: $schema=../../schema/scenario.schema.json",
        f"scenario: {_plain(title)}",
        f"about: found by a simulation, seed {script.seed}, and made smaller",
        "tags: [simulation]",
        f"dialects: [{script.dialect}]",
        *_stack(script),
        "buckets:",
        "  src: {versioning: Enabled, replicates_to: aws}",
        "steps:",
    ]
    dies = any(_is_death(item) for item in script.items)
    names = itertools.count(1)
    versions: dict[str, list[tuple[str, Call]]] = {}
    for is_calls, group in itertools.groupby(_relevant(script.items), key=lambda item: isinstance(item, Call)):
        items = list(group)
        if not is_calls:
            lines += [f"  - fault: {_plain(dict(one.rule))}" for one in items if isinstance(one, Fault)]
            lines += ["  - kill: engine", "  - start: engine"] if any(isinstance(one, Kill) for one in items) else []
            lines += _outage(items)
            continue
        lines += [] if dies else ["  - stop: engine"]
        for call in items:
            assert isinstance(call, Call)
            lines += _call(call, versions.setdefault(call.key, []), f"v{next(names)}")
        lines += _death([one for one in items if isinstance(one, Call)]) if dies else ["  - start: engine"]
    lines += [*_end(script), "finally:", "  - start: engine"]
    return "\n".join([*lines[:-2], *_checks(script, versions), *lines[-2:], ""])


def _relevant(items: tuple[Item, ...]) -> Iterator[Item]:
    return (item for item in items if isinstance(item, Call | Fault | Kill | Outage))


def _stack(script: Script) -> Iterator[str]:
    if not script.patient:
        yield "stack:"
        yield "  retry: {maxRetries: 2, timeoutS: 60, backoff: {min: 10, max: 1000, jitter: 0.2, factor: 2}}"
    elif script.multipart:
        yield "stack:"
    if script.multipart:
        yield "  engine: {queueProcessor: {minMPUSizeMB: 0}}"


def _is_death(item: Item) -> bool:
    return isinstance(item, Fault) and bool(item.rule.get("kill"))


def _death(calls: list[Call]) -> list[str]:
    """A rule ends the engine when it is at its point, which is most often at an object that AWS has; the next one is
    started."""
    written = [call for call in calls if call.kind in {"put", "multipart"}]
    lines = []
    if written and calls[-1].kind != "delete":
        place = {"Bucket": "aws", "Key": f"$src/{written[-1].key}"}
        arrived = f"    expect: {{ContentLength: {written[-1].size}}}"
        lines = [f"  - head_object: {_plain(place)}", "    at: aws", "    eventually: 40s", arrived]
    return [*lines, "  - kill: engine", "  - start: engine"]


def _outage(items: list[Item]) -> list[str]:
    return ["  - stop: kafka", "  - start: kafka"] if any(isinstance(one, Outage) for one in items) else []


def _end(script: Script) -> list[str]:
    return ["  - settle: 90s"] if script.items else []


def _call(call: Call, versions: list[tuple[str, Call]], name: str) -> list[str]:
    place: dict[str, Any] = {"Bucket": "src", "Key": call.key}
    match call.kind:
        case "put" | "multipart":
            versions.append((name, call))
            return [f"  - put_object: {_plain(place | _described(call))}", f"    save: {{{name}: VersionId}}"]
        case "delete":
            return [f"  - delete_object: {_plain(place)}"]
        case _ if not versions:
            return []
        case "copy":
            origin, first = versions[-1]
            source = {"Bucket": "src", "Key": call.key, "VersionId": f"${origin}"}
            versions.append((name, first))
            return [f"  - copy_object: {_plain(place | {'CopySource': source})}", f"    save: {{{name}: VersionId}}"]
        case _:
            place["VersionId"] = f"${versions[max(0, len(versions) - 1 - call.back)][0]}"
            if call.kind == "untag":
                return [f"  - delete_object_tagging: {_plain(place)}"]
            tags = {"TagSet": [{"Key": "changed", "Value": str(call.number)}]}
            return [f"  - put_object_tagging: {_plain(place | {'Tagging': tags})}"]


def _described(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = {"Body": body(call.number, call.size).decode()}
    for name, value in described(call).items():
        if name.startswith(_USER):
            found.setdefault("Metadata", {})[name.removeprefix(_USER)] = value
        else:
            found[_HEADERS[name]] = value
    tags = first_tags(call)
    return found | ({"Tagging": "&".join(f"{name}={value}" for name, value in tags.items())} if tags else {})


def _checks(script: Script, versions: dict[str, list[tuple[str, Call]]]) -> Iterator[str]:
    """Status, number, order and tags of what is on AWS, key by key."""
    for key, of_key in versions.items():
        mine = [call for call in script.calls if call.key == key]
        for name, _ in of_key:
            yield f"  - head_object: {_plain({'Bucket': 'src', 'Key': key, 'VersionId': f'${name}'})}"
            yield "    expect: {ReplicationStatus: COMPLETED}"
        sizes = [call.size for _, call in reversed(of_key)]
        yield f"  - list_object_versions: {_plain({'Bucket': 'aws', 'Prefix': f'$src/{key}'})}"
        yield "    at: aws"
        yield f"    expect: {_plain({'Versions[].Size': sizes})}"
        if mine and mine[-1].kind != "delete" and of_key:
            tags = _last_tags(mine, of_key)
            yield f"  - head_object: {_plain({'Bucket': 'aws', 'Key': f'$src/{key}'})}"
            yield "    at: aws"
            yield f"    expect: {_plain({'Metadata.scal-version-id': f'${of_key[-1][0]}'})}"
            yield f"  - get_object_tagging: {_plain({'Bucket': 'aws', 'Key': f'$src/{key}'})}"
            yield "    at: aws"
            yield f"    expect: {_plain({'TagSet': [{'Key': name, 'Value': value} for name, value in tags.items()]})}"


def _last_tags(calls: list[Call], versions: list[tuple[str, Call]]) -> dict[str, str]:
    """The tags that the newest version has at the end."""
    tags = first_tags(versions[-1][1])
    newest = 0
    for number, call in enumerate(calls):
        if call.kind in {"put", "multipart", "copy"}:
            newest = number
    for call in calls[newest + 1 :]:
        if call.back == 0 and call.kind in {"tag", "untag"}:
            tags = {"changed": str(call.number)} if call.kind == "tag" else {}
    return tags


def _plain(value: Any) -> str:
    """A value in YAML's flow style, which JSON is."""
    return json.dumps(value, ensure_ascii=False)
