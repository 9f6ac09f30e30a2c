"""Signature version 2: published examples, botocore as the other side, the order of the checks."""

from __future__ import annotations

import base64
import datetime
import email.utils
import hmac
import urllib.parse
from collections.abc import Mapping

import pytest
from auth_helpers import SmallServer, build_request, server_at
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.auth.signature_v2 import string_to_sign
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request

HOST = "127.0.0.1:8000"
BART = Credentials("accessKey1", "verySecretKey1")

key_names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
user_metadata = st.dictionaries(
    st.text("abc-019", min_size=1, max_size=8),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
    max_size=4,
)
sub_resources = st.sampled_from(
    [
        "",
        "acl",
        "cors",
        "delete",
        "lifecycle",
        "location",
        "notification",
        "policy",
        "tagging",
        "uploads",
        "versioning",
        "replication",
        "versions",
        "website",
        "partNumber=1&uploadId=u",
        "versionId=null",
        "acl&versionId=x",
        "list-type=2",
    ]
)


def sign(
    method: str, key: str, raw_query: str = "", headers: Mapping[str, str] | None = None
) -> tuple[SmallServer, Request]:
    url = urllib.parse.quote(f"/bucket/{key}", safe="/~") + (f"?{raw_query}" if raw_query else "")
    signed = AWSRequest(method, f"http://{HOST}{url}", headers=dict(headers or {}))
    HmacV1Auth(BART).add_auth(signed)
    request = build_request(method, url, {**dict(signed.headers.items()), "host": HOST})
    return server_at(email.utils.parsedate_to_datetime(signed.headers["Date"]).isoformat()), request


def presign(method: str, key: str, raw_query: str = "") -> tuple[SmallServer, Request]:
    """Good for 300 seconds from the server's time on."""
    url = urllib.parse.quote(f"/bucket/{key}", safe="/~") + (f"?{raw_query}" if raw_query else "")
    signed = AWSRequest(method, f"http://{HOST}{url}")
    HmacV1QueryAuth(BART, expires=300).add_auth(signed)
    request = build_request(method, signed.url.removeprefix(f"http://{HOST}"), {"host": HOST})
    return _server(int(request.query["Expires"]) - 300), request


def _server(seconds: float) -> SmallServer:
    return server_at(datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat())


def code_of(server: SmallServer, request: Request) -> str | None:
    try:
        authenticate(server, request)
    except S3Error as error:
        return error.code
    return None


class TestPublishedExamples:
    """The worked examples of the S3 documentation."""

    def code(self, method: str, url: str, date: str, signature: str, **headers: str) -> str | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = build_request(
            method,
            url,
            {"date": date, "authorization": f"AWS AKIAIOSFODNN7EXAMPLE:{signature}", **named},
            virtual_bucket="johnsmith",
        )
        return code_of(server_at(email.utils.parsedate_to_datetime(date).isoformat()), request)

    def test_get_object(self) -> None:
        date, signature = "Tue, 27 Mar 2007 19:36:42 +0000", "bWq2s1WEIj+Ydj0vQ697zp+IXMU="
        assert self.code("GET", "/photos/puppy.jpg", date, signature) is None
        assert self.code("GET", "/photos/puppy2.jpg", date, signature) == "SignatureDoesNotMatch"

    def test_put_object(self) -> None:
        date, signature = "Tue, 27 Mar 2007 21:15:45 +0000", "MyyxeRY7whkBe+bq8fHCL/2kKUg="
        assert self.code("PUT", "/photos/puppy.jpg", date, signature, content_type="image/jpeg") is None

    def test_list(self) -> None:
        date, signature = "Tue, 27 Mar 2007 19:42:41 +0000", "htDYFYduRNen8P9ZfE/s9SuKy0U="
        assert self.code("GET", "/?prefix=photos&max-keys=50&marker=puppy", date, signature) is None

    def test_get_acl(self) -> None:
        date, signature = "Tue, 27 Mar 2007 19:44:46 +0000", "c2WLPFtWHVgbEmeEG93a4cG37dM="
        assert self.code("GET", "/?acl", date, signature) is None


class TestAgainstBotocore:
    @given(key=key_names, raw_query=sub_resources, metadata=user_metadata)
    @example(key="a b+c/ä'()~", raw_query="", metadata={"a": "b,c"})
    @example(key="100%", raw_query="response-content-type=text%2Fplain&response-expires=x", metadata={})
    def test_what_it_signs_is_accepted(self, key: str, raw_query: str, metadata: dict[str, str]) -> None:
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        headers |= {"content-type": "text/plain", "content-md5": "XUFAKrxLKna5cZ2REBfFkg=="}
        server, request = sign("PUT", key, raw_query, headers)
        authenticate(server, request)
        assert request.requester.name == "Bart"
        assert request.auth is None

    @given(key=key_names, raw_query=sub_resources)
    def test_what_it_presigns_is_accepted(self, key: str, raw_query: str) -> None:
        server, request = presign("GET", key, raw_query)
        authenticate(server, request)
        assert request.requester.name == "Bart"

    @given(key=key_names, other=key_names)
    def test_a_signature_is_good_for_one_key_only(self, key: str, other: str) -> None:
        server, request = sign("GET", key)
        request.raw_path = urllib.parse.quote(f"/bucket/{other}", safe="/~")
        assert code_of(server, request) == (None if key == other else "SignatureDoesNotMatch")

    def test_overrides_stand_behind_sub_resources(self) -> None:
        # botocore sorts them together: the real server refuses it, too
        assert code_of(*sign("GET", "k", "response-expires=x&versionId=v")) == "SignatureDoesNotMatch"


def test_string_to_sign() -> None:
    request = build_request(
        "GET",
        "/b/a%20b?versionId=v&acl&response-expires=x+y&x-amz-acl=private&operation=o&v2",
        {
            "date": "D",
            "x-amz-date": " E ",
            "x-amz-meta-b": "2",
            "content-type": "T",
            "content-md5": "M",
            "x-scal-foo": "n",
        },
    )
    assert string_to_sign(request) == (
        b"GET\nM\nT\nD\nx-amz-acl:private\nx-amz-date:E\nx-amz-meta-b:2\n/b/a%20b?acl&versionId=v&response-expires=x y"
    )


def test_string_to_sign_of_a_query() -> None:
    request = build_request("PUT", "/b/k?Expires=5&Content-MD5=M&Content-Type=T&Signature=s", {"date": "D"})
    assert string_to_sign(request) == b"PUT\nM\nT\n5\n/b/k"


def test_sha256_is_chosen_by_the_signatures_length() -> None:
    server, request = sign("GET", "k")
    signature = base64.b64encode(hmac.digest(b"verySecretKey1", string_to_sign(request), "sha256")).decode()
    request.headers["authorization"] = f"AWS accessKey1:{signature}"
    assert code_of(server, request) is None


class TestHeaderChecks:
    def code(
        self, authorization: str, date: str | None = "Thu, 01 Jan 2026 00:00:00 GMT", **headers: str
    ) -> str | None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["authorization"] = authorization
        if date is not None:
            named["date"] = date
        return code_of(server_at("2026-01-01T00:00:00Z"), build_request(headers=named))

    def test_order(self) -> None:
        wrong_date = "Wed, 31 Dec 2025 23:00:00 GMT"
        assert self.code("AWS x", "nonsense", x_amz_security_token="-") == "InvalidToken"
        assert self.code("AWS x", "nonsense") == "AccessDenied"
        assert self.code("AWS x", None) == "AccessDenied"
        assert self.code("AWS x", wrong_date) == "RequestTimeTooSkewed"
        assert self.code("AWS x", "Wed, 31 Dec 1969 23:00:00 GMT") == "AccessDenied"
        assert self.code("AWS x") == "InvalidArgument"
        assert self.code("AWS :x") == "MissingSecurityHeader"
        assert self.code("AWS noSuchKey:x") == "InvalidArgument"
        assert self.code(f"AWS noSuchKey:{'x' * 28}") == "InvalidAccessKeyId"
        assert self.code(f"AWS accessKey1:{'x' * 28}") == "SignatureDoesNotMatch"
        assert self.code(f"AWS accessKey1:{'ä' * 44}") == "SignatureDoesNotMatch"

    def test_the_amazon_date_goes_first(self) -> None:
        date = "Thu, 01 Jan 2026 00:00:00 GMT"
        assert self.code("AWS x", "nonsense", x_amz_date=date) == "InvalidArgument"
        assert self.code("AWS x", date, x_amz_date="nonsense") == "AccessDenied"

    @pytest.mark.parametrize(
        ("seconds", "code"),
        [(900, None), (901, "RequestTimeTooSkewed"), (-900, None), (-901, "RequestTimeTooSkewed")],
    )
    def test_fifteen_minutes_either_way(self, seconds: int, code: str | None) -> None:
        server, request = sign("GET", "k")
        assert code_of(_server(server.clock.now() + seconds), request) == code


class TestQueryChecks:
    def code(self, **parameters: str) -> str | None:
        query = {"AWSAccessKeyId": "accessKey1", "Signature": "x" * 28, "Expires": "1767225700", **parameters}
        url = "/b/k?" + urllib.parse.urlencode(query)
        return code_of(server_at("2026-01-01T00:00:00Z"), build_request(url=url))

    def test_faults(self) -> None:
        assert self.code() == "SignatureDoesNotMatch"
        assert self.code(SecurityToken="-", Expires="x") == "InvalidToken"
        assert self.code(Expires="x", AWSAccessKeyId="") == "MissingSecurityHeader"
        assert self.code(Expires=str(1767225600 + 604801)) == "AccessDenied"
        assert self.code(Expires=str(1767225600 + 604800)) == "SignatureDoesNotMatch"
        assert self.code(Expires="1767225599") == "RequestTimeTooSkewed"
        assert self.code(AWSAccessKeyId="") == "MissingSecurityHeader"
        assert self.code(Signature="abc") == "InvalidArgument"
        assert self.code(Signature="%zz") == "InternalError"
        assert self.code(AWSAccessKeyId="noSuchKey") == "InvalidAccessKeyId"

    def test_post_is_not_implemented(self) -> None:
        server, request = presign("POST", "k")
        with pytest.raises(S3Error) as caught:
            authenticate(server, request)
        assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)

    def test_no_signature_is_nobodys(self) -> None:
        server, request = presign("GET", "k")
        del request.query["Signature"]
        authenticate(server, request)
        assert request.requester.is_anonymous
