"""authdata.json: whatever is wrong with it has one text."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings.accounts import AccountSettings, account_of_environment, parse_accounts

ACCOUNT: dict[str, Any] = {
    "name": "Bart",
    "email": "Bart@Sampling.com",
    "arn": "arn:aws:iam::123456789012:root",
    "canonicalID": "canonical",
    "shortid": "123456789012",
    "keys": [{"access": "accessKey1", "secret": "verySecretKey1"}],
}
OTHER: dict[str, Any] = {
    "name": "Bart",
    "email": "lisa@sampling.com",
    "arn": "arn:aws:iam::123456789013:root",
    "canonicalID": "other",
    "shortid": "123456789012",
    "keys": [],
}
REFUSAL = "bad config: invalid auth config file."


def refused(document: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_accounts(document)
    assert str(caught.value) == REFUSAL


def test_an_account() -> None:
    before = copy.deepcopy(ACCOUNT)
    assert parse_accounts({"accounts": [ACCOUNT]}) == (
        AccountSettings(
            name="Bart",
            email="bart@sampling.com",
            arn="arn:aws:iam::123456789012:root",
            canonical_id="canonical",
            short_id="123456789012",
            keys=(("accessKey1", "verySecretKey1"),),
        ),
    )
    assert before == ACCOUNT


def test_names_and_short_ids_may_repeat_and_keys_may_be_missing() -> None:
    accounts = parse_accounts({"accounts": [ACCOUNT, OTHER]})
    assert [account.canonical_id for account in accounts] == ["canonical", "other"]
    assert accounts[1].keys == ()


def test_several_keys() -> None:
    keys = [{"access": "a", "secret": "same"}, {"access": "b", "secret": "same"}]
    (account,) = parse_accounts({"accounts": [{**ACCOUNT, "keys": keys}]})
    assert account.keys == (("a", "same"), ("b", "same"))


def test_secrets_are_not_shown() -> None:
    (account,) = parse_accounts({"accounts": [ACCOUNT]})
    assert "verySecretKey1" not in repr(account)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "accounts",
        {},
        {"accounts": None},
        {"accounts": {}},
        {"accounts": [], "version": 1},
        {"accounts": [None]},
        {"accounts": ["Bart"]},
        {"accounts": [[]]},
    ],
)
def test_the_root(document: Any) -> None:
    refused(document)


def test_no_accounts_at_all() -> None:
    assert parse_accounts({"accounts": []}) == ()


@pytest.mark.parametrize("field", sorted(ACCOUNT))
def test_every_field_is_mandatory(field: str) -> None:
    refused({"accounts": [{name: value for name, value in ACCOUNT.items() if name != field}]})


@pytest.mark.parametrize("field", sorted(ACCOUNT))
@pytest.mark.parametrize("value", [None, 1, "", {}, True])
def test_every_field_has_its_type(field: str, value: Any) -> None:
    refused({"accounts": [{**ACCOUNT, field: value}]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "bart"),
        ("email", "bart@localhost"),
        ("email", "@sampling.com"),
        ("email", "bart@"),
        ("email", "a@b@sampling.com"),
        ("email", "bart@sampling..com"),
        ("email", "bart@-sampling.com"),
        ("email", ".bart@sampling.com"),
        ("email", "bart@sampling.com\n"),
        ("email", "b" * 65 + "@sampling.com"),
        ("arn", "aws::iam:123456789012:root"),
        ("arn", "arn:aws:iam::12345678901:root"),
        ("arn", "arn:aws:iam::123456789012:user/bart"),
        ("arn", "arn:aws:iam:us-east-1:123456789012:root"),
        ("arn", "arn:aws:s3::123456789012:root"),
        ("arn", "arn:aws:iam::123456789012:root\n"),
        ("shortid", "12345678901"),
        ("shortid", "1234567890123"),
        ("shortid", "12345678901x"),
        ("shortid", "１２３４５６７８９０１２"),
        ("users", []),
        ("users", [{"name": "x"}]),
        ("nickname", "El Barto"),
        ("keys", ["accessKey1"]),
        ("keys", [{}]),
        ("keys", [{"access": "a"}]),
        ("keys", [{"secret": "s"}]),
        ("keys", [{"access": "", "secret": "s"}]),
        ("keys", [{"access": "a", "secret": 1}]),
        ("keys", [{"access": "a", "secret": "s", "more": "m"}]),
        ("keys", [{"access": "a", "secret": "s"}, {"access": "a", "secret": "t"}]),
    ],
)
def test_rules_of_single_fields(field: str, value: Any) -> None:
    refused({"accounts": [{**ACCOUNT, field: value}]})


@pytest.mark.parametrize("email", ["a.b+c@sampling.com", "o'neil_1@mail.sampling.co.uk", "bärt@sampling.com"])
def test_addresses(email: str) -> None:
    (account,) = parse_accounts({"accounts": [{**ACCOUNT, "email": email}]})
    assert account.email == email


@pytest.mark.parametrize("field", ["arn", "email", "canonicalID"])
def test_unique_over_all_accounts(field: str) -> None:
    refused({"accounts": [ACCOUNT, {**OTHER, field: ACCOUNT[field]}]})


def test_access_keys_are_unique_over_all_accounts() -> None:
    refused({"accounts": [ACCOUNT, {**OTHER, "keys": [{"access": "accessKey1", "secret": "another"}]}]})


def test_the_account_of_the_environment() -> None:
    environ = {"SCALITY_ACCESS_KEY_ID": "access", "SCALITY_SECRET_ACCESS_KEY": "secret"}
    assert account_of_environment(environ) == AccountSettings(
        name="CustomAccount",
        email="customaccount1@setbyenv.com",
        arn="arn:aws:iam::123456789012:root",
        canonical_id="12349df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47qwer",
        short_id="123456789012",
        keys=(("access", "secret"),),
    )


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"SCALITY_ACCESS_KEY_ID": "access"},
        {"SCALITY_SECRET_ACCESS_KEY": "secret"},
        {"SCALITY_ACCESS_KEY_ID": "access", "SCALITY_SECRET_ACCESS_KEY": ""},
    ],
)
def test_the_environment_must_have_both_keys(environ: dict[str, str]) -> None:
    assert account_of_environment(environ) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(ACCOUNT)), json_values)
def test_any_value_is_read_or_refused(field: str, value: Any) -> None:
    try:
        (account,) = parse_accounts({"accounts": [{**ACCOUNT, field: value}]})
    except ConfigurationError:
        return
    # A name or id can be any text, and the list of keys may be empty; nothing else that is made up is valid.
    assert field in {"name", "canonicalID", "keys"}
    assert value in (account.name, account.canonical_id, [])
