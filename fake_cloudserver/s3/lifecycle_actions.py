"""The actions of a lifecycle rule.

Each stored action has its ``actionName`` and what it needs of ``days``, ``date``, ``deleteMarker``,
``newerNoncurrentVersions``, ``transition`` and ``nonCurrentVersionTransition``.

Source: Arsenal lib/models/LifecycleConfiguration.ts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from fake_cloudserver.errors import S3Error
from fake_cloudserver.s3.elements import Element, child, children, text
from fake_cloudserver.s3.javascript import parse_date, parse_int
from fake_cloudserver.s3.lifecycle_transitions import parse_noncurrent_transitions, parse_transitions

Action = dict[str, Any]

_ISO_8601 = re.compile(
    r"-?([1-9][0-9]*)?[0-9]{4}-(1[0-2]|0[1-9])-(3[01]|0[1-9]|[12][0-9])"
    r"T(2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-](2[0-3]|[01][0-9]):[0-5][0-9])?"
)
_DAY = 24 * 60 * 60 * 1000


def parse_actions(rule: Element, sites: Sequence[str]) -> list[Action]:
    """All actions of the rule, in CloudServer's order.

    Raises:
        S3Error: of several faulty actions the last one's fault.
    """
    present = [name for name in _PARSERS if children(rule, name)]
    if not present:
        raise S3Error("InvalidRequest", "Rule does not include valid action")
    actions: list[Action] = []
    fault: S3Error | None = None
    for name in present:
        try:
            actions.append({"actionName": name, **_PARSERS[name](rule, sites)})
        except S3Error as error:
            fault = error
    if fault is not None:
        raise fault
    return actions


def check_date(date: str) -> None:
    """A date of an action is midnight, in ISO 8601; raises S3Error InvalidArgument."""
    if not _ISO_8601.fullmatch(date):
        raise S3Error("InvalidArgument", "Date must be in ISO 8601 format")
    if (parse_date(date) or 0) % _DAY:
        raise S3Error("InvalidArgument", "'Date' must be at midnight GMT")


def _positive(element: Element, message: str) -> int:
    number = parse_int(text(element))
    if number is None or number < 1:
        raise S3Error("InvalidArgument", message)
    return number


def _refuse_tags(rule: Element, action: str) -> None:
    selection = child(rule, "Filter")
    if children(selection, "Tag") or children(child(selection, "And"), "Tag"):
        raise S3Error("InvalidRequest", f"Tag-based filter cannot be used with {action} action")


def _parse_abort(rule: Element, _: Sequence[str]) -> Action:
    name = "AbortIncompleteMultipartUpload"
    _refuse_tags(rule, name)
    days = child(child(rule, name), "DaysAfterInitiation")
    if days is None:
        raise S3Error("MalformedXML", f"{name} action does not include DaysAfterInitiation")
    return {"days": _positive(days, "DaysAfterInitiation is not a positive integer")}


def _parse_expiration(rule: Element, _: Sequence[str]) -> Action:
    expiration = child(rule, "Expiration")
    days, date, marker = (child(expiration, name) for name in ("Days", "Date", "ExpiredObjectDeleteMarker"))
    given = sum(element is not None for element in (days, date, marker))
    if given == 0:
        raise S3Error("MalformedXML", "Expiration action does not include an action time")
    if given > 1:
        raise S3Error("MalformedXML", "Expiration action includes more than one time")
    if days is not None:
        return {"days": _positive(days, "Expiration days is not a positive integer")}
    if date is not None:
        check_date(text(date))
        return {"date": text(date)}
    _refuse_tags(rule, "ExpiredObjectDeleteMarker")
    if marker not in ("true", "false"):
        raise S3Error("MalformedXML", "ExpiredObjDeleteMarker is not true or false")
    return {"deleteMarker": marker}


def _parse_noncurrent_expiration(rule: Element, _: Sequence[str]) -> Action:
    name = "NoncurrentVersionExpiration"
    days = child(child(rule, name), "NoncurrentDays")
    if days is None:
        raise S3Error("MalformedXML", f"{name} action does not include NoncurrentDays")
    action: Action = {"days": _positive(days, "NoncurrentDays is not a positive integer")}
    newer = child(child(rule, name), "NewerNoncurrentVersions")
    if newer is not None:
        message = "NewerNoncurrentVersions is not a positive integer"
        action["newerNoncurrentVersions"] = _positive(newer, message)
    return action


def _parse_noncurrent_transition(rule: Element, sites: Sequence[str]) -> Action:
    return {"nonCurrentVersionTransition": parse_noncurrent_transitions(rule, sites)}


def _parse_transition(rule: Element, sites: Sequence[str]) -> Action:
    return {"transition": parse_transitions(rule, sites, check_date)}


_PARSERS: Final[dict[str, Callable[[Element, Sequence[str]], Action]]] = {
    "AbortIncompleteMultipartUpload": _parse_abort,
    "Expiration": _parse_expiration,
    "NoncurrentVersionExpiration": _parse_noncurrent_expiration,
    "NoncurrentVersionTransition": _parse_noncurrent_transition,
    "Transition": _parse_transition,
}
