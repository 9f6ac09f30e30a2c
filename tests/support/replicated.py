"""What tests ask of a running stack: buckets that replicate, clients for both sides."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from harness.stack import Stack
from harness.stack_plan import ROLE, SITE


def client(facts: dict[str, Any]) -> Any:
    """A boto3 S3 client for an entry of :meth:`Stack.facts`."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=facts["endpoint"],
        aws_access_key_id=facts["access_key"],
        aws_secret_access_key=facts["secret_key"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


class Sides:
    """CloudServer and AWS of one stack."""

    def __init__(self, stack: Stack) -> None:
        facts = stack.facts()
        self.stack = stack
        self.cloudserver = client(facts["cloudserver"])
        self.aws = client(facts["aws"])
        self.aws_bucket: str = facts["aws"]["bucket"]

    def replicating_bucket(self, name: str) -> str:
        """A new versioned bucket whose every object replicates to the built-in site."""
        self.cloudserver.create_bucket(Bucket=name)
        self.cloudserver.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        rule = {
            "ID": "all",
            "Prefix": "",
            "Status": "Enabled",
            "Destination": {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": SITE},
        }
        self.cloudserver.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})
        return name

    def status(self, bucket: str, key: str, version_id: str | None = None) -> str | None:
        """``ReplicationStatus`` of an object or version; None when it has none."""
        version = {"VersionId": version_id} if version_id else {}
        status: str | None = self.cloudserver.head_object(Bucket=bucket, Key=key, **version).get("ReplicationStatus")
        return status

    def versions_on_aws(self, bucket: str, key: str) -> list[dict[str, Any]]:
        """The destination's versions of one key, each with its ``Metadata`` and ``Body``; newest first."""
        remote = f"{bucket}/{key}"
        listed = self.aws.list_object_versions(Bucket=self.aws_bucket, Prefix=remote).get("Versions", [])
        return [self._version(remote, item["VersionId"]) for item in listed if item["Key"] == remote]

    def _version(self, remote: str, version_id: str) -> dict[str, Any]:
        answer = self.aws.get_object(Bucket=self.aws_bucket, Key=remote, VersionId=version_id)
        return {"VersionId": version_id, "Metadata": answer["Metadata"], "Body": answer["Body"].read()}
