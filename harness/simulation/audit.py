"""Whether AWS holds what the source holds: versions, order, bytes, metadata, tags; and nothing else."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Protocol

from fake_cloudserver import FakeCloudServer
from harness.engine.version_id import encode
from harness.queue.base import Message

_MARK = "scal-replication-status"
_VERSION = "scal-version-id"
_USER = "x-amz-meta-"
#: What AWS says of an object that came without a type.
_DEFAULT_TYPE = "application/octet-stream"
_HEADERS = ("content-type", "cache-control")


class World(Protocol):
    """What is looked at: a :class:`harness.stack.Stack`, or what stands for one."""

    @property
    def fake(self) -> FakeCloudServer: ...

    def aws_contents(self) -> list[dict[str, Any]]:
        """As :func:`harness.aws_server.contents` tells it."""


@dataclasses.dataclass(frozen=True, slots=True)
class SourceVersion:
    """A version, or a delete marker, as the source has it."""

    version_id: str
    metadata: dict[str, Any]

    @property
    def is_marker(self) -> bool:
        return bool(self.metadata.get("isDeleteMarker"))

    @property
    def identity(self) -> str:
        """What tells it from its neighbours on AWS: a marker carries no id there."""
        return "marker" if self.is_marker else self.version_id

    def known_copy(self, site: str) -> str:
        """The version id that the source believes its copy has."""
        backends = self.metadata["replicationInfo"]["backends"]
        return str(next((one["dataStoreVersionId"] for one in backends if one["site"] == site), ""))

    @property
    def described(self) -> dict[str, str]:
        """User metadata, and the headers that travel."""
        named = {name: value for name, value in self.metadata.items() if name.startswith(_USER)}
        user = {name.removeprefix(_USER): value for name, value in named.items()}
        return user | {name: self.metadata[name] for name in _HEADERS if self.metadata.get(name)}


@dataclasses.dataclass(frozen=True, slots=True)
class Copy:
    """A version, or a delete marker, as AWS has it."""

    version_id: str
    is_marker: bool
    md5: str
    metadata: dict[str, str]
    tags: dict[str, str]

    @property
    def identity(self) -> str:
        return "marker" if self.is_marker else self.metadata.get(_VERSION, "?")


@dataclasses.dataclass
class Report:
    """What was found.

    Attributes:
        wrong: a line each; ``kinds`` has a word or two for each of them.
        duplicates: copies beyond one for each version, all of them neighbours; ``repeated`` has a line for each.
        failed: versions that are FAILED, where that is allowed.
    """

    versions: int = 0
    markers: int = 0
    duplicates: int = 0
    failed: int = 0
    kinds: list[str] = dataclasses.field(default_factory=list)
    wrong: list[str] = dataclasses.field(default_factory=list)
    repeated: list[str] = dataclasses.field(default_factory=list)

    def add(self, kind: str, line: str) -> None:
        """Something is wrong."""
        self.kinds.append(kind)
        self.wrong.append(line)


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """What the clients know: by version id, the MD5 that they sent and the tags that they set last.

    What it does not know of a version is not looked at.
    """

    sent: dict[str, str]
    tags: dict[str, dict[str, str]]
    #: Version ids whose failure was told, where an object may fail; None where none may.
    told: frozenset[str] | None = None


def audit(stack: World, bucket: str, site: str, truth: Truth) -> Report:
    """Compare a bucket with its copy, and both with what the clients did."""
    report = Report()
    versions, copies = source_versions(stack, bucket), aws_copies(stack, bucket)
    for key in sorted(copies.keys() - versions.keys()):
        report.add("extra copy", f"{key}: AWS has it, the source does not")
    for key, of_key in versions.items():
        _audit_key(report, key, of_key, copies.get(key, []), site, truth)
    return report


def told_by(messages: Iterable[Message]) -> frozenset[str]:
    """The version ids of all failures that these messages tell of."""
    return frozenset(json.loads(message.value)["member"].rpartition(":")[2] for message in messages)


def source_versions(stack: World, bucket: str) -> dict[str, list[SourceVersion]]:
    """By key, oldest first: the last word of the journal about each."""
    journal = stack.fake.journal
    last: dict[str, str] = {}
    for record in journal.read(journal.first_sequence, journal.last_sequence + 1):
        if record.db == bucket and "\0" in record.key and record.value is not None:
            last[record.key] = record.value
    found: dict[str, list[SourceVersion]] = defaultdict(list)
    for name in sorted(last, reverse=True):  # internal version ids grow smaller with time
        key, _, raw = name.partition("\0")
        found[key].append(SourceVersion(encode(raw), json.loads(last[name])))
    return found


def aws_copies(stack: World, bucket: str) -> dict[str, list[Copy]]:
    """By the source's key, oldest first."""
    found: dict[str, list[Copy]] = defaultdict(list)
    for one in stack.aws_contents():
        if one["key"].startswith(f"{bucket}/"):
            metadata = {name.lower().removeprefix(_USER): value for name, value in one.get("metadata", {}).items()}
            copy = Copy(one["version_id"], one["marker"], one.get("md5", ""), metadata, one.get("tags", {}))
            found[one["key"].removeprefix(f"{bucket}/")].append(copy)
    return found


def _audit_key(
    report: Report, key: str, versions: list[SourceVersion], copies: list[Copy], site: str, truth: Truth
) -> None:
    report.versions += len(versions)
    report.markers += sum(one.is_marker for one in versions)
    for version in versions:
        status = version.metadata["replicationInfo"]["status"]
        if status == "FAILED" and truth.told is not None:
            report.failed += 1
            if version.version_id not in truth.told:
                report.add("failure not told", f"{key} {version.version_id}: FAILED, and nobody was told")
        elif status != "COMPLETED":
            report.add(f"{status} at the end", f"{key} {version.version_id}: {status} at the end")
    if truth.told is not None:
        _audit_impatient(report, key, versions, copies)
        return
    wanted = [(identity, len(list(group))) for identity, group in itertools.groupby(one.identity for one in versions)]
    seen = [(identity, list(group)) for identity, group in itertools.groupby(copies, key=lambda one: one.identity)]
    if [identity for identity, _ in wanted] != [identity for identity, _ in seen]:
        report.add(
            _how_different([identity for identity, _ in wanted], [identity for identity, _ in seen]),
            f"{key}: the source has {_listed(one.identity for one in versions)},"
            f" AWS has {_listed(one.identity for one in copies)}",
        )
        return
    for (identity, count), (_, group) in zip(wanted, seen, strict=True):
        _audit_copies(report, key, versions, (identity, count, group), site, truth)


def _audit_copies(
    report: Report,
    key: str,
    versions: list[SourceVersion],
    copies: tuple[str, int, list[Copy]],
    site: str,
    truth: Truth,
) -> None:
    """The copies of one version, or of neighbouring markers: which, how many there should be, and those there are."""
    identity, count, group = copies
    if len(group) < count:
        line = f"{key}: {count} neighbouring delete markers at the source, {len(group)} on AWS"
        report.add("lost copy", line)
    report.duplicates += max(0, len(group) - count)
    if len(group) > count:
        report.repeated.append(f"{key} {identity}: {len(group)} instead of {count}")
    if identity != "marker":
        version = next(one for one in versions if one.identity == identity)
        for line in _differences(version, group, site, truth):
            report.add(line.partition(":")[0], f"{key} {identity}: {line}")


def _audit_impatient(report: Report, key: str, versions: list[SourceVersion], copies: list[Copy]) -> None:
    """Whoever gives up leaves some out, and tries some again after others: what is COMPLETED is there all the same."""
    there = Counter(one.identity for one in copies)
    known = Counter(one.identity for one in versions)
    for one in versions:
        if one.metadata["replicationInfo"]["status"] == "COMPLETED" and not there[one.identity]:
            report.add("lost copy", f"{key} {one.version_id}: COMPLETED, and not on AWS")
    for identity, count in there.items():
        if identity not in known:
            report.add("extra copy", f"{key} {identity}: AWS has it, the source does not")
        report.duplicates += max(0, count - known[identity])
        if count > known[identity]:
            report.repeated.append(f"{key} {identity}: {count} instead of {known[identity]}")


def _how_different(wanted: list[str], seen: list[str]) -> str:
    if set(wanted) - set(seen):
        return "lost copy"
    return "order" if Counter(wanted) == Counter(seen) else "extra copy"


def _listed(identities: Any) -> str:
    return ", ".join(one[-12:] for one in identities)


def _differences(version: SourceVersion, group: list[Copy], site: str, truth: Truth) -> list[str]:
    """Every copy has the bytes and the metadata; the one that the source knows has the tags too."""
    lines = []
    kept = version.metadata["tags"] or {}
    tags = truth.tags.get(version.version_id, kept)
    if kept != tags:
        lines.append(f"the source lost tags: {kept} instead of {tags}")
    known = version.known_copy(site)
    if known not in {one.version_id for one in group}:
        lines.append(f"the source knows another copy: {known}, AWS has {[one.version_id for one in group]}")
    wanted = version.described | {_MARK: "REPLICA", _VERSION: version.version_id}
    if "content-type" not in wanted:
        wanted["content-type"] = _DEFAULT_TYPE
    for one in group:
        if one.md5 != truth.sent.get(version.version_id, one.md5):
            lines.append(f"other bytes: MD5 {one.md5} instead of {truth.sent[version.version_id]}")
        if one.metadata != wanted:
            lines.append(f"other metadata: {one.metadata} instead of {wanted}")
        if one.version_id == known and one.tags != tags:
            lines.append(f"other tags: {one.tags} instead of {tags}")
    return lines
