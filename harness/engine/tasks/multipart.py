"""Copying an object part by part.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from fake_cloudserver import get_logger
from harness.engine.backbeat_client import SourceStream
from harness.engine.errors import ReplicationError
from harness.engine.queue_entry import ObjectQueueEntry
from harness.engine.tasks import headers
from harness.engine.tasks.context import TaskContext
from harness.engine.tasks.injection import COPY_PART
from harness.engine.tasks.parallel import map_limited
from harness.engine.tasks.part_sizes import ranges
from harness.engine.tasks.source import open_source
from harness.queue.interruption import Interrupted
from harness.transport import StreamedBody

log = get_logger(__name__)

_MD5 = re.compile("[0-9a-f]{32}")

NumberedRange = tuple[int, tuple[int, int] | None]


class MultipartCopy:
    """Initiate, copy the parts side by side, complete; abort when something fails for good.

    Initiating and completing belong to an outer retry without a time limit, each part has its own. Backbeat aborts
    while other parts are on their way, which may arrive after the abort; here they are awaited first.

    In the designed dialect a CloudServer that knows the copy to be there already answers the initiation with the
    copy's version id instead of an upload id, so that work which is repeated after a crash does not show.
    """

    def __init__(self, context: TaskContext, entry: ObjectQueueEntry) -> None:
        self._context = context
        self._entry = entry
        self._common = headers.common(entry, context.site, context.settings.dialect)
        self._described = self._common | headers.describe(entry, multipart=True)

    def run(self) -> str:
        """The version id of the copy."""
        return self._context.retry(self._once, no_timeout=True)

    def _once(self) -> str:
        upload_id, arrived = self._initiate()
        if arrived:
            return arrived
        self._context.metrics.copy_begins(self._entry, self._context.site.site)
        numbered: list[NumberedRange] = list(
            enumerate(ranges(self._entry.content_length, self._context.site.type), start=1)
        )
        limit = self._context.settings.queue_processor.mpu_parts_concurrency
        try:
            parts = map_limited(
                lambda item: self._context.retry(lambda: self._copy_part(upload_id, *item)),
                numbered,
                limit,
                threaded=self._context.threaded,
            )
            return self._complete(upload_id, parts)
        except ReplicationError:
            self._abort(upload_id)
            raise
        except Interrupted:
            self._try_to_abort(upload_id)
            raise

    def _initiate(self) -> tuple[str, str]:
        """The upload id, or else the version id of a copy that is there already."""
        if self._context.site.type == "azure":
            return self._context.randomness.uuid4().replace("-", ""), ""
        answer = self._operate("POST", "initiatempu", self._described)
        if answer.get("uploadId"):
            return str(answer["uploadId"]), ""
        if self._context.settings.dialect == "design" and answer.get("versionId"):
            return "", str(answer["versionId"])
        raise ReplicationError("InternalError", "no upload id", origin="source")

    def _copy_part(self, upload_id: str, number: int, byte_range: tuple[int, int] | None) -> dict[str, Any]:
        """Read one range and write it as a part; what completing wants to know of it."""
        self._context.inject(COPY_PART)
        sent = self._common | {"X-Scal-Part-Number": str(number), "X-Scal-Upload-Id": upload_id}
        if byte_range is None:
            return self._part(number, self._operate("PUT", "putpart", sent, b""))
        length = byte_range[1] - byte_range[0] + 1
        begun = self._context.clock.monotonic()
        source = open_source(self._context, self._entry, length, byte_range)
        try:
            body = _HashedBody(source, length)
            answer = self._operate("PUT", "putpart", sent, body)
        finally:
            source.close()
        part = self._part(number, answer)
        if self._context.settings.queue_processor.verify_parts:
            _check_integrity(str(part["ETag"]), body.md5())
        self._count(length, self._context.clock.monotonic() - begun)
        return part

    def _count(self, length: int, elapsed: float) -> None:
        """A part arrived; it was read and written in one."""
        context, site = self._context, self._context.site.site
        context.metrics.source_read(context.service, site, length, elapsed)
        context.metrics.written(context.service, site, length, elapsed)
        context.metrics.copied(self._entry, site, length)

    def _part(self, number: int, answer: dict[str, Any]) -> dict[str, Any]:
        part = {"PartNumber": int(answer.get("partNumber") or number), "ETag": answer.get("ETag") or ""}
        if self._context.site.type == "azure":
            part["NumberSubParts"] = answer.get("numberSubParts")
        return part

    def _complete(self, upload_id: str, parts: list[dict[str, Any]]) -> str:
        sent = self._described | {"X-Scal-Upload-Id": upload_id}
        entry = self._entry
        answer = self._context.client.complete_upload(entry.bucket, entry.object_key, sent, parts)
        return str(answer.get("versionId") or "")

    def _abort(self, upload_id: str) -> None:
        """Its own failure is only logged."""
        try:
            self._context.retry(lambda: self._send_abort(upload_id))
        except ReplicationError as error:
            self._log_unaborted(upload_id, error)

    def _try_to_abort(self, upload_id: str) -> None:
        """The same when there is no time left for retries."""
        try:
            self._send_abort(upload_id)
        except ReplicationError as error:
            self._log_unaborted(upload_id, error)

    def _log_unaborted(self, upload_id: str, error: ReplicationError) -> None:
        log.warning("upload not aborted", key=self._entry.canonical_key, upload_id=upload_id, reason=str(error))

    def _send_abort(self, upload_id: str) -> None:
        self._operate("DELETE", "abortmpu", self._common | {"X-Scal-Upload-Id": upload_id})

    def _operate(
        self, method: str, operation: str, sent: dict[str, str], body: bytes | StreamedBody | None = None
    ) -> dict[str, Any]:
        entry = self._entry
        return self._context.client.multiple_backend(method, operation, entry.bucket, entry.object_key, sent, body)


class _HashedBody(StreamedBody):
    """A part on its way, and the MD5 of what went."""

    def __init__(self, source: SourceStream, length: int) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        super().__init__(self._hashed(source), length)

    def _hashed(self, source: SourceStream) -> Iterator[bytes]:
        for chunk in source.chunks():
            self._md5.update(chunk)
            yield chunk

    def md5(self) -> str:
        return self._md5.hexdigest()


def _check_integrity(etag: str, md5: str) -> None:
    """A part's ETag is its MD5. Backbeat does not look, so that a part that was damaged on its way stays damaged."""
    quoted = etag.strip('"').lower()
    if _MD5.fullmatch(quoted) and quoted != md5:
        raise ReplicationError("BadDigest", f"the part arrived with the MD5 {quoted} instead of {md5}", retryable=True)
