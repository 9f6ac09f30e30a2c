"""Conditions: what is asked about, and how it is compared."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fake_cloudserver.auth.policy_conditions import Circumstances, conditions_hold

HERE = Circumstances(
    now=1_767_225_600.5, remote_address="127.0.0.1", user_agent="Test/1", referer=None, retention_days=5
)


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "holds"),
    [
        ("StringEquals", "aws:UserAgent", "Test/1", True),
        ("StringEquals", "aws:UserAgent", ["x", "Test/1"], True),
        ("StringEquals", "aws:UserAgent", "test/1", False),
        ("StringNotEquals", "aws:UserAgent", "x", True),
        ("StringNotEquals", "aws:UserAgent", ["x", "Test/1"], False),
        ("StringEqualsIgnoreCase", "aws:UserAgent", "TEST/1", True),
        ("StringNotEqualsIgnoreCase", "aws:UserAgent", "TEST/1", False),
        ("StringLike", "aws:UserAgent", "Test/*", True),
        ("StringLike", "aws:UserAgent", "Tes?", False),
        ("StringNotLike", "aws:UserAgent", "Tes?", True),
        ("NumericEquals", "s3:object-lock-remaining-retention-days", "5", True),
        ("NumericEquals", "s3:object-lock-remaining-retention-days", 5, True),
        ("NumericNotEquals", "s3:object-lock-remaining-retention-days", "5", False),
        ("NumericLessThan", "s3:object-lock-remaining-retention-days", "10", True),
        ("NumericLessThanEquals", "s3:object-lock-remaining-retention-days", "5", True),
        ("NumericGreaterThan", "s3:object-lock-remaining-retention-days", "5", False),
        ("NumericGreaterThanEquals", "s3:object-lock-remaining-retention-days", "5", True),
        ("NumericEquals", "s3:object-lock-remaining-retention-days", "five", False),
        ("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:01Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:01Z", False),
        ("DateGreaterThanEquals", "aws:CurrentTime", "2025-12-31", True),
        ("DateLessThanEquals", "aws:CurrentTime", "nonsense", False),
        ("DateEquals", "aws:CurrentTime", "2026-01-01T00:00:00.500Z", True),
        ("DateNotEquals", "aws:CurrentTime", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "aws:EpochTime", "1767225600", True),
        ("DateLessThan", "aws:EpochTime", "1767225600501", True),
        ("Bool", "aws:SecureTransport", "false", True),
        ("Bool", "aws:SecureTransport", False, True),
        ("Bool", "aws:SecureTransport", True, False),
        ("BinaryEquals", "aws:UserAgent", "Test/1", True),
        ("IpAddress", "aws:SourceIp", "127.0.0.1", True),
        ("IpAddress", "aws:SourceIp", "127.0.0.9/8", True),
        ("IpAddress", "aws:SourceIp", "::1", False),
        ("IpAddress", "aws:SourceIp", "1.2.3", False),
        ("NotIpAddress", "aws:SourceIp", "127.0.0.0/8", False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("ArnLike", "aws:UserAgent", "arn:aws:s3:::b", False),
        ("ArnNotLike", "aws:UserAgent", "arn:aws:s3:::b", True),
        ("Null", "aws:Referer", "true", True),
        ("Null", "aws:Referer", "false", False),
        ("Null", "aws:UserAgent", False, True),
        ("StringEquals", "aws:Referer", "x", False),
        ("StringNotEquals", "aws:Referer", "x", False),
        ("StringEqualsIfExists", "aws:Referer", "x", True),
        ("StringEqualsIfExists", "aws:UserAgent", "x", False),
        ("StringEquals", "aws:PrincipalTag/x", "y", False),
        ("NoSuchOperator", "aws:UserAgent", "Test/1", False),
    ],
)
def test_operators(operator: str, key: str, wanted: Any, *, holds: bool) -> None:
    assert conditions_hold({operator: {key: wanted}}, HERE) is holds


def test_all_must_hold() -> None:
    good, bad = {"aws:UserAgent": "Test/1"}, {"aws:SourceIp": "10.0.0.1"}
    assert conditions_hold({}, HERE)
    assert conditions_hold({"StringEquals": good, "NotIpAddress": bad}, HERE)
    assert not conditions_hold({"StringEquals": good, "IpAddress": bad}, HERE)
    assert not conditions_hold({"StringEquals": {**good, **bad}}, HERE)


def test_an_encrypted_connection() -> None:
    encrypted = dataclasses.replace(HERE, secure=True)
    assert conditions_hold({"Bool": {"aws:SecureTransport": "true"}}, encrypted)
