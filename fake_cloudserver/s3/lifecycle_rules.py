"""The lifecycle configuration of a bucket: the checks of its rules, its stored form.

The stored form is ``{"rules": [{"ruleID", "ruleStatus", "actions": [...], "prefix" | "filter"}]}``; a filter has
``rulePrefix`` and ``tags`` (a list of ``{"key", "val"}``), each only when it was given.

Source: Arsenal lib/models/LifecycleConfiguration.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.elements import Element, child, children, document_of, text
from fake_cloudserver.s3.javascript import length
from fake_cloudserver.s3.lifecycle_actions import parse_actions

_MOST_RULES = 1000
_LONGEST_ID = 255
_LONGEST_PREFIX = 1024
_LONGEST_TAG_KEY = 128
_LONGEST_TAG_VALUE = 256


def parse_lifecycle(body: bytes, sites: Sequence[str], new_id: Callable[[], str]) -> dict[str, Any]:
    """The stored form of the XML in ``body``.

    Args:
        sites: what a transition may name as StorageClass.
        new_id: makes the id of a rule that has none.

    Raises:
        S3Error: the first faulty rule's first fault; InternalError for input that the real server never answers.
    """
    root: Element | None = document_of(body).get("LifecycleConfiguration")
    if not root:
        raise S3Error("MalformedXML", "request xml does not include LifecycleConfiguration")
    rules = children(root, "Rule")
    if not rules:
        raise S3Error("MissingRequiredParameter", "missing required key 'Rules' in LifecycleConfiguration")
    if len(rules) > _MOST_RULES:
        raise S3Error("MalformedXML", f"request xml includes over max limit of {_MOST_RULES} rules")
    used_ids: set[str] = set()
    return {"rules": [_parse_rule(rule, sites, used_ids, new_id) for rule in rules]}


def _parse_rule(rule: Element, sites: Sequence[str], used_ids: set[str], new_id: Callable[[], str]) -> dict[str, Any]:
    filters, prefixes, statuses = (children(rule, name) for name in ("Filter", "Prefix", "Status"))
    if not filters and not prefixes:
        raise S3Error("MalformedXML", "Rule xml does not include valid Filter or Prefix")
    if filters and prefixes:
        raise S3Error("MalformedXML", "Rule xml should not include both Filter and Prefix")
    if not statuses:
        raise S3Error("MissingRequiredParameter", "Rule xml does not include Status")
    parsed: dict[str, Any] = {"ruleID": _parse_id(child(rule, "ID"), used_ids, new_id)}
    if statuses[0] not in ("Enabled", "Disabled"):
        raise S3Error("MalformedXML", "Status is not valid")
    parsed["ruleStatus"] = statuses[0]
    parsed["actions"] = parse_actions(rule, sites)
    if prefixes:
        parsed["prefix"] = _parse_prefix(prefixes[0])
    else:
        parsed["filter"] = _parse_filter(filters[0])
    return parsed


def _parse_id(element: Element | None, used_ids: set[str], new_id: Callable[[], str]) -> str:
    rule_id = text(element or "") or new_id()
    if length(rule_id) > _LONGEST_ID:
        raise S3Error("InvalidArgument", f"Rule ID is greater than {_LONGEST_ID} characters long")
    if rule_id in used_ids:
        raise S3Error("InvalidRequest", "Rule ID must be unique")
    used_ids.add(rule_id)
    return rule_id


def _parse_prefix(element: Element) -> str:
    prefix = text(element)
    if length(prefix) > _LONGEST_PREFIX:
        raise S3Error("InvalidRequest", f"The maximum size of a prefix is {_LONGEST_PREFIX}")
    return prefix


def _parse_filter(element: Element) -> dict[str, Any]:
    combined, prefix, tags = child(element, "And"), child(element, "Prefix"), children(element, "Tag")
    if sum((combined is not None, prefix is not None, bool(tags))) > 1:
        raise S3Error("MalformedXML", "Filter should only include one of And, Prefix, or Tag key")
    if combined is not None:
        prefix, tags = child(combined, "Prefix"), children(combined, "Tag")
        if not tags or (len(tags) == 1 and prefix is None):
            raise S3Error("MalformedXML", "And should include Prefix and Tags or more than one Tag")
    parsed: dict[str, Any] = {}
    if prefix is not None:
        parsed["rulePrefix"] = _parse_prefix(prefix)
    if tags:
        parsed["tags"] = _parse_tags(tags)
    return parsed


def _parse_tags(tags: list[Element]) -> list[dict[str, str]]:
    parsed: list[dict[str, str]] = []
    for tag in tags:
        key_element, value_element = child(tag, "Key"), child(tag, "Value")
        if key_element is None or value_element is None:
            raise S3Error("MissingRequiredParameter", "Tag XML does not contain both Key and Value")
        key, value = text(key_element), text(value_element)
        if not 1 <= length(key) <= _LONGEST_TAG_KEY:
            raise S3Error("InvalidRequest", f"A Tag's Key must be a length between 1 and {_LONGEST_TAG_KEY}")
        if length(value) > _LONGEST_TAG_VALUE:
            raise S3Error("InvalidRequest", f"A Tag's Value must be a length between 0 and {_LONGEST_TAG_VALUE}")
        if any(one["key"] == key for one in parsed):
            raise S3Error("InvalidRequest", "Tag Keys must be unique")
        parsed.append({"key": key, "val": value})
    return parsed
