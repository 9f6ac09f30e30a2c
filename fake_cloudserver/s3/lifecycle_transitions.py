"""The transitions of a lifecycle rule.

Source: Arsenal lib/models/LifecycleConfiguration.ts (_parseTransition, _parseNoncurrentVersionTransition and their
checks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.elements import Element, child, children, text
from fake_cloudserver.s3.javascript import parse_date, parse_int

Transition = dict[str, Any]

_MOST_DAYS = 2147483647
_DAY = 24 * 60 * 60 * 1000


def parse_transitions(rule: Element, sites: Sequence[str], check_date: Callable[[str], None]) -> list[Transition]:
    """``{"days" | "date", "storageClass"}`` of each ``Transition``; raises S3Error for the first fault."""
    transitions: list[Transition] = []
    for element in children(rule, "Transition"):
        days, date, site = (child(element, name) for name in ("Days", "Date", "StorageClass"))
        if (days is None) == (date is None) or not site:
            raise S3Error("MalformedXML")
        storage_class = text(site)
        _check_storage_class(rule, "Transition", storage_class, transitions, sites)
        time_type = "days" if days is not None else "date"
        _check_time_type(rule, time_type, transitions)
        transition: Transition = {"storageClass": storage_class}
        if days is not None:
            transition["days"] = _parse_days(days, "Days", "Transition")
        else:
            transition["date"] = text(date or "")
            check_date(transition["date"])
        _check_gap(rule, transition, transitions)
        transitions.append(transition)
    return transitions


def parse_noncurrent_transitions(rule: Element, sites: Sequence[str]) -> list[Transition]:
    """``{"noncurrentDays", "storageClass"}`` of each ``NoncurrentVersionTransition``."""
    name = "NoncurrentVersionTransition"
    transitions: list[Transition] = []
    for element in children(rule, name):
        days, site = child(element, "NoncurrentDays"), child(element, "StorageClass")
        if days is None or not site:
            raise S3Error("MalformedXML")
        storage_class = text(site)
        _check_storage_class(rule, name, storage_class, transitions, sites)
        noncurrent_days = _parse_days(days, "NoncurrentDays", name)
        transitions.append({"noncurrentDays": noncurrent_days, "storageClass": storage_class})
    return transitions


def _parse_days(element: Element, field: str, action: str) -> int:
    days = parse_int(text(element))
    if days is None:
        raise S3Error("MalformedXML")
    if days < 0:
        raise S3Error("InvalidArgument", f"'{field}' in {action} action must be nonnegative")
    if days > _MOST_DAYS:
        raise S3Error("MalformedXML", f"'{field}' in {action} action must not exceed {_MOST_DAYS}")
    return days


def _check_storage_class(
    rule: Element, action: str, storage_class: str, earlier: Sequence[Transition], sites: Sequence[str]
) -> None:
    if storage_class not in sites:
        raise S3Error("MalformedXML", "'StorageClass' must be one of '{}'".format("', '".join(sites)))
    if any(transition["storageClass"] == storage_class for transition in earlier):
        raise S3Error(
            "InvalidRequest",
            f"'StorageClass' must be different for '{action}' actions in same 'Rule' with {_describe(rule)}",
        )


def _check_time_type(rule: Element, time_type: str, earlier: Sequence[Transition]) -> None:
    """All transitions of a rule, and its expiration, count either in days or by date."""
    if any(time_type not in transition for transition in earlier):
        kinds = "Transition actions"
    elif children(rule, "Expiration") and child(child(rule, "Expiration"), time_type.capitalize()) is None:
        kinds = "Expiration and Transition actions"
    else:
        return
    raise S3Error(
        "InvalidRequest", f"Found mixed 'Date' and 'Days' based {kinds} in lifecycle rule for {_describe(rule)}"
    )


def _check_gap(rule: Element, transition: Transition, earlier: Sequence[Transition]) -> None:
    close = next((other for other in earlier if _is_close(transition, other)), None)
    if close is None:
        return
    time_type = "Days" if "days" in transition else "Date"
    selection = _describe(rule)
    raise S3Error(
        "InvalidArgument",
        f"'{time_type}' in the 'Transition' action for StorageClass '{transition['storageClass']}' for {selection} "
        f"must be at least one day apart from {selection} in the 'Transition' action for StorageClass "
        f"'{close['storageClass']}'",
    )


def _is_close(transition: Transition, other: Transition) -> bool:
    if "days" in transition:
        return bool(transition["days"] == other["days"])
    return abs((parse_date(transition["date"]) or 0) - (parse_date(other["date"]) or 0)) < _DAY


def _describe(rule: Element) -> str:
    """What a rule applies to, as messages word it."""
    top_level = child(rule, "Prefix")
    if top_level is not None:
        return f"prefix '{text(top_level)}'"
    selection = child(rule, "Filter")
    combined = child(selection, "And")
    chosen = selection if combined is None else combined
    prefix, tags = child(chosen, "Prefix"), children(chosen, "Tag")
    parts = [] if prefix is None else [f"prefix={text(prefix)}"]
    parts += [f"tag: key={text(child(tag, 'Key') or '')}, value={text(child(tag, 'Value') or '')}" for tag in tags]
    return f"filter '({' and '.join(parts)})'" if parts else "filter (all)"
