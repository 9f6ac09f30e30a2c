"""CORS: which rule of a bucket matches, the headers it gives, and the preflight request.

Source: cloudserver lib/api/apiUtils/object/corsResponse.js, lib/api/corsPreflight.js,
lib/utilities/collectCorsHeaders.js.
"""

from __future__ import annotations

import re
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request

_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def cors_headers(request: Request) -> list[tuple[str, str]]:
    """Headers of an ordinary answer; none before the bucket was read, without ``Origin``, or when no rule matches."""
    origin = request.headers.get("origin")
    if not origin or request.bucket_info is None or not request.bucket_info.cors:
        return []
    rule = _matching_rule(request.bucket_info.cors, origin, request.method, None)
    return [] if rule is None else _headers(rule, origin)


def cors_preflight(server: CloudServer, request: Request) -> Answer:
    """``OPTIONS``; no authentication."""
    origin = request.headers.get("origin")
    if not origin:
        raise S3Error("BadRequest", "Insufficient information. Origin request header needed.")
    method = request.headers.get("access-control-request-method")
    if method not in _METHODS:
        raise S3Error("BadRequest", f"Invalid Access-Control-Request-Method: {'null' if method is None else method}")
    wanted = request.headers.get("access-control-request-headers")
    asked = None if wanted is None else [name for name in wanted.replace(" ", "").lower().split(",") if name]
    bucket = server.metadata.find_bucket(request.bucket or "")
    if bucket is None:
        raise S3Error("NoSuchBucket")
    if not bucket.cors:
        raise S3Error("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
    rule = _matching_rule(bucket.cors, origin, method, asked)
    if rule is None:
        raise S3Error(
            "AccessForbidden",
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
            "method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the "
            "resource's CORS spec.",
        )
    headers = _headers(rule, origin)
    if asked is not None:
        headers.append(("access-control-allow-headers", ", ".join(asked)))
    return Answer(200, [*headers, ("content-length", "0")])


def _matching_rule(
    rules: list[dict[str, Any]], origin: str, method: str, asked: list[str] | None
) -> dict[str, Any] | None:
    for rule in rules:
        if method not in rule["allowedMethods"]:
            continue
        if not any(_matches(pattern, origin) for pattern in rule["allowedOrigins"]):
            continue
        if asked is not None and not _headers_allowed(rule, asked):
            continue
        return rule
    return None


def _headers_allowed(rule: dict[str, Any], asked: list[str]) -> bool:
    allowed = rule.get("allowedHeaders")
    if not allowed:
        return False
    return all(any(_matches(pattern.lower(), name) for pattern in allowed) for name in asked)


def _matches(pattern: str, text: str) -> bool:
    """One ``*`` stands for any text."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*", 1), text) is not None


def _headers(rule: dict[str, Any], origin: str) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    if rule.get("maxAgeSeconds"):
        headers.append(("access-control-max-age", str(rule["maxAgeSeconds"])))
    headers += [("access-control-allow-methods", ", ".join(rule["allowedMethods"])), ("vary", _VARY)]
    if "*" in rule["allowedOrigins"]:
        headers.append(("access-control-allow-origin", "*"))
    else:
        headers += [("access-control-allow-origin", origin), ("access-control-allow-credentials", "true")]
    if rule.get("exposeHeaders"):
        headers.append(("access-control-expose-headers", ", ".join(rule["exposeHeaders"])))
    return headers
