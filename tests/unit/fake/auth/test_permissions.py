"""Who may do what: every row of the rules, with and without a policy."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from auth_helpers import BART, BART_ID, LISA, LISA_ID, NOBODY, requester_of
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.auth.acl import default_bucket_acl, default_object_acl
from fake_cloudserver.auth.actions import of_object_creation, of_object_get
from fake_cloudserver.auth.permissions import bucket_allows, object_allows, replication_allows
from fake_cloudserver.auth.policy import PolicyDecision, Verdict
from fake_cloudserver.request import Requester

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTH_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
OWNER, OTHER = requester_of(BART), requester_of(LISA)
THIRD = Requester("c3" * 32, "Third", "third@sampling.com", "arn:aws:iam::123456789999:root", "123456789999")
SERVICE = Requester("http://acs.zenko.io/accounts/service/replication", "Replication", "", "arn:x", "1")
CLUESO = Requester("http://acs.zenko.io/accounts/service/clueso", "Clueso", "", "arn:x", "2")


@dataclasses.dataclass
class Bucket:
    acl: dict[str, Any]
    owner: str = BART_ID


def bucket(canned: str = "private", **grants: list[str]) -> Bucket:
    return Bucket({**default_bucket_acl(), "Canned": "" if grants else canned, **grants})


def md(owner: str = BART_ID, canned: str = "private", **grants: list[str]) -> dict[str, Any]:
    return {"owner-id": owner, "acl": {**default_object_acl(), "Canned": "" if grants else canned, **grants}}


def says(**verdicts: Verdict) -> PolicyDecision:
    """A policy that knows these actions."""
    return verdicts.get


SILENT = says()


def may(
    asked: Bucket,
    found: dict[str, Any] | None,
    requester: Requester,
    actions: list[str],
    decision: PolicyDecision | None = None,
) -> bool:
    """Both levels, as an operation on an object asks them."""
    return bucket_allows(asked, requester, actions, decision) and object_allows(
        asked, found, requester, actions, decision
    )


class TestBucketLevel:
    CONFIGURATION = (
        "bucketGetVersioning",
        "bucketPutVersioning",
        "bucketPutReplication",
        "bucketGetLocation",
        "bucketDelete",
        "objectGetTagging",
        "objectPutTagging",
        "objectGetRetention",
        "objectPutLegalHold",
        "listParts",
        "multipartDelete",
        "listMultipartUploads",
        "objectRestore",
        "ReplicateObject",
    )

    def test_owner_and_services_may_do_everything_in_spite_of_a_policy(self) -> None:
        deny = says(bucketGet="deny", bucketDelete="deny")
        for requester, action in itertools.product((OWNER, SERVICE), ("bucketGet", "bucketDelete", "ReplicateObject")):
            assert bucket_allows(bucket(), requester, [action], deny)

    @pytest.mark.parametrize("requester", [OTHER, NOBODY, CLUESO], ids=["account", "anonymous", "clueso"])
    @pytest.mark.parametrize("action", CONFIGURATION)
    def test_no_acl_opens_the_configuration(self, requester: Requester, action: str) -> None:
        everything = bucket(FULL_CONTROL=[ALL_USERS, AUTH_USERS, LISA_ID])
        assert not bucket_allows(everything, requester, [action])
        assert not bucket_allows(bucket("public-read-write"), requester, [action])

    @pytest.mark.parametrize("action", ["bucketGet", "bucketHead"])
    @pytest.mark.parametrize(
        ("asked", "account", "anonymous"),
        [
            (bucket("private"), False, False),
            (bucket("public-read"), True, True),
            (bucket("public-read-write"), True, True),
            (bucket("authenticated-read"), True, False),
            (bucket("log-delivery-write"), False, False),
            (bucket(READ=[LISA_ID]), True, False),
            (bucket(FULL_CONTROL=[LISA_ID]), True, False),
            (bucket(READ=[ALL_USERS]), True, True),
            (bucket(FULL_CONTROL=[ALL_USERS]), True, True),
            (bucket(READ=[AUTH_USERS]), True, False),
            (bucket(FULL_CONTROL=[AUTH_USERS]), True, False),
            (bucket(WRITE=[LISA_ID], READ_ACP=[LISA_ID], WRITE_ACP=[ALL_USERS]), False, False),
        ],
    )
    def test_list(self, asked: Bucket, action: str, *, account: bool, anonymous: bool) -> None:
        assert bucket_allows(asked, OTHER, [action]) is account
        assert bucket_allows(asked, NOBODY, [action]) is anonymous

    @pytest.mark.parametrize(
        ("action", "permission"),
        [
            ("bucketGetACL", "READ_ACP"),
            ("bucketPutACL", "WRITE_ACP"),
            ("objectPut", "WRITE"),
            ("initiateMultipartUpload", "WRITE"),
            ("objectPutPart", "WRITE"),
            ("completeMultipartUpload", "WRITE"),
            ("objectDelete", "WRITE"),
            ("objectDeleteVersion", "WRITE"),
        ],
    )
    def test_rights_and_their_permissions(self, action: str, permission: str) -> None:
        for granted in ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"):
            suffices = granted in {permission, "FULL_CONTROL"}
            assert bucket_allows(bucket(**{granted: [LISA_ID]}), OTHER, [action]) is suffices
            assert bucket_allows(bucket(**{granted: [AUTH_USERS]}), OTHER, [action]) is suffices
            assert bucket_allows(bucket(**{granted: [ALL_USERS]}), NOBODY, [action]) is suffices
            assert not bucket_allows(bucket(**{granted: [AUTH_USERS]}), NOBODY, [action])
        assert bucket_allows(bucket("public-read-write"), NOBODY, [action]) is (permission == "WRITE")

    def test_log_delivery_reads_the_acl(self) -> None:
        log_delivery = Requester("http://acs.amazonaws.com/groups/s3/LogDelivery")
        assert bucket_allows(bucket("log-delivery-write"), log_delivery, ["bucketGetACL"])
        assert not bucket_allows(bucket("log-delivery-write"), OTHER, ["bucketGetACL"])

    @pytest.mark.parametrize("action", ["objectGet", "objectGetVersion", "objectHead", "objectGetACL", "objectPutACL"])
    def test_what_the_object_decides_passes(self, action: str) -> None:
        assert bucket_allows(bucket(), NOBODY, [action])

    def test_tags_as_companions(self) -> None:
        assert bucket_allows(bucket(), OTHER, ["objectGet", "objectGetTagging"])
        assert not bucket_allows(bucket(), OTHER, ["objectGetVersion", "objectGetTaggingVersion"])
        assert not bucket_allows(bucket(), OTHER, ["objectHead", "objectGetTagging"])
        writable = bucket(WRITE=[LISA_ID])
        for main in ("objectPut", "initiateMultipartUpload"):
            assert bucket_allows(writable, OTHER, [main, "objectPutTagging", "objectPutRetention"])
        assert not bucket_allows(writable, OTHER, ["objectDelete", "objectPutTagging"])

    def test_a_policy_comes_before_the_acl(self) -> None:
        assert bucket_allows(bucket(), OTHER, ["bucketGet"], says(bucketGet="allow"))
        assert not bucket_allows(bucket("public-read"), OTHER, ["bucketGet"], says(bucketGet="deny"))
        assert bucket_allows(bucket("public-read"), OTHER, ["bucketGet"], SILENT)
        assert not bucket_allows(bucket(), OTHER, ["bucketGet"], SILENT)

    def test_every_action_must_pass(self) -> None:
        decision = says(objectGet="allow", objectGetTagging="deny")
        assert not bucket_allows(bucket(), OTHER, ["objectGet", "objectGetTagging"], decision)

    def test_websites_ask_the_policy_for_another_action(self) -> None:
        decision = says(objectGet="allow")
        assert bucket_allows(bucket(), NOBODY, ["bucketGet"], decision, website=True)
        assert not bucket_allows(bucket(), NOBODY, ["bucketGet"], decision)
        assert bucket_allows(bucket("public-read"), NOBODY, ["bucketGet"], SILENT, website=True)


class TestObjectLevel:
    @pytest.mark.parametrize("action", ["objectGet", "objectHead", "objectGetACL", "objectPutACL", "objectGetTagging"])
    def test_a_missing_object_takes_the_list_right(self, action: str) -> None:
        assert object_allows(bucket(), None, OWNER, [action])
        assert object_allows(bucket(), None, SERVICE, [action])
        assert object_allows(bucket("public-read"), None, NOBODY, [action])
        assert not object_allows(bucket(), None, OTHER, [action])
        assert object_allows(bucket(), None, OTHER, [action], says(bucketGet="allow"))
        assert not object_allows(bucket("public-read"), None, OTHER, [action], says(bucketGet="deny"))

    @pytest.mark.parametrize(
        "action", ["objectPut", "objectPutPart", "completeMultipartUpload", "objectDelete", "objectDeleteVersion"]
    )
    def test_a_missing_object_may_be_written_and_deleted(self, action: str) -> None:
        assert object_allows(bucket(), None, OTHER, [action])

    def test_but_companions_take_the_list_right(self) -> None:
        actions = of_object_creation({"x-amz-acl": "private"})
        assert not may(bucket(WRITE=[LISA_ID]), None, OTHER, actions)
        assert may(bucket(WRITE=[LISA_ID], READ=[LISA_ID]), None, OTHER, actions)
        assert may(bucket(WRITE=[LISA_ID]), None, OTHER, of_object_creation({}))

    def test_owner_and_services_may_do_everything(self) -> None:
        for action in ("objectGet", "objectPutACL", "objectGetTagging", "anything"):
            assert object_allows(bucket(), md(LISA_ID), OTHER, [action], says(**{action: "deny"}))
            assert object_allows(bucket(), md(LISA_ID), SERVICE, [action], says(**{action: "deny"}))

    @pytest.mark.parametrize(
        ("action", "passes"),
        [
            ("objectGetTagging", True),
            ("objectPutTagging", True),
            ("objectDeleteTagging", True),
            ("objectGetTaggingVersion", True),
            ("objectPutLegalHold", True),
            ("objectPutRetention", True),
            ("objectGetRetention", False),
            ("objectGetLegalHold", False),
            ("objectGet", False),
            ("objectHead", False),
            ("objectGetACL", False),
            ("objectPutACL", False),
            ("objectPut", True),
            ("objectDelete", True),
        ],
    )
    def test_the_buckets_owner_on_objects_of_others(self, action: str, *, passes: bool) -> None:
        assert object_allows(bucket(), md(LISA_ID), OWNER, [action]) is passes
        assert object_allows(bucket(), md(LISA_ID), OWNER, [action], SILENT), "a policy of any kind opens them"
        if not passes:
            assert not object_allows(bucket(), md(LISA_ID), OWNER, [action], says(**{action: "deny"}))

    @pytest.mark.parametrize("action", ["objectGet", "objectGetVersion", "objectHead"])
    @pytest.mark.parametrize(
        ("found", "account", "anonymous"),
        [
            (md(), False, False),
            (md(canned="public-read"), True, True),
            (md(canned="public-read-write"), True, True),
            (md(canned="authenticated-read"), True, False),
            (md(canned="bucket-owner-read"), False, False),
            (md(READ=[LISA_ID]), True, False),
            (md(FULL_CONTROL=[LISA_ID]), True, False),
            (md(READ=[AUTH_USERS]), True, False),
            (md(READ=[ALL_USERS]), True, True),
            (md(READ_ACP=[LISA_ID], WRITE_ACP=[ALL_USERS]), False, False),
            ({"owner-id": BART_ID}, False, False),
        ],
    )
    def test_read(self, found: dict[str, Any], action: str, *, account: bool, anonymous: bool) -> None:
        assert object_allows(bucket(), found, OTHER, [action]) is account
        assert object_allows(bucket(), found, NOBODY, [action]) is anonymous

    @pytest.mark.parametrize(
        ("canned", "allowed"),
        [
            ("bucket-owner-read", {"objectGet", "objectHead"}),
            ("bucket-owner-full-control", {"objectGet", "objectHead", "objectGetACL", "objectPutACL"}),
        ],
    )
    def test_canned_names_for_the_buckets_owner(self, canned: str, allowed: set[str]) -> None:
        for action in ("objectGet", "objectHead", "objectGetACL", "objectPutACL"):
            assert object_allows(bucket(), md(LISA_ID, canned), OWNER, [action]) is (action in allowed)
            assert not object_allows(bucket(), md(LISA_ID, canned), THIRD, [action])

    @pytest.mark.parametrize(("action", "permission"), [("objectGetACL", "READ_ACP"), ("objectPutACL", "WRITE_ACP")])
    def test_acls_of_objects(self, action: str, permission: str) -> None:
        for granted in ("READ", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"):
            suffices = granted in {permission, "FULL_CONTROL"}
            assert object_allows(bucket(), md(**{granted: [LISA_ID]}), OTHER, [action]) is suffices
            assert object_allows(bucket(), md(**{granted: [LISA_ID]}), OTHER, [f"{action}Version"]) is suffices
            assert object_allows(bucket(), md(**{granted: [ALL_USERS]}), NOBODY, [action]) is suffices

    @pytest.mark.parametrize(
        "action", ["objectGetTagging", "objectPutTagging", "objectGetRetention", "objectPutLegalHold"]
    )
    def test_what_no_acl_opens(self, action: str) -> None:
        assert not object_allows(bucket("public-read-write"), md(FULL_CONTROL=[LISA_ID]), OTHER, [action])
        assert object_allows(bucket(), md(), OTHER, [action], says(**{action: "allow"}))

    @pytest.mark.parametrize("action", ["objectPut", "objectPutPart", "objectDelete", "objectDeleteVersion"])
    def test_what_the_bucket_has_decided(self, action: str) -> None:
        assert object_allows(bucket(), md(), OTHER, [action])
        assert not object_allows(bucket(), md(), OTHER, [action], says(**{action: "deny"}))


class TestObservedOnTheRealServer:
    """Both levels together, as recorded."""

    def test_public_object_of_the_buckets_owner(self) -> None:
        found = md(canned="public-read")
        for requester in (NOBODY, OTHER):
            assert may(bucket(), found, requester, of_object_get(None))
            assert may(bucket(), found, requester, ["objectHead"])
            assert not may(bucket(), found, requester, of_object_get("v"))

    def test_public_object_of_another_account(self) -> None:
        found = md(LISA_ID, "public-read")
        assert not may(bucket(), found, THIRD, of_object_get(None))
        assert may(bucket(), found, THIRD, ["objectHead"])
        assert may(bucket(), found, NOBODY, of_object_get(None))

    def test_the_buckets_owner_and_a_private_object_of_another(self) -> None:
        found = md(LISA_ID)
        assert not may(bucket(), found, OWNER, of_object_get(None))
        assert may(bucket(), found, OWNER, of_object_get(None), SILENT)
        assert may(bucket(), found, OWNER, ["objectGetTagging"])
        assert may(bucket(), found, OWNER, ["objectDelete"])

    def test_an_object_of_mine_in_a_bucket_of_another(self) -> None:
        found = md(LISA_ID)
        assert may(bucket(), found, OTHER, ["objectGetACL"])
        assert not may(bucket(), found, OTHER, ["objectGetTagging"])

    def test_overwriting_what_another_wrote(self) -> None:
        found = md(BART_ID)
        public = bucket("public-read-write")
        assert may(public, found, OTHER, of_object_creation({}))
        assert not may(public, found, OTHER, of_object_creation({"x-amz-acl": "private"}))
        assert not may(public, found, OTHER, of_object_creation({"x-amz-tagging": "a=b"}))
        assert not may(public, found, OTHER, of_object_creation({"x-amz-grant-read": "id=x"}))
        assert may(public, found, OTHER, of_object_creation({"x-amz-grant-write": "id=x"}))

    def test_what_the_anonymous_wrote_is_for_the_anonymous(self) -> None:
        found = md(NOBODY.canonical_id)
        public = bucket("public-read-write")
        assert may(public, found, NOBODY, of_object_get(None))
        assert not may(public, found, OWNER, of_object_get(None))


class TestReplication:
    @pytest.mark.parametrize(
        ("requester", "found", "passes"),
        [
            (SERVICE, None, True),
            (SERVICE, md(LISA_ID), True),
            (OWNER, None, True),
            (OWNER, md(BART_ID), True),
            (OWNER, md(LISA_ID), False),
            (OTHER, None, False),
            (OTHER, md(LISA_ID), False),
            (CLUESO, None, False),
            (NOBODY, None, False),
            (NOBODY, md(BART_ID), False),
        ],
    )
    def test_who_may(self, requester: Requester, found: dict[str, Any] | None, *, passes: bool) -> None:
        for asked in (bucket(), bucket("public-read-write"), bucket(FULL_CONTROL=[ALL_USERS, LISA_ID])):
            assert replication_allows(asked, found, requester) is passes


requesters = st.sampled_from([OTHER, NOBODY, CLUESO, THIRD])
action_names = st.sampled_from(
    [
        "bucketGet",
        "bucketPutACL",
        "objectGet",
        "objectGetVersion",
        "objectPut",
        "objectDelete",
        "objectPutACL",
        "objectGetTagging",
        "ReplicateObject",
    ]
)
canned_names = st.sampled_from(["private", "public-read", "public-read-write", "authenticated-read"])


@given(requesters, action_names, canned_names)
def test_an_account_may_all_that_the_anonymous_may_except_see_tags(
    requester: Requester, action: str, canned: str
) -> None:
    if bucket_allows(bucket(canned), NOBODY, [action]):
        assert bucket_allows(bucket(canned), requester, [action])
    if object_allows(bucket(canned), md(canned=canned), NOBODY, [action]):
        assert object_allows(bucket(canned), md(canned=canned), requester, [action])


@given(requesters, st.lists(action_names, min_size=1, max_size=3), canned_names)
def test_a_deny_of_everything_stops_everybody_else(requester: Requester, actions: list[str], canned: str) -> None:
    def deny(_: str) -> Verdict:
        return "deny"

    assert not bucket_allows(bucket(canned), requester, actions, deny)
    assert not object_allows(bucket(canned), md(canned=canned), requester, actions, deny)
