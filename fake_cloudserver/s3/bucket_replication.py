"""``?replication`` of a bucket.

Source: cloudserver lib/api/bucketPutReplication.js, bucketGetReplication.js, bucketDeleteReplication.js.
"""

from __future__ import annotations

import functools

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.replication.configuration import check_transient_source, parse_configuration, to_xml
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.rule_ids import new_rule_id
from fake_cloudserver.s3.xml import xml_answer


def bucket_put_replication(server: CloudServer, request: Request) -> Answer:
    """Replace the configuration: the document is checked before the bucket is looked at."""
    new_id = functools.partial(new_rule_id, server.randomness)
    configuration = parse_configuration(body_of(request), server.settings, new_id)
    bucket = load_bucket(server, request, ("bucketPutReplication",))
    if not bucket.is_nfs and bucket.versioning_status != "Enabled":
        raise S3Error(
            "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        )
    check_transient_source(configuration, bucket, server.settings)
    update_bucket(server, bucket.name, replication_configuration=configuration)
    return Answer(200)


def bucket_get_replication(server: CloudServer, request: Request) -> Answer:
    bucket = load_bucket(server, request, ("bucketGetReplication",))
    if not bucket.replication_configuration:
        raise S3Error("ReplicationConfigurationNotFoundError")
    return xml_answer(to_xml(bucket.replication_configuration))


def bucket_delete_replication(server: CloudServer, request: Request) -> Answer:
    """204, also when there was nothing to delete; then nothing is written."""
    bucket = load_bucket(server, request, ("bucketDeleteReplication",))
    if bucket.replication_configuration:
        update_bucket(server, bucket.name, replication_configuration=None)
    return Answer(204)
