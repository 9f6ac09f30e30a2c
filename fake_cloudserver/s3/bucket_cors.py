"""``?cors`` of a bucket; :mod:`fake_cloudserver.s3.cors` applies the rules.

The stored form is a list of ``{"allowedMethods", "allowedOrigins", "id"?, "allowedHeaders"?, "maxAgeSeconds"?,
"exposeHeaders"?}``.

Source: cloudserver lib/api/bucketPutCors.js, bucketGetCors.js, bucketDeleteCors.js,
lib/api/apiUtils/bucket/bucketCors.js.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import Element, body_of, children, document_of
from fake_cloudserver.s3.javascript import parse_int
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import escape, xml_answer

_LARGEST = 65536
_MOST_RULES = 100
_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]*")


def bucket_put_cors(server: CloudServer, request: Request) -> Answer:
    """Replace the rules: the document, whose MD5 must be given, is checked before the bucket is looked at."""
    body = body_of(request)
    if not body:
        raise S3Error("MissingRequestBodyError")
    if request.headers.get("content-md5") != base64.b64encode(hashlib.md5(body).digest()).decode():
        raise S3Error("BadDigest")
    if (request.content_length or 0) > _LARGEST:
        raise S3Error("MalformedXML", "The CORS XML document is limited to 64 KB in size.")
    rules = parse_cors(body)
    bucket = load_bucket(server, request, ("bucketPutCors",))
    update_bucket(server, bucket.name, cors=rules)
    return Answer(200)


def bucket_get_cors(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetCors",))
    if not bucket.cors:
        raise S3Error("NoSuchCORSConfiguration")
    rules = "".join(_rule_xml(rule) for rule in bucket.cors)
    return xml_answer(
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><CORSConfiguration>{rules}</CORSConfiguration>'
    )


def bucket_delete_cors(server: CloudServer, request: Request) -> Answer:
    """204, also when there was nothing to delete; then nothing is written."""
    bucket = load_bucket(server, request, ("bucketDeleteCors",))
    if bucket.cors:
        update_bucket(server, bucket.name, cors=None)
    return Answer(204)


def _rule_xml(rule: dict[str, Any]) -> str:
    lists = (
        ("AllowedMethod", "allowedMethods"),
        ("AllowedOrigin", "allowedOrigins"),
        ("AllowedHeader", "allowedHeaders"),
        ("ExposeHeader", "exposeHeaders"),
    )
    inner = [f"<{name}>{escape(value)}</{name}>" for name, key in lists for value in rule.get(key, [])]
    if "id" in rule:
        inner.append(f"<ID>{escape(rule['id'])}</ID>")
    if "maxAgeSeconds" in rule:
        inner.append(f"<MaxAgeSeconds>{rule['maxAgeSeconds']}</MaxAgeSeconds>")
    return f"<CORSRule>{''.join(inner)}</CORSRule>"


def parse_cors(body: bytes) -> list[dict[str, Any]]:
    """The stored form of the XML in ``body``; raises S3Error MalformedXML or InvalidRequest for its first fault."""
    rules = children(document_of(body).get("CORSConfiguration"), "CORSRule")
    if not rules:
        raise S3Error("MalformedXML", "Invalid cors configuration xml")
    if len(rules) > _MOST_RULES:
        raise S3Error(
            "InvalidRequest", f"The number of CORS rules should not exceed allowed limit of {_MOST_RULES} rules."
        )
    return [_parse_rule(rule) for rule in rules]


def _parse_rule(rule: Element) -> dict[str, Any]:
    methods, origins = children(rule, "AllowedMethod"), children(rule, "AllowedOrigin")
    if not methods or not origins:
        raise S3Error("MalformedXML", "Each CORSRule must identify at least one origin and one method.")
    parsed: dict[str, Any] = {
        "allowedMethods": _methods(methods),
        "allowedOrigins": _with_one_wildcard("AllowedOrigin", origins),
    }
    rule_id = _rule_id(children(rule, "ID"))
    if rule_id:
        parsed["id"] = rule_id
    if headers := children(rule, "AllowedHeader"):
        parsed["allowedHeaders"] = _with_one_wildcard("AllowedHeader", headers)
    max_age = _max_age(children(rule, "MaxAgeSeconds"))
    if max_age:
        parsed["maxAgeSeconds"] = max_age
    if exposed := children(rule, "ExposeHeader"):
        parsed["exposeHeaders"] = [_exposed_header(header) for header in exposed]
    return parsed


def _methods(methods: list[Element]) -> list[str]:
    for method in methods:
        if method not in _METHODS:
            shown = method if isinstance(method, str) else "[object Object]"
            raise S3Error(
                "InvalidRequest", f'Found unsupported HTTP method in CORS config. Unsupported method is "{shown}"'
            )
    return [str(method) for method in methods]


def _with_one_wildcard(name: str, values: list[Element]) -> list[str]:
    checked = []
    for value in values:
        if not value or not isinstance(value, str):
            raise S3Error("MalformedXML")
        if value.count("*") > 1:
            raise S3Error("InvalidRequest", f'{name} "{value}" can not have more than one wildcard.')
        checked.append(value)
    return checked


def _rule_id(ids: list[Element]) -> str:
    """The id; empty when there is none."""
    if not ids:
        return ""
    if len(ids) > 1 or not isinstance(ids[0], str):
        raise S3Error("MalformedXML")
    return ids[0]


def _max_age(values: list[Element]) -> int:
    """Seconds; 0 when there are none."""
    if not values or values[0] == "":
        return 0
    if len(values) > 1 or not isinstance(values[0], str):
        raise S3Error("MalformedXML")
    seconds = parse_int(values[0])
    if seconds is None or seconds < 0:
        raise S3Error("MalformedXML", f'MaxAgeSeconds "{values[0]}" is not a valid value.')
    return seconds


def _exposed_header(header: Element) -> str:
    if not isinstance(header, str):
        raise S3Error("MalformedXML")
    if "*" in header:
        raise S3Error(
            "InvalidRequest",
            f"ExposeHeader {header} contains a wildcard. Wildcards are currently not supported for ExposeHeader.",
        )
    if not _HEADER_NAME.fullmatch(header):
        raise S3Error("InvalidRequest", f"ExposeHeader {header} contains invalid character.")
    return header
