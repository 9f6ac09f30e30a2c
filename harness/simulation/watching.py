"""What must be true of statuses while the work goes on: COMPLETED is told when it is so, and not taken back."""

from __future__ import annotations

import json
from typing import Any

from fake_cloudserver import MemoryAws
from harness.engine.journal import Journal
from harness.engine.status import COMPLETED, FAILED, PROCESSING, backend_of


class StatusWatch:
    """Reads the journal as it grows.

    Args:
        site: whose copies are in ``aws``.
    """

    def __init__(self, journal: Journal, aws: MemoryAws, site: str) -> None:
        self._journal = journal
        self._aws = aws
        self._site = site
        self._next = journal.first_sequence
        self._known: dict[tuple[str, str], str] = {}

    def look(self) -> list[tuple[str, str]]:
        """What is wrong with the versions that have changed since the last look: a kind and a line each."""
        problems: list[tuple[str, str]] = []
        newest: dict[tuple[str, str], dict[str, Any]] = {}
        for record in self._journal.read(self._next, self._journal.last_sequence + 1):
            self._next = record.sequence + 1
            if "\0" not in record.key or record.value is None:
                continue
            place, metadata = (record.db, record.key), json.loads(record.value)
            now = metadata["replicationInfo"]["status"]
            if self._known.get(place) == COMPLETED and now in {PROCESSING, FAILED}:
                problems.append(("COMPLETED taken back", f"{_shown(place)}: {now} after COMPLETED"))
            self._known[place] = now
            newest[place] = metadata
        for place, metadata in newest.items():
            if metadata["replicationInfo"]["status"] == COMPLETED:
                problems += self._completed(place, metadata)
        return problems

    def _completed(self, place: tuple[str, str], metadata: dict[str, Any]) -> list[tuple[str, str]]:
        """The copy that the source knows has the tags that the source has."""
        backend = backend_of(metadata["replicationInfo"], self._site)
        known = "" if backend is None else backend.get("dataStoreVersionId")
        wanted = metadata.get("tags") or {}
        key = self._aws.remote_key(place[0], place[1].partition("\0")[0])
        for version in self._aws.versions.get(key, []):
            if version.version_id == known and version.tags != wanted:
                return [("COMPLETED too early", f"{_shown(place)}: AWS has the tags {version.tags}, not {wanted}")]
        return []


def _shown(place: tuple[str, str]) -> str:
    return "/".join(place).partition("\0")[0]
