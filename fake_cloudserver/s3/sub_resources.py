"""Which operation a method, a path and a query mean: the first sub-resource of a list that is present wins.

Source: Arsenal lib/s3routes/routes/routeGET.ts, routePUT.ts, routeDELETE.ts, routeHEAD.ts, routePOST.ts,
routeOPTIONS.ts. Names are CloudServer's own (cloudserver lib/api/api.js), in Python spelling.
"""

from __future__ import annotations

from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Request

_GET_BUCKET = (
    ("acl", "bucket_get_acl"),
    ("replication", "bucket_get_replication"),
    ("cors", "bucket_get_cors"),
    ("versioning", "bucket_get_versioning"),
    ("website", "bucket_get_website"),
    ("tagging", "bucket_get_tagging"),
    ("lifecycle", "bucket_get_lifecycle"),
    ("uploads", "list_multipart_uploads"),
    ("location", "bucket_get_location"),
    ("policy", "bucket_get_policy"),
    ("object-lock", "bucket_get_object_lock"),
    ("notification", "bucket_get_notification"),
    ("encryption", "bucket_get_encryption"),
    ("search", "metadata_search"),
    ("quota", "bucket_get_quota"),
)
_GET_OBJECT = (
    ("acl", "object_get_acl"),
    ("legal-hold", "object_get_legal_hold"),
    ("tagging", "object_get_tagging"),
    ("uploadId", "list_parts"),
    ("retention", "object_get_retention"),
)
_PUT_BUCKET = (
    ("acl", "bucket_put_acl"),
    ("versioning", "bucket_put_versioning"),
    ("website", "bucket_put_website"),
    ("tagging", "bucket_put_tagging"),
    ("cors", "bucket_put_cors"),
    ("replication", "bucket_put_replication"),
    ("lifecycle", "bucket_put_lifecycle"),
    ("policy", "bucket_put_policy"),
    ("object-lock", "bucket_put_object_lock"),
    ("notification", "bucket_put_notification"),
    ("encryption", "bucket_put_encryption"),
    ("quota", "bucket_update_quota"),
)
_PUT_OBJECT = (
    ("acl", "object_put_acl"),
    ("legal-hold", "object_put_legal_hold"),
    ("tagging", "object_put_tagging"),
    ("retention", "object_put_retention"),
)
_DELETE_BUCKET = (
    ("website", "bucket_delete_website"),
    ("cors", "bucket_delete_cors"),
    ("replication", "bucket_delete_replication"),
    ("lifecycle", "bucket_delete_lifecycle"),
    ("policy", "bucket_delete_policy"),
    ("encryption", "bucket_delete_encryption"),
    ("tagging", "bucket_delete_tagging"),
    ("quota", "bucket_delete_quota"),
)
_POST = (
    ("uploads", "initiate_multipart_upload"),
    ("uploadId", "complete_multipart_upload"),
    ("delete", "multi_object_delete"),
    ("restore", "object_restore"),
)


def choose(request: Request) -> str:
    """The name of the operation; raises S3Error where none is meant."""
    match request.method:
        case "GET":
            return _get(request)
        case "HEAD":
            return "bucket_head" if request.key is None else "object_head"
        case "PUT":
            return _put(request)
        case "DELETE":
            return _delete(request)
        case "POST":
            return _post(request)
    return "cors_preflight"


def _first(table: tuple[tuple[str, str], ...], request: Request, default: str) -> str:
    return next((operation for name, operation in table if name in request.query), default)


def _get(request: Request) -> str:
    if request.bucket is None:
        return "service_get"
    if request.key is None:
        return _first(_GET_BUCKET, request, "bucket_get")
    return _first(_GET_OBJECT, request, "object_get")


def _put(request: Request) -> str:
    if request.key is None:
        return _first(_PUT_BUCKET, request, "bucket_put")
    copies = bool(request.headers.get("x-amz-copy-source"))
    if request.query.get("partNumber"):
        return "object_put_copy_part" if copies else "object_put_part"
    return _first(_PUT_OBJECT, request, "object_copy" if copies else "object_put")


def _delete(request: Request) -> str:
    if request.key is None:
        if request.query.get("uploadId"):
            raise S3Error("InvalidRequest", "A key must be specified")
        return _first(_DELETE_BUCKET, request, "bucket_delete")
    if request.query.get("uploadId"):
        return "multipart_delete"
    return _first((("tagging", "object_delete_tagging"),), request, "object_delete")


def _post(request: Request) -> str:
    if "delete" in request.query and request.bucket is None:
        raise S3Error("MethodNotAllowed")
    if request.key is None and ("uploads" in request.query or "uploadId" in request.query):
        raise S3Error("InvalidURI")
    operation = _first(_POST, request, "")
    if not operation:
        raise S3Error("NotImplemented")
    return operation
