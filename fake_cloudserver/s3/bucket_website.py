"""``?website`` of a bucket.

Source: cloudserver lib/api/bucketPutWebsite.js, bucketGetWebsite.js, bucketDeleteWebsite.js.
"""

from __future__ import annotations

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.website_configuration import parse_website, to_xml
from fake_cloudserver.s3.xml import xml_answer


def bucket_put_website(server: CloudServer, request: Request) -> Answer:
    """Replace the configuration: the document is checked before the bucket is looked at."""
    configuration = parse_website(body_of(request))
    bucket = load_bucket(server, request, ("bucketPutWebsite",))
    update_bucket(server, bucket.name, website_configuration=configuration)
    return Answer(200)


def bucket_get_website(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetWebsite",))
    if bucket.website_configuration is None:
        raise S3Error("NoSuchWebsiteConfiguration")
    return xml_answer(to_xml(bucket.website_configuration))


def bucket_delete_website(server: CloudServer, request: Request) -> Answer:
    """204, also when there was nothing to delete; then nothing is written."""
    bucket = load_bucket(server, request, ("bucketDeleteWebsite",))
    if bucket.website_configuration is not None:
        update_bucket(server, bucket.name, website_configuration=None)
    return Answer(204)
