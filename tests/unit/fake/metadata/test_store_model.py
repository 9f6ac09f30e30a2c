"""The store and its listings against a model that keeps versions in plain dictionaries."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.metadata.cursor import LAST_LISTED
from fake_cloudserver.metadata.durable import DurableMetadata
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.listing import list_objects, list_versions
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator

KEYS = st.sampled_from(["a", "a/", "a/b", "ab", "b", "é", "\U0001f600"])
OLD_IDS = st.sampled_from([f"9999999999999999999{digit}RG001  " for digit in range(4)])


class VersionedBucket(RuleBasedStateMachine):
    """A bucket with versioning: new versions, updates, versions from elsewhere, deletes; reads at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.store = self._open()
        self.model: dict[str, dict[str, dict[str, Any]]] = {}
        self.counter = 0

    def _open(self) -> MetadataStore:
        return MetadataStore(self.clock, VersionIdGenerator(self.clock, "RG001"), Journal(self.clock))

    def _new_md(self, *, marker: bool = False) -> dict[str, Any]:
        self.counter += 1
        return {"n": self.counter, "isDeleteMarker": marker}

    def _store_version(self, key: str, version_id: str, md: dict[str, Any]) -> None:
        self.model.setdefault(key, {})[version_id] = {**md, "versionId": version_id}

    def _some_version(self, data: st.DataObject) -> tuple[str, str]:
        versions = [(key, version_id) for key, all_versions in self.model.items() for version_id in all_versions]
        return data.draw(st.sampled_from(sorted(versions)))

    @rule(key=KEYS, marker=st.booleans(), elapsed=st.sampled_from([0.0, 0.0004, 2.0]))
    def put_new_version(self, key: str, marker: bool, elapsed: float) -> None:
        self.clock.advance(elapsed)
        md = self._new_md(marker=marker)
        version_id = self.store.put_object("bkt", key, md, versioning=True)
        assert version_id is not None
        self._store_version(key, version_id, md)

    @rule(key=KEYS, version_id=OLD_IDS)
    def put_version_from_elsewhere(self, key: str, version_id: str) -> None:
        md = self._new_md()
        self.store.put_object("bkt", key, {**md, "versionId": version_id}, version_id=version_id)
        self._store_version(key, version_id, md)

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data())
    def update_version(self, data: st.DataObject) -> None:
        key, version_id = self._some_version(data)
        md = self._new_md(marker=self.model[key][version_id]["isDeleteMarker"])
        self.store.put_object("bkt", key, {**md, "versionId": version_id}, version_id=version_id)
        self._store_version(key, version_id, md)

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        key, version_id = self._some_version(data)
        self.store.delete_object("bkt", key, version_id)
        del self.model[key][version_id]

    @rule(key=KEYS)
    def read_master(self, key: str) -> None:
        versions = self.model.get(key)
        assert self.store.get_object("bkt", key) == (versions[min(versions)] if versions else None)

    @rule(key=KEYS, version_id=OLD_IDS)
    def read_version(self, key: str, version_id: str) -> None:
        assert self.store.get_object("bkt", key, version_id) == self.model.get(key, {}).get(version_id)

    @rule(size=st.integers(1, 4), prefix=st.sampled_from(["", "a", "a/"]))
    def list_all_versions_page_by_page(self, size: int, prefix: str) -> None:
        listed = []
        key_marker = version_id_marker = ""
        while True:
            page = list_versions(
                self.store,
                "bkt",
                prefix=prefix,
                key_marker=key_marker,
                version_id_marker=version_id_marker,
                max_keys=size,
            )
            listed += [(version.key, version.version_id, version.md) for version in page.versions]
            assert len(page.versions) <= size
            if not page.is_truncated:
                break
            assert (page.next_key_marker, page.next_version_id_marker) > (key_marker, version_id_marker)
            key_marker, version_id_marker = page.next_key_marker, page.next_version_id_marker
        assert listed == [
            (key, version_id, self.model[key][version_id])
            for key in sorted(self.model)
            if key.startswith(prefix) and (prefix or key < LAST_LISTED)
            for version_id in sorted(self.model[key])
        ]

    @rule(size=st.integers(1, 4))
    def list_all_objects_page_by_page(self, size: int) -> None:
        listed = []
        marker = ""
        while True:
            page = list_objects(self.store, "bkt", marker=marker, max_keys=size)
            listed += [(listed_object.key, listed_object.md) for listed_object in page.contents]
            if not page.is_truncated:
                break
            assert page.next_marker > marker
            marker = page.next_marker
        latest = {key: versions[min(versions)] for key, versions in sorted(self.model.items()) if versions}
        assert listed == [(key, md) for key, md in latest.items() if not md["isDeleteMarker"] and key < LAST_LISTED]

    @invariant()
    def journal_replays_to_the_stored_keys(self) -> None:
        replayed: dict[str, str] = {}
        for record in self.store.journal.read(1, 1_000_000):
            if record.value is None:
                replayed.pop(record.key, None)
            else:
                replayed[record.key] = record.value
                json.loads(record.value)
        assert replayed == dict(self.store._databases.span("bkt", "", None, inclusive=True, size=1_000_000))


VersionedBucket.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestVersionedBucket = VersionedBucket.TestCase


class DurableVersionedBucket(VersionedBucket):
    """The same on disk, by stores that come and go: some are killed, which closes nothing."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened: list[DurableMetadata] = []
        super().__init__()

    def _open(self) -> MetadataStore:
        version_ids = VersionIdGenerator(self.clock, "RG001")
        durable = DurableMetadata(Path(self.folder.name) / "metadata.sqlite3", self.clock, version_ids)
        self.opened.append(durable)
        return MetadataStore(self.clock, version_ids, durable.journal, durable)

    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        if not killed:
            self.opened.pop().close()
        self.store = self._open()

    def teardown(self) -> None:
        for durable in self.opened:
            durable.close()
        self.folder.cleanup()


DurableVersionedBucket.TestCase.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
TestDurableVersionedBucket = DurableVersionedBucket.TestCase
