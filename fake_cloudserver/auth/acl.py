"""Access control lists: from canned names, grant headers and XML to the stored form, and back to XML. IO-free.

The stored form is ``{"Canned": name, "FULL_CONTROL": [...], "WRITE": [...], ...}``: a canned name with empty lists, or
grantees (canonical IDs and group URIs) with an empty name.

Source: cloudserver lib/metadata/acl.js (parseAclFromHeaders), lib/utilities/aclUtils.js, lib/api/bucketPutACL.js,
objectPutACL.js, bucketGetACL.js, objectGetACL.js.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import ANONYMOUS_ID
from fake_cloudserver.s3 import xml

Acl: TypeAlias = dict[str, Any]

ALL_USERS: Final = ANONYMOUS_ID
AUTHENTICATED_USERS: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"
GROUPS: Final = (ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY)

#: In the order in which the stored form and answers list them; objects know no WRITE.
BUCKET_PERMISSIONS: Final = ("FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP")
OBJECT_PERMISSIONS: Final = ("FULL_CONTROL", "WRITE_ACP", "READ", "READ_ACP")

_COMMON_CANNED = ("private", "public-read", "public-read-write", "authenticated-read")
_BUCKET_CANNED = frozenset({*_COMMON_CANNED, "log-delivery-write"})
_OBJECT_CANNED = frozenset({*_COMMON_CANNED, "bucket-owner-read", "bucket-owner-full-control"})

# In the order in which the real server concatenates them.
_GRANT_HEADERS = {
    "x-amz-grant-read": "READ",
    "x-amz-grant-write": "WRITE",
    "x-amz-grant-read-acp": "READ_ACP",
    "x-amz-grant-write-acp": "WRITE_ACP",
    "x-amz-grant-full-control": "FULL_CONTROL",
}
_EMAIL = re.compile(r"\S+@\S+.\S+")
_CANONICAL_ID = re.compile(r"(?=.*[a-f])(?=.*[0-9])[a-f0-9]{64}")

# Canned name -> group and permission that it adds to the owner's FULL_CONTROL.
_CANNED_GRANTS: dict[str, tuple[tuple[str, str], ...]] = {
    "public-read": ((ALL_USERS, "READ"),),
    "public-read-write": ((ALL_USERS, "READ"), (ALL_USERS, "WRITE")),
    "authenticated-read": ((AUTHENTICATED_USERS, "READ"),),
    "log-delivery-write": ((LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")),
}
_BUCKET_OWNER_GRANTS = {"bucket-owner-read": "READ", "bucket-owner-full-control": "FULL_CONTROL"}


@dataclasses.dataclass(frozen=True, slots=True)
class Grant:
    """One grant as a client writes it.

    Attributes:
        kind: ``id``, ``emailaddress`` or ``uri``.
        identifier: text; an element in xml2js' shape when the XML has attributes there.
    """

    kind: str
    identifier: Any
    permission: str


@dataclasses.dataclass(frozen=True, slots=True)
class Owner:
    """Whom an answer names as owner: canonical ID and account name."""

    canonical_id: str
    name: str


def empty_acl(permissions: Sequence[str], canned: str = "") -> Acl:
    """A stored form without grantees."""
    return {"Canned": canned, **{permission: [] for permission in permissions}}


def default_bucket_acl() -> Acl:
    """What a bucket has until somebody says otherwise."""
    return empty_acl(BUCKET_PERMISSIONS, "private")


def default_object_acl() -> Acl:
    """What an object has until somebody says otherwise."""
    return empty_acl(OBJECT_PERMISSIONS, "private")


def check_grant_headers(headers: Mapping[str, str]) -> None:
    """The syntax check of PutObject, PutObjectACL and CreateBucket; raises InvalidArgument."""
    # cloudserver lib/utilities/aclUtils.js (checkGrantHeaderValidity)
    for value in (headers[name] for name in _GRANT_HEADERS if name in headers):
        for item in value.split(","):
            kind, separator, identifier = item.partition("=")
            if not separator or "=" in identifier or not _is_valid(kind.strip().lower(), identifier.strip()):
                raise S3Error("InvalidArgument")


def check_object_acl_headers(headers: Mapping[str, str]) -> None:
    """What PUT object ACL refuses before it looks at the bucket; raises InvalidArgument."""
    canned = headers.get("x-amz-acl")
    if canned and canned not in _OBJECT_CANNED:
        raise S3Error("InvalidArgument")
    check_grant_headers(headers)


def bucket_acl_of_headers(headers: Mapping[str, str], accounts: Accounts) -> Acl | None:
    """The ACL that the headers of a bucket's creation ask for; None when they ask for none.

    Raises:
        S3Error: InvalidArgument for an unknown canned name or group, UnresolvableGrantByEmailAddress, InternalError
            for a grant without ``=``, which is never answered where :func:`check_grant_headers` does not come first.
    """
    return _acl_of_headers(headers, accounts, _BUCKET_CANNED, BUCKET_PERMISSIONS)


def object_acl_of_headers(headers: Mapping[str, str], accounts: Accounts) -> Acl | None:
    """The same for the requests that create an object.

    What it gives has an empty ``WRITE`` list, unlike every other ACL of an object.
    """
    return _acl_of_headers(headers, accounts, _OBJECT_CANNED, OBJECT_PERMISSIONS)


def bucket_acl_of_request(headers: Mapping[str, str], body: bytes, accounts: Accounts) -> Acl:
    """The ACL of a PUT bucket ACL request, to be read after the bucket and the requester's rights.

    Raises:
        S3Error: MalformedXML, MalformedACLError, InvalidArgument, UnresolvableGrantByEmailAddress; InternalError for
            input that the real server never answers.
    """
    grants = _header_grants(headers, BUCKET_PERMISSIONS)
    canned = headers.get("x-amz-acl")
    if canned:
        if canned not in _BUCKET_CANNED:
            raise S3Error("InvalidArgument")
        return empty_acl(BUCKET_PERMISSIONS, canned)
    check_grant_headers(headers)
    if canned is None and not grants:
        grants = _xml_grants(_parse_policy(body)[1], BUCKET_PERMISSIONS)
    acl = empty_acl(BUCKET_PERMISSIONS)
    _check_groups(grants)
    if any(grant.kind == "id" and not _is_canonical_id(grant.identifier) for grant in grants):
        raise S3Error("InvalidArgument")
    return _with_grants(acl, grants, accounts)


def object_acl_of_request(headers: Mapping[str, str], body: bytes, accounts: Accounts, owner_id: str) -> Acl:
    """The ACL of a PUT object ACL request, after :func:`check_object_acl_headers` and the object's own checks.

    Args:
        owner_id: the object's owner; a body that names another one is refused.

    Raises:
        S3Error: AccessDenied for another owner; else as :func:`bucket_acl_of_request`.
    """
    canned = headers.get("x-amz-acl")
    if canned:
        return empty_acl(OBJECT_PERMISSIONS, canned)
    acl = empty_acl(OBJECT_PERMISSIONS)
    if canned is not None or any(name in headers for name in _GRANT_HEADERS):
        return _with_grants(acl, _header_grants(headers, OBJECT_PERMISSIONS), accounts)
    owner, elements = _parse_policy(body)
    if owner != owner_id:
        raise S3Error("AccessDenied")
    grants = _xml_grants(elements, OBJECT_PERMISSIONS)
    _check_groups(grants)
    return _with_grants(acl, grants, accounts)


def render(acl: Acl, owner: Owner, accounts: Accounts, bucket_owner: Owner | None = None) -> str:
    """The XML of a GET ACL answer.

    Args:
        owner: of the bucket or object.
        bucket_owner: for objects only.
    """
    grants = "".join(
        _canned_grants(acl["Canned"], owner, bucket_owner) if acl["Canned"] else _explicit_grants(acl, accounts)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><AccessControlPolicy>'
        f"<Owner><ID>{owner.canonical_id}</ID><DisplayName>{xml.escape(owner.name)}</DisplayName></Owner>"
        f"<AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
    )


def _is_valid(kind: str, identifier: str) -> bool:
    if kind == "uri":
        return identifier in GROUPS
    if kind == "emailaddress":
        return _EMAIL.search(identifier) is not None
    return kind == "id" and _is_canonical_id(identifier)


def _is_canonical_id(identifier: Any) -> bool:
    return isinstance(identifier, str) and _CANONICAL_ID.fullmatch(identifier) is not None


def _acl_of_headers(
    headers: Mapping[str, str], accounts: Accounts, canned_names: frozenset[str], permissions: Sequence[str]
) -> Acl | None:
    canned = headers.get("x-amz-acl")
    if canned:
        if canned not in canned_names:
            raise S3Error("InvalidArgument")
        return empty_acl(BUCKET_PERMISSIONS, canned)
    grants = _header_grants(headers, permissions)
    if not grants:
        return None
    _check_groups(grants)
    return _with_grants(empty_acl(BUCKET_PERMISSIONS), grants, accounts)


def _header_grants(headers: Mapping[str, str], permissions: Sequence[str]) -> list[Grant]:
    """Grants of all headers whose permission counts."""
    grants = []
    for name, permission in _GRANT_HEADERS.items():
        if name not in headers or permission not in permissions:
            continue
        for item in headers[name].split(","):
            kind, *identifiers = item.split("=")
            if not identifiers:
                raise S3Error("InternalError")
            identifier = identifiers[0].strip().removeprefix('"').removesuffix('"')
            grants.append(Grant(kind.strip().lower(), identifier, permission))
    return grants


def _check_groups(grants: Iterable[Grant]) -> None:
    if any(grant.kind == "uri" and grant.identifier not in GROUPS for grant in grants):
        raise S3Error("InvalidArgument")


def _with_grants(acl: Acl, grants: Sequence[Grant], accounts: Accounts) -> Acl:
    """Grantees by e-mail come first, then groups, then canonical IDs."""
    for kind in ("emailaddress", "uri", "id"):
        for grant in grants:
            if grant.kind == kind:
                acl[grant.permission].append(_grantee(grant, accounts))
    return acl


def _grantee(grant: Grant, accounts: Accounts) -> Any:
    if grant.kind != "emailaddress":
        return grant.identifier
    if not isinstance(grant.identifier, str):
        raise S3Error("InternalError")
    account = accounts.by_email(grant.identifier)
    if account is None:
        raise S3Error("UnresolvableGrantByEmailAddress")
    return account.canonical_id


def _parse_policy(body: bytes) -> tuple[Any, list[Any]]:
    """Owner and ``Grant`` elements of an ``AccessControlPolicy``."""
    # cloudserver lib/utilities/aclUtils.js (parseAclXml)
    policy = xml.parse(body).get("AccessControlPolicy")
    lists = policy.get("AccessControlList", []) if isinstance(policy, dict) else []
    owners = policy.get("Owner", []) if isinstance(policy, dict) else []
    ids = owners[0].get("ID", []) if len(owners) == 1 and isinstance(owners[0], dict) else []
    if len(lists) != 1 or len(ids) != 1 or ids[0] == "":
        raise S3Error("MalformedACLError")
    if not isinstance(lists[0], dict):
        # text instead of children counts as children of other names
        if lists[0] != "":
            raise S3Error("MalformedACLError")
        return ids[0], []
    if set(lists[0]) != {"Grant"}:
        raise S3Error("MalformedACLError")
    return ids[0], lists[0]["Grant"]


_KIND_AND_CHILD = {
    "AmazonCustomerByEmail": ("emailaddress", "EmailAddress"),
    "CanonicalUser": ("id", "ID"),
    "Group": ("uri", "URI"),
}


def _xml_grants(elements: Iterable[Any], permissions: Sequence[str]) -> list[Grant]:
    """Grants of an unknown permission or type are dropped; InternalError for what the real server never answers."""
    grants = []
    for element in elements:
        try:
            grantee, permission = element["Grantee"][0], element["Permission"][0]
            type_name = grantee["$"]["xsi:type"]
            if permission not in permissions or type_name not in _KIND_AND_CHILD:
                continue
            kind, child = _KIND_AND_CHILD[type_name]
            identifier = grantee[child][0]
        except (KeyError, TypeError):
            raise S3Error("InternalError") from None
        grants.append(Grant(kind, identifier, permission))
    return grants


def _canned_grants(canned: str, owner: Owner, bucket_owner: Owner | None) -> Iterable[str]:
    yield _user_grant(owner.canonical_id, owner.name, "FULL_CONTROL")
    for group, permission in _CANNED_GRANTS.get(canned, ()):
        yield _group_grant(group, permission)
    permission_of_bucket_owner = _BUCKET_OWNER_GRANTS.get(canned)
    if permission_of_bucket_owner and bucket_owner and bucket_owner.canonical_id != owner.canonical_id:
        yield _user_grant(bucket_owner.canonical_id, bucket_owner.name, permission_of_bucket_owner)


def _explicit_grants(acl: Acl, accounts: Accounts) -> Iterable[str]:
    """First accounts, under their e-mail addresses, then groups; what is neither is not shown."""
    for permission in BUCKET_PERMISSIONS:
        for grantee in acl.get(permission, []):
            account = accounts.by_canonical_id(grantee) if isinstance(grantee, str) else None
            if account is not None and grantee not in GROUPS:
                yield _user_grant(grantee, account.email, permission)
    for permission in BUCKET_PERMISSIONS:
        for grantee in acl.get(permission, []):
            if grantee in GROUPS:
                yield _group_grant(grantee, permission)


def _user_grant(canonical_id: str, name: str, permission: str) -> str:
    return (
        '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
        f"<ID>{canonical_id}</ID><DisplayName>{xml.escape(name)}</DisplayName></Grantee>"
        f"<Permission>{permission}</Permission></Grant>"
    )


def _group_grant(uri: str, permission: str) -> str:
    return (
        '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
        f"<URI>{xml.escape(uri)}</URI></Grantee><Permission>{permission}</Permission></Grant>"
    )
