"""The multiple-backend gateway: one door to the data of all locations.

Callers name locations and hand in location elements; what goes wrong behind the door comes out as the S3Error that
a client of the real server sees.

Sources: Arsenal lib/storage/data/MultipleBackendGateway.js, lib/storage/data/DataWrapper.js,
lib/storage/data/LocationConstraintParser.js.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from fake_cloudserver.clock import Clock
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import (
    Element,
    ExternalLocation,
    HeadResult,
    Location,
    LocationError,
    NoSuchData,
    Stored,
    Upload,
)
from fake_cloudserver.locations.factory import LocationFactory
from fake_cloudserver.locations.gateway_errors import masking, quoting, quoting_head, unanswered
from fake_cloudserver.locations.gateway_multipart import MultipartGateway
from fake_cloudserver.locations.streams import ChunkReader
from fake_cloudserver.locations.tag_query import is_storable
from fake_cloudserver.randomness import Randomness
from fake_cloudserver.settings import Settings
from fake_cloudserver.turns import Turns

_logger = logging.getLogger(__name__)

# Arsenal lib/storage/data/DataWrapper.js (MAX_RETRY is 2, counted from 0)
_DELETE_ATTEMPTS = 3

_EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


class MultipleBackendGateway(MultipartGateway):
    """Data of all locations; safe to use from any thread.

    Args:
        settings: its locations, which are made when they are first used.
        clock, randomness: the seams; keys of files and dates of signatures come from them.
        data_folder: where locations of type ``file`` keep their bytes; a temporary folder unless given.
        locations: what stands for some of the locations, by name.
        durable: locations of type ``mem`` keep their bytes in ``data_folder``, too.
        markers: the last delete marker sent to each location, bucket and key: the source's version of it, and the
            remote's latest version before it.

    Raises:
        ConfigurationError: a location has no credentials.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        randomness: Randomness,
        *,
        data_folder: Path | None = None,
        locations: Mapping[str, Location] | None = None,
        durable: bool = False,
        markers: MutableMapping[tuple[str, str, str], tuple[str, str]] | None = None,
    ) -> None:
        self._settings = settings.locations
        self._factory = LocationFactory(settings.locations, clock, randomness, data_folder, durable=durable)
        self._locations: dict[str, Location | None] = dict(locations or {})
        self._lock = threading.Lock()
        self._markers = {} if markers is None else markers
        #: Whoever changes a remote key and must be alone with it waits here for its turn.
        self.turns = Turns(clock)

    def start(self) -> None:
        """Do what the real server does when it starts: ask every remote where its bucket is.

        It may be left out; failures are only logged. Libraries are loaded here that would be at the first use.
        """
        for name in self._settings:
            self.find(name)
            location = self.find_external(name)
            if location is not None:
                location.setup()

    def close(self) -> None:
        """Give back connections, files and memory. The gateway is of no use afterwards."""
        with self._lock:
            locations, self._locations = list(self._locations.values()), {}
        for location in locations:
            if location is not None:
                location.close()
        self._factory.close()

    def find(self, location_name: str) -> Location | None:
        """The location of that name; None for an unknown one and for types without a data client (cold ones)."""
        if location_name not in self._locations:
            with self._lock:
                if location_name not in self._locations:
                    self._locations[location_name] = self._factory.make(location_name)
        return self._locations[location_name]

    def find_external(self, location_name: str) -> ExternalLocation | None:
        """The location of that name if its data is behind another server's API, else None."""
        return cast("ExternalLocation", self.find(location_name)) if self.is_external(location_name) else None

    def is_external(self, location_name: str) -> bool:
        """Whether the type of that location is aws_s3, azure or gcp; False for an unknown one."""
        settings = self._settings.get(location_name)
        return settings is not None and settings.is_external

    def is_transient(self, location_name: str) -> bool:
        """Whether data stays there only until it is replicated; False for an unknown location."""
        settings = self._settings.get(location_name)
        return settings is not None and settings.is_transient

    def remote_key(self, location_name: str, bucket: str, key: str) -> str:
        """The remote's name for an object; raises InternalError for a location that is not external."""
        return self.external(location_name).remote_key(bucket, key)

    def put(self, location_name: str, body: IO[bytes], upload: Upload) -> Stored:
        """Store a body, read once; its MD5 is computed on the way.

        Raises:
            S3Error: ServiceUnavailable with the standard text for every failure, an unknown location and tags that no
                location takes included; what reading the body raises passes through.
        """
        # cloudserver lib/routes/routeBackbeat.js (putObject), Arsenal lib/storage/data/DataWrapper.js (put)
        location = self.find(location_name)
        if location is None or (upload.tags and not is_storable(upload.tags)):
            raise S3Error("ServiceUnavailable")
        with masking(location_name):
            return location.put(body, upload)

    def read(self, elements: Sequence[Element], first: int | None = None, last: int | None = None) -> Iterator[bytes]:
        """The bytes ``first`` to ``last`` (both included) of an object kept in several elements.

        The first bytes are fetched at once, so that their error can still be the answer.

        Raises:
            S3Error: InternalError when nothing can be read; the real server never answers then.
            LocationError: while iterating, when the data ends early; nothing is left to do then but to cut the
                client's connection, as the real server does.
        """
        chunks = self._chunks(elements, first, last)
        try:
            beginning = next(chunks, None)
        except LocationError as error:
            _logger.error("data could not be read: %s", error)  # noqa: TRY400
            raise unanswered() from error
        return iter(()) if beginning is None else itertools.chain([beginning], chunks)

    def open(self, elements: Sequence[Element], first: int | None = None, last: int | None = None) -> IO[bytes]:
        """The same as a stream to be read once, fit for :meth:`put` and :meth:`put_part`, who mask its errors."""
        return cast("IO[bytes]", ChunkReader(self._chunks(elements, first, last)))

    def delete(self, elements: Sequence[Element], *, with_version: bool = True) -> None:
        """Delete the data of elements, three attempts each; what is not there counts as deleted.

        Args:
            with_version: delete the remote version that an element names; else, or if it names none, a versioned
                remote gets a delete marker.

        Raises:
            S3Error: InternalError for what could not be deleted and for an unknown location.
        """
        # Arsenal lib/storage/data/DataWrapper.js (delete, _retryDelete): at once, without a pause in between
        for element in elements:
            location = self.find(element.get("dataStoreName", ""))
            if location is None:
                raise unanswered()
            self._delete_with_retries(location, element, with_version)

    def delete_replaced(self, elements: Sequence[Element], new_location_name: str) -> None:
        """Delete the data of an object that a PUT or POST has replaced; failures are only logged.

        Data on the same external location is left alone: there the new version stands beside the old one.
        """
        # Arsenal lib/storage/data/DataWrapper.js (batchDelete, _shouldSkipDelete)
        if not elements:
            return
        old = elements[0]
        if old.get("dataStoreName") == new_location_name and self.is_external(new_location_name):
            return
        try:
            self.delete(elements, with_version=False)
        except S3Error:
            _logger.exception("data of a replaced object stays in location %s", old.get("dataStoreName"))

    def delete_object(self, location_name: str, bucket: str, key: str, *, marker: str | None = None) -> None:
        """Delete the remote's current object by its name, once and without a version.

        Args:
            marker: the source's version of the delete marker that this makes, when it must not be made twice: it may
                come again, after an answer that got lost. The last one of each key is remembered, with what was the
                remote's latest version before it.

        Raises:
            S3Error: ServiceUnavailable with the remote's text; InternalError for a location that is not external.
        """
        location = self.external(location_name)
        place = (location_name, bucket, key)
        element = {"key": location.remote_key(bucket, key), "dataStoreName": location_name}
        with quoting(location.label):
            if marker is None:
                location.delete(element, with_version=False)
                return
            latest = location.latest_version(bucket, key)
            last = self._markers.get(place)
            if last is not None and last[0] == marker:
                if last[1] != latest:
                    return
            else:
                self._markers[place] = marker, latest
            location.delete(element, with_version=False)

    def delete_marker(self, location_name: str, bucket: str, key: str) -> Element:
        """Put a delete marker on an external location; its location element, without ``start``.

        Raises:
            S3Error: ServiceUnavailable with the standard text: to the real server this is a put.
        """
        location = self.external(location_name)
        with masking(location_name):
            version_id = location.delete_marker(bucket, key)
        element: Element = {
            "key": location.remote_key(bucket, key),
            "size": 0,
            "dataStoreName": location_name,
            "dataStoreType": location.type,
            "dataStoreETag": f"1:{_EMPTY_MD5}",
        }
        if version_id:
            element["dataStoreVersionId"] = version_id
        return element

    def head(self, element: Element) -> HeadResult:
        """What the remote says of an element.

        Raises:
            S3Error: LocationNotFound for its 404; ServiceUnavailable with its text for other errors; InternalError for
                an element that is not on an external location.
        """
        location = self.external(element.get("dataStoreName", ""))
        with quoting_head(location.label):
            return location.head(element)

    def check_readable(self, elements: Sequence[Element]) -> None:
        """What a GET asks of the remote before its answer begins; nothing for local data.

        Raises:
            S3Error: as :meth:`head`.
        """
        # Arsenal lib/storage/data/MultipleBackendGateway.js (head): only the first element, a no-op without client
        if elements and self.is_external(elements[0].get("dataStoreName", "")):
            self.head(elements[0])

    def replica_version(self, location_name: str, bucket: str, key: str) -> tuple[str, str] | None:
        """Which version of CloudServer's the remote's current object is a replica of.

        Returns:
            its ``scal-version-id`` and the remote's own version ID (empty for none); None when there is no object or
            it is no replica.

        Raises:
            S3Error: ServiceUnavailable, InternalError as :meth:`head`.
        """
        location = self.external(location_name)
        with quoting(location.label):
            try:
                head = location.head({"key": location.remote_key(bucket, key), "dataStoreName": location_name})
            except NoSuchData:
                return None
        replicated = head.metadata.get("scal-version-id")
        return None if replicated is None else (replicated, head.version_id)

    def put_tags(self, location_name: str, bucket: str, key: str, version_id: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of a remote version, of the latest when the ID is empty; nothing on a local location.

        Raises:
            S3Error: ServiceUnavailable with the remote's text.
        """
        location = self.find_external(location_name)
        if location is not None:
            with quoting(location.label):
                location.put_tags(bucket, key, version_id, tags)

    def delete_tags(self, location_name: str, bucket: str, key: str, version_id: str) -> None:
        """Remove them; else as :meth:`put_tags`."""
        location = self.find_external(location_name)
        if location is not None:
            with quoting(location.label):
                location.delete_tags(bucket, key, version_id)

    def copy(
        self,
        elements: Sequence[Element],
        location_name: str,
        upload: Upload,
        *,
        directive: str | None = None,
        same_encryption: bool = True,
    ) -> list[Element]:
        """Copy the data of an object to a location; its new elements, with ``start`` and the old ETags.

        Args:
            elements: the source's, in order.
            upload: the destination: its bucket, key and metadata; the size is that of each element.
            directive: the request's ``x-amz-metadata-directive``, passed to a remote that copies by itself.
            same_encryption: whether both buckets are encrypted in the same way; else data goes through this server.

        Raises:
            S3Error: ServiceUnavailable, with the remote's text when the remote copies; AccessDenied when it refuses.
        """
        # Arsenal lib/storage/data/DataWrapper.js (copyObject)
        source = elements[0].get("dataStoreName", "") if elements else ""
        if same_encryption and self._is_same_remote_type(source, location_name):
            return [self._copy_remotely(elements[0], source, location_name, upload, directive)]
        copied = []
        for element in elements:
            size = element.get("size")
            part = dataclasses.replace(upload, size=None if size is None else int(size))
            stored = self.put(location_name, self.open([{**element, "start": 0}]), part)
            copied.append(_as_copy_of(element, stored.element))
        return copied

    def healthcheck(self, location_name: str) -> dict[str, Any]:
        """CloudServer's report of one external location; empty for others. Raises nothing."""
        location = self.find_external(location_name)
        return {} if location is None else location.healthcheck()

    def _chunks(self, elements: Sequence[Element], first: int | None, last: int | None) -> Iterator[bytes]:
        # Arsenal lib/s3routes/routesUtils.ts (setPartRanges, retrieveData)
        for element, start, end in _pieces(elements, first, last):
            location = self.find(element.get("dataStoreName", ""))
            if location is None:
                raise LocationError("InternalError", f"no data in location {element.get('dataStoreName')!r}")
            yield from location.get(element, start, end)

    def _delete_with_retries(self, location: Location, element: Element, with_version: bool) -> None:
        for _ in range(_DELETE_ATTEMPTS):
            try:
                with contextlib.suppress(NoSuchData):
                    location.delete(element, with_version=with_version)
            except LocationError as error:
                _logger.error("location %s: data could not be deleted: %s", location.name, error)  # noqa: TRY400
            else:
                return
        raise S3Error("InternalError")

    def _is_same_remote_type(self, source: str, destination: str) -> bool:
        one, other = self.find_external(source), self.find_external(destination)
        return one is not None and other is not None and one.type == other.type

    def _copy_remotely(
        self, element: Element, source: str, destination: str, upload: Upload, directive: str | None
    ) -> Element:
        location = self.external(destination)
        source_bucket = str(self._settings[source].details.get("bucketName", ""))
        with quoting(location.label):
            try:
                key, version_id = location.copy(element, source_bucket, upload, directive)
            except LocationError as error:
                if error.code != "AccessDenied":
                    raise
                text = f"Error: Unable to access {source_bucket} {location.label} bucket"
                raise S3Error("AccessDenied", text) from error
        copied: Element = {
            "key": key,
            "size": element.get("size"),
            "dataStoreName": destination,
            "dataStoreType": location.type,
        }
        if version_id:
            copied["dataStoreVersionId"] = version_id
        return _as_copy_of(element, copied)


def _pieces(
    elements: Sequence[Element], first: int | None, last: int | None
) -> Iterator[tuple[Element, int, int | None]]:
    """Which bytes of which element make up a range; without a range each whole element."""
    start = 0
    for element in elements:
        size = element.get("size")
        if size is None:  # only very old documents: one element, whose length nobody wrote down
            yield element, first or 0, last
            return
        end = start + int(size)
        low = 0 if first is None else max(first - start, 0)
        high = int(size) - 1 if last is None else min(last - start, int(size) - 1)
        if low <= high:
            yield element, low, high
        start = end


def _as_copy_of(source: Element, copied: Element) -> Element:
    """A copy keeps its source's place in the object and its ETag, whatever the bytes' own would be."""
    copied = {**copied, "start": source.get("start", 0)}
    if "dataStoreETag" in source:
        copied["dataStoreETag"] = source["dataStoreETag"]
    return copied
