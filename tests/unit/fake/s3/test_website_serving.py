"""Requests to a website endpoint, through the whole application."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest

from fake_cloudserver.fake import FakeCloudServer
from support.in_process import Client, Reply, start_fake

ENDPOINT = "s3-website.localhost"
INDEX = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
ERROR = "<ErrorDocument><Key>error.html</Key></ErrorDocument>"
LISTABLE = {"x-amz-acl": "public-read"}
NOT_FOUND = "The specified key does not exist."
LAST_MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.fixture
def fake() -> Iterator[FakeCloudServer]:
    with start_fake() as made:
        yield made


def configure(fake: FakeCloudServer, inner: str, *, bucket_acl: str = "public-read") -> None:
    """Bart's bucket ``site`` with that website configuration and a few objects."""
    bart = Client(fake)
    assert bart.request("PUT", "/site", headers={"x-amz-acl": bucket_acl}).status == 200
    document = f"<WebsiteConfiguration>{inner}</WebsiteConfiguration>"
    assert bart.request("PUT", "/site", "website", body=document).status == 200
    for key in ("index.html", "docs/index.html", "page.html"):
        put(fake, key, f"<p>{key}</p>")
    put(fake, "secret.html", "secret", acl="private")


def put(fake: FakeCloudServer, key: str, body: str, *, acl: str = "public-read", **headers: str) -> None:
    sent = {"x-amz-acl": acl, "content-type": "text/x-page"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    assert Client(fake).request("PUT", f"/site/{key}", headers=sent, body=body).status == 200


def browse(fake: FakeCloudServer, path: str = "/", method: str = "GET", query: str = "", **headers: str) -> Reply:
    """What a browser gets that asks ``site``'s own host name."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(fake, None, host=f"site.{ENDPOINT}:8000").request(method, path, query, sent)


def page(
    title: str, code: str, message: str, request_id: str | None, *, bucket: str | None = "site", failed: bool = False
) -> str:
    items = f"<li>Code: {code}</li><li>Message: {message}</li>"
    named = f"<li>BucketName: {bucket}</li>" if bucket else ""
    failure = f"<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3><ul>{items}</ul>"
    return (
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1><ul>{items}{named}"
        f"<li>RequestId: {request_id}</li></ul>{failure if failed else ''}<hr/></body></html>"
    )


def assert_page(reply: Reply, title: str, code: str, message: str, **options: bool | str | None) -> None:
    expected = page(title, code, message, reply.header("x-amz-request-id"), **options)  # type: ignore[arg-type]
    assert (reply.status, reply.header("content-type"), reply.text) == (int(title[:3]), "text/html", expected)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"<p>index.html</p>"),
        ("/docs/", b"<p>docs/index.html</p>"),
        ("/page.html", b"<p>page.html</p>"),
        ("/index.html", b"<p>index.html</p>"),
    ],
)
def test_documents(fake: FakeCloudServer, path: str, body: bytes) -> None:
    configure(fake, INDEX)
    shown = [
        ("Accept-Ranges", "bytes"),
        ("Content-Length", str(len(body))),
        ("Last-Modified", LAST_MODIFIED),
        ("Content-Type", "text/x-page"),
        ("server", "S3 Server"),
    ]
    for method, content in (("GET", body), ("HEAD", b"")):
        reply = browse(fake, path, method)
        assert (reply.status, reply.body) == (200, content)
        assert [header for header in reply.headers if header[0] != "ETag" and "-id" not in header[0]] == shown


def test_path_style_and_the_rest_endpoint(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    assert Client(fake, None, host=ENDPOINT).request("GET", "/site/").text == "<p>index.html</p>"
    assert Client(fake, None, host=ENDPOINT).request("GET", "/site").text == "<p>index.html</p>"
    # the same path at a REST endpoint is a listing
    assert Client(fake, None).request("GET", "/site").elements("Name") == ["site"]


def test_the_host_of_a_proxy_counts(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    reply = Client(fake, None).request("GET", "/", headers={"x-target-host": f"site.{ENDPOINT}"})
    assert reply.text == "<p>index.html</p>"


def test_a_website_shows_no_versions_and_serves_no_ranges(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    Client(fake).request("PUT", "/site", "versioning", body=versioning)
    put(fake, "page.html", "new")
    reply = browse(fake, "/page.html", range="bytes=0-0")
    assert (reply.status, reply.body, reply.header("x-amz-version-id")) == (200, b"new", None)


def test_signatures_are_not_looked_at(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    assert browse(fake, "/", authorization="AWS nobody:nothing").status == 200
    # not even the owner's opens what is not public
    assert Client(fake, host=f"site.{ENDPOINT}").request("GET", "/secret.html").status == 403


def test_overrides_of_the_answer(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    assert browse(fake, "/", query="response-content-type=a%2Fb").header("content-type") == "a/b"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS"])
def test_get_and_head_only(fake: FakeCloudServer, method: str) -> None:
    configure(fake, INDEX)
    message = "The specified method is not allowed against this resource."
    assert_page(browse(fake, "/", method), "405 Method Not Allowed", "MethodNotAllowed", message)
    reply = Client(fake, None, host=ENDPOINT).request("GET", "/")
    assert_page(reply, "405 Method Not Allowed", "MethodNotAllowed", message, bucket=None)


def test_what_is_no_website(fake: FakeCloudServer) -> None:
    reply = browse(fake)
    assert_page(reply, "404 Not Found", "NoSuchBucket", "The specified bucket does not exist.")
    Client(fake).request("PUT", "/site")
    message = "The specified bucket does not have a website configuration"
    assert_page(browse(fake), "404 Not Found", "NoSuchWebsiteConfiguration", message)
    reply = browse(fake, method="HEAD")
    assert (reply.status, reply.body) == (404, b"")
    assert reply.header("x-amz-error-code") == "NoSuchWebsiteConfiguration"
    assert reply.header("x-amz-error-message") == message


def test_features_that_are_not_there(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    message = "A header you provided implies functionality that is not implemented."
    assert_page(browse(fake, query="torrent"), "501 Not Implemented", "NotImplemented", message)
    assert browse(fake, query="torrent", method="HEAD").header("x-amz-error-code") == "NotImplemented"


@pytest.mark.parametrize(
    ("acl", "title", "code", "message"),
    [
        ("public-read", "404 Not Found", "NoSuchKey", NOT_FOUND),
        ("private", "403 Forbidden", "AccessDenied", "Access Denied"),
    ],
)
def test_a_missing_key_is_told_to_who_may_list(
    fake: FakeCloudServer, acl: str, title: str, code: str, message: str
) -> None:
    configure(fake, INDEX, bucket_acl=acl)
    for path in ("/none", "/none/"):
        assert_page(browse(fake, path), title, code, message)
    reply = browse(fake, "/none", "HEAD")
    assert (reply.status, reply.body) == (int(title[:3]), b"")
    assert (reply.header("x-amz-error-code"), reply.header("x-amz-error-message")) == (code, message)


def test_what_not_everybody_may_read(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    assert_page(browse(fake, "/secret.html"), "403 Forbidden", "AccessDenied", "Access Denied")
    put(fake, "hidden/index.html", "hidden", acl="private")
    assert browse(fake, "/hidden").status == browse(fake, "/hidden/").status == 403


def test_a_policy_opens_a_website(fake: FakeCloudServer) -> None:
    configure(fake, INDEX, bucket_acl="private")
    put(fake, "open/index.html", "open", acl="private")
    policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
        '"Resource":"arn:aws:s3:::site/open/*"}}'
    )
    assert Client(fake).request("PUT", "/site", "policy", body=policy).status == 200
    assert browse(fake, "/open/").text == "open"
    assert browse(fake, "/secret.html").status == 403
    # a website asks the policy for the right to read where a listing right is meant
    assert browse(fake, "/open/none").status == 404
    assert browse(fake, "/none").status == 403


def test_a_folder_without_its_slash(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    page_of_get, of_head = browse(fake, "/docs"), browse(fake, "/docs", "HEAD")
    assert_page(page_of_get, "302 Found", "Found", "Resource Found", bucket=None)
    for reply in (page_of_get, of_head):
        shown = [reply.header(name) for name in ("location", "x-amz-error-code", "x-amz-error-message")]
        assert (reply.status, shown) == (302, ["/docs/", "Found", "Resource Found"])
    assert of_head.body == b""


def test_a_deleted_page_is_not_for_everybody(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    Client(fake).request("PUT", "/site", "versioning", body=versioning)
    Client(fake).request("DELETE", "/site/page.html")
    # the marker belongs to who deleted, and has no public ACL
    assert browse(fake, "/page.html").status == 403


def test_conditions(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    reply = browse(fake, if_none_match="*")
    assert (reply.status, reply.body, reply.header("etag")) == (304, b"", None)
    message = "At least one of the preconditions you specified did not hold."
    assert_page(browse(fake, if_match="none"), "412 Precondition Failed", "PreconditionFailed", message)


def test_an_error_document(fake: FakeCloudServer) -> None:
    configure(fake, INDEX + ERROR)
    put(fake, "error.html", "<p>oh</p>", x_amz_meta_a="b", content_type="text/plain")
    reply = browse(fake, "/none")
    assert (reply.status, reply.text) == (404, "<p>oh</p>")
    names = ("content-type", "content-length", "x-amz-error-code", "x-amz-error-message", "x-amz-meta-a")
    assert [reply.header(name) for name in names] == ["text/html", "9", "NoSuchKey", NOT_FOUND, "b"]
    assert sum(name.lower() == "content-type" for name, _ in reply.headers) == 1
    assert browse(fake, "/secret.html").status == 403
    assert browse(fake, "/secret.html").text == "<p>oh</p>"
    # HEAD shows the error alone
    assert browse(fake, "/none", "HEAD").header("x-amz-meta-a") is None


@pytest.mark.parametrize("acl", [None, "private"])
def test_an_error_document_that_cannot_be_had(fake: FakeCloudServer, acl: str | None) -> None:
    configure(fake, INDEX + ERROR)
    if acl:
        put(fake, "error.html", "<p>oh</p>", acl=acl)
    assert_page(browse(fake, "/none"), "404 Not Found", "NoSuchKey", NOT_FOUND, bucket=None, failed=True)


def test_an_error_document_that_redirects(fake: FakeCloudServer) -> None:
    configure(fake, INDEX + ERROR)
    put(fake, "error.html", "<p>gone</p>", x_amz_website_redirect_location="/elsewhere")
    reply = browse(fake, "/none")
    assert (reply.status, reply.header("location"), reply.text) == (301, "/elsewhere", "<p>gone</p>")
    assert (reply.header("x-amz-error-code"), reply.header("content-type")) == ("NoSuchKey", "text/html")


@pytest.mark.parametrize("location", ["/x", "http://example.com/y", "https://example.com/"])
def test_an_object_that_redirects(fake: FakeCloudServer, location: str) -> None:
    configure(fake, INDEX)
    put(fake, "moved", "", x_amz_website_redirect_location=location)
    for method in ("GET", "HEAD"):
        reply = browse(fake, "/moved", method)
        assert (reply.status, reply.header("location"), reply.body) == (301, location, b"")


@pytest.mark.parametrize(
    ("inner", "location"),
    [
        ("<HostName>example.com</HostName>", "http://example.com/a/b"),
        ("<HostName>example.com</HostName><Protocol>https</Protocol>", "https://example.com/a/b"),
        ("<HostName>example.com</HostName><Protocol>http</Protocol>", "https://example.com/a/b"),
    ],
)
def test_everything_redirected(fake: FakeCloudServer, inner: str, location: str) -> None:
    configure(fake, f"<RedirectAllRequestsTo>{inner}</RedirectAllRequestsTo>")
    for method in ("GET", "HEAD"):
        reply = browse(fake, "/a/b", method)
        assert (reply.status, reply.header("location"), reply.body) == (301, location, b"")
    assert browse(fake).header("location") == location.removesuffix("a/b")


def rules(*parts: tuple[str, str]) -> str:
    inner = "".join(
        f"<RoutingRule>{f'<Condition>{condition}</Condition>' if condition else ''}<Redirect>{redirect}</Redirect>"
        "</RoutingRule>"
        for condition, redirect in parts
    )
    return f"{INDEX}<RoutingRules>{inner}</RoutingRules>"


DOCS = "<KeyPrefixEquals>docs/</KeyPrefixEquals>"
MISSING = "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>"
SITE = f"site.{ENDPOINT}:8000"


@pytest.mark.parametrize(
    ("parts", "path", "status", "location"),
    [
        ([(DOCS, "<HostName>h</HostName>")], "/docs/a", 301, "http://h/docs/a"),
        ([(DOCS, "<Protocol>http</Protocol>")], "/docs/a", 301, f"https://{SITE}/docs/a"),
        ([(DOCS, "<HttpRedirectCode>307</HttpRedirectCode>")], "/docs/a", 307, f"http://{SITE}/docs/a"),
        ([(DOCS, "<ReplaceKeyWith>k</ReplaceKeyWith>")], "/docs/a", 301, f"http://{SITE}/k"),
        (
            [(DOCS, "<ReplaceKeyPrefixWith>old/</ReplaceKeyPrefixWith>")],
            "/docs/docs/a",
            301,
            f"http://{SITE}/old/docs/a",
        ),
        ([(MISSING, "<ReplaceKeyPrefixWith>old/</ReplaceKeyPrefixWith>")], "/a", 301, f"http://{SITE}/old/a"),
        # the first rule that fits decides, with or without an error
        ([(DOCS, "<HostName>a</HostName>"), (DOCS, "<HostName>b</HostName>")], "/docs/", 301, "http://a/docs/"),
        (
            [(DOCS + MISSING, "<HostName>a</HostName>"), (DOCS, "<HostName>b</HostName>")],
            "/docs/",
            301,
            "http://b/docs/",
        ),
        ([(DOCS + MISSING, "<HostName>a</HostName>")], "/docs/none", 301, "http://a/docs/none"),
        ([(DOCS + MISSING, "<HostName>a</HostName>")], "/docs/", 200, None),
        ([(DOCS + MISSING, "<HostName>a</HostName>")], "/none", 404, None),
        ([(MISSING, "<HostName>a</HostName>")], "/secret.html", 403, None),
        # one without conditions never fits, and hides those behind it
        ([("", "<HostName>a</HostName>")], "/none", 404, None),
        ([("", "<HostName>a</HostName>"), (DOCS, "<HostName>b</HostName>")], "/docs/", 200, None),
    ],
)
def test_routing_rules(
    fake: FakeCloudServer, parts: list[tuple[str, str]], path: str, status: int, location: str | None
) -> None:
    configure(fake, rules(*parts))
    for method in ("GET", "HEAD"):
        reply = browse(fake, path, method)
        assert (reply.status, reply.header("location")) == (status, location)


def test_cors(fake: FakeCloudServer) -> None:
    configure(fake, INDEX)
    document = (
        "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>"
        "</CORSConfiguration>"
    )
    md5 = base64.b64encode(hashlib.md5(document.encode()).digest()).decode()
    assert Client(fake).request("PUT", "/site", "cors", {"content-md5": md5}, document).status == 200
    for path in ("/", "/none"):
        assert browse(fake, path, origin="http://o").header("access-control-allow-origin") == "*"
