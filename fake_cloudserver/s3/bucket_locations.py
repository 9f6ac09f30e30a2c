"""Where a new bucket goes.

Source: cloudserver lib/api/bucketPut.js (_parseXML, checkLocationConstraint).
"""

from __future__ import annotations

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request
from fake_cloudserver.s3.elements import child, text
from fake_cloudserver.s3.xml import parse
from fake_cloudserver.settings import Settings

_FALLBACK = "us-east-1"


def location_of_request(settings: Settings, request: Request, body: bytes) -> tuple[str, bool]:
    """The location's name, and whether the bucket ingests what others write there (suffix ``:ingest``).

    Raises:
        S3Error: MalformedXML for a body without a location; InvalidLocationConstraint for one that is not configured
            or is cold; InternalError for a body of blanks.
    """
    wanted = _from_body(body) if body else ""
    name, _, suffix = wanted.partition(":")
    if not name:
        name = settings.rest_endpoints.get(_endpoint(request), _FALLBACK)
    if name not in settings.locations:
        raise S3Error(
            "InvalidLocationConstraint",
            f"value of the location you are attempting to set - {name} - "
            "is not listed in the locationConstraint config",
        )
    if settings.is_cold(name):
        raise S3Error("InvalidLocationConstraint")
    return name, suffix == "ingest"


def _from_body(body: bytes) -> str:
    constraint = child(parse(body).get("CreateBucketConfiguration"), "LocationConstraint")
    if not constraint:
        raise S3Error("MalformedXML")
    return text(constraint)


def _endpoint(request: Request) -> str:
    """The REST endpoint in the Host header: without port, without the bucket of a virtual-hosted request."""
    header = request.host
    bracket, colon = header.find("]"), header.rfind(":")
    host = header[:colon] if colon > bracket else header
    if request.virtual_bucket is not None:
        host = host.removeprefix(f"{request.virtual_bucket}.")
    return host.strip("[]")
