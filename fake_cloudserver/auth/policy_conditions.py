"""Conditions of a bucket policy's statements. IO-free.

Source: Arsenal lib/policyEvaluator/utils/conditions.ts (findConditionKey, convertConditionOperator), evaluator.ts
(meetConditions).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fake_cloudserver.auth.wildcards import arn_matches, compiled
from fake_cloudserver.clock import iso
from fake_cloudserver.s3.javascript import parse_date


@dataclasses.dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions may ask about.

    Attributes:
        now: seconds since the epoch.
        retention_days: of the object lock that the request asks for.
        secure: whether the connection is encrypted.
    """

    now: float
    remote_address: str
    user_agent: str | None = None
    referer: str | None = None
    retention_days: int | None = None
    secure: bool = False

    def value(self, key: str) -> str | None:
        """The value of a condition key; None for a key that nobody knows, or that has none here."""
        match key:
            case "aws:CurrentTime":
                return iso(self.now)
            case "aws:EpochTime":
                return str(int(self.now * 1000))
            case "aws:SourceIp":
                return self.remote_address
            case "aws:SecureTransport":
                return "true" if self.secure else "false"
            case "aws:UserAgent":
                return self.user_agent
            case "aws:Referer":
                return self.referer
            case "s3:object-lock-remaining-retention-days" if self.retention_days is not None:
                return str(self.retention_days)
        return None


_Test: TypeAlias = Callable[[str, str], bool]


def conditions_hold(conditions: Mapping[str, Mapping[str, Any]], circumstances: Circumstances) -> bool:
    """Whether all operators hold for all their keys; of several values of a key one is enough."""
    return all(
        _holds(name, circumstances.value(key), [_text(value) for value in _as_list(wanted)])
        for name, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(name: str, actual: str | None, wanted: list[str]) -> bool:
    bare = name.removesuffix("IfExists")
    if bare == "Null":
        return any((actual is None) == (value == "true") for value in wanted)
    if actual is None:
        return bare != name
    if bare in _NEGATIONS:
        return not any(_TESTS[_NEGATIONS[bare]](actual, value) for value in wanted)
    test = _TESTS.get(bare)
    return test is not None and any(test(actual, value) for value in wanted)


def _numbers(compare: Callable[[float, float], bool]) -> _Test:
    def test(actual: str, wanted: str) -> bool:
        try:
            return compare(float(actual), float(wanted))
        except ValueError:
            return False

    return test


def _dates(compare: Callable[[float, float], bool]) -> _Test:
    def test(actual: str, wanted: str) -> bool:
        left, right = _milliseconds(actual), _milliseconds(wanted)
        return left is not None and right is not None and compare(left, right)

    return test


def _milliseconds(date: str) -> int | None:
    """Of an ISO date or of an epoch time, which may be given in seconds or milliseconds."""
    if date.isascii() and date.isdigit():
        return int(date) * (1000 if len(date) <= 10 else 1)
    return parse_date(date)


def _in_range(actual: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _same_ignoring_case(actual: str, wanted: str) -> bool:
    return actual.lower() == wanted.lower()


def _like(actual: str, wanted: str) -> bool:
    return compiled(wanted).fullmatch(actual) is not None


_TESTS: dict[str, _Test] = {
    "StringEquals": operator.eq,
    "StringEqualsIgnoreCase": _same_ignoring_case,
    "StringLike": _like,
    "NumericEquals": _numbers(operator.eq),
    "NumericLessThan": _numbers(operator.lt),
    "NumericLessThanEquals": _numbers(operator.le),
    "NumericGreaterThan": _numbers(operator.gt),
    "NumericGreaterThanEquals": _numbers(operator.ge),
    "DateEquals": _dates(operator.eq),
    "DateLessThan": _dates(operator.lt),
    "DateLessThanEquals": _dates(operator.le),
    "DateGreaterThan": _dates(operator.gt),
    "DateGreaterThanEquals": _dates(operator.ge),
    "Bool": _same_ignoring_case,
    "BinaryEquals": operator.eq,
    "IpAddress": _in_range,
    "ArnEquals": arn_matches,
    "ArnLike": arn_matches,
}
_NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
