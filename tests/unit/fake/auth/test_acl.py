"""ACLs in and out: canned names, grant headers, XML."""

from __future__ import annotations

import re

import pytest
from auth_helpers import ACCOUNTS, BART_ID, LISA_ID

from fake_cloudserver.auth import acl
from fake_cloudserver.errors import S3Error

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTH_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
BART = acl.Owner(BART_ID, "Bart")
LISA = acl.Owner(LISA_ID, "Lisa")
UNKNOWN_ID = "a1" * 32


def code_of(call: object, *arguments: object) -> str | None:
    try:
        call(*arguments)  # type: ignore[operator]
    except S3Error as error:
        return error.code
    return None


def policy(grants: str = "", owner: str = f"<Owner><ID>{BART_ID}</ID></Owner>") -> bytes:
    return (
        f'<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{owner}'
        f"<AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
    ).encode()


def grant(kind: str, child: str, value: str, permission: str = "READ") -> str:
    return (
        f'<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="{kind}">'
        f"<{child}>{value}</{child}></Grantee><Permission>{permission}</Permission></Grant>"
    )


def bucket_acl(headers: dict[str, str], body: bytes = b"") -> acl.Acl:
    return acl.bucket_acl_of_request(headers, body, ACCOUNTS)


def object_acl(headers: dict[str, str], body: bytes = b"") -> acl.Acl:
    acl.check_object_acl_headers(headers)
    return acl.object_acl_of_request(headers, body, ACCOUNTS, BART_ID)


class TestStoredForm:
    def test_of_a_new_bucket(self) -> None:
        expected = {"Canned": "private", "FULL_CONTROL": [], "WRITE": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []}
        assert list(acl.default_bucket_acl().items()) == list(expected.items())

    def test_of_a_new_object(self) -> None:
        expected = {"Canned": "private", "FULL_CONTROL": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []}
        assert list(acl.default_object_acl().items()) == list(expected.items())

    def test_lists_are_not_shared(self) -> None:
        acl.default_object_acl()["READ"].append("x")
        assert acl.default_object_acl()["READ"] == []

    def test_of_an_object_created_with_an_acl(self) -> None:
        created = acl.object_acl_of_headers({"x-amz-acl": "public-read"}, ACCOUNTS)
        assert created == {**acl.default_bucket_acl(), "Canned": "public-read"}

    def test_of_an_object_given_one_later(self) -> None:
        assert object_acl({"x-amz-acl": "public-read"}) == {**acl.default_object_acl(), "Canned": "public-read"}


class TestCannedNames:
    @pytest.mark.parametrize(
        ("name", "for_bucket", "for_object"),
        [
            ("private", True, True),
            ("public-read", True, True),
            ("public-read-write", True, True),
            ("authenticated-read", True, True),
            ("log-delivery-write", True, False),
            ("bucket-owner-read", False, True),
            ("bucket-owner-full-control", False, True),
            ("aws-exec-read", False, False),
            ("Private", False, False),
        ],
    )
    def test_where_they_are_known(self, name: str, *, for_bucket: bool, for_object: bool) -> None:
        headers = {"x-amz-acl": name}
        bucket_code = None if for_bucket else "InvalidArgument"
        object_code = None if for_object else "InvalidArgument"
        assert code_of(bucket_acl, headers) == bucket_code
        assert code_of(acl.bucket_acl_of_headers, headers, ACCOUNTS) == bucket_code
        assert code_of(object_acl, headers) == object_code
        assert code_of(acl.object_acl_of_headers, headers, ACCOUNTS) == object_code

    def test_they_win_over_grants(self) -> None:
        headers = {"x-amz-acl": "private", "x-amz-grant-read": f"id={LISA_ID}"}
        assert bucket_acl(headers) == acl.default_bucket_acl()
        assert object_acl(headers) == acl.default_object_acl()

    def test_an_empty_name_is_a_header_without_grants(self) -> None:
        headers = {"x-amz-acl": ""}
        assert bucket_acl(headers) == acl.empty_acl(acl.BUCKET_PERMISSIONS)
        assert object_acl(headers) == acl.empty_acl(acl.OBJECT_PERMISSIONS)
        assert acl.object_acl_of_headers(headers, ACCOUNTS) is None


class TestGrantHeaders:
    @pytest.mark.parametrize(
        "value",
        [
            f"uri={ALL_USERS}",
            f"URI={LOG_DELIVERY}",
            f" id = {LISA_ID} , uri = {AUTH_USERS}",
            f"id={UNKNOWN_ID}",
            'emailAddress="sampleaccount2@sampling.com"',
            "emailaddress=nobody@example.com",
        ],
    )
    def test_good_syntax(self, value: str) -> None:
        acl.check_grant_headers({"x-amz-grant-read": value})

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "foo=bar",
            f'uri="{ALL_USERS}"',
            "uri=http://x",
            f'id="{LISA_ID}"',
            "id=" + "a" * 64,
            "id=" + "1" * 64,
            "id=" + "A1" * 32,
            f"id={LISA_ID},",
            f"id={LISA_ID}=",
            "emailaddress=nobody",
            LISA_ID,
        ],
    )
    @pytest.mark.parametrize("header", ["x-amz-grant-read", "x-amz-grant-write", "x-amz-grant-full-control"])
    def test_bad_syntax(self, header: str, value: str) -> None:
        assert code_of(acl.check_grant_headers, {header: value}) == "InvalidArgument"
        assert code_of(acl.check_object_acl_headers, {header: value}) == "InvalidArgument"

    def test_bucket_acl_never_answers_without_an_equals_sign(self) -> None:
        assert code_of(bucket_acl, {"x-amz-grant-read": LISA_ID}) == "InternalError"
        assert code_of(bucket_acl, {"x-amz-grant-read": "foo=bar"}) == "InvalidArgument"
        assert code_of(acl.object_acl_of_headers, {"x-amz-grant-read": LISA_ID}, ACCOUNTS) == "InternalError"

    def test_grantees_by_email_come_first_then_groups(self) -> None:
        value = f"id={UNKNOWN_ID},uri={AUTH_USERS},emailAddress=SampleAccount2@sampling.com"
        expected = [LISA_ID, AUTH_USERS, UNKNOWN_ID]
        assert bucket_acl({"x-amz-grant-read": value})["READ"] == expected
        assert object_acl({"x-amz-grant-read": value})["READ"] == expected
        created = acl.bucket_acl_of_headers({"x-amz-grant-read": value}, ACCOUNTS)
        assert created is not None
        assert created["READ"] == expected

    def test_every_header(self) -> None:
        headers = {
            f"x-amz-grant-{name}": f"id={LISA_ID}"
            for name in ("read", "write", "read-acp", "write-acp", "full-control")
        }
        everything = {"Canned": "", **{name: [LISA_ID] for name in acl.BUCKET_PERMISSIONS}}
        assert bucket_acl(headers) == everything
        assert object_acl(headers) == {name: value for name, value in everything.items() if name != "WRITE"}
        assert acl.object_acl_of_headers(headers, ACCOUNTS) == {**everything, "WRITE": []}

    def test_write_alone_is_nothing_for_an_object(self) -> None:
        assert acl.object_acl_of_headers({"x-amz-grant-write": f"id={LISA_ID}"}, ACCOUNTS) is None
        assert acl.object_acl_of_headers({}, ACCOUNTS) is None

    def test_unknown_email(self) -> None:
        headers = {"x-amz-grant-read": 'emailAddress="nobody@nowhere.org"'}
        code = "UnresolvableGrantByEmailAddress"
        assert code_of(bucket_acl, headers) == code
        assert code_of(object_acl, headers) == code
        assert code_of(acl.object_acl_of_headers, headers, ACCOUNTS) == code

    def test_what_is_stored_where_nobody_checks_the_syntax(self) -> None:
        headers = {"x-amz-grant-read": "id=123,foo=bar"}
        created = acl.object_acl_of_headers(headers, ACCOUNTS)
        assert created == {**acl.empty_acl(acl.BUCKET_PERMISSIONS), "READ": ["123"]}
        assert code_of(acl.object_acl_of_headers, {"x-amz-grant-read": "uri=http://x"}, ACCOUNTS) == "InvalidArgument"


class TestXml:
    def test_all_kinds_of_grantee(self) -> None:
        body = policy(
            grant("CanonicalUser", "ID", LISA_ID)
            + grant("Group", "URI", ALL_USERS, "READ_ACP")
            + grant("AmazonCustomerByEmail", "EmailAddress", "sampleaccount1@sampling.com", "FULL_CONTROL")
        )
        expected = {"READ": [LISA_ID], "READ_ACP": [ALL_USERS], "FULL_CONTROL": [BART_ID]}
        assert bucket_acl({}, body) == {**acl.empty_acl(acl.BUCKET_PERMISSIONS), **expected}
        assert object_acl({}, body) == {**acl.empty_acl(acl.OBJECT_PERMISSIONS), **expected}

    def test_an_empty_list(self) -> None:
        assert bucket_acl({}, policy()) == acl.empty_acl(acl.BUCKET_PERMISSIONS)

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "MalformedXML"),
            (b"<a>", "MalformedXML"),
            (b"hello", "MalformedXML"),
            (b"<Foo/>", "MalformedACLError"),
            (b"<AccessControlPolicy/>", "MalformedACLError"),
            (policy(owner=""), "MalformedACLError"),
            (policy(owner="<Owner/>"), "MalformedACLError"),
            (policy(owner="<Owner><ID/></Owner>"), "MalformedACLError"),
            (policy(owner="<Owner><ID>a</ID><ID>b</ID></Owner>"), "MalformedACLError"),
            (policy(owner="<Owner><ID>a</ID></Owner><Owner><ID>a</ID></Owner>"), "MalformedACLError"),
            (policy(owner=f"<Owner><ID>{BART_ID}</ID></Owner><AccessControlList/>"), "MalformedACLError"),
            (policy("<Foo/>"), "MalformedACLError"),
            (policy("text"), "MalformedACLError"),
            (policy("text" + grant("Group", "URI", ALL_USERS)), "MalformedACLError"),
            (policy(grant("Group", "URI", "http://x")), "InvalidArgument"),
            (policy(grant("AmazonCustomerByEmail", "EmailAddress", "a@b.c")), "UnresolvableGrantByEmailAddress"),
            (policy("<Grant/>"), "InternalError"),
            (policy("<Grant><Permission>READ</Permission></Grant>"), "InternalError"),
            (policy("<Grant><Grantee/><Permission>READ</Permission></Grant>"), "InternalError"),
            (policy(grant("CanonicalUser", "Id", LISA_ID)), "InternalError"),
            (policy(grant("CanonicalUser", "ID", LISA_ID).replace("Permission>", "P>")), "InternalError"),
            (
                policy(grant("AmazonCustomerByEmail", "EmailAddress", "a").replace("Address>a", 'Address x="y">a')),
                "InternalError",
            ),
        ],
    )
    def test_faults(self, body: bytes, code: str) -> None:
        assert code_of(bucket_acl, {}, body) == code
        assert code_of(object_acl, {}, body) == code

    def test_the_owner_counts_for_objects_only(self) -> None:
        body = policy(owner=f"<Owner><ID>{LISA_ID}</ID></Owner>")
        assert code_of(bucket_acl, {}, body) is None
        assert code_of(object_acl, {}, body) == "AccessDenied"

    def test_ids_are_checked_for_buckets_only(self) -> None:
        body = policy(grant("CanonicalUser", "ID", "123"))
        assert code_of(bucket_acl, {}, body) == "InvalidArgument"
        assert object_acl({}, body)["READ"] == ["123"]

    def test_unknown_permissions_and_types_are_dropped(self) -> None:
        body = policy(
            grant("CanonicalUser", "ID", LISA_ID, "FOO")
            + grant("Robot", "ID", LISA_ID)
            + grant("CanonicalUser", "ID", LISA_ID, "WRITE")
        )
        assert bucket_acl({}, body) == {**acl.empty_acl(acl.BUCKET_PERMISSIONS), "WRITE": [LISA_ID]}
        assert object_acl({}, body) == acl.empty_acl(acl.OBJECT_PERMISSIONS)

    def test_headers_make_the_body_irrelevant(self) -> None:
        assert bucket_acl({"x-amz-grant-read": f"id={LISA_ID}"}, b"<a>")["READ"] == [LISA_ID]
        assert object_acl({"x-amz-grant-write": f"id={LISA_ID}"}, b"<a>") == acl.empty_acl(acl.OBJECT_PERMISSIONS)


class TestRendering:
    def shown(self, stored: acl.Acl, owner: acl.Owner = BART, bucket_owner: acl.Owner | None = None) -> list[str]:
        """Grantee, display name where there is one, permission; one text for each grant."""
        document = acl.render(stored, owner, ACCOUNTS, bucket_owner)
        pattern = (
            r'xsi:type="(?:CanonicalUser"><ID>|Group"><URI>)(.*?)</.*?(?:<DisplayName>(.*?)</.*?)?<Permission>(.*?)</'
        )
        found = [" ".join(filter(None, match)) for match in re.findall(pattern, document)]
        return [line.replace(BART_ID, "bart").replace(LISA_ID, "lisa") for line in found]

    def test_the_whole_document(self) -> None:
        assert acl.render(acl.default_bucket_acl(), BART, ACCOUNTS) == (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><AccessControlPolicy>'
            f"<Owner><ID>{BART_ID}</ID><DisplayName>Bart</DisplayName></Owner><AccessControlList><Grant>"
            '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">'
            f"<ID>{BART_ID}</ID><DisplayName>Bart</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant>"
            "</AccessControlList></AccessControlPolicy>"
        )

    def test_groups(self) -> None:
        document = acl.render(bucket_acl({"x-amz-grant-read": f"uri={ALL_USERS}"}), BART, ACCOUNTS)
        assert document.endswith(
            "<AccessControlList><Grant>"
            '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
            f"<URI>{ALL_USERS}</URI></Grantee><Permission>READ</Permission></Grant>"
            "</AccessControlList></AccessControlPolicy>"
        )

    @pytest.mark.parametrize(
        ("canned", "others"),
        [
            ("private", []),
            ("public-read", [f"{ALL_USERS} READ"]),
            ("public-read-write", [f"{ALL_USERS} READ", f"{ALL_USERS} WRITE"]),
            ("authenticated-read", [f"{AUTH_USERS} READ"]),
            ("log-delivery-write", [f"{LOG_DELIVERY} WRITE", f"{LOG_DELIVERY} READ_ACP"]),
            ("bucket-owner-read", ["lisa Lisa READ"]),
            ("bucket-owner-full-control", ["lisa Lisa FULL_CONTROL"]),
        ],
    )
    def test_canned(self, canned: str, others: list[str]) -> None:
        stored = acl.empty_acl(acl.OBJECT_PERMISSIONS, canned)
        assert self.shown(stored, BART, LISA) == ["bart Bart FULL_CONTROL", *others]
        alone = [] if canned.startswith("bucket-owner") else others
        assert self.shown(stored, BART, BART) == ["bart Bart FULL_CONTROL", *alone]

    def test_explicit_grants_hide_the_owner_and_show_emails(self) -> None:
        stored = acl.empty_acl(acl.OBJECT_PERMISSIONS)
        stored["READ"] = [AUTH_USERS, LISA_ID, UNKNOWN_ID]
        stored["WRITE_ACP"] = [LISA_ID]
        stored["FULL_CONTROL"] = [LOG_DELIVERY, BART_ID]
        assert self.shown(stored) == [
            "bart sampleaccount1@sampling.com FULL_CONTROL",
            "lisa sampleaccount2@sampling.com WRITE_ACP",
            "lisa sampleaccount2@sampling.com READ",
            f"{LOG_DELIVERY} FULL_CONTROL",
            f"{AUTH_USERS} READ",
        ]

    def test_no_grants_at_all(self) -> None:
        assert self.shown(acl.empty_acl(acl.BUCKET_PERMISSIONS)) == []

    def test_names_are_escaped(self) -> None:
        assert "<DisplayName>A&amp;B</DisplayName>" in acl.render(
            acl.default_object_acl(), acl.Owner("x", "A&B"), ACCOUNTS
        )
