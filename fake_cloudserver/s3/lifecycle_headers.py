"""What a lifecycle configuration says about one object or upload. IO-free.

Source: cloudserver lib/api/apiUtils/object/expirationHeaders.js; Arsenal lib/s3middleware/lifecycleHelpers.
"""

from __future__ import annotations

import email.utils
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.s3.javascript import parse_date

_DAY = 24 * 60 * 60 * 1000


def expiration_headers(
    bucket: BucketInfo, key: str, tags: Mapping[str, str], last_modified: str
) -> list[tuple[str, str]]:
    """``x-amz-expiration`` of a current version: the earliest of the rules that apply.

    It goes with PutObject, CopyObject, the completion of an upload, and GET and HEAD without ``versionId``.

    Args:
        tags: of the object.
        last_modified: ISO time; days count from it, and are not rounded to midnight.
    """
    found: list[tuple[int, str, str]] = []
    for rule, action in _applicable(bucket, "Expiration", key, tags):
        if "date" in action:
            found.append((parse_date(action["date"]) or 0, action["date"], rule["ruleID"]))
        elif "days" in action:
            moment = (parse_date(last_modified) or 0) + action["days"] * _DAY
            found.append((moment, _http_date(moment), rule["ruleID"]))
    if not found:
        return []
    _, date, rule_id = min(found, key=lambda one: one[0])
    return [("x-amz-expiration", f'expiry-date="{date}", rule-id="{_encode(rule_id)}"')]


def abort_headers(bucket: BucketInfo, key: str, initiated: str) -> list[tuple[str, str]]:
    """``x-amz-abort-date`` and ``x-amz-abort-rule-id`` of an upload, for its initiation and the list of its parts."""
    rules = _applicable(bucket, "AbortIncompleteMultipartUpload", key, {})
    soonest = min(rules, key=lambda one: int(one[1]["days"]), default=None)
    if soonest is None:
        return []
    rule, action = soonest
    moment = (parse_date(initiated) or 0) + action["days"] * _DAY
    return [("x-amz-abort-date", _http_date(moment)), ("x-amz-abort-rule-id", _encode(rule["ruleID"]))]


def _applicable(
    bucket: BucketInfo, action_name: str, key: str, tags: Mapping[str, str]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Enabled rules that select the object, each with its action of that name."""
    for rule in (bucket.lifecycle_configuration or {}).get("rules", []):
        selection = rule.get("filter", {})
        prefix = rule.get("prefix", selection.get("rulePrefix", ""))
        if rule["ruleStatus"] != "Enabled" or not key.startswith(prefix):
            continue
        if any(tags.get(tag["key"]) != tag["val"] for tag in selection.get("tags", [])):
            continue
        for action in rule["actions"]:
            if action["actionName"] == action_name:
                yield rule, action


def _http_date(milliseconds: int) -> str:
    return email.utils.formatdate(milliseconds // 1000, usegmt=True)


def _encode(rule_id: str) -> str:
    """JavaScript's encodeURIComponent."""
    return urllib.parse.quote(rule_id, safe="-_.!~*'()")
