"""As whom the engine speaks to source and target, and to whom replicas belong."""

from __future__ import annotations

from typing import Any

import pytest
from engine_helpers import Answer
from target_helpers import ACCOUNT, OWNER, SERVERS, SOURCE_ROLE, TARGET_ROLE, CloudServerWorld
from vault_helpers import SmallVault, vault_error

from harness.engine.clients import SourceClients
from harness.engine.tasks.context import Outcome
from harness.engine.vault import PROXY_PATH
from harness.transport import TransportError

CHECKS = ["GET replication", "GET metadata"]
SOURCE = {"host": "source", "port": 8000}


class FrontEnd:
    """A server of a target: Vault behind the proxy's path, CloudServer everywhere else."""

    def __init__(self, world: CloudServerWorld, vault: SmallVault) -> None:
        self._world = world
        self._vault = vault
        self.calls: list[Any] = []

    def send(self, method: str, url: str, headers: Any, body: Any = b"") -> Any:
        server: Any = self._vault if PROXY_PATH in url else self._world.target
        try:
            return server.send(method, url, headers, body)
        finally:
            self.calls.append(server.calls[-1])


class RoleWorld(CloudServerWorld):
    """Everybody acts in roles; the source's Vault is a server of its own, the target's is behind its front end."""

    def __init__(self) -> None:
        auth = {"type": "role", "vault": {"host": "source-vault", "port": 8500}}
        super().__init__(source=SOURCE | {"auth": auth}, destination={"auth": {"type": "role"}})
        self.source_vault = SmallVault()
        self.target_vault = SmallVault(owner=OWNER)
        front = FrontEnd(self, self.target_vault)
        self.network.hosts |= {"source-vault:8500": self.source_vault} | dict.fromkeys(SERVERS, front)


class TestRoles:
    def test_both_roles_are_assumed_and_the_targets_account_is_asked_for(self) -> None:
        world = RoleWorld()
        assert world.run() == Outcome("COMPLETED", "")
        assert [call.parameters["RoleArn"] for call in world.source_vault.calls] == [SOURCE_ROLE]
        account, role = world.target_vault.calls
        assert account.parameters == {"Action": "AccountsCanonicalIds", "accountIds": "222222222222"}
        assert role.parameters["RoleArn"] == TARGET_ROLE
        assert {call.parameters.get("RoleSessionName") for call in (role, *world.source_vault.calls)} == {
            "backbeat-replication"
        }
        assert {call.path for call in world.target_vault.calls} == {"/_/backbeat/vault"}
        assert world.replica()["owner-id"] == OWNER

    def test_every_request_carries_the_token(self) -> None:
        world = RoleWorld()
        world.run()
        calls = [*world.source.calls, *world.target.calls]
        assert {call.headers["x-amz-security-token"] for call in calls} == {"token-1"}

    def test_entries_share_keys_and_accounts_while_they_are_good(self) -> None:
        world = RoleWorld()
        world.run()
        world.run()
        assert len(world.source_vault.calls) == 1
        assert len(world.target_vault.calls) == 2

    def test_a_target_vault_of_its_own_is_asked_directly(self) -> None:
        world = RoleWorld()
        auth = {"type": "role", "vault": {"host": "target-vault", "port": 8500}}
        direct = CloudServerWorld(destination={"auth": auth})
        direct.network.hosts["target-vault:8500"] = world.target_vault
        assert direct.run() == Outcome("COMPLETED", "")
        assert {call.path for call in world.target_vault.calls} == {"/"}

    @pytest.mark.parametrize("name", ["AccessDenied", "NoSuchEntity"])
    def test_a_source_role_that_may_not_be_assumed_is_skipped(self, name: str) -> None:
        world = RoleWorld()
        world.source_vault.faults["AssumeRoleBackbeat"] = [vault_error(403, name)]
        assert world.run().status is None
        assert (world.source.calls, world.target.calls) == ([], [])

    @pytest.mark.parametrize("name", ["AccessDenied", "NoSuchEntity"])
    @pytest.mark.parametrize("action", ["AssumeRoleBackbeat", "AccountsCanonicalIds"])
    def test_a_target_vault_that_refuses_is_a_failure(self, action: str, name: str) -> None:
        world = RoleWorld()
        world.target_vault.faults[action] = [vault_error(403, name)]
        assert world.run().status == "FAILED"
        assert world.target.calls == []

    @pytest.mark.parametrize("action", ["AssumeRoleBackbeat", "AccountsCanonicalIds"])
    @pytest.mark.parametrize(
        "fault",
        [
            vault_error(500, "InternalError"),
            vault_error(503, "ServiceUnavailable"),
            TransportError("NetworkingError", "nobody listens"),
        ],
    )
    def test_a_target_vault_that_breaks_is_asked_by_way_of_the_other_server(self, action: str, fault: Any) -> None:
        world = RoleWorld()
        world.target_vault.faults[action] = [fault]
        assert world.run() == Outcome("COMPLETED", "")
        assert {host for host in world.network.hosts_of(action) if host in SERVERS} == set(SERVERS)

    def test_a_source_vault_that_breaks_is_asked_again(self) -> None:
        world = RoleWorld()
        world.source_vault.faults["AssumeRoleBackbeat"] = [vault_error(500, "InternalError")]
        assert world.run() == Outcome("COMPLETED", "")
        assert len(world.source_vault.calls) == 2

    def test_an_account_that_vault_does_not_know_is_a_failure(self) -> None:
        world = RoleWorld()
        world.target_vault.faults["AccountsCanonicalIds"] = [Answer(200, b"[]")]
        assert world.run().status == "FAILED"
        assert world.target.calls == []


class TestAccounts:
    @pytest.mark.parametrize("auth_type", ["account", "service"])
    def test_replicas_belong_to_the_account_of_the_role(self, auth_type: str) -> None:
        world = CloudServerWorld(destination={"auth": ACCOUNT | {"type": auth_type}})
        assert world.run() == Outcome("COMPLETED", "")
        assert (world.replica()["owner-id"], world.replica()["owner-display-name"]) == (OWNER, "Target")

    @pytest.mark.parametrize("arn", ["arn:aws:iam::333333333333:root", "aws::iam:222222222222:root", ""])
    def test_an_account_that_is_not_the_roles_is_a_failure(self, arn: str) -> None:
        world = CloudServerWorld(destination={"auth": ACCOUNT | {"arn": arn}})
        assert world.run() == Outcome("FAILED", "", "there is no account 222222222222")
        assert world.names == CHECKS

    def test_source_and_target_are_signed_for_with_their_own_keys(self) -> None:
        world = CloudServerWorld()
        world.run()
        assert "Credential=access/" in world.source.call("GET replication").headers["authorization"]
        assert world.source.call("GET metadata").headers["authorization"].startswith("AWS access:")
        assert world.target.call("PUT metadata").headers["authorization"].startswith("AWS target-access:")
        assert "x-amz-security-token" not in world.target.call("PUT metadata").headers

    def test_requests_of_one_entry_share_an_id_on_both_sides(self) -> None:
        world = CloudServerWorld()
        world.run()
        assert len({call.headers["x-scal-request-uids"] for call in (*world.source.calls, *world.target.calls)}) == 1


def test_clients_of_the_source_need_no_role_where_accounts_sign() -> None:
    world = CloudServerWorld()
    clients = SourceClients(world.settings.source, world.network, world.clock, world.randomness)
    clients.new().get_bucket_replication("src")
    assert world.source.names == ["GET replication"]
