"""Errors in XML, as S3 and Vault answer them."""

from __future__ import annotations

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from harness.transport import Response

#: What a parser raises for what is no XML, or not the harmless kind.
MALFORMED = (defusedxml.ElementTree.ParseError, DefusedXmlException)


def xml_error(body: bytes, response: Response) -> tuple[str, str]:
    """Code and message; ``UnknownError`` for what cannot be read."""
    try:
        root = defusedxml.ElementTree.fromstring(body)
    except MALFORMED:
        return "UnknownError", response.reason or str(response.status)
    error = root.find("{*}Error")  # Vault's and STS's answers wrap it, S3's do not
    error = root if error is None else error
    return error.findtext("{*}Code") or "UnknownError", error.findtext("{*}Message") or response.reason
