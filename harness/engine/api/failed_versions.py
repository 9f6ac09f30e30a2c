"""Listing failed objects, and trying them again.

Source: Backbeat lib/api/BackbeatAPI.js, lib/models/ObjectQueueEntry.js.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fake_cloudserver import get_logger
from harness.engine import object_metadata, status
from harness.engine.api.errors import ApiError
from harness.engine.api.failed_objects import FailedObjects
from harness.engine.api.failed_sets import FailedObject
from harness.engine.errors import ReplicationError
from harness.engine.parts import Means
from harness.engine.publishing import Publisher
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks.context import Outcome
from harness.queue.base import Outgoing
from harness.queue.interruption import Interruption

log = get_logger(__name__)

#: Objects that are asked for at a time.
_PARALLEL = 10
#: Of an object that is gone nothing can be tried again.
_GONE = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "ObjNotFound"})

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, slots=True)
class RetryRequest:
    """One element of the body of a retry; ``force``: also when it is in none of the sets."""

    failed: FailedObject
    force: bool

    @classmethod
    def parse(cls, body: bytes) -> list[RetryRequest]:
        """Elements that name the same object at the same site are one; raises ApiError (MalformedPOSTRequest)."""
        try:
            document = json.loads(body)
        except ValueError:
            raise ApiError("MalformedPOSTRequest") from None
        if not isinstance(document, list) or not document:
            raise ApiError("MalformedPOSTRequest")
        requests: dict[FailedObject, RetryRequest] = {}
        for element in document:
            request = cls._element(element)
            requests.setdefault(request.failed, request)
        return list(requests.values())

    @classmethod
    def _element(cls, element: Any) -> RetryRequest:
        if not isinstance(element, dict):
            raise ApiError("MalformedPOSTRequest")
        bucket, key, site = (element.get(name) for name in ("Bucket", "Key", "StorageClass"))
        version_id = element.get("VersionId") or ""
        if not all(isinstance(text, str) and text for text in (bucket, key, site)) or not isinstance(version_id, str):
            raise ApiError("MalformedPOSTRequest")
        return cls(FailedObject(str(site), str(bucket), str(key), version_id), bool(element.get("ForceRetry")))


class FailedVersions:
    """Answers about failed objects are made of the source's metadata as they are now.

    Args:
        publisher: makes it known that an object is PENDING again, as the dialect has it.
    """

    def __init__(self, means: Means, failed: FailedObjects, publisher: Publisher) -> None:
        self._settings = means.settings
        self._producer = means.queue.producer()
        self._clients = means.clients
        self._failed = failed
        self._publisher = publisher
        self._metrics = means.metrics
        self._threaded = means.threaded
        self._lock = threading.Lock()
        self._locked: set[FailedObject] = set()

    # listing

    def page(self, site: str, marker: int | None, interruption: Interruption) -> dict[str, Any]:
        """One page of a site's failed objects; what cannot be read from the source is left out.

        An object that is listed by a newer failure is removed from the older sets. Backbeat takes it from the pending
        counters too, where it is not in any more; here the counters stay right.
        """
        page = self._failed.page(site, marker)
        self._failed.remove(page.repeated, interruption)
        answer: dict[str, Any] = {"IsTruncated": page.marker is not None, "Versions": self._versions(page.failed)}
        return answer if page.marker is None else answer | {"NextMarker": page.marker}

    def one(self, bucket: str, key: str, version_id: str, sites: Sequence[str]) -> dict[str, Any]:
        """One version, once for every site where it failed."""
        candidates = [FailedObject(site, bucket, key, version_id) for site in sites]
        found = [one for one in candidates if self._failed.failures_of(one)]
        return {"IsTruncated": False, "Versions": self._versions(found)}

    def _versions(self, failed: Sequence[FailedObject]) -> list[dict[str, Any]]:
        entries = self._each(self._entry, failed)
        return [
            _version(one, entry, {})
            for one, entry in zip(failed, entries, strict=True)
            if isinstance(entry, ObjectQueueEntry)
        ]

    # retries

    def retry(self, requests: Sequence[RetryRequest], interruption: Interruption) -> list[dict[str, Any]]:
        """Publish what is to be tried again; what came of it. What is left out: unknown failures, unless they are
        forced; what another request is just trying again; what cannot be read from the source; unknown sites.

        First every object's PENDING is in the status topic (in the designed dialect: in the source's metadata, or it
        might come after the next result, which is written there at once), then its entry in the replication topic,
        then it leaves its sets: a crash in between leaves an object that is listed, and can be tried again.

        QUIRK of Backbeat: a lock stays when the metadata cannot be read, or when there is no version id; here one never
        outlives its request. And an object whose metadata cannot be read leaves its sets; here only one that is gone.
        """
        sites = {site.site for site in self._settings.bootstrap_list}
        wanted = [
            one.failed
            for one in requests
            if one.failed.site in sites and (one.force or self._failed.failures_of(one.failed))
        ]
        with self._locking(wanted) as ours:
            entries = dict(zip(ours, self._each(self._entry, ours), strict=True))
            found = {one: entry for one, entry in entries.items() if isinstance(entry, ObjectQueueEntry)}
            self._publish(found, interruption)
            gone = [one for one, error in entries.items() if _is_gone(error)]
            self._failed.remove(
                [failure for one in [*found, *gone] for failure in self._failed.failures_of(one)], interruption
            )
        for one, entry in found.items():
            self._metrics.retried(entry, one.site)
        return [_version(one, entry, self._retried(entry)) for one, entry in found.items()]

    def _publish(self, entries: dict[FailedObject, ObjectQueueEntry], interruption: Interruption) -> None:
        def announce(one: FailedObject) -> None:
            outcome = Outcome(status.PENDING)
            self._publisher.publish(self._clients.new(), entries[one], one.site, outcome, interruption)

        self._each(announce, list(entries))
        again = [entry.to_retry_entry(one.site).to_kafka(one.site) for one, entry in entries.items()]
        self._producer.send_all([Outgoing(self._settings.topic, key, value) for key, value in again], interruption)

    @contextlib.contextmanager
    def _locking(self, wanted: Iterable[FailedObject]) -> Iterator[list[FailedObject]]:
        """Those that nobody else in this process is at, for as long as this lasts."""
        with self._lock:
            ours = [one for one in wanted if one not in self._locked]
            self._locked.update(ours)
        try:
            yield ours
        finally:
            with self._lock:
                self._locked.difference_update(ours)

    def _retried(self, entry: ObjectQueueEntry) -> dict[str, Any]:
        answer: dict[str, Any] = {"ReplicationStatus": status.PENDING}
        if self._settings.source.auth.type == "role" and entry.roles:
            answer["Role"] = entry.roles[0]
        return answer

    # metadata

    def _entry(self, failed: FailedObject) -> ObjectQueueEntry | ReplicationError:
        """The object as it is now, in the form of the retry entry: with its bare key and a null account."""
        try:
            document = self._clients.new().get_metadata(failed.bucket, failed.key, failed.version_id or None)
        except ReplicationError as error:
            log.info("no metadata of a failed object", bucket=failed.bucket, key=failed.key, reason=str(error))
            return error
        metadata = object_metadata.normalised(document)
        return ObjectQueueEntry(failed.bucket, failed.key, metadata, carried={"accountId": None})

    def _each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        if not self._threaded or len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="api") as pool:
            return list(pool.map(function, items))


def _is_gone(error: object) -> bool:
    return isinstance(error, ReplicationError) and error.name in _GONE


def _version(failed: FailedObject, entry: ObjectQueueEntry, more: dict[str, Any]) -> dict[str, Any]:
    version_id = entry.encoded_version_id
    return {
        "Bucket": failed.bucket,
        "Key": failed.key,
        **({"VersionId": version_id} if version_id else {}),
        "StorageClass": failed.site,
        "Size": entry.content_length,
        "LastModified": entry.metadata.get("last-modified"),
        **more,
    }
