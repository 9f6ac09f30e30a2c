"""``?acl`` of an object.

Source: cloudserver lib/api/objectPutACL.js, objectGetACL.js, lib/metadata/acl.js (addObjectACL).
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver.auth.acl import (
    Owner,
    check_object_acl_headers,
    default_object_acl,
    object_acl_of_request,
    render,
)
from fake_cloudserver.auth.actions import of_version
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.object_update import change_object, load_existing
from fake_cloudserver.s3.versioning import version_headers, version_id_from_query
from fake_cloudserver.s3.xml import xml_answer


def object_put_acl(server: CloudServer, request: Request) -> Answer:
    """Replace the ACL; nothing at all is written when it is the same, and replication never hears of it."""
    check_object_acl_headers(request.headers)
    version_id = version_id_from_query(request)
    actions = (of_version("objectPutACL", version_id),)
    bucket, md = load_existing(server, request, actions, version_id, changing=True)
    acl = object_acl_of_request(request.headers, body_of(request), server.accounts, md["owner-id"])

    def change(md: dict[str, Any]) -> bool:
        if md.get("acl") == acl:
            return False
        md["acl"] = acl
        md["originOp"] = "s3:ObjectAcl:Put"
        return True

    md = change_object(server, bucket, request.key or "", version_id, change)
    return Answer(200, version_headers(bucket, md))


def object_get_acl(server: CloudServer, request: Request) -> Answer:
    version_id = version_id_from_query(request)
    actions = (of_version("objectGetACL", version_id),)
    bucket, md = load_existing(server, request, actions, version_id, changing=False)
    # an anonymous owner has no name: JavaScript prints what is not there
    owner = Owner(md["owner-id"], md.get("owner-display-name", "undefined"))
    bucket_owner = Owner(bucket.owner, bucket.owner_display_name)
    document = render(md.get("acl") or default_object_acl(), owner, server.accounts, bucket_owner)
    return xml_answer(document, version_headers(bucket, md))
