"""The stack's AWS across restarts: what moto has acknowledged is in a folder before the answer goes out.

moto keeps its buckets as Python objects. Replaying requests would give other version ids than those that CloudServer
knows, so the objects themselves are kept: after each request that may have changed something, those that it was about.

| | |
|---|---|
| ``LAYOUT``, ``lock`` | whose folder it is, and for which moto; that it is in use |
| ``buckets.sqlite3`` | buckets, versions and delete markers in their order, multipart uploads and their parts |
| ``bodies/`` | what versions and parts hold, a file each; complete before a row names it |
"""

from __future__ import annotations

import json
import pickle
import sqlite3
import threading
import urllib.parse
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import moto
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, FakeMultipart, s3_backends

from fake_cloudserver import DataFolder, damaged, open_database, transaction
from harness.aws_pickles import ROW, from_bytes, to_bytes
from harness.aws_touched import touched
from harness.request_log import WsgiApp

_KIND: Final = f"AWS of moto {'.'.join(moto.__version__.split('.')[:2])}"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state BLOB NOT NULL, tags TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, state BLOB NOT NULL,
    tags TEXT NOT NULL, body TEXT
);
CREATE INDEX IF NOT EXISTS versions_of ON versions (bucket, key);
CREATE TABLE IF NOT EXISTS uploads (
    bucket TEXT NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (bucket, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    bucket TEXT NOT NULL, upload TEXT NOT NULL, number INTEGER NOT NULL, state BLOB NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (bucket, upload, number)
) WITHOUT ROWID;
"""
_PUT_BUCKET: Final = """
INSERT INTO buckets (name, state, tags) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET state = excluded.state, tags = excluded.tags
"""
#: Seconds: an AWS whose stack was killed ends when it notices.
_PATIENCE: Final = 10.0
_CHANGING: Final = frozenset({"PUT", "POST", "DELETE"})


class KeptS3:
    """moto's S3, with what the folder holds in it from the start.

    Raises:
        DataFolderError: the folder is damaged, in use, not ours, or another moto's.
    """

    def __init__(self, path: Path) -> None:
        self._folder = DataFolder(path, _KIND, patience=_PATIENCE)
        self._bodies = path / "bodies"
        self._bodies.mkdir(exist_ok=True)
        self._lock = threading.Lock()
        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        database = path / "buckets.sqlite3"
        self._database = open_database(database, _SCHEMA)
        try:
            self._restore()
            self._sweep()
        except (sqlite3.Error, pickle.UnpicklingError, AttributeError, EOFError, ValueError) as error:
            raise damaged(database, error) from error

    def wrap(self, inner: WsgiApp) -> WsgiApp:
        """An answer of ``inner`` is given on when what it acknowledges is kept."""

        def app(environ: dict[str, Any], start_response: Any) -> Any:
            if environ["REQUEST_METHOD"] not in _CHANGING:
                return inner(environ, start_response)
            with touched() as keys:
                answer = inner(environ, start_response)
            self._keep(environ, keys)
            return answer

        return app

    def keep_bucket(self, name: str) -> None:
        """Keep a bucket that no request has made."""
        with self._lock, transaction(self._database):
            self._write_bucket(name)

    # writing

    def _keep(self, environ: Mapping[str, Any], keys: set[str]) -> None:
        path = urllib.parse.unquote(str(environ["RAW_URI"]).partition("?")[0])
        bucket, _, key = path.lstrip("/").partition("/")
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        gone: list[str] = []
        with self._lock:
            with transaction(self._database):
                if bucket not in self._backend.buckets:
                    gone += self._forget_bucket(bucket)
                elif not key and "delete" not in query:
                    self._write_bucket(bucket)
                else:
                    for one in keys | ({key} if key else set()):
                        gone += self._write_versions(bucket, one, query.get("versionId") if one == key else None)
                    if {"uploads", "uploadId"} & query.keys():
                        gone += self._write_uploads(bucket, query)
            for body in gone:
                (self._bodies / body).unlink(missing_ok=True)

    def _write_bucket(self, name: str) -> None:
        bucket = self._backend.buckets[name]
        self._database.execute(_PUT_BUCKET, (name, to_bytes(bucket), self._tags_of(bucket.arn)))

    def _forget_bucket(self, name: str) -> list[str]:
        gone = self._bodies_of("SELECT body FROM versions WHERE bucket = ?", name)
        gone += self._bodies_of("SELECT body FROM parts WHERE bucket = ?", name)
        for table in ("versions", "parts", "uploads"):
            self._database.execute(f"DELETE FROM {table} WHERE bucket = ?", (name,))  # noqa: S608  (names of our own)
        self._database.execute("DELETE FROM buckets WHERE name = ?", (name,))
        return gone

    def _write_versions(self, bucket: str, key: str, version_id: str | None) -> list[str]:
        """What is new and what is gone of a key's versions, and the one that the request was about as it is now."""
        now = list(self._backend.buckets[bucket].keys.getlist(key, []))
        query = "SELECT id, body FROM versions WHERE bucket = ? AND key = ?"
        kept: dict[int, str | None] = dict(self._database.execute(query, (bucket, key)))
        about = next((one for one in reversed(now) if version_id in {None, one.version_id}), None)
        for one in now:
            if getattr(one, ROW, None) not in kept:
                body = self._write_body(one)
                row = (bucket, key, to_bytes(one), self._tags_of_version(one), body)
                cursor = self._database.execute(
                    "INSERT INTO versions (bucket, key, state, tags, body) VALUES (?, ?, ?, ?, ?)", row
                )
                setattr(one, ROW, cursor.lastrowid)
            elif one is about:
                update = "UPDATE versions SET state = ?, tags = ? WHERE id = ?"
                self._database.execute(update, (to_bytes(one), self._tags_of_version(one), getattr(one, ROW)))
        gone = kept.keys() - {getattr(one, ROW) for one in now}
        self._database.executemany("DELETE FROM versions WHERE id = ?", [(row,) for row in gone])
        return [body for row in gone if (body := kept[row]) is not None]

    def _write_uploads(self, bucket: str, query: Mapping[str, str]) -> list[str]:
        uploads = self._backend.buckets[bucket].multiparts
        kept = {name for (name,) in self._database.execute("SELECT id FROM uploads WHERE bucket = ?", (bucket,))}
        gone: list[str] = []
        for name in kept - uploads.keys():
            gone += self._bodies_of("SELECT body FROM parts WHERE bucket = ? AND upload = ?", bucket, name)
            self._database.execute("DELETE FROM parts WHERE bucket = ? AND upload = ?", (bucket, name))
            self._database.execute("DELETE FROM uploads WHERE bucket = ? AND id = ?", (bucket, name))
        for name in uploads.keys() - kept:
            self._database.execute("INSERT INTO uploads VALUES (?, ?, ?)", (bucket, name, to_bytes(uploads[name])))
        upload = uploads.get(query.get("uploadId", ""))
        return gone if upload is None else gone + self._write_part(bucket, upload, int(query.get("partNumber") or 0))

    def _write_part(self, bucket: str, upload: FakeMultipart, number: int) -> list[str]:
        part = upload.parts.get(number)
        if part is None:
            return []
        place = (bucket, upload.id, number)
        replaced = self._bodies_of("SELECT body FROM parts WHERE bucket = ? AND upload = ? AND number = ?", *place)
        row = (*place, to_bytes(part), self._write_body(part))
        self._database.execute("REPLACE INTO parts VALUES (?, ?, ?, ?, ?)", row)
        return replaced

    def _write_body(self, key: Any) -> str | None:
        if not isinstance(key, FakeKey):
            return None
        name = uuid.uuid4().hex
        (self._bodies / name).write_bytes(key.value)
        return name

    def _bodies_of(self, query: str, *values: Any) -> list[str]:
        return [body for (body,) in self._database.execute(query, values) if body is not None]

    def _tags_of_version(self, version: Any) -> str:
        return self._tags_of(version.arn) if isinstance(version, FakeKey) else "{}"

    def _tags_of(self, arn: str) -> str:
        return json.dumps(self._backend.tagger.get_tag_dict_for_resource(arn))

    # reading

    def _restore(self) -> None:
        for name, state, tags in self._database.execute("SELECT name, state, tags FROM buckets ORDER BY id"):
            bucket = self._backend.buckets[name] = from_bytes(state)
            s3_backends.bucket_accounts[name] = (bucket.partition, bucket.account_id)
            self._tag(bucket.arn, tags)
        versions = "SELECT id, bucket, key, state, tags, body FROM versions ORDER BY id"
        for row, bucket, key, state, tags, body in self._database.execute(versions):
            version = from_bytes(state, None if body is None else self._bodies / body)
            setattr(version, ROW, row)
            keys = self._backend.buckets[bucket].keys
            dict.setdefault(keys, key, []).append(version)
            if body is not None:
                self._tag(version.arn, tags)
        for bucket, name, state in self._database.execute("SELECT bucket, id, state FROM uploads"):
            self._backend.buckets[bucket].multiparts[name] = from_bytes(state)
        parts = "SELECT bucket, upload, number, state, body FROM parts ORDER BY number"
        for bucket, name, number, state, body in self._database.execute(parts):
            upload = self._backend.buckets[bucket].multiparts[name]
            upload.parts[number] = from_bytes(state, self._bodies / body)
            upload.partlist.append(number)

    def _tag(self, arn: str, tags: str) -> None:
        tagger = self._backend.tagger
        if found := json.loads(tags):
            tagger.tag_resource(arn, tagger.convert_dict_to_tags_input(found))

    def _sweep(self) -> None:
        """Remove bodies that a killed process had no row for, or had removed the row of."""
        named: Iterable[tuple[str]] = self._database.execute(
            "SELECT body FROM versions WHERE body IS NOT NULL UNION ALL SELECT body FROM parts"
        )
        known = {body for (body,) in named}
        for file in self._bodies.iterdir():
            if file.name not in known:
                file.unlink()
