"""Object lock: what may be asked of it, what it forbids. IO-free.

Source: cloudserver lib/api/apiUtils/object/objectLockHelpers.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from fake_cloudserver.clock import from_milliseconds
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.s3.javascript import parse_date

MODES: Final = ("GOVERNANCE", "COMPLIANCE")
LEGAL_HOLDS: Final = ("ON", "OFF")

_MODE = "x-amz-object-lock-mode"
_DATE = "x-amz-object-lock-retain-until-date"
_LEGAL_HOLD = "x-amz-object-lock-legal-hold"
_DAY = 24 * 60 * 60 * 1000


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectLock:
    """The lock of one version: mode and date (ISO text) of its retention, None without one; and its legal hold."""

    mode: str | None = None
    date: str | None = None
    legal_hold: bool = False

    @classmethod
    def of(cls, md: Mapping[str, Any]) -> ObjectLock:
        return cls(md.get("retentionMode"), md.get("retentionDate"), bool(md.get("legalHold")))

    def is_locked(self, now: int) -> bool:
        """Args: now in milliseconds."""
        return self.legal_hold or (bool(self.mode) and bool(self.date) and not self._is_expired(now))

    def may_delete(self, now: int, *, bypass: bool) -> bool:
        """Whether the version may be removed; ``bypass`` lifts GOVERNANCE, and no legal hold."""
        if not self.is_locked(now):
            return True
        return not self.legal_hold and self.mode == "GOVERNANCE" and bypass

    def may_become(self, mode: str, date: str, now: int, *, bypass: bool) -> bool:
        """Whether the retention may be replaced: an active one is only ever prolonged, GOVERNANCE can be bypassed."""
        if not self.is_locked(now):
            return True
        if self.mode == "GOVERNANCE" and bypass:
            return True
        return self.mode == mode and (parse_date(date) or 0) >= (parse_date(self.date or "") or 0)

    def _is_expired(self, now: int) -> bool:
        # a date that is no date never passes
        until = parse_date(self.date or "")
        return until is not None and now >= until


def check_lock_headers(bucket: BucketInfo, headers: Mapping[str, str], now: int) -> None:
    """The ``x-amz-object-lock-`` headers of PutObject and of the initiation of an upload.

    Args:
        now: milliseconds since the epoch.

    Raises:
        S3Error: InvalidRequest, InvalidArgument.
    """
    mode, date, legal_hold = (headers.get(name) for name in (_MODE, _DATE, _LEGAL_HOLD))
    if (mode or date or legal_hold) and not bucket.object_lock_enabled:
        raise S3Error("InvalidRequest", "Bucket is missing ObjectLockConfiguration")
    if bool(mode) != bool(date):
        raise S3Error("InvalidArgument", f"{_DATE} and {_MODE} must both be supplied")
    if mode and mode not in MODES:
        raise S3Error("InvalidArgument", "Unknown wormMode directive")
    if legal_hold and legal_hold not in LEGAL_HOLDS:
        raise S3Error("InvalidArgument", 'Legal hold status must be one of "ON", "OFF"')
    # compared as texts
    if mode and (date or "") <= from_milliseconds(now):
        raise S3Error("InvalidArgument", "The retain until date must be in the future!")


def lock_properties(
    bucket: BucketInfo, headers: Mapping[str, str], now: int, *, hold_replaces_default: bool = False
) -> dict[str, Any]:
    """What the headers, or else the bucket's default retention, put into a new object's document.

    Args:
        now: milliseconds since the epoch; the default counts from it.
        hold_replaces_default: a legal-hold header keeps the default away, as in CopyObject.
    """
    properties: dict[str, Any] = {}
    legal_hold = headers.get(_LEGAL_HOLD)
    if legal_hold in LEGAL_HOLDS:
        properties["legalHold"] = legal_hold == "ON"
    mode, date = headers.get(_MODE), headers.get(_DATE)
    if mode and date:
        return {**properties, "retentionMode": mode, "retentionDate": date}
    if legal_hold and hold_replaces_default:
        return properties
    return {**properties, **_default_retention(bucket, now)}


def _default_retention(bucket: BucketInfo, now: int) -> dict[str, Any]:
    rule = (bucket.object_lock_configuration or {}).get("rule")
    if not rule:
        return {}
    days = rule["days"] if rule.get("days") else rule["years"] * 365
    return {"retentionMode": rule["mode"], "retentionDate": from_milliseconds(now + int(days) * _DAY)}


def has_bypass(headers: Mapping[str, str]) -> bool:
    """``x-amz-bypass-governance-retention: true``, in any letter case."""
    return headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
