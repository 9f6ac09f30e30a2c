"""From a request to its operation: bucket and key, the operation table, and every check that comes before it.

Source: Arsenal lib/s3routes/routes.ts, lib/s3routes/routesUtils.ts (normalizeRequest), lib/s3routes/routes/route*.ts;
cloudserver lib/api/api.js (callApiMethod).
"""

from __future__ import annotations

import functools
import ipaddress
import re
import urllib.parse

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metrics import action_of
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.copy_source import parse_copy_source
from fake_cloudserver.s3.javascript import decode_base64
from fake_cloudserver.s3.names import is_valid_bucket_name
from fake_cloudserver.s3.operations import COPYING, OPERATIONS, STREAMING
from fake_cloudserver.s3.sub_resources import choose
from fake_cloudserver.s3.website_serving import serve_website
from fake_cloudserver.settings import Settings

_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"})
_LONGEST_KEY = 915
_LARGEST_HEADERS = 14122
_LARGEST_BODY = {"POST": 1048576}
_LARGEST_OTHER_BODY = 524288
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

# Arsenal lib/constants.ts: unsupportedQueries and unsupportedHeaders
_UNSUPPORTED_QUERIES = frozenset(
    {"accelerate", "analytics", "inventory", "logging", "metrics", "policyStatus", "publicAccessBlock"}
    | {"requestPayment", "torrent"}
)
_UNSUPPORTED_PUT_HEADERS = frozenset(
    {
        "x-amz-server-side-encryption-customer-algorithm",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-md5",
        "x-amz-server-side-encryption-context",
    }
)


def route(server: CloudServer, request: Request) -> Answer:
    """Answer one S3 request; raises S3Error."""
    endpoint = _name_resource(server.settings, request)
    _check_resource(request)
    if endpoint in server.settings.website_endpoints:
        return serve_website(server, request, check_headers=_check_headers)
    operation = choose(request)
    request.action = action_of(operation)
    try:
        _check_headers(request, operation)
        if operation != "cors_preflight":
            authenticate(server, request)
        if operation not in STREAMING:
            request.read_body(_LARGEST_BODY.get(request.method, _LARGEST_OTHER_BODY))
    except S3Error as error:
        if operation == "bucket_put":  # Arsenal lib/s3routes/routes/routePUT.ts sets it before anything is checked
            error.headers.append(("Location", f"/{request.bucket}"))
        raise
    return OPERATIONS[operation](server, request)


def _name_resource(settings: Settings, request: Request) -> str:
    """Set bucket and key from path and Host; the host that was asked, without bucket and port."""
    try:
        request.virtual_bucket, endpoint = _split_host(settings, request.host)
        path = _decode(request.raw_path)
    except ValueError:
        raise S3Error(
            "InvalidURI", "Could not parse the specified URI. Check your restEndpoints configuration."
        ) from None
    if request.virtual_bucket is None:
        _, _, rest = path.partition("/")
        bucket, _, key = rest.partition("/")
    else:
        bucket, key = request.virtual_bucket, path.removeprefix("/")
    request.bucket = bucket or None
    request.key = key or None
    return endpoint


def _decode(raw_path: str) -> str:
    """JavaScript's decodeURIComponent after ``+`` became a space; ValueError for what it refuses."""
    if _BAD_PERCENT.search(raw_path):
        raise ValueError(raw_path)
    return urllib.parse.unquote_plus(raw_path, errors="strict")


def _split_host(settings: Settings, host_header: str) -> tuple[str | None, str]:
    """The bucket that a virtual-host style Host names, None for path style, and the rest of the name.

    Raises:
        ValueError: for a foreign host.
    """
    if not host_header:
        raise ValueError("no host in headers")
    bracket, colon = host_header.find("]"), host_header.rfind(":")
    host = host_header[:colon] if colon > bracket else host_header
    if bracket > -1:
        host = host.strip("[]")
    return (None, host) if _is_address(host) else _split_name(settings, host)


@functools.lru_cache(maxsize=64)  # of all the hosts that may be named few are
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _split_name(settings: Settings, host: str) -> tuple[str | None, str]:
    candidates: list[str] = []
    for endpoint in (*settings.rest_endpoints, *settings.website_endpoints):
        if host == endpoint:
            return None, host
        if host.endswith(f".{endpoint}"):
            candidates.append(endpoint)
    if not candidates:
        raise ValueError(f"hostname {host} is not in valid endpoints")
    endpoint = max(candidates, key=len)  # the most specific one
    return host[: -len(endpoint) - 1], endpoint


def _check_resource(request: Request) -> None:
    if request.method not in _METHODS:
        raise S3Error("MethodNotAllowed")
    if request.bucket is None and (request.method != "GET" or request.key is not None):
        if request.method == "OPTIONS":
            raise S3Error("AccessForbidden", "CORSResponse: Bucket not found")
        raise S3Error("MethodNotAllowed")
    if request.bucket is not None and not is_valid_bucket_name(request.bucket):
        raise S3Error("NoSuchBucket" if request.method == "DELETE" else "InvalidBucketName")
    if request.key is not None and len(request.key.encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
        raise S3Error(
            "KeyTooLong",
            f"Object key is too long. Maximum number of bytes allowed in keys is {_LONGEST_KEY}.",
        )
    if request.key is None and request.bucket is not None and ("partNumber" in request.query or _has_upload(request)):
        raise S3Error("InvalidRequest", "A key must be specified")


def _has_upload(request: Request) -> bool:
    return request.method != "POST" and "uploadId" in request.query


def _check_headers(request: Request, operation: str) -> None:
    if request.method == "PUT":
        _check_length_and_md5(request, operation)
    if not _UNSUPPORTED_QUERIES.isdisjoint(request.query):
        raise S3Error("NotImplemented")
    if request.method == "PUT" and not _UNSUPPORTED_PUT_HEADERS.isdisjoint(request.headers):
        raise S3Error("NotImplemented")
    if operation in COPYING:
        parse_copy_source(request.headers)
    # a character of theirs is a byte
    if sum(map(len, request.headers)) + sum(map(len, request.headers.values())) > _LARGEST_HEADERS:
        raise S3Error("HttpHeadersTooLarge")


def _check_length_and_md5(request: Request, operation: str) -> None:
    # Arsenal lib/s3routes/routes/routePUT.ts
    if request.key is None:
        _check_length(request.headers.get("content-length"))
        return
    _check_md5(request)
    if operation == "object_put":
        length = request.headers.get("x-amz-decoded-content-length") or request.headers.get("content-length")
        if length is None:
            raise S3Error("MissingContentLength")
        _check_length(length)


def _check_length(length: str | None) -> None:
    if length is not None and not (length.isascii() and length.isdigit()):
        raise S3Error("BadRequest")


def _check_md5(request: Request) -> None:
    """Keep a valid MD5, in hexadecimal, as the ``content-md5`` header for whoever compares it."""
    md5 = request.headers.get("content-md5")
    if md5 == "":
        raise S3Error("InvalidDigest")
    if md5 is None:
        md5 = _md5_of_s3cmd(request.headers.get("x-amz-meta-s3cmd-attrs", ""))
        if md5 is None:
            return
    if len(md5) != 32:
        md5 = decode_base64(md5).hex()
    if not re.fullmatch(r"[0-9a-fA-F]{32}", md5):
        raise S3Error("InvalidDigest")
    request.content_md5 = md5


def _md5_of_s3cmd(attributes: str) -> str | None:
    for item in attributes.split("/"):
        if item.startswith("md5:"):
            return item.removeprefix("md5:")
    return None
