"""``GET ?search``: a listing of the objects that a where clause selects.

Only metadata in MongoDB is searched. With file metadata, as here, the clause is checked and then has no effect: the
answer is the listing of all objects.

Source: cloudserver lib/api/metadataSearch.js, lib/api/apiUtils/bucket/validateSearch.js.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.object_metadata import PROPERTY_NAMES
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_listing import list_bucket

_INVALID = "Invalid sql where clause sent as search query"

_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"[^\"]*\"|'[^']*'|`[^`]*`)|(?P<operator><=|>=|!=|[=<>])|(?P<mark>[()])"
    r"|(?P<word>[^\s()=<>!\"'`]+))"
)
_OPERATORS = frozenset({"=", "!=", "<", ">", "<=", ">=", "LIKE"})
_DEEPEST = 100
_ATTRIBUTE_PREFIXES = ("tags.", "replicationInfo.", "x-amz-meta-")


def metadata_search(server: CloudServer, request: Request) -> Answer:
    """Check the clause before the bucket, then list."""
    if not is_where_clause(request.query.get("search", "")):
        raise S3Error("InvalidArgument", _INVALID)
    return list_bucket(server, request, "metadataSearch")


def is_where_clause(clause: str) -> bool:
    """Whether this compares known attributes with values, joined by AND, OR and parentheses."""
    # a short name for users (cloudserver validateSearch.js)
    tokens = _tokens(clause.replace("replication-status", "replicationInfo.status", 1))
    return tokens is not None and _Clause(tokens).is_complete()


def _tokens(clause: str) -> list[tuple[str, str]] | None:
    """Kind and text of each token; None where there is something else."""
    tokens, position, end = [], 0, len(clause.rstrip())
    while position < end:
        match = _TOKEN.match(clause, position)
        if match is None:
            return None
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        position = match.end()
    return tokens


class _Clause:
    """Recursive descent over tokens; every method says whether what it wants was there."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def is_complete(self) -> bool:
        return self._disjunction() and self._position == len(self._tokens)

    def _disjunction(self) -> bool:
        """AND binds more closely than OR, which does not matter to whether a clause is valid."""
        if not self._comparison():
            return False
        while self._take_word("AND") or self._take_word("OR"):
            if not self._comparison():
                return False
        return True

    def _comparison(self) -> bool:
        kind, text = self._next()
        if (kind, text) == ("mark", "("):
            self._depth += 1
            return self._depth <= _DEEPEST and self._disjunction() and self._next() == ("mark", ")")
        if kind not in ("word", "quoted") or not _is_attribute(text.strip("`\"'")):
            return False
        _, operator = self._next()
        value_kind, _ = self._next()
        return operator.upper() in _OPERATORS and value_kind in ("word", "quoted")

    def _take_word(self, word: str) -> bool:
        """SQL's own words are read in any letter case."""
        kind, text = self._tokens[self._position] if self._position < len(self._tokens) else ("", "")
        taken = kind == "word" and text.upper() == word
        self._position += taken
        return taken

    def _next(self) -> tuple[str, str]:
        self._position += 1
        return self._tokens[self._position - 1] if self._position <= len(self._tokens) else ("", "")


def _is_attribute(name: str) -> bool:
    return name in PROPERTY_NAMES or name.startswith(_ATTRIBUTE_PREFIXES)
