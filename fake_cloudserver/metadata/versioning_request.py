"""Which keys a put or a delete writes, in which order: the file back end's table, as a pure function.

Source: Arsenal lib/versioning/VersioningRequestProcessor.ts, lib/versioning/Version.ts.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Between key and version id in the key of a version (Arsenal lib/versioning/constants.ts, VersionId.Separator).
SEPARATOR: Final = "\0"

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """One write: ``put`` with a JSON text, or ``del`` without."""

    type: str
    key: str
    value: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """Operations to apply together, in order, and the version id they wrote, if any."""

    operations: tuple[Operation, ...]
    version_id: str | None = None


def version_key(key: str, version_id: str) -> str:
    """The key of a version in key format v0."""
    return f"{key}{SEPARATOR}{version_id}"


def to_text(md: Mapping[str, Any]) -> str:
    """Metadata as it is stored: as JavaScript's ``JSON.stringify`` writes it, lone surrogates escaped."""
    text = _ENCODER.encode(md)
    return text if text.isascii() else _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def place_holder(version_id: str) -> str:
    """The master's text while it waits for repair ("place-holder for deletion")."""
    return f'{{ "isPHD": true, "versionId": "{version_id}" }}'


def is_place_holder(text: str) -> bool:
    """Whether a stored text is a place-holder; inside a JSON string the quotes would be escaped."""
    return text.startswith('{ "isPHD": true') or '"isPHD":true' in text


def is_delete_marker(text: str) -> bool:
    """Whether a stored text is that of a delete marker."""
    return '"isDeleteMarker":true' in text


def _appended(md: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """A copy with ``name`` as its last property."""
    copy = {other: kept for other, kept in md.items() if other != name}
    copy[name] = value
    return copy


def plan_put(
    key: str,
    md: Mapping[str, Any],
    *,
    versioning: bool,
    version_id: str | None,
    master: Mapping[str, Any] | None,
    new_version_id: Callable[[], str],
    infinite_version_id: str,
) -> Plan:
    """What a put writes.

    Args:
        key: the object's key.
        md: the new metadata; left as it is.
        versioning: make a new version, when ``version_id`` is None.
        version_id: None, "" for a master with a generated id, or the id of the version to write.
        master: what is stored under the master key now, place-holder included; only looked at for a version id.
        new_version_id: makes an id; called at most once.
        infinite_version_id: the id of a master that has none.
    """
    if version_id:
        return _plan_put_version(key, md, version_id, master, infinite_version_id)
    if version_id is None and not versioning:
        return Plan((Operation("put", key, to_text(md)),))
    generated = new_version_id()
    text = to_text(_appended(md, "versionId", generated))
    master_put = Operation("put", key, text)
    if version_id is not None:
        return Plan((master_put,), generated)
    return Plan((master_put, Operation("put", version_key(key, generated), text)), generated)


def _plan_put_version(
    key: str, md: Mapping[str, Any], version_id: str, master: Mapping[str, Any] | None, infinite_version_id: str
) -> Plan:
    text = to_text(md)
    version_put = Operation("put", version_key(key, version_id), text)
    master_put = Operation("put", key, text)
    if master is None:
        return Plan((version_put, master_put), version_id)
    master_id: str = master.get("versionId") or infinite_version_id
    if master_id < version_id:  # the master is newer
        return Plan((version_put,), version_id)
    if master.get("versionId") and not master.get("isNull"):
        return Plan((version_put, master_put), version_id)
    null_version = to_text({**master, "isNull": True, "versionId": master_id})
    null_put = Operation("put", version_key(key, master_id), null_version)
    if master_id != version_id:
        master_put = Operation("put", key, to_text(_appended(md, "nullVersionId", master_id)))
    # For a null master with this very id the version key ends up with the old value: so does the real one.
    return Plan((version_put, null_put, master_put), version_id)


def plan_delete(
    key: str, *, version_id: str | None, master: Mapping[str, Any] | None, new_version_id: Callable[[], str]
) -> Plan:
    """What a delete writes; arguments as for :func:`plan_put`."""
    if not version_id:
        return Plan((Operation("del", key),))
    version_del = Operation("del", version_key(key, version_id))
    if master is None or master.get("versionId") != version_id:
        return Plan((version_del,), version_id)
    return Plan((version_del, Operation("put", key, place_holder(new_version_id()))), version_id)


def plan_repair(key: str, latest: str | None) -> Plan:
    """What becomes of a place-holder: the text of the latest version that remains, or nothing."""
    if latest is None:
        return Plan((Operation("del", key),))
    return Plan((Operation("put", key, latest),))
