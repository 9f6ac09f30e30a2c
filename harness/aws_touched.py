"""Which keys a request to moto's S3 puts or removes versions of: it need not say so itself."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_request = threading.local()


def touch(key: str) -> None:
    """Note that the request of this thread puts or removes versions of ``key``."""
    keys: set[str] | None = getattr(_request, "keys", None)
    if keys is not None:
        keys.add(key)


@contextlib.contextmanager
def touched() -> Iterator[set[str]]:
    """The keys that this thread touches inside."""
    _request.keys = keys = set[str]()
    try:
        yield keys
    finally:
        _request.keys = None
