"""Conditional requests: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since. IO-free.

Source: Arsenal lib/s3middleware/validateConditionalHeaders.ts.
"""

from __future__ import annotations

from collections.abc import Mapping

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.javascript import parse_date


def check_conditions(headers: Mapping[str, str], *, etag: str, last_modified: str) -> None:
    """Raise what a condition that does not hold answers.

    Args:
        headers: lower-case names; each condition may also come as ``x-amz-copy-source-<name>``.
        etag: the stored MD5, without quotes.
        last_modified: ISO text; compared to the second.

    Raises:
        S3Error: PreconditionFailed, NotModified, or InvalidArgument for a date that cannot be read.
    """
    if_match = _condition(headers, "if-match")
    if_none_match = _condition(headers, "if-none-match")
    modified, unmodified = _date_faults(headers, last_modified)
    # with If-Match present, If-Unmodified-Since is not looked at
    if not if_match and unmodified:
        raise S3Error(unmodified)
    if if_match and not _matches(if_match, etag):
        raise S3Error("PreconditionFailed")
    if if_none_match and _matches(if_none_match, etag):
        raise S3Error("NotModified")
    if modified:
        raise S3Error(modified)


def check_dates(headers: Mapping[str, str], *, last_modified: str) -> None:
    """The two dates alone, as deletion looks at them (cloudserver lib/api/objectDelete.js).

    Raises:
        S3Error: NotModified, PreconditionFailed or InvalidArgument.
    """
    for fault in _date_faults(headers, last_modified):
        if fault:
            raise S3Error(fault)


def _condition(headers: Mapping[str, str], name: str) -> str:
    """An empty header counts as absent."""
    return headers.get(name) or headers.get(f"x-amz-copy-source-{name}") or ""


def _matches(condition: str, etag: str) -> bool:
    """Items are split at commas and not trimmed; weak validators never match."""
    return any(item in (etag, f'"{etag}"', "*") for item in condition.split(","))


def _date_faults(headers: Mapping[str, str], last_modified: str) -> tuple[str | None, str | None]:
    """Error codes of If-Modified-Since and If-Unmodified-Since; None where the condition holds or is absent."""
    modified = unmodified = None
    since = _condition(headers, "if-modified-since")
    not_since = _condition(headers, "if-unmodified-since")
    if not since and not not_since:
        return None, None
    changed = (parse_date(last_modified) or 0) // 1000 * 1000
    if since:
        moment = parse_date(since)
        if moment is None:
            modified = "InvalidArgument"
        elif changed <= moment:
            modified = "NotModified"
    if not_since:
        moment = parse_date(not_since)
        if moment is None:
            unmodified = "InvalidArgument"
        elif changed > moment:
            unmodified = "PreconditionFailed"
    return modified, unmodified
