"""``?policy`` of a bucket; :mod:`fake_cloudserver.auth.policy` applies it. The stored form is the JSON itself.

Source: cloudserver lib/api/bucketPutPolicy.js, bucketGetPolicy.js, bucketDeletePolicy.js,
lib/api/apiUtils/authorization/permissionChecks.js (validatePolicyResource, validatePolicyConditions);
Arsenal lib/models/BucketPolicy.ts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import body_of
from fake_cloudserver.s3.javascript import parse_json
from fake_cloudserver.s3.policy_schema import check_schema
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import xml_answer

#: actions on objects whose names do not say so (Arsenal lib/models/BucketPolicy.ts, objectActions)
_OBJECT_ACTIONS = frozenset({"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"})
_SOURCE_IP = "aws:SourceIp"
_KNOWN_KEYS = frozenset({_SOURCE_IP, "s3:object-lock-remaining-retention-days"})
_IP_ADDRESS = re.compile(
    r"(\d{1,3}\.){3}\d{1,3}(/(3[0-2]|[12]?\d))?|([\da-f]{1,4}:){7}[\da-f]{1,4}", re.ASCII | re.IGNORECASE
)


def bucket_put_policy(server: CloudServer, request: Request) -> Answer:
    """Replace the policy; it is checked before the bucket is looked at. 200, not 204."""
    policy = parse_policy(body_of(request), request.bucket or "")
    bucket = load_bucket(server, request, ("bucketPutPolicy",))
    update_bucket(server, bucket.name, bucket_policy=policy)
    return Answer(200)


def bucket_get_policy(server: CloudServer, request: Request) -> Answer:
    """The policy as JSON, under the content type of XML."""
    bucket = load_bucket(server, request, ("bucketGetPolicy",))
    if bucket.bucket_policy is None:
        raise S3Error("NoSuchBucketPolicy")
    return xml_answer(json.dumps(bucket.bucket_policy, separators=(",", ":"), ensure_ascii=False))


def bucket_delete_policy(server: CloudServer, request: Request) -> Answer:
    """204, also when there was nothing to delete; then nothing is written."""
    bucket = load_bucket(server, request, ("bucketDeletePolicy",))
    if bucket.bucket_policy is not None:
        update_bucket(server, bucket.name, bucket_policy=None)
    return Answer(204)


def parse_policy(body: bytes, bucket: str) -> dict[str, Any]:
    """The stored form of a policy for ``bucket``: its statements are always a list.

    Raises:
        S3Error: NotImplemented or MalformedPolicy for its first fault; InternalError for a condition without key,
            which the real server never answers.
    """
    if b'"Service"' in body or b'"Federated"' in body:
        raise S3Error("NotImplemented", "Bucket policy contains element not yet implemented")
    if not body:
        raise S3Error("MalformedPolicy", "request json is empty or undefined")
    try:
        policy = parse_json(body.decode("utf-8", "replace"))
    except ValueError:
        raise S3Error("MalformedPolicy") from None
    check_schema(policy)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    if all(_is_mismatched(statement) for statement in statements):
        raise S3Error("MalformedPolicy", "Action does not apply to any resource(s) in statement")
    arn = f"arn:aws:s3:::{bucket}"
    for statement in statements:
        if not all(one == arn or one.startswith(f"{arn}/") for one in _as_list(statement["Resource"])):
            raise S3Error("MalformedPolicy", "Policy has invalid resource")
    for statement in statements:
        _check_conditions(statement.get("Condition", {}))
    return {**policy, "Statement": statements}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_mismatched(statement: dict[str, Any]) -> bool:
    """Whether actions on objects meet resources that are buckets only, or the reverse."""
    actions, resources = _as_list(statement["Action"]), _as_list(statement["Resource"])
    names_objects = any("/" in resource for resource in resources)
    if any("Object" in action or action in _OBJECT_ACTIONS for action in actions):
        return not names_objects
    might_be_objects = any("*" in action and "Bucket" not in action for action in actions)
    return names_objects and not might_be_objects


def _check_conditions(conditions: dict[str, dict[str, Any]]) -> None:
    """Only the first key of each operator is looked at."""
    for keys in conditions.values():
        if not keys:
            raise S3Error("InternalError")
        key, value = next(iter(keys.items()))
        if key not in _KNOWN_KEYS and not key.startswith("aws:"):
            raise S3Error("MalformedPolicy", "Policy has an invalid condition key")
        if key == _SOURCE_IP and not all(_is_ip_address(one) for one in _as_list(value)):
            raise S3Error("MalformedPolicy", "Invalid IP address in Conditions")


def _is_ip_address(value: Any) -> bool:
    return isinstance(value, str) and _IP_ADDRESS.fullmatch(value) is not None
