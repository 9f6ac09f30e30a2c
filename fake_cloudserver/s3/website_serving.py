"""What a website endpoint answers: index and error documents, redirects, pages that say what is wrong.

Requests to a website are nobody's: they are not authenticated, and only what everybody may read is served.

Source: cloudserver lib/api/website.js; Arsenal lib/s3routes/routes/routeWebsite.ts, lib/s3routes/routesUtils.ts
(errorHtmlResponse, errorHeaderResponse, streamUserErrorPage, redirectRequest, redirectRequestOnError).
"""

from __future__ import annotations

import dataclasses
import http
from collections.abc import Callable
from typing import Any

from fake_cloudserver.auth.permissions import bucket_allows, object_allows
from fake_cloudserver.auth.policy import policy_decision
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.conditions import check_conditions
from fake_cloudserver.s3.object_headers import Headers, object_headers, override_headers
from fake_cloudserver.s3.resolve import find_bucket
from fake_cloudserver.s3.versioning import get_version
from fake_cloudserver.s3.website_redirects import Redirect, location_of, matching_rule

_REDIRECT_HEADER = "x-amz-website-redirect-location"
_HTML = ("Content-type", "text/html")


def serve_website(server: CloudServer, request: Request, *, check_headers: Callable[[Request, str], None]) -> Answer:
    """Answer a request to a website endpoint; errors are HTML pages, so that none is raised.

    Args:
        check_headers: the checks that every operation has before its own; raises S3Error.
    """
    if request.method not in {"GET", "HEAD"} or request.bucket is None:
        return _error_page(request, S3Error("MethodNotAllowed"))
    try:
        check_headers(request, f"website_{request.method.lower()}")
        bucket = request.bucket_info = find_bucket(server, request.bucket)
        if bucket.website_configuration is None:
            raise S3Error("NoSuchWebsiteConfiguration")
    except S3Error as error:
        return _error_headers(error) if request.method == "HEAD" else _error_page(request, error)
    return _Website(server, request, bucket, bucket.website_configuration, request.key or "").answer()


@dataclasses.dataclass(frozen=True, slots=True)
class _Website:
    """One request to a bucket that has a website configuration; ``key`` is the key as it was asked for."""

    server: CloudServer
    request: Request
    bucket: BucketInfo
    configuration: dict[str, Any]
    key: str

    def answer(self) -> Answer:
        redirect = self.configuration.get("redirectAllRequestsTo") or self._rule(None)
        if redirect:
            return self._redirect(redirect)
        try:
            return self._serve()
        except S3Error as error:
            return self._error(error)

    def _serve(self) -> Answer:
        suffix = self.configuration["indexDocument"]
        is_folder = not self.key or self.key.endswith("/")
        md = self._load(f"{self.key}{suffix}" if is_folder else self.key)
        if md is None:
            missing = self._missing()
            folder = None if is_folder else self._load(f"{self.key}/{suffix}")
            if folder is None:
                raise missing
            self._check_readable(folder)
            return self._found(f"/{self.key}/")
        self._check_readable(md)
        check_conditions(self.request.headers, etag=md["content-md5"], last_modified=md["last-modified"])
        if md.get(_REDIRECT_HEADER):
            return Answer(301, [("Location", md[_REDIRECT_HEADER])])
        headers = self._object_headers(md)
        override_headers(headers, self.request.query)
        return Answer(200, headers, self._body(md))

    def _load(self, key: str) -> dict[str, Any] | None:
        """The current version; the request is one for that key from here on: a policy sees it so."""
        self.request.key = key
        return get_version(self.server, self.bucket.name, key, None)

    def _missing(self) -> S3Error:
        """What is not there is told to who may list the bucket."""
        decision = policy_decision(self.bucket.bucket_policy, self.request, self.server.clock.now())
        listable = bucket_allows(self.bucket, self.request.requester, ["bucketGet"], decision, website=True)
        return S3Error("NoSuchKey" if listable else "AccessDenied")

    def _check_readable(self, md: dict[str, Any]) -> None:
        decision = policy_decision(self.bucket.bucket_policy, self.request, self.server.clock.now())
        if not object_allows(self.bucket, md, self.request.requester, ["objectGet"], decision, website=True):
            raise S3Error("AccessDenied")

    def _object_headers(self, md: dict[str, Any]) -> Headers:
        """Those of HEAD object, without the version: a website does not know of versions."""
        headers = object_headers(self.bucket, md, with_tag_count=False)
        return [header for header in headers if header[0] != "x-amz-version-id"]

    def _body(self, md: dict[str, Any]) -> Any:
        elements = location_elements(md)
        return self.server.gateway.read(elements) if elements and self.request.method == "GET" else None

    def _rule(self, status: int | None) -> Redirect | None:
        return matching_rule(self.configuration.get("routingRules", []), self.key, status)

    def _redirect(self, redirect: Redirect) -> Answer:
        location = location_of(redirect, self.key, self.request.host)
        return Answer(redirect.get("httpRedirectCode", 301), [("Location", location)])

    def _found(self, location: str) -> Answer:
        """There is an index below: the browser is sent to it, with the page of an error for a body."""
        found = S3Error("Found")
        answer = _error_headers(found)
        if self.request.method == "GET":
            page = _error_page(self.request, found, names_bucket=False)
            answer = Answer(page.status, answer.headers + page.headers, page.body)
        answer.headers.insert(0, ("Location", location))
        return answer

    def _error(self, error: S3Error) -> Answer:
        redirect = self._rule(error.status)
        if redirect:
            return self._redirect(redirect)
        if self.request.method == "HEAD":
            return _error_headers(error)
        key = self.configuration.get("errorDocument")
        if key is None:
            return _error_page(self.request, error)
        md = self._load(key)
        try:
            if md is None:
                raise S3Error("NoSuchKey")
            self._check_readable(md)
        except S3Error:
            return _error_page(self.request, error, document_failed=True)
        return self._error_document(error, md)

    def _error_document(self, error: S3Error, md: dict[str, Any]) -> Answer:
        if md.get(_REDIRECT_HEADER):
            status, headers = 301, [("Location", md[_REDIRECT_HEADER])]
        else:
            described = self._object_headers(md)
            status, headers = error.status, [header for header in described if header[0] != "Content-Type"]
        return Answer(status, [*headers, *_error_headers(error).headers, _HTML], self._body(md))


def _error_headers(error: S3Error) -> Answer:
    """An error as HEAD shows it."""
    return Answer(error.status, [("x-amz-error-code", error.code), ("x-amz-error-message", error.message)])


def _error_page(
    request: Request, error: S3Error, *, names_bucket: bool = True, document_failed: bool = False
) -> Answer:
    """An error as a browser shows it.

    Args:
        document_failed: there is an error document, and it cannot be had; the page says so instead of the bucket.
    """
    title = f"{error.status} {http.HTTPStatus(error.status).phrase}"
    items = f"<li>Code: {error.code}</li><li>Message: {error.message}</li>"
    bucket = failure = ""
    if document_failed:
        headline = "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>"
        failure = f"{headline}<ul>{items}</ul>"
    elif names_bucket and request.bucket:
        bucket = f"<li>BucketName: {request.bucket}</li>"
    html = (
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1><ul>{items}{bucket}"
        f"<li>RequestId: {request.request_id}</li></ul>{failure}<hr/></body></html>"
    )
    has_body = request.method != "HEAD" and error.status != 304
    return Answer(error.status, [_HTML], html.encode() if has_body else None)
