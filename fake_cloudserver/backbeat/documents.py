"""JSON in and out of the internal routes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3 import javascript

#: The real server reads any amount; what Backbeat sends stays far below this.
LARGEST_BODY = 64 * 1024 * 1024


def json_answer(document: Any, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """200 with ``document`` as JSON without spaces; None is the four characters ``null``.

    ``headers`` come after the two that every successful internal answer has.
    """
    # cloudserver lib/routes/routeBackbeat.js (_respondWithHeaders)
    body = _encode(document)
    return Answer(200, [("content-type", "application/json"), ("content-length", str(len(body))), *headers], body)


def _encode(document: Any) -> bytes:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate: JSON.stringify escapes it
        return json.dumps(document, separators=(",", ":")).encode()


def to_text(document: Any) -> str:
    """JSON without spaces, as ``JSON.stringify`` writes it."""
    return _encode(document).decode()


def parse_json(text: str | None) -> Any:
    """A parsed document.

    Raises:
        S3Error: MalformedPOSTRequest for None and for what JavaScript's JSON.parse refuses.
    """
    if text is None:
        raise S3Error("MalformedPOSTRequest")
    try:
        return javascript.parse_json(text)
    except ValueError:
        raise S3Error("MalformedPOSTRequest") from None


def parse_body(request: Request) -> Any:
    """The JSON document in the body; raises like :func:`parse_json`."""
    return parse_json(request.read_body(LARGEST_BODY).decode("utf-8", "replace"))
