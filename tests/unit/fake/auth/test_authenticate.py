"""Which scheme a request shows, and whom it makes the requester."""

from __future__ import annotations

import email.utils

import pytest
from auth_helpers import BART, LISA, NOBODY, build_request, requester_of, server_at
from botocore.auth import HmacV1Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.errors import S3Error


def test_nobody_has_signed() -> None:
    request = build_request()
    request.requester, request.auth = requester_of(LISA), object()
    authenticate(server_at(), request)
    assert request.requester == NOBODY
    assert request.requester.canonical_id == "http://acs.amazonaws.com/groups/global/AllUsers"
    assert request.auth is None


@pytest.mark.parametrize("authorization", ["foo", "Basic YTpi", "Bearer x", "aws accessKey1:x", "AWS", "AWS3 x"])
def test_schemes_that_nobody_knows(authorization: str) -> None:
    with pytest.raises(S3Error) as caught:
        authenticate(server_at(), build_request(headers={"authorization": authorization}))
    assert (caught.value.code, caught.value.message) == ("AccessDenied", "Access Denied")


@pytest.mark.parametrize("url", ["/b/k?Signature=", "/b/k?X-Amz-Algorithm=", "/b/k?X-Amz-Signature=x"])
def test_parameters_that_show_no_scheme(url: str) -> None:
    request = build_request(url=url, headers={"authorization": ""})
    authenticate(server_at(), request)
    assert request.requester.is_anonymous


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("/b/k?Signature=x&X-Amz-Algorithm=x", "MissingSecurityHeader"),  # version 2 is looked for first
        ("/b/k?X-Amz-Algorithm=x", "InvalidArgument"),
    ],
)
def test_schemes_of_the_query(url: str, code: str) -> None:
    with pytest.raises(S3Error, match=code):
        authenticate(server_at(), build_request(url=url))


@pytest.mark.parametrize("credentials", BART.keys)
def test_the_account_of_any_of_its_keys(credentials: tuple[str, str]) -> None:
    signed = AWSRequest("GET", "http://127.0.0.1/b/k")
    HmacV1Auth(Credentials(*credentials)).add_auth(signed)
    request = build_request(headers=dict(signed.headers.items()), url="/b/k")
    authenticate(server_at(email.utils.parsedate_to_datetime(signed.headers["Date"]).isoformat()), request)
    assert request.requester == requester_of(BART)
