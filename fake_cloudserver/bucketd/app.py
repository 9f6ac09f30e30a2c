"""bucketd: the metadata log, and metadata itself, over HTTP in the form that Backbeat's reader expects. Read-only.

There is one raft session, number 1, for all buckets. Its log has one record for each journal record, under the same
sequence number.

Source: Arsenal lib/storage/metadata/bucketclient/LogConsumer.js; Backbeat lib/queuePopulator/RaftLogReader.js,
lib/clients/BackbeatClient (bucketd's own source is not public).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from fake_cloudserver.bucketd.raft_log import SESSION, raft_log
from fake_cloudserver.metadata.store import USERS_BUCKET, MetadataStore

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from fake_cloudserver.clock import Clock

_MOST_RECORDS: Final = 10_000
_MOST_KEYS: Final = 1000
_LONGEST_WAIT: Final = 30.0

_ROUTES: Final = Map(
    [
        Rule("/_/healthcheck", endpoint="healthcheck"),
        Rule("/_/raft_sessions", endpoint="sessions"),
        Rule("/_/raft_sessions/<int:session>/log", endpoint="log"),
        Rule("/_/raft_sessions/<int:session>/bucket", endpoint="session_buckets"),
        Rule("/_/raft_sessions/<int:session>/info", endpoint="session_info"),
        Rule("/_/buckets/<bucket>/id", endpoint="bucket_session"),
        Rule("/default/attributes/<bucket>", endpoint="attributes"),
        Rule("/default/informations/<bucket>", endpoint="informations"),
        Rule("/default/bucket/<bucket>", endpoint="bucket_keys"),
    ],
    strict_slashes=False,
)


class Bucketd:
    """The WSGI application."""

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _error(405, "MethodNotAllowed")
        try:
            endpoint, arguments = _ROUTES.bind_to_environ(request.environ).match()
        except HTTPException:
            return _error(404, "NotFound")
        if arguments.get("session", SESSION) != SESSION:
            return _error(404, "NoSuchRaftSession")
        bucket = arguments.get("bucket")
        if bucket is not None and bucket != USERS_BUCKET and self._store.find_bucket(bucket) is None:
            return _error(404, "NoSuchBucket")
        try:
            return self._dispatch(endpoint, bucket or "", request)
        except ValueError:
            return _error(400, "BadRequest")

    def _dispatch(self, endpoint: str, bucket: str, request: Request) -> Response:
        match endpoint:
            case "log":
                return self._log(request)
            case "sessions":
                return _json([self._session()])
            case "session_info":
                return _json(self._session())
            case "session_buckets":
                return _json(sorted({*self._store.bucket_names(), USERS_BUCKET}))
            case "bucket_session":
                return _json(SESSION)
            case "attributes":
                return self._attributes(bucket)
            case "informations":
                return _json([{"cseq": self._store.journal.last_sequence}])
            case "bucket_keys":
                return self._keys(bucket, request)
        return _json({"name": "bucketd", "raftSessions": [SESSION]})

    def _session(self) -> dict[str, Any]:
        return {"id": SESSION, "raftMembers": [{"id": 0, "name": "fake"}], "connectedToLeader": True}

    def _log(self, request: Request) -> Response:
        """``begin`` (first record when absent), ``limit``; ``targetLeader`` makes no difference.

        ``wait=<seconds>`` is this fake's own addition: when there is nothing new yet, wait so long for the next
        record, 30 seconds at most. It saves a reader from polling.
        """
        journal = self._store.journal
        begin = _number(request, "begin", journal.first_sequence)
        limit = min(_number(request, "limit", _MOST_RECORDS), _MOST_RECORDS)
        wait = min(float(request.args.get("wait", "0")), _LONGEST_WAIT)
        if begin < 1 or limit < 1:
            return _error(400, "BadRequest")
        if wait > 0:
            journal.wait(begin - 1, wait)
        document = raft_log(journal, begin, limit)
        return _error(416, "RequestedRangeNotSatisfiable") if document is None else _json(document)

    def _attributes(self, bucket: str) -> Response:
        info = self._store.find_bucket(bucket)
        return _error(404, "NoSuchBucket") if info is None else _json(info.to_json())

    def _keys(self, bucket: str, request: Request) -> Response:
        """Stored keys and texts after ``marker``, those with ``prefix``, ``maxKeys`` of them."""
        prefix, marker = request.args.get("prefix", ""), request.args.get("marker", "")
        most = min(_number(request, "maxKeys", _MOST_KEYS), _MOST_KEYS)
        start, inclusive = (marker, False) if marker and marker >= prefix else (prefix, True)
        contents: list[dict[str, str]] = []
        truncated = False
        for key, text in self._store.entries(bucket, start, inclusive=inclusive):
            if not key.startswith(prefix):
                break
            if len(contents) >= most:
                truncated = most > 0
                break
            contents.append({"key": key, "value": text})
        document: dict[str, Any] = {"CommonPrefixes": [], "Contents": contents, "IsTruncated": truncated}
        if truncated:
            document["NextMarker"] = contents[-1]["key"]
        return _json(document)


def create_app(store: MetadataStore, clock: Clock) -> WSGIApplication:  # noqa: ARG001  (the journal has the clock)
    """The application that serves ``store``."""
    return Bucketd(store)


def _number(request: Request, name: str, default: int) -> int:
    """A query parameter; raises ValueError when it is no number."""
    return int(request.args.get(name, str(default)))


def _json(document: Any, status: int = 200) -> Response:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True)
    return Response(text, status, mimetype="application/json")


def _error(status: int, code: str) -> Response:
    return _json({"code": code}, status)
