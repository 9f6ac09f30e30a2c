"""``?acl`` of a bucket.

Source: cloudserver lib/api/bucketPutACL.js, bucketGetACL.js.
"""

from __future__ import annotations

from fake_cloudserver.auth.acl import Owner, bucket_acl_of_request, render
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import xml_answer


def bucket_put_acl(server: CloudServer, request: Request) -> Answer:
    """Replace the ACL by the headers' or the body's; both are checked after the bucket."""
    bucket = load_bucket(server, request, ("bucketPutACL",))
    acl = bucket_acl_of_request(request.headers, body_of(request), server.accounts)
    update_bucket(server, bucket.name, acl=acl)
    return Answer(200)


def bucket_get_acl(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetACL",))
    owner = Owner(bucket.owner, bucket.owner_display_name)
    return xml_answer(render(bucket.acl, owner, server.accounts))
