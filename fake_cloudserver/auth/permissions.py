"""Who may do what: ownership, service accounts, bucket policy, access control lists. IO-free.

With an accounts file every requester is a whole account, so nothing else counts. Every action of a request must pass
at the bucket and, for operations on objects, at the object too; the first action is the *main* one.

Source: cloudserver lib/api/apiUtils/authorization/permissionChecks.js, constants.js.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from fake_cloudserver.auth.accounts import is_service_account
from fake_cloudserver.auth.acl import ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY
from fake_cloudserver.auth.actions import COUNTED_AS_PUT, without_version
from fake_cloudserver.auth.policy import PolicyDecision
from fake_cloudserver.request import Requester

# What a bucket's owner may do to objects of others.
_BUCKET_OWNER_ACTIONS = frozenset(
    {"objectGetTagging", "objectPutTagging", "objectDeleteTagging", "objectPutLegalHold", "objectPutRetention"}
)
# Actions that pass at the bucket when they accompany a put, and those that only the object's ACL decides.
_COMPANIONS_OF_PUT = frozenset({"objectPutTagging", "objectPutLegalHold", "objectPutRetention"})
_DECIDED_AT_OBJECT = frozenset({"objectGet", "objectHead", "objectGetACL", "objectPutACL"})

_PUBLIC_CANNED = frozenset({"public-read", "public-read-write"})


class Bucket(Protocol):
    """What is asked of a bucket here."""

    @property
    def owner(self) -> str: ...

    @property
    def acl(self) -> dict[str, Any]: ...


def bucket_allows(
    bucket: Bucket,
    requester: Requester,
    actions: Sequence[str],
    policy_decision: PolicyDecision | None = None,
    *,
    website: bool = False,
) -> bool:
    """Whether all ``actions`` (internal names) pass at the bucket.

    Args:
        policy_decision: what :func:`fake_cloudserver.auth.policy.policy_decision` gives for the request; None for a
            bucket without policy.
        website: on a website endpoint the policy is asked for ``objectGet`` where ACLs are asked for ``bucketGet``.
    """
    if requester.canonical_id == bucket.owner or is_service_account(requester.canonical_id):
        return True  # a policy's Deny binds neither
    return all(
        _decide(
            "objectGet" if website and action == "bucketGet" else action,
            policy_decision,
            acl_allows=_bucket_acl_allows(bucket.acl, requester, action, actions[0]),
        )
        for action in actions
    )


def object_allows(
    bucket: Bucket,
    md: Mapping[str, Any] | None,
    requester: Requester,
    actions: Sequence[str],
    policy_decision: PolicyDecision | None = None,
    *,
    website: bool = False,
) -> bool:
    """Whether all ``actions`` pass at the object whose metadata is ``md``; None: there is none.

    A missing object takes the right to list the bucket, unless it is about to be written or deleted.
    """
    if md is None:
        return all(
            _counted_as(without_version(action)) in {"objectPut", "objectDelete"}
            or bucket_allows(bucket, requester, ["bucketGet"], policy_decision, website=website)
            for action in actions
        )
    if md["owner-id"] == requester.canonical_id or is_service_account(requester.canonical_id):
        return True
    return all(_object_action_allowed(bucket, md, requester, action, actions[0], policy_decision) for action in actions)


def replication_allows(
    bucket: Bucket, md: Mapping[str, Any] | None, requester: Requester, policy_decision: PolicyDecision | None = None
) -> bool:
    """Whether the requester may use the internal ``data`` and ``metadata`` routes on a bucket and object.

    No ACL and no policy knows the action's name: service accounts pass, the bucket's owner on its own objects too.
    """
    # cloudserver lib/routes/routeBackbeat.js
    actions = ["ReplicateObject"]
    return bucket_allows(bucket, requester, actions, policy_decision) and object_allows(
        bucket, md, requester, actions, policy_decision
    )


def _decide(action: str, policy_decision: PolicyDecision | None, *, acl_allows: bool) -> bool:
    """The policy's word where it has one, else the ACL's."""
    verdict = policy_decision(action) if policy_decision else None
    return acl_allows if verdict is None else verdict == "allow"


def _object_action_allowed(
    bucket: Bucket,
    md: Mapping[str, Any],
    requester: Requester,
    action: str,
    main: str,
    policy_decision: PolicyDecision | None,
) -> bool:
    owns_bucket = requester.canonical_id == bucket.owner
    if owns_bucket and without_version(action) in _BUCKET_OWNER_ACTIONS:
        return True
    # a policy of any kind opens objects of others to the bucket's owner
    acl_allows = (owns_bucket and policy_decision is not None) or _object_acl_allows(
        bucket, md, requester, without_version(action), main
    )
    return _decide(action, policy_decision, acl_allows=acl_allows)


def _counted_as(action: str) -> str:
    return "objectPut" if action in COUNTED_AS_PUT else action


def _granted(acl: Mapping[str, Any], requester: Requester, *permissions: str) -> bool:
    """Whether one of the permissions was granted to the account or to a group that it belongs to."""
    identities = {requester.canonical_id, ALL_USERS}
    if not requester.is_anonymous:
        identities.add(AUTHENTICATED_USERS)
    return any(
        grantee in identities for name in permissions for grantee in acl.get(name, ()) if isinstance(grantee, str)
    )


def _canned_read(acl: Mapping[str, Any], requester: Requester) -> bool:
    canned = acl["Canned"]
    return canned in _PUBLIC_CANNED or (canned == "authenticated-read" and not requester.is_anonymous)


def _bucket_acl_allows(acl: Mapping[str, Any], requester: Requester, action: str, main: str) -> bool:
    # cloudserver permissionChecks.js (checkBucketAcls)
    name = _counted_as(without_version(action))
    main = _counted_as(main)  # its "Version" stays: GET of a version fails on the tags for all but the owner
    if main == "objectGet" and name == "objectGetTagging":
        return True
    if main == "objectPut" and name in _COMPANIONS_OF_PUT:
        return True
    match name:
        case "bucketGet" | "bucketHead":
            return _canned_read(acl, requester) or _granted(acl, requester, "READ", "FULL_CONTROL")
        case "bucketGetACL":
            is_log_delivery = acl["Canned"] == "log-delivery-write" and requester.canonical_id == LOG_DELIVERY
            return is_log_delivery or _granted(acl, requester, "READ_ACP", "FULL_CONTROL")
        case "bucketPutACL":
            return _granted(acl, requester, "WRITE_ACP", "FULL_CONTROL")
        case "objectPut" | "objectDelete":
            return acl["Canned"] == "public-read-write" or _granted(acl, requester, "WRITE", "FULL_CONTROL")
    return name in _DECIDED_AT_OBJECT


def _object_acl_allows(bucket: Bucket, md: Mapping[str, Any], requester: Requester, action: str, main: str) -> bool:
    # cloudserver permissionChecks.js (checkObjectAcls)
    name = _counted_as(action)
    if main == "objectGet" and name == "objectGetTagging":
        return requester.is_anonymous or bucket.owner == md["owner-id"]
    acl = md.get("acl")
    if not acl:
        return False
    full_control = acl["Canned"] == "bucket-owner-full-control" and requester.canonical_id == bucket.owner
    match name:
        case "objectGet" | "objectHead":
            owner_reads = acl["Canned"] == "bucket-owner-read" and requester.canonical_id == bucket.owner
            canned = full_control or owner_reads or _canned_read(acl, requester)
            return canned or _granted(acl, requester, "READ", "FULL_CONTROL")
        case "objectPut" | "objectDelete":
            return True  # the bucket has decided
        case "objectPutACL":
            return full_control or _granted(acl, requester, "WRITE_ACP", "FULL_CONTROL")
        case "objectGetACL":
            return full_control or _granted(acl, requester, "READ_ACP", "FULL_CONTROL")
    return False
