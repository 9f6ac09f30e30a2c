"""moto's S3 model, changed where its growth would show: what holds the bytes of one key.

moto's own key buffers a body a second time, makes an access control list for each key and remembers every key it
ever made. This one holds a spool and is forgotten when it is deleted.
"""

from __future__ import annotations

from typing import Any, Self

from moto.s3.models import FakeKey

from fake_cloudserver.locations.spool import Spool


class StreamedKey(FakeKey):
    """One key in moto's bucket: its bytes are in a spool, finished and hashed before the key is made.

    What every key has in common stands on the class: there may be very many keys.
    """

    acl = None
    account_id = ""
    region_name = "us-east-1"
    partition = "aws"
    disposed = False
    encryption = None
    lock_legal_status = None
    lock_mode = None
    lock_until = None
    multipart = None
    _is_versioned = False
    _storage_class = "STANDARD"
    _tick = 0
    _version_id = "null"

    def __new__(cls, *_: Any, **__: Any) -> Self:
        # past moto's metaclass, which keeps a list of all instances (moto core/common_models.py, BaseModel.__new__)
        return object.__new__(cls)

    def __init__(self, name: str, bucket_name: str, spool: Spool, md5: str) -> None:
        self.name = name
        self.bucket_name = bucket_name
        self.spool = spool
        self.contentsize = spool.size
        self._etag = md5

    @property
    def value(self) -> bytes:
        """All bytes at once, as moto's own code wants them."""
        return b"".join(self.spool.read(0, None))

    def dispose(self, garbage: bool = False) -> None:  # noqa: ARG002  (moto's signature)
        """Free memory and disk; moto calls it when the key leaves its bucket."""
        self.disposed = True
        self.spool.close()
