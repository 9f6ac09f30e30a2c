"""What a test in Python asks of a running stack: buckets that replicate, waiting, and a look at both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_cloudserver import Randomness, SystemRandomness
from harness.errors import HarnessError
from harness.s3_client import client_of
from harness.stack_plan import ROLE

if TYPE_CHECKING:
    from harness.stack import Stack


class Replication:
    """Replication on one stack.

    Attributes:
        cloudserver, aws: boto3 S3 clients.
        aws_bucket: where replicas arrive, under ``<source bucket>/<key>``.
        site: the site of the rules that :meth:`bucket` makes.
    """

    def __init__(self, stack: Stack, randomness: Randomness | None = None) -> None:
        facts = stack.facts()
        self._stack = stack
        self._randomness = randomness or SystemRandomness()
        self.cloudserver = client_of(facts["cloudserver"])
        self.aws = client_of(facts["aws"])
        self.aws_bucket: str = facts["aws"]["bucket"]
        self.site: str = facts["engine"]["sites"][0]

    def bucket(self, name: str | None = None, *, prefix: str = "") -> str:
        """A new versioned bucket whose objects under ``prefix`` replicate; its name."""
        name = name or f"source-{self._randomness.hex(12)}"
        self.cloudserver.create_bucket(Bucket=name)
        self.cloudserver.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        destination = {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": self.site}
        rule = {"ID": "all", "Prefix": prefix, "Status": "Enabled", "Destination": destination}
        self.cloudserver.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})
        return name

    def settle(self, timeout: float = 30.0) -> None:
        """Wait until no work is left; HarnessError when there was some after ``timeout`` seconds."""
        open_work = self._stack.settle(timeout)
        if open_work:
            raise HarnessError(open_work)

    def status(self, bucket: str, key: str, version_id: str | None = None) -> str | None:
        """``ReplicationStatus`` of an object or version; None when it has none."""
        version = {"VersionId": version_id} if version_id else {}
        status: str | None = self.cloudserver.head_object(Bucket=bucket, Key=key, **version).get("ReplicationStatus")
        return status

    def replicas(self, bucket: str, key: str) -> list[dict[str, Any]]:
        """The destination's versions of one key, newest first, each with its ``Metadata`` and ``Body``."""
        remote = f"{bucket}/{key}"
        listed = self.aws.list_object_versions(Bucket=self.aws_bucket, Prefix=remote).get("Versions", [])
        return [self._replica(remote, item["VersionId"]) for item in listed if item["Key"] == remote]

    def _replica(self, remote: str, version_id: str) -> dict[str, Any]:
        answer = self.aws.get_object(Bucket=self.aws_bucket, Key=remote, VersionId=version_id)
        return {"VersionId": version_id, "Metadata": answer["Metadata"], "Body": answer["Body"].read()}
