"""``?retention`` and ``?legal-hold`` of an object.

Source: cloudserver lib/api/objectPutRetention.js, objectGetRetention.js, objectPutLegalHold.js,
objectGetLegalHold.js; Arsenal lib/s3middleware/objectRetention.ts, objectLegalHold.ts.
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver.auth.actions import of_version
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.elements import Element, body_of, child, children
from fake_cloudserver.s3.javascript import parse_date
from fake_cloudserver.s3.object_lock_rules import LEGAL_HOLDS, MODES, ObjectLock, has_bypass
from fake_cloudserver.s3.object_update import change_object, load_existing, replicate_change
from fake_cloudserver.s3.versioning import version_headers, version_id_from_query
from fake_cloudserver.s3.xml import NS, escape, parse, xml_answer


def object_put_retention(server: CloudServer, request: Request) -> Answer:
    """Replace the retention; the document is checked before the bucket is looked at."""
    version_id = version_id_from_query(request)
    now = int(server.clock.now() * 1000)
    mode, date = parse_retention(body_of(request), now)
    actions = (of_version("objectPutRetention", version_id),)
    bucket, _ = load_existing(server, request, actions, version_id, changing=True)
    _check_bucket(bucket)
    bypass = has_bypass(request.headers)

    def change(md: dict[str, Any]) -> bool:
        if not ObjectLock.of(md).may_become(mode, date, now, bypass=bypass):
            raise S3Error("AccessDenied")
        md["retentionMode"], md["retentionDate"] = mode, date
        replicate_change(server, bucket, request.key or "", md, "PUT_RETENTION")
        return True

    md = change_object(server, bucket, request.key or "", version_id, change)
    return Answer(200, version_headers(bucket, md))


def object_get_retention(server: CloudServer, request: Request) -> Answer:
    version_id = version_id_from_query(request)
    bucket, md = load_existing(server, request, ("objectGetRetention",), version_id, changing=False)
    _check_bucket(bucket)
    mode, date = md.get("retentionMode"), md.get("retentionDate")
    if not mode or not date:
        raise S3Error("NoSuchObjectLockConfiguration")
    document = (
        f"<Retention {NS}><Mode>{escape(mode)}</Mode><RetainUntilDate>{escape(date)}</RetainUntilDate></Retention>"
    )
    return xml_answer(document, version_headers(bucket, md))


def object_put_legal_hold(server: CloudServer, request: Request) -> Answer:
    """Set or lift the legal hold; the document is checked last."""
    version_id = version_id_from_query(request)
    actions = (of_version("objectPutLegalHold", version_id),)
    bucket, _ = load_existing(server, request, actions, version_id, changing=True)
    _check_bucket(bucket)
    legal_hold = parse_legal_hold(body_of(request))

    def change(md: dict[str, Any]) -> bool:
        md["legalHold"] = legal_hold
        replicate_change(server, bucket, request.key or "", md, "PUT_LEGAL_HOLD")
        return True

    md = change_object(server, bucket, request.key or "", version_id, change)
    return Answer(200, version_headers(bucket, md))


def object_get_legal_hold(server: CloudServer, request: Request) -> Answer:
    version_id = version_id_from_query(request)
    actions = (of_version("objectGetLegalHold", version_id),)
    bucket, md = load_existing(server, request, actions, version_id, changing=False)
    _check_bucket(bucket)
    if md.get("legalHold") is None:
        raise S3Error("NoSuchObjectLockConfiguration")
    status = "ON" if md["legalHold"] else "OFF"
    document = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><LegalHold><Status>{status}</Status></LegalHold>'
    )
    return xml_answer(document, version_headers(bucket, md))


def _check_bucket(bucket: BucketInfo) -> None:
    if not bucket.object_lock_enabled:
        raise S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")


def parse_retention(body: bytes, now: int) -> tuple[str, str]:
    """Mode and date, as sent, of a ``Retention`` document.

    Args:
        now: milliseconds since the epoch.

    Raises:
        S3Error: MalformedXML, or InvalidRequest for the date.
    """
    retention = _root(body, "Retention")
    mode = _only_one(retention, "Mode", MODES)
    date = child(retention, "RetainUntilDate")
    if not date:
        raise S3Error("MalformedXML", "request xml does not contain RetainUntilDate")
    until = parse_date(date) if isinstance(date, str) else None
    if until is None:
        raise S3Error("InvalidRequest", "RetainUntilDate is not a valid timestamp")
    if until < now:
        raise S3Error("InvalidRequest", "RetainUntilDate must be in the future")
    return mode, str(date)


def parse_legal_hold(body: bytes) -> bool:
    """Whether a ``LegalHold`` document switches it on; raises S3Error MalformedXML."""
    return _only_one(_root(body, "LegalHold"), "Status", LEGAL_HOLDS) == "ON"


def _root(body: bytes, name: str) -> Element:
    if not body:
        raise S3Error("MalformedXML", "request xml is undefined or empty")
    element: Element | None = parse(body).get(name)
    if not element:
        raise S3Error("MalformedXML", f"request xml does not contain {name}")
    return element


def _only_one(element: Element, name: str, allowed: tuple[str, ...]) -> str:
    values = children(element, name)
    if not values or not values[0]:
        raise S3Error("MalformedXML", f"request xml does not contain {name}")
    if len(values) > 1:
        raise S3Error("MalformedXML", f"request xml contains more than one {name}")
    if values[0] not in allowed:
        choices = ", ".join(f'"{value}"' for value in allowed)
        raise S3Error("MalformedXML", f"{name} request xml must be one of {choices}")
    return str(values[0])
