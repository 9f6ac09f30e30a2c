"""Content in place of what a tape has only the hash of, or the length."""

from __future__ import annotations

from harness.tape import bodies
from harness.tape.blobs import Blobs
from harness.tape.errors import TapeError
from harness.tape.model import Body

HASHED = frozenset({"sha256", "unread"})


def content(body: Body, blobs: Blobs | None) -> tuple[bytes, bool]:
    """The bytes of a body, and whether they are the recorded ones.

    Raises:
        TapeError: it is too long for anybody to make up, or its blob is damaged.
    """
    if body.form not in HASHED:
        return bodies.content_of(body), True
    kept = blobs.content(body) if blobs is not None else None
    return (_made_up(body), False) if kept is None else (kept, True)


def _made_up(body: Body) -> bytes:
    """As many bytes, and others for another hash."""
    if body.length > bodies.MAX_BODY:
        raise TapeError(f"a body of {body.length} bytes is not on the tape; record with --bodies")
    seed = (body.content or "0" * 64).encode()
    return bytes((seed * (body.length // len(seed) + 1))[: body.length])
