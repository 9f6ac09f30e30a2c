"""``x-amz-expected-bucket-owner``: looked at by bucket tagging and bucket encryption only.

Source: cloudserver lib/api/apiUtils/authorization/bucketOwner.js.
"""

from __future__ import annotations

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.request import Request


def check_expected_owner(server: CloudServer, request: Request, bucket: BucketInfo) -> None:
    """The header, when sent, must be the 12-digit id of the owner's account; raises S3Error AccessDenied."""
    expected = request.headers.get("x-amz-expected-bucket-owner")
    if expected is None:
        return
    account = server.accounts.by_canonical_id(bucket.owner)
    if account is None or account.short_id != expected:
        raise S3Error("AccessDenied")
