"""What a bucket policy must look like.

The real server validates it with a JSON schema and answers the first of the schema's faults: the checks here run in
the order in which that happens.

Source: Arsenal lib/policy/resourcePolicySchema.json, lib/policy/policyValidator.ts.
"""

from __future__ import annotations

import re
from typing import Any

from fake_cloudserver.errors import S3Error

_VERSION = "2012-10-17"
_REQUIRED = ("Action", "Effect", "Principal", "Resource")
_SID = re.compile(r"[a-zA-Z0-9]+")
_ACTION = re.compile(r"[^*:]+:[^:]+|\*\Z")
_RESOURCE = re.compile(r"(arn:(aws|scality)(:(\*|[a-z0-9*-]{2,})?){3}:((?!\$\{\}).)*|\*)\Z")
_CANONICAL_USER = re.compile(r"[0-9a-z]{64}")

_NAME = r"[\w+=,.@ /-]{1,64}"
#: the kinds of AWS principals; a list must be of one kind
_PRINCIPALS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"\d{12}",
        r"arn:aws:iam::\d{12}:root",
        rf"arn:aws:iam::\d{{12}}:user/{_NAME}",
        rf"arn:aws:iam::\d{{12}}:role/{_NAME}",
    )
)
_OPERATORS = frozenset(
    f"{operator}{suffix}"
    for operator in (
        *(f"Arn{kind}" for kind in ("Equals", "Like", "NotEquals", "NotLike")),
        *(f"Binary{kind}" for kind in ("Equals", "NotEquals")),
        "Bool",
        *(
            f"{value}{kind}"
            for value in ("Date", "Numeric")
            for kind in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
        ),
        "IpAddress",
        "NotIpAddress",
        "Null",
        *(
            f"String{kind}"
            for kind in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
        ),
    )
    for suffix in ("", "IfExists")
) - {"NullIfExists"}


def check_schema(policy: Any) -> None:
    """Raises S3Error MalformedPolicy, with a text of its own for the faults that have one."""
    _require(isinstance(policy, dict))
    _require("Version" in policy, "Policy document must be version 2012-10-17 or greater.")
    _require("Statement" in policy)
    _require(policy.keys() <= {"Version", "Statement", "Id"})
    _require(policy["Version"] == _VERSION)
    _require(isinstance(policy.get("Id", ""), str))
    statements = policy["Statement"]
    if isinstance(statements, list):
        _require(bool(statements))
        for statement in statements:
            _check_statement(statement)
    else:
        _check_statement(statements)


def _require(holds: bool, message: str | None = None) -> None:
    if not holds:
        raise S3Error("MalformedPolicy", message)


def _check_statement(statement: Any) -> None:
    _require(isinstance(statement, dict))
    for name in _REQUIRED:
        _require(name in statement, "Policy statement must contain actions." if name == "Action" else None)
    sid = statement.get("Sid", "x")
    _require(isinstance(sid, str) and _SID.fullmatch(sid) is not None)
    _check_actions(statement["Action"])
    _require(statement["Effect"] in ("Allow", "Deny"))
    _check_principal(statement["Principal"])
    _check_resources(statement["Resource"])
    _check_conditions(statement.get("Condition", {}))


def _as_texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    _require(all(isinstance(one, str) for one in values))
    return values


def _check_actions(value: Any) -> None:
    for action in _as_texts(value):
        _require(
            _ACTION.match(action) is not None,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        )


def _check_resources(value: Any) -> None:
    _require(value != [], "Policy statement must contain resources.")
    for resource in _as_texts(value):
        _require(_RESOURCE.match(resource) is not None, 'Resource must be in ARN format or "*".')


def _check_principal(principal: Any) -> None:
    if principal == "*":
        return
    _require(isinstance(principal, dict) and len(principal) == 1)
    kind, value = next(iter(principal.items()))
    if kind == "AWS":
        _require(value == "*" or _is_of_one_kind(value))
    else:
        _require(kind == "CanonicalUser" and isinstance(value, str) and _CANONICAL_USER.fullmatch(value) is not None)


def _is_of_one_kind(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        return False
    return any(all(kind.fullmatch(name) for name in names) for kind in _PRINCIPALS)


def _check_conditions(conditions: Any) -> None:
    _require(isinstance(conditions, dict))
    for operator, keys in conditions.items():
        _require(operator in _OPERATORS and isinstance(keys, dict))
