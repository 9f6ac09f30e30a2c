"""Strategies for requests: a valid one, then none to a few changes that keep it something an HTTP client can send."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Sequence

from hypothesis import strategies as st

from support.fuzzing.catalogue import INTERNAL, S3, Template
from support.fuzzing.mutations import ODD_BODIES, spoilt
from support.fuzzing.session import PAIRS, as_sent
from support.fuzzing.values import texts
from support.fuzzing.wire import SCHEMES, Sent

_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "get", "BREW")
_BUCKETS = (
    "plain", "versioned", "suspended", "locked", "configured", "replicated", "remote", "lisas", "empty", "no-such", "METADATA",
    "a", "Upper", "10.0.0.1", "a..b", "mpuShadowBucketversioned", "users..bucket", "-", "%00", "%2F",
)  # fmt: skip
_KEYS = (
    "key",
    "gone",
    "big",
    "parts",
    "dir/",
    "a//b",
    "",
    "/",
    "old/page",
    "..%7C..",
    "%F0%9F%98%80",
    "%E2%82%AC",
    "%2e%2e",
)
_PARAMETERS = tuple(sorted({
    name for template in (*S3, *INTERNAL) for name, _ in urllib.parse.parse_qsl(template.query, keep_blank_values=True)
} | {
    "accelerate", "torrent", "policyStatus", "versionId", "response-expires", "response-content-language", "attributes",
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
    "Signature", "AWSAccessKeyId", "Expires", "SecurityToken", "Content-MD5", "x-amz-acl", "__proto__",
}))  # fmt: skip
_HEADERS = tuple(sorted({name for template in (*S3, *INTERNAL) for name in template.headers} | {
    "authorization", "content-md5", "content-type", "content-disposition", "content-language", "date", "expect", "host",
    "x-target-host", "if-none-match", "if-unmodified-since", "if-modified-since", "if-match", "proxy_path", "cookie",
    "x-amz-copy-source-if-none-match", "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since",
    "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token", "x-amz-trailer",
    "x-amz-expected-bucket-owner", "x-amz-grant-full-control", "x-amz-grant-write-acp", "x-amz-meta-s3cmd-attrs",
    "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-scal-server-side-encryption-aws-kms-key-id", "x-scal-nfs-enabled", "x-scal-request-uids", "x-scal-content-disposition",
    "x-scal-content-encoding", "x-amz-meta-x-scal-last-modified", "x-forwarded-for", "x-amz-meta-\xe9", "user-agent",
    "x-amz-object-lock-legal-hold", "x-amz-meta-scal-version-id",
}))  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """A request, and who signs it how."""

    sent: Sent
    scheme: str
    who: str


def header_values() -> st.SearchStrategy[str]:
    """What can stand in a header line, read as Latin-1 as Node reads it."""
    return texts().map(
        lambda text: (
            text.encode("utf-8", "surrogatepass").decode("latin-1").translate({10: None, 13: None}).strip(" \t")
        )
    )


@st.composite
def asks(draw: st.DrawFn, templates: Sequence[Template]) -> Ask:
    """One of the templates, changed."""
    template = draw(st.sampled_from(templates))
    sent = as_sent(template)
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3, 5]))):
        sent = draw(_changed(sent, template.body))
    scheme = draw(st.sampled_from(["v4"] * 8 + list(SCHEMES)))
    who = draw(st.sampled_from(["Bart"] * 4 + list(PAIRS)))
    return Ask(sent, scheme, who)


def _changed(sent: Sent, valid_body: str) -> st.SearchStrategy[Sent]:
    """One change; those that lead away from the operation are the rare ones."""
    common = [_header(sent), _parameter(sent)] * 4 + [_body(sent, valid_body)] * (6 if valid_body else 1)
    return st.one_of(*common, _path(sent), _path(sent), _method(sent))


@st.composite
def _method(draw: st.DrawFn, sent: Sent) -> Sent:
    return dataclasses.replace(sent, method=draw(st.sampled_from(_METHODS)))


@st.composite
def _path(draw: st.DrawFn, sent: Sent) -> Sent:
    """Another key, another bucket, or a piece that is hardly one."""
    path, mark, query = sent.target.partition("?")
    pieces = path.split("/")
    first = 4 if path.startswith("/_/") else 1
    match draw(st.sampled_from(["key", "key", "bucket", "odd"])):
        case "key" if len(pieces) > first + 1:
            pieces[first + 1 :] = [draw(st.one_of(st.sampled_from(_KEYS), texts().map(_quoted)))]
        case "bucket" if len(pieces) > first:
            pieces[first] = draw(st.sampled_from(_BUCKETS))
        case _:
            at = draw(st.integers(1, len(pieces) - 1))
            pieces[at] = draw(
                st.one_of(texts().map(_quoted), st.sampled_from(["", "%", "%zz", "%FF", "%ED%A0%80", "+", "\xe9"]))
            )
    return dataclasses.replace(sent, target="/".join(pieces) + mark + query)


@st.composite
def _parameter(draw: st.DrawFn, sent: Sent) -> Sent:
    """A query parameter added, dropped, repeated, or with another value."""
    path, _, query = sent.target.partition("?")
    items = [item for item in query.split("&") if item]
    kind = draw(st.sampled_from(["add", "value", "value", "drop", "repeat"]))
    value = draw(st.one_of(texts().map(_quoted), st.sampled_from(["%", "%zz", "%FF", "\xe9", "%00", "a&b", "a=b"])))
    if kind == "add" or not items:
        items.append(f"{draw(st.sampled_from(_PARAMETERS))}={value}")
    else:
        at = draw(st.integers(0, len(items) - 1))
        if kind == "value":
            items[at] = f"{items[at].partition('=')[0]}={value}"
        elif kind == "drop":
            del items[at]
        else:
            items.append(items[at])
    return dataclasses.replace(sent, target=f"{path}?{'&'.join(items)}" if items else path)


@st.composite
def _header(draw: st.DrawFn, sent: Sent) -> Sent:
    """A header added, dropped, repeated, or with another value."""
    headers = list(sent.headers)
    kind = draw(st.sampled_from(["add", "value", "value", "drop", "repeat"]))
    if kind == "add" or not headers:
        headers.append((draw(st.sampled_from(_HEADERS)), draw(header_values())))
    else:
        at = draw(st.integers(0, len(headers) - 1))
        name, value = headers[at]
        if kind == "value":
            headers[at] = (name, draw(header_values()))
        elif kind == "drop":
            del headers[at]
        else:
            headers.append((name, value))
    return dataclasses.replace(sent, headers=tuple(headers))


@st.composite
def _body(draw: st.DrawFn, sent: Sent, valid: str) -> Sent:
    """The body spoilt; where there is none, an odd one."""
    body = draw(spoilt(valid) if valid else st.sampled_from(ODD_BODIES))
    return dataclasses.replace(sent, body=body, has_length=draw(st.sampled_from([True, True, True, False])))


_OTHERS = (
    "/live", "/ready", "/metrics", "/_/healthcheck", "/_/raft_sessions", "/_/raft_sessions/1/log", "/_/raft_sessions/2/log",
    "/_/raft_sessions/1/bucket", "/_/raft_sessions/1/info", "/_/buckets/plain/id", "/default/attributes/plain",
    "/default/attributes/users..bucket", "/default/informations/plain", "/default/bucket/versioned", "/default/bucket/nowhere",
)  # fmt: skip
_OTHER_PARAMETERS = ("begin", "limit", "wait", "marker", "prefix", "maxKeys", "targetLeader")


@st.composite
def asks_of_others(draw: st.DrawFn) -> Sent:
    """Requests to bucketd and to the metrics port."""
    target = draw(
        st.one_of(st.sampled_from(_OTHERS), st.sampled_from(_OTHERS), texts().map(lambda text: f"/{_quoted(text)}"))
    )
    query = draw(st.lists(st.tuples(st.sampled_from(_OTHER_PARAMETERS), texts().map(_quoted)), max_size=3))
    if query:
        target = f"{target}?{'&'.join(f'{name}={value}' for name, value in query)}"
    return Sent(draw(st.sampled_from(["GET"] * 5 + list(_METHODS))), target)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="@_")
