"""Signature version 4: published examples, botocore as the other side, the order of the checks."""

from __future__ import annotations

import datetime
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest
from auth_helpers import SmallServer, build_request, server_at
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.auth.signature_v4 import signing_key
from fake_cloudserver.auth.streaming import StreamingSeed
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request

EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HOST = "127.0.0.1:8000"
BART = Credentials("accessKey1", "verySecretKey1")

key_names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
# names whose encoded and decoded forms sort alike: the real server sorts the decoded ones
parameter_names = st.text("abcXYZ019-_.~", min_size=1, max_size=8)
parameters = st.dictionaries(parameter_names, st.text(st.characters(codec="utf-8"), max_size=12), max_size=5)
user_metadata = st.dictionaries(
    st.text("abc-019", min_size=1, max_size=8),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20),
    max_size=4,
)


def sign(
    method: str,
    key: str,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    region: str = "us-east-1",
    data: bytes = b"",
    signer: type[S3SigV4Auth] = S3SigV4Auth,
) -> tuple[SmallServer, Request]:
    """A request signed by botocore, and a server whose clock shows the time of signing."""
    path = urllib.parse.quote(f"/bucket/{key}", safe="/~")
    signed = AWSRequest(
        method, f"http://{HOST}{path}", headers=dict(headers or {}), data=data, params=dict(query or {})
    )
    signer(BART, "s3", region).add_auth(signed)
    raw_query = urllib.parse.urlencode(dict(query or {}))
    request = build_request(method, f"{path}?{raw_query}", {**dict(signed.headers.items()), "host": HOST})
    return server_at(_iso(signed.headers["X-Amz-Date"])), request


def presign(
    method: str, key: str, query: Mapping[str, str] | None = None, *, expires: int = 300
) -> tuple[SmallServer, Request]:
    path = urllib.parse.quote(f"/bucket/{key}", safe="/~")
    raw_query = urllib.parse.urlencode(dict(query or {}), quote_via=urllib.parse.quote)
    signed = AWSRequest(method, f"http://{HOST}{path}" + (f"?{raw_query}" if raw_query else ""))
    S3SigV4QueryAuth(BART, "s3", "us-east-1", expires=expires).add_auth(signed)
    request = build_request(method, signed.url.removeprefix(f"http://{HOST}"), {"host": HOST})
    return server_at(_iso(request.query["X-Amz-Date"])), request


class ChunkSigner(S3SigV4Auth):  # type: ignore[misc]
    """Announces a body in signed chunks."""

    def payload(self, request: AWSRequest) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"


def _iso(timestamp: str) -> str:
    return datetime.datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC).isoformat()


def code_of(server: SmallServer, request: Request) -> str | None:
    try:
        authenticate(server, request)
    except S3Error as error:
        return error.code
    return None


class TestPublishedExamples:
    """The worked examples of the S3 documentation."""

    def server(self) -> SmallServer:
        return server_at("2013-05-24T00:00:00Z")

    def headers(self, signed: str, signature: str, **more: str) -> dict[str, str]:
        return {
            "host": "examplebucket.s3.amazonaws.com",
            "x-amz-date": "20130524T000000Z",
            "x-amz-content-sha256": EMPTY_HASH,
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            f"SignedHeaders={signed},Signature={signature}",
            **more,
        }

    def test_get_object(self) -> None:
        headers = self.headers(
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            range="bytes=0-9",
        )
        request = build_request("GET", "/test.txt", headers, virtual_bucket="examplebucket")
        authenticate(self.server(), request)
        assert request.requester.name == "Example"

    def test_put_object(self) -> None:
        headers = self.headers(
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            date="Fri, 24 May 2013 00:00:00 GMT",
        )
        headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY"
        headers["x-amz-content-sha256"] = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        request = build_request("PUT", "/test%24file.text", headers)
        assert code_of(self.server(), request) is None

    def test_bucket_lifecycle(self) -> None:
        headers = self.headers(
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        )
        assert code_of(self.server(), build_request("GET", "/?lifecycle", headers)) is None

    def test_list_objects(self) -> None:
        headers = self.headers(
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        )
        assert code_of(self.server(), build_request("GET", "/?max-keys=2&prefix=J", headers)) is None

    def test_presigned(self) -> None:
        url = (
            "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1"
            "%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        )
        request = build_request("GET", url, {"host": "examplebucket.s3.amazonaws.com"})
        authenticate(server_at("2013-05-24T23:59:59Z"), request)
        assert request.requester.name == "Example"

    def test_signing_key(self) -> None:
        # of the general documentation, whose example is for iam: here the service is always s3
        assert signing_key("secret", "20150830", "us-east-1") != signing_key("secret", "20150830", "us-east-2")
        assert len(signing_key("secret", "20150830", "us-east-1")) == 32


class TestAgainstBotocore:
    @given(key=key_names, query=parameters, metadata=user_metadata, data=st.binary(max_size=20))
    @example(key="a b+c/ä'*!()~", query={"prefix": "a b+c/", "acl": ""}, metadata={"a": "  b   c "}, data=b"x")
    @example(key="100%", query={"marker": "%41", "x": "é"}, metadata={}, data=b"")
    def test_what_it_signs_is_accepted(
        self, key: str, query: dict[str, str], metadata: dict[str, str], data: bytes
    ) -> None:
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        server, request = sign("PUT", key, query, headers, data=data)
        authenticate(server, request)
        assert request.requester.name == "Bart"
        assert request.auth is None

    @given(key=key_names, query=parameters)
    @example(key="é/ü", query={"response-content-disposition": 'attachment; filename="a b+c.txt"'})
    def test_what_it_presigns_is_accepted(self, key: str, query: dict[str, str]) -> None:
        server, request = presign("GET", key, query)
        authenticate(server, request)
        assert request.requester.name == "Bart"

    @given(key=key_names, other=key_names)
    def test_a_signature_is_good_for_one_key_only(self, key: str, other: str) -> None:
        server, request = sign("GET", key)
        request.raw_path = urllib.parse.quote(f"/bucket/{other}", safe="/~")
        assert code_of(server, request) == (None if key == other else "SignatureDoesNotMatch")

    @pytest.mark.parametrize("region", ["eu-west-1", "", "anything at all"])
    def test_any_region_will_do(self, region: str) -> None:
        assert code_of(*sign("GET", "k", region=region)) is None

    def test_internal_routes_are_signed_alike(self) -> None:
        server, request = sign("PUT", "x")
        assert code_of(server, request) is None
        request.raw_path = "/_/backbeat/data/bucket/a+b"
        assert code_of(server, request) == "SignatureDoesNotMatch"
        request.raw_path = "/_/backbeat/data/bucket/%zz"
        assert code_of(server, request) == "InternalError"

    def test_a_plus_in_the_path_was_signed_as_a_space(self) -> None:
        server, request = sign("GET", "a b")
        request.raw_path = "/bucket/a+b"
        assert code_of(server, request) is None

    def test_the_clients_spelling_of_the_path_does_not_matter(self) -> None:
        server, request = sign("GET", "a*b(c)/é")
        request.raw_path = "/bucket/%61*b(c)/%c3%A9"
        assert code_of(server, request) is None

    def test_a_malformed_path(self) -> None:
        server, request = sign("GET", "k")
        request.raw_path = "/bucket/%ff"
        assert code_of(server, request) == "InvalidURI"

    def test_a_repeated_parameter_counts_as_empty(self) -> None:
        server, request = sign("GET", "k", {"prefix": ""})
        request.query, request.repeated = {"prefix": "a"}, frozenset({"prefix"})
        assert code_of(server, request) is None

    def test_the_proxys_path_replaces_the_path(self) -> None:
        server, request = sign("GET", "k")
        request.raw_path, request.headers["proxy_path"] = "/elsewhere", "/bucket%2Fk"
        assert code_of(server, request) is None
        request.headers["proxy_path"] = "%"
        with pytest.raises(S3Error, match="InvalidArgument: invalid proxy_path header"):
            authenticate(server, request)

    def test_the_parameters_order_does_not_matter(self) -> None:
        server, request = sign("GET", "k", {"a": "1", "b": "2"})
        request.query = dict(reversed(request.query.items()))
        assert code_of(server, request) is None


class TestHeaderChecks:
    def refused(self, **changes: str | None) -> str | None:
        """The error after changing headers of a good request; underscores in names stand for dashes."""
        server, request = sign("GET", "k")
        for name, value in changes.items():
            header = name.replace("_", "-")
            if value is None:
                request.headers.pop(header, None)
            else:
                request.headers[header] = value
        return code_of(server, request)

    @pytest.mark.parametrize("token", ["a b", "a-b", "ä", "a\n"])
    def test_a_malformed_token_comes_first(self, token: str) -> None:
        assert self.refused(x_amz_security_token=token, authorization="AWS4-HMAC-SHA256 x") == "InvalidToken"

    def test_a_token_of_good_form_is_only_another_header(self) -> None:
        server, request = sign("GET", "k", headers={"x-amz-security-token": "abc/+="})
        assert code_of(server, request) is None
        assert self.refused(x_amz_security_token="abc/+=") == "AccessDenied"  # not signed

    @pytest.mark.parametrize(
        "date", ["20260101", "20260101T", "20260101T00T0000", "19691231T000000Z", "2026-1-1T000000Z"]
    )
    def test_dates_of_another_form(self, date: str) -> None:
        assert self.refused(x_amz_date=date) == "AccessDenied"

    def test_the_date_header_serves_when_there_is_no_other(self) -> None:
        server = server_at("2026-01-01T00:00:00Z")
        headers = {
            "host": HOST,
            "date": "Thu, 01 Jan 2026 00:00:00 GMT",
            "x-amz-content-sha256": EMPTY_HASH,
            "authorization": "AWS4-HMAC-SHA256 Credential=accessKey1/20260101/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256, Signature=00",
        }
        assert code_of(server, build_request(headers=headers)) == "SignatureDoesNotMatch"
        headers["date"] = "Wed, 31 Dec 2025 23:50:00 GMT"
        assert code_of(server, build_request(headers=headers)) == "RequestTimeTooSkewed"  # another day
        headers["date"] = "yesterday"
        assert code_of(server, build_request(headers=headers)) == "AccessDenied"

    @pytest.mark.parametrize(
        ("seconds", "code"),
        [(900, None), (901, "RequestTimeTooSkewed"), (-900, None), (-901, "RequestTimeTooSkewed")],
    )
    def test_fifteen_minutes_either_way(self, seconds: int, code: str | None) -> None:
        server, request = sign("GET", "k")
        signed_at = server.clock.now()
        server = server_at(datetime.datetime.fromtimestamp(signed_at + seconds, datetime.UTC).isoformat())
        assert code_of(server, request) == code

    def test_chunks_are_for_put_and_need_a_length(self) -> None:
        announced = {"x-amz-decoded-content-length": "5"}
        assert code_of(*sign("POST", "k", headers=announced, signer=ChunkSigner)) == "InvalidArgument"
        assert code_of(*sign("PUT", "k", signer=ChunkSigner)) == "MissingSecurityHeader"

    def test_a_seed_is_left_for_chunks(self) -> None:
        server, request = sign("PUT", "k", headers={"x-amz-decoded-content-length": "5"}, signer=ChunkSigner)
        authenticate(server, request)
        day = request.headers["x-amz-date"][:8]
        assert request.auth == StreamingSeed(
            key=signing_key("verySecretKey1", day, "us-east-1"),
            timestamp=request.headers["x-amz-date"],
            scope=f"{day}/us-east-1/s3/aws4_request",
            signature=request.headers["authorization"][-64:],
        )


class TestQueryChecks:
    def refused(self, **changes: str) -> str | None:
        server, request = presign("GET", "k")
        request.query |= {name.replace("_", "-"): value for name, value in changes.items()}
        return code_of(server, request)

    def test_a_malformed_token(self) -> None:
        assert self.refused(X_Amz_Security_Token="a b") == "InvalidToken"

    @pytest.mark.parametrize("expires", ["0", "-1", "604801", "abc", ""])
    def test_an_expiry_out_of_range(self, expires: str) -> None:
        assert self.refused(X_Amz_Expires=expires) == "InvalidArgument"

    def test_only_the_digits_of_an_expiry_count(self) -> None:
        assert self.refused(X_Amz_Expires="300s") == "SignatureDoesNotMatch"  # it was not signed so

    def test_very_short_credentials(self) -> None:
        assert self.refused(X_Amz_Credential="k/20260101//s3/aws4_request") == "InvalidArgument"

    def test_a_header_signature_beats_the_querys(self) -> None:
        server, request = presign("GET", "k")
        request.headers["authorization"] = "Bearer x"
        assert code_of(server, request) == "AccessDenied"

    @pytest.mark.parametrize(
        ("seconds", "code"),
        [(300, None), (301, "RequestTimeTooSkewed"), (-900, None), (-901, "RequestTimeTooSkewed")],
    )
    def test_expiry(self, seconds: int, code: str | None) -> None:
        server, request = presign("GET", "k", expires=300)
        moment = datetime.datetime.fromtimestamp(server.clock.now() + seconds, datetime.UTC)
        assert code_of(server_at(moment.isoformat()), request) == code

    def test_post_may_be_presigned(self) -> None:
        assert code_of(*presign("POST", "k", {"uploads": ""})) is None

    def test_chunks_are_not_for_presigned_requests(self) -> None:
        server, request = presign("PUT", "k")
        authenticate(server, request)
        assert request.auth is None


@pytest.mark.parametrize("changed", ["method", "signature", "key"])
def test_what_was_signed_cannot_be_changed(changed: str) -> None:
    server, request = sign("GET", "k")
    authorization: Any = request.headers["authorization"]
    match changed:
        case "method":
            request.method = "DELETE"
        case "signature":
            last = "0" if authorization[-1] != "0" else "1"
            request.headers["authorization"] = authorization[:-1] + last
        case "key":
            request.headers["authorization"] = authorization.replace("accessKey1/", "accessKey2/")
    assert code_of(server, request) == "SignatureDoesNotMatch"
