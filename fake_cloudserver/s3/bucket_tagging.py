"""``?tagging`` of a bucket; the stored form is a list of ``{"Key", "Value"}``.

Source: cloudserver lib/api/bucketPutTagging.js, bucketGetTagging.js, bucketDeleteTagging.js.
"""

from __future__ import annotations

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.expected_owner import check_expected_owner
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.tags import parse_tagging, tagging_document
from fake_cloudserver.s3.xml import xml_answer


def bucket_put_tagging(server: CloudServer, request: Request) -> Answer:
    """Replace the tags; the document is checked after the bucket, by the rules of object tags."""
    bucket = load_bucket(server, request, ("bucketPutTagging",))
    check_expected_owner(server, request, bucket)
    tags = [{"Key": key, "Value": value} for key, value in parse_tagging(body_of(request)).items()]
    update_bucket(server, bucket.name, tags=tags)
    return Answer(200)


def bucket_get_tagging(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetTagging",))
    check_expected_owner(server, request, bucket)
    if not bucket.tags:
        raise S3Error("NoSuchTagSet")
    return xml_answer(tagging_document({tag["Key"]: tag["Value"] for tag in bucket.tags}))


def bucket_delete_tagging(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketDeleteTagging",))
    update_bucket(server, bucket.name, tags=[])
    return Answer(204)
