"""What a bucket policy says about a request. IO-free.

Source: cloudserver lib/api/apiUtils/authorization/permissionChecks.js (checkBucketPolicy);
Arsenal lib/policyEvaluator/evaluator.ts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from fake_cloudserver.auth.actions import POLICY_NAMES
from fake_cloudserver.auth.policy_conditions import Circumstances, conditions_hold
from fake_cloudserver.auth.wildcards import arn_matches, compiled
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request, Requester

Verdict: TypeAlias = Literal["allow", "deny"]
#: From an action's internal name to the policy's word on it; None: it says nothing.
PolicyDecision: TypeAlias = Callable[[str], Verdict | None]


def policy_decision(
    policy: Mapping[str, Any] | None, request: Request, now: float, *, retention_days: int | None = None
) -> PolicyDecision | None:
    """How the policy judges the actions of a request; None for a bucket without policy.

    The resource that statements are compared with is always the request's own, also when the source of a copy is
    checked, or the list right for a missing key.

    Args:
        now: seconds since the epoch.
        retention_days: of the object lock that the request asks for.
    """
    if policy is None:
        return None
    arn = f"arn:aws:s3:::{request.bucket}" + (f"/{request.key}" if request.key is not None else "")
    circumstances = Circumstances(
        now=now,
        remote_address=request.remote_address,
        user_agent=request.headers.get("user-agent"),
        referer=request.headers.get("referer"),
        retention_days=retention_days,
    )
    return functools.partial(_evaluate, policy, request.requester, arn, circumstances)


def _evaluate(
    policy: Mapping[str, Any], requester: Requester, arn: str, circumstances: Circumstances, action: str
) -> Verdict | None:
    """Any Deny that applies beats every Allow.

    Raises:
        S3Error: InternalError when a statement names an account and the requester is anonymous: the real server
            looks for the account in the ARN that nobody has, and never answers.
    """
    verdict: Verdict | None = None
    for statement in policy["Statement"]:
        applies = (
            _principal_matches(requester, statement["Principal"])
            and _action_matches(action, _as_list(statement["Action"]))
            and any(arn_matches(arn, pattern) for pattern in _as_list(statement["Resource"]))
            and conditions_hold(statement.get("Condition") or {}, circumstances)
        )
        if applies and statement["Effect"] == "Deny":
            return "deny"
        if applies:
            verdict = "allow"
    return verdict


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _principal_matches(requester: Requester, principal: Any) -> bool:
    if principal == "*":
        return True
    if "CanonicalUser" in principal:
        return any(_names(name, requester.canonical_id) for name in _as_list(principal["CanonicalUser"]))
    return any(_names(name, requester.arn) for name in _as_list(principal.get("AWS", [])))


def _names(principal: str, requester: str) -> bool:
    """Everybody, one ARN or canonical ID, or all of an account."""
    if principal in {"*", requester}:
        return True
    is_account = len(principal) == 12 and principal.isdecimal() and principal.isascii()
    if not is_account and not principal.endswith("root"):
        return False
    if not requester:
        raise S3Error("InternalError")
    return _account_of(requester) == (principal if is_account else _account_of(principal))


def _account_of(arn: str) -> str:
    """``arn:aws:iam::<12 digits>:…``"""
    return arn[13:25]


def _action_matches(action: str, patterns: list[str]) -> bool:
    name = POLICY_NAMES.get(action)
    return name is not None and any(compiled(pattern, ignore_case=True).fullmatch(name) for pattern in patterns)
