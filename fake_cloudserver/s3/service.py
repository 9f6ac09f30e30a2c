"""ListBuckets.

Source: cloudserver lib/api/serviceGet.js.
"""

from __future__ import annotations

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.xml import DECLARATION, NS, xml_answer

#: of the real server's only page
_MOST_BUCKETS = 10000


def service_get(server: CloudServer, request: Request) -> Answer:
    """The requester's own buckets by name, 10000 at most: there is no paging and no query is looked at."""
    requester = request.requester
    if requester.is_anonymous:
        raise S3Error("AccessDenied")
    buckets = "".join(
        f"<Bucket><Name>{name}</Name><CreationDate>{creation_date}</CreationDate></Bucket>"
        for name, creation_date in sorted(server.metadata.list_buckets(requester.canonical_id))[:_MOST_BUCKETS]
    )
    return xml_answer(
        f"{DECLARATION}<ListAllMyBucketsResult {NS}><Owner><ID>{requester.canonical_id}</ID>"
        f"<DisplayName>{requester.name}</DisplayName></Owner><Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"
    )
