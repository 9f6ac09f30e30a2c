"""Accounts by key, id and address; who is a service, and whose writes are replicated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.auth.accounts import Accounts, is_service_account, may_replicate, service_name
from fake_cloudserver.settings.accounts import AccountSettings

SERVICE = "http://acs.zenko.io/accounts/service/"

BART = AccountSettings(
    name="Bart",
    email="bart@sampling.com",
    arn="arn:aws:iam::123456789012:root",
    canonical_id="bart-id",
    short_id="123456789012",
    keys=(("accessKey1", "verySecretKey1"), ("accessKey1b", "verySecretKey1b")),
)
LISA = AccountSettings(
    name="Lisa",
    email="lisa@sampling.com",
    arn="arn:aws:iam::123456789013:root",
    canonical_id="lisa-id",
    short_id="123456789013",
    keys=(("accessKey2", "verySecretKey2"),),
)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts((BART, LISA))


def test_by_access_key(accounts: Accounts) -> None:
    assert accounts.by_access_key("accessKey1") == (BART, "verySecretKey1")
    assert accounts.by_access_key("accessKey1b") == (BART, "verySecretKey1b")
    assert accounts.by_access_key("accessKey2") == (LISA, "verySecretKey2")
    assert accounts.by_access_key("ACCESSKEY1") is None


def test_by_canonical_id(accounts: Accounts) -> None:
    assert accounts.by_canonical_id("lisa-id") is LISA
    assert accounts.by_canonical_id("nobody") is None


def test_by_email(accounts: Accounts) -> None:
    assert accounts.by_email("bart@sampling.com") is BART
    assert accounts.by_email("Lisa@Sampling.COM") is LISA
    assert accounts.by_email("maggie@sampling.com") is None


@pytest.mark.parametrize(
    ("canonical_id", "name", "replicates"),
    [
        (f"{SERVICE}replication", "replication", False),
        (f"{SERVICE}lifecycle", "lifecycle", False),
        (f"{SERVICE}gc", "gc", False),
        (f"{SERVICE}md-ingestion", "md-ingestion", True),
        ("replication", "replication", False),
        ("/gc", "gc", False),
        ("elsewhere/lifecycle", "lifecycle", False),
        (f"{SERVICE}clueso", None, True),
        (f"{SERVICE}replication/", None, True),
        (f"{SERVICE}Replication", None, True),
        (f"{SERVICE}xreplication", None, True),
        ("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", None, True),
        ("http://acs.amazonaws.com/groups/global/AllUsers", None, True),
        ("", None, True),
    ],
)
def test_services(canonical_id: str, name: str | None, replicates: bool) -> None:
    assert service_name(canonical_id) == name
    assert is_service_account(canonical_id) is (name is not None)
    assert may_replicate(canonical_id) is replicates


@given(st.text(), st.sampled_from(["replication", "lifecycle", "gc", "md-ingestion"]))
def test_nobody_looks_at_the_prefix(prefix: str, name: str) -> None:
    assert service_name(f"{prefix}/{name}") == name
    assert service_name(f"{prefix}/{name}/more") is None
