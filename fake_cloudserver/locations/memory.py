"""Locations of type ``mem``: moto's S3 model in this process keeps the bytes.

Only the model is used, never moto's HTTP layer. Every gateway has a model of its own, unknown to moto's registry of
accounts: two fakes in one process do not meet, nor does a test that mocks AWS with moto empty them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import IO

from moto.s3.models import FakeBucket, S3Backend, s3_backends

from fake_cloudserver.locations.base import Element, NoSuchData, Stored, Upload
from fake_cloudserver.locations.memory_keys import StreamedKey
from fake_cloudserver.locations.spool import Spool
from fake_cloudserver.locations.streams import BodyReader

_ACCOUNT_ID = "000000000000"

# no client can make a bucket of that name
_BUCKET = "fake-cloudserver/data"


class MemoryStore:
    """The bytes of all ``mem`` locations of one gateway, under the keys 1, 2, 3 …"""

    # Arsenal lib/storage/data/in_memory/datastore.js: one counter for the whole process

    def __init__(self) -> None:
        self._backend = S3Backend("aws", _ACCOUNT_ID)
        self._bucket = FakeBucket(_BUCKET, _ACCOUNT_ID, "us-east-1")  # type: ignore[abstract]  # moto makes them so
        s3_backends.bucket_accounts.pop(_BUCKET, None)  # a bucket enters itself there
        self._backend.buckets[_BUCKET] = self._bucket
        self._numbers = itertools.count(1)

    def add(self, spool: Spool, md5: str) -> int:
        """Keep a finished spool; its key."""
        number = next(self._numbers)
        name = str(number)
        self._bucket.keys.setlist(name, [StreamedKey(name, _BUCKET, spool, md5)])
        return number

    def find(self, key: object) -> StreamedKey:
        """The key; raises NoSuchData."""
        found = self._backend.get_object(_BUCKET, str(key))
        if not isinstance(found, StreamedKey):
            raise NoSuchData("ObjNotFound", "This object does not exist")
        return found

    def delete(self, key: object) -> None:
        """Forget a key and free its bytes; raises NoSuchData."""
        existed, _ = self._backend.delete_object(_BUCKET, str(key))
        if not existed:
            raise NoSuchData("ObjNotFound", "This object does not exist")

    def close(self) -> None:
        """Free everything."""
        for name in list(self._bucket.keys):
            self._backend.delete_object(_BUCKET, name)


class MemoryLocation:
    """One ``mem`` location."""

    type = "mem"

    def __init__(self, name: str, store: MemoryStore) -> None:
        self.name = name
        self._store = store

    def put(self, body: IO[bytes], upload: Upload) -> Stored:
        """Spool the body, then keep it.

        A body that is shorter than announced breaks the upload off, except an ``aws-chunked`` one: the real server
        stores that with the announced size and zeros at its end.
        """
        # Arsenal lib/storage/data/in_memory/datastore.js (put)
        reader = BodyReader(body, upload.size)
        spool = Spool()
        try:
            for chunk in reader.chunks():
                spool.write(chunk)
            if upload.chunked:
                spool.pad(reader.missing())
            else:
                reader.check_complete()
            spool.finish()
        except BaseException:
            spool.close()
            raise
        md5 = reader.hexdigest()
        element: Element = {
            "key": self._store.add(spool, md5),
            "size": spool.size,
            "dataStoreName": self.name,
            "dataStoreETag": f"1:{md5}",
        }
        return Stored(element, md5, spool.size)

    def get(self, element: Element, first: int, last: int | None) -> Iterator[bytes]:
        return self._store.find(element.get("key")).spool.read(first, last)

    def delete(self, element: Element, *, with_version: bool) -> None:  # noqa: ARG002  (there are no versions here)
        self._store.delete(element.get("key"))

    def close(self) -> None:
        """The store belongs to the gateway, not to one of its locations."""
