"""What is asked of Vault, what its answers mean, and how long keys are kept."""

from __future__ import annotations

import pytest
from engine_helpers import Answer
from vault_helpers import SmallVault, vault_error

from fake_cloudserver import VirtualClock
from harness.engine.credentials import RoleCredentials, RoleKeys
from harness.engine.errors import ReplicationError
from harness.engine.signing import Credentials
from harness.engine.vault import AccountOwner, VaultClient, account_id_of
from harness.transport import TransportError

ROLE = "arn:aws:iam::123456789012:role/crr"
NOW = 1_767_225_600.0


def client(vault: SmallVault, url: str = "http://vault:8500") -> VaultClient:
    return VaultClient(vault, url, origin="target")


def failed(vault: SmallVault, action: str = "AssumeRoleBackbeat") -> ReplicationError:
    with pytest.raises(ReplicationError) as caught:
        client(vault).assume_role(ROLE) if action == "AssumeRoleBackbeat" else client(vault).account("1")
    return caught.value


def test_a_role_is_assumed_under_the_sessions_name() -> None:
    vault = SmallVault(expires=1000 * (NOW + 900))
    assumed = client(vault).assume_role(ROLE)
    assert assumed.credentials == Credentials("temporary-1", "secret", "token-1")
    assert assumed.expires == NOW + 900
    call = vault.calls[0]
    assert (call.method, call.path, call.signed) == ("POST", "/", False)
    assert call.parameters == {
        "Action": "AssumeRoleBackbeat",
        "RoleArn": ROLE,
        "RoleSessionName": "backbeat-replication",
    }


def test_an_account_is_asked_for_by_its_id() -> None:
    vault = SmallVault()
    assert client(vault).account("123456789012") == AccountOwner("target-canonical-id", "Target")
    call = vault.calls[0]
    assert (call.method, call.path, call.signed) == ("GET", "/", False)
    assert call.parameters == {"Action": "AccountsCanonicalIds", "accountIds": "123456789012"}


def test_a_vault_behind_a_front_end_is_asked_at_the_proxys_path() -> None:
    vault = SmallVault()
    behind = client(vault, "http://front:8001/_/backbeat/vault")
    behind.assume_role(ROLE)
    behind.account("1")
    assert [call.path for call in vault.calls] == ["/_/backbeat/vault", "/_/backbeat/vault"]


def test_an_unknown_account_is_account_not_found() -> None:
    vault = SmallVault()
    vault.faults["AccountsCanonicalIds"] = [Answer(200, b"[]")]
    error = failed(vault, "AccountsCanonicalIds")
    assert (error.name, error.retryable, error.origin) == ("AccountNotFound", False, "target")


@pytest.mark.parametrize("action", ["AssumeRoleBackbeat", "AccountsCanonicalIds"])
@pytest.mark.parametrize(
    ("answer", "name", "retryable"),
    [
        (vault_error(403, "AccessDenied"), "AccessDenied", False),
        (vault_error(404, "NoSuchEntity"), "NoSuchEntity", False),
        (vault_error(500, "InternalError"), "InternalError", True),
        (vault_error(503, "ServiceUnavailable"), "ServiceUnavailable", True),
        (Answer(503, b"<html>"), "UnknownError", True),
        (TransportError("NetworkingError", "nobody listens"), "NetworkingError", True),
    ],
)
def test_errors_have_a_name_and_may_be_worth_a_retry(
    action: str, answer: Answer | TransportError, name: str, retryable: bool
) -> None:
    vault = SmallVault()
    vault.faults[action] = [answer]
    error = failed(vault, action)
    assert (error.name, error.retryable, error.origin) == (name, retryable, "target")


@pytest.mark.parametrize("action", ["AssumeRoleBackbeat", "AccountsCanonicalIds"])
@pytest.mark.parametrize("body", [b"no JSON", b"null", b"{}", b"[1]", b'{"Credentials": {"AccessKeyId": 1}}'])
def test_a_malformed_answer_is_an_error_of_its_own_each_time(action: str, body: bytes) -> None:
    vault = SmallVault()
    vault.faults[action] = [Answer(200, body), Answer(200, body)]
    first, second = failed(vault, action), failed(vault, action)
    assert first is not second
    assert (first.name, first.origin) == ("InternalError", "target")


class TestRoleCredentials:
    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock(NOW)

    def test_keys_are_asked_for_at_first_use_and_reused(self, clock: VirtualClock) -> None:
        vault = SmallVault(expires=1000 * (NOW + 900))
        keys = RoleCredentials(ROLE, clock)
        assert vault.calls == []
        assert keys.get(client(vault)) == keys.get(client(vault))
        clock.advance(839)
        assert keys.get(client(vault)).access_key == "temporary-1"
        assert len(vault.calls) == 1

    @pytest.mark.parametrize("seconds", [840, 899, 901, 10_000])
    def test_keys_are_renewed_a_minute_before_their_end_and_after_it(self, clock: VirtualClock, seconds: int) -> None:
        vault = SmallVault(expires=1000 * (NOW + 900))
        keys = RoleCredentials(ROLE, clock)
        keys.get(client(vault))
        clock.advance(seconds)
        assert keys.get(client(vault)).access_key == "temporary-2"

    def test_after_an_error_vault_is_asked_again(self, clock: VirtualClock) -> None:
        vault = SmallVault()
        vault.faults["AssumeRoleBackbeat"] = [vault_error(403, "AccessDenied")]
        keys = RoleCredentials(ROLE, clock)
        with pytest.raises(ReplicationError, match="AccessDenied"):
            keys.get(client(vault))
        assert keys.get(client(vault)).session_token == "token-2"

    def test_each_role_has_its_own(self, clock: VirtualClock) -> None:
        keys = RoleKeys(clock)
        assert keys.of(ROLE) is keys.of(ROLE)
        assert keys.of(ROLE) is not keys.of(f"{ROLE}-other")


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        (ROLE, "123456789012"),
        ("arn:aws:iam::123456789012:root", "123456789012"),
        ("aws::iam:123456789012:root", "root"),  # as the sample authdata.json of Backbeat has it
        ("nonsense", ""),
    ],
)
def test_the_account_is_the_fifth_field_of_an_arn(arn: str, account: str) -> None:
    assert account_id_of(arn) == account
