"""The metadata store: buckets and object documents in sorted key-value databases, as the file back end keeps them.

Keys have format v0: a key for the master (the current version), and key, NUL, version id for each version. Texts are
JSON as it was written. Every change and its journal records are made in one critical section, so a stored object and
its record are one fact.

Source: Arsenal lib/storage/metadata/file/MetadataFileServer.js, lib/versioning/VersioningRequestProcessor.ts.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fake_cloudserver.clock import Clock, iso
from fake_cloudserver.metadata import versioning_request
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.databases import Change, Databases, MemoryDatabases
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.object_metadata import is_null
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.metadata.versioning_request import SEPARATOR, Operation, is_place_holder, to_text, version_key

#: The database of bucket metadata, and the one that lists each account's buckets (Arsenal lib/constants.ts).
METASTORE: Final = "__metastore"
USERS_BUCKET: Final = "users..bucket"
SPLITTER: Final = "..|.."

_FIRST_BATCH: Final = 8
_LARGEST_BATCH: Final = 256


class MetadataStore:
    """All metadata of one CloudServer; safe to call from any thread.

    Args:
        clock: stamps the journal's records.
        version_ids: makes the ids of new versions.
        journal: receives a record of each change, after it was made.
        databases: what they are kept in, in memory unless given.
    """

    def __init__(
        self,
        clock: Clock,
        version_ids: VersionIdGenerator,
        journal: Journal,
        databases: Databases | None = None,
    ) -> None:
        self.journal: Final = journal
        self._clock = clock
        self._version_ids = version_ids
        self._lock = threading.RLock()
        self._databases: Databases = databases or MemoryDatabases()
        self._buckets: dict[str, BucketInfo] = {
            name: BucketInfo.from_json(_parse(text)) for name, text in self.entries(METASTORE)
        }

    # Buckets

    def create_bucket(self, bucket: BucketInfo) -> None:
        """Add a bucket, empty: as transient, then to its owner's list, then for good.

        Source: cloudserver lib/api/apiUtils/bucket/bucketCreation.js.
        """
        document = bucket.to_json()
        entry = {"creationDate": bucket.creation_date, "ingestion": bucket.ingestion}
        final = to_text({**document, "transient": False})
        with self._lock:
            self._databases.drop(bucket.name)
            self._write(
                _put(METASTORE, bucket.name, to_text({**document, "transient": True})),
                _put(USERS_BUCKET, f"{bucket.owner}{SPLITTER}{bucket.name}", to_text(entry)),
                _put(METASTORE, bucket.name, final),
            )
            self._know_bucket(bucket.name, final)

    def find_bucket(self, name: str) -> BucketInfo | None:
        """The bucket, or None; the object is shared and not to be changed."""
        with self._lock:
            return self._buckets.get(name)

    def put_bucket(self, bucket: BucketInfo) -> None:
        """Replace a bucket's metadata; a bucket that is not there yet is added without an owner's list entry, as
        the shadow buckets of multipart uploads are.
        """
        text = to_text(bucket.to_json())
        with self._lock:
            self._write(_put(METASTORE, bucket.name, text))
            self._know_bucket(bucket.name, text)

    def delete_bucket(self, name: str) -> None:
        """Remove a bucket and its keys; nothing happens when it is not there.

        Source: cloudserver lib/api/apiUtils/bucket/bucketDeletion.js (the bucket is marked first).
        """
        with self._lock:
            bucket = self._buckets.get(name)
            if bucket is None:
                return
            users_key = f"{bucket.owner}{SPLITTER}{name}"
            changes = [_put(METASTORE, name, to_text({**bucket.to_json(), "deleted": True}))]
            if self._databases.get(USERS_BUCKET, users_key) is not None:
                changes.append(Change(USERS_BUCKET, (Operation("del", users_key),)))
            self._write(*changes, Change(METASTORE, (Operation("del", name),)))
            del self._buckets[name]
            self._databases.drop(name)

    def list_buckets(self, owner_id: str) -> list[tuple[str, str]]:
        """Name and creation date of each bucket of an account, by name."""
        prefix = f"{owner_id}{SPLITTER}"
        listed = []
        for key, text in self.entries(USERS_BUCKET, prefix):
            if not key.startswith(prefix):
                break
            listed.append((key[len(prefix) :], json.loads(text)["creationDate"]))
        return listed

    def bucket_names(self) -> list[str]:
        """The names of all buckets, shadow buckets included, sorted."""
        with self._lock:
            return sorted(self._buckets)

    # Objects

    def get_object(self, db: str, key: str, version_id: str | None = None) -> dict[str, Any] | None:
        """The metadata of the current version, or of the version with that internal id; a new dictionary each time.

        Delete markers are returned as they are. A place-holder is repaired before it is read.
        """
        with self._lock:
            text = self._text(db, key) if version_id is None else self._databases.get(db, version_key(key, version_id))
        return None if text is None else _parse(text)

    def get_null_version(self, db: str, key: str) -> dict[str, Any] | None:
        """The null version: the master when it is one, else the version that the master names.

        Source: cloudserver lib/api/apiUtils/object/versioning.js (compatibility mode has no key of its own for it).
        """
        with self._lock:
            text = self._text(db, key)
            if text is None:
                return None
            master = _parse(text)
            if is_null(master):
                return master
            version_id = master.get("nullVersionId")
            return self.get_object(db, key, version_id) if version_id else None

    def put_object(
        self, db: str, key: str, md: Mapping[str, Any], *, versioning: bool = False, version_id: str | None = None
    ) -> str | None:
        """Store metadata; ``md`` is not changed and may be changed afterwards.

        Args:
            versioning: make a new version, with a new id.
            version_id: write the version with that internal id, and the master unless it is newer; "" writes the
                master only, with a new id.

        Returns:
            the internal version id that was written; None for a put without versioning.
        """
        with self._lock:
            plan = versioning_request.plan_put(
                key,
                md,
                versioning=versioning,
                version_id=version_id,
                master=self._master(db, key) if version_id else None,
                new_version_id=self._version_ids.next,
                infinite_version_id=self._version_ids.infinite,
            )
            self._write(Change(db, plan.operations))
        return plan.version_id

    def delete_object(self, db: str, key: str, version_id: str | None = None) -> None:
        """Delete the master, or the version with that internal id; a master of that id becomes a place-holder."""
        with self._lock:
            plan = versioning_request.plan_delete(
                key,
                version_id=version_id,
                master=self._master(db, key) if version_id else None,
                new_version_id=self._version_ids.next,
            )
            self._write(Change(db, plan.operations))

    @contextlib.contextmanager
    def locked(self, db: str, key: str) -> Iterator[None]:  # noqa: ARG002  (one lock serves all keys today)
        """Keep other threads from changing ``key`` while it is read, changed and written back; may be nested."""
        with self._lock:
            yield

    # Raw access

    def entries(
        self, db: str, start: str = "", *, inclusive: bool = True, end: str | None = None
    ) -> Iterator[tuple[str, str]]:
        """Stored keys and texts from ``start`` (left out unless ``inclusive``) up to ``end`` (left out), in order.

        It costs what is taken from it, takes no lock between items, and goes on from the last key when others write
        meanwhile. Place-holders on the way are repaired.
        """
        size = _FIRST_BATCH
        while batch := self._batch(db, start, inclusive, end, size):
            yield from batch
            start, inclusive = batch[-1][0], False
            size = min(2 * size, _LARGEST_BATCH)

    def has_entries(self, db: str) -> bool:
        """Whether a bucket holds anything, delete markers included."""
        return next(self.entries(db), None) is not None

    def drop(self, db: str) -> None:
        """Remove all keys of a special bucket, without records."""
        with self._lock:
            self._databases.drop(db)

    # Inside the critical section

    def _batch(self, db: str, start: str, inclusive: bool, end: str | None, size: int) -> list[tuple[str, str]]:
        with self._lock:
            while True:
                batch = self._databases.span(db, start, end, inclusive=inclusive, size=size)
                waiting = [key for key, text in batch if SEPARATOR not in key and is_place_holder(text)]
                if not waiting:
                    return batch
                for key in waiting:
                    self._repair(db, key)

    def _text(self, db: str, key: str) -> str | None:
        """The master's text, repaired if need be."""
        text = self._databases.get(db, key)
        return self._repair(db, key) if text is not None and is_place_holder(text) else text

    def _master(self, db: str, key: str) -> dict[str, Any] | None:
        """The master as it is, place-holder included."""
        text = self._databases.get(db, key)
        return None if text is None else _parse(text)

    def _repair(self, db: str, key: str) -> str | None:
        """Put the latest remaining version in the place-holder's place, or remove it; returns the new text.

        The real server does it at the next read or after 15 seconds; here only a read does, so that runs repeat.
        """
        versions = self._spans(db, version_key(key, ""), f"{key}\x01")
        latest = next((text for _, text in versions if not is_place_holder(text)), None)
        self._write(Change(db, versioning_request.plan_repair(key, latest).operations))
        return latest

    def _spans(self, db: str, start: str, end: str) -> Iterator[tuple[str, str]]:
        """Keys and texts from ``start`` (included) to ``end``, as they are; few are taken, mostly."""
        inclusive = True
        while batch := self._databases.span(db, start, end, inclusive=inclusive, size=_FIRST_BATCH):
            yield from batch
            start, inclusive = batch[-1][0], False

    def _know_bucket(self, name: str, text: str) -> None:
        self._buckets[name] = BucketInfo.from_json(_parse(text))  # nothing shared with the caller's documents

    def _write(self, *changes: Change) -> None:
        timestamp = iso(self._clock.now())
        self._databases.apply(timestamp, changes)
        for change in changes:
            self.journal.append(timestamp, change.db, change.operations)


def _put(db: str, key: str, text: str) -> Change:
    return Change(db, (Operation("put", key, text),))


def _parse(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document
