"""What a test in Python asks of a running stack: buckets that replicate, waiting, and a look at both sides."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fake_cloudserver import Randomness, SystemRandomness
from harness.errors import HarnessError
from harness.s3_client import client_of
from harness.stack_plan import ROLE

if TYPE_CHECKING:
    from harness.stack import Stack


_POLL = 0.02


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

    def wait(self, bucket: str, key: str, status: str = "COMPLETED", timeout: float = 30.0) -> None:
        """Wait until the object's ReplicationStatus is ``status``; HarnessError when it is not within ``timeout``."""
        deadline = self._stack.clock.monotonic() + timeout
        while (seen := self.status(bucket, key)) != status:
            if self._stack.clock.monotonic() >= deadline:
                raise HarnessError(f"{bucket}/{key} is {seen} after {timeout:g} s, not {status}")
            self._stack.clock.sleep(_POLL)

    def pause(self) -> None:
        """Replicate nothing more, until :meth:`resume`. Whoever shares the stack notices."""
        from harness.stack_pause import pause_site

        pause_site(self._stack.engine_settings, self._stack.queue, self._stack.clock, self.site)

    def resume(self) -> None:
        """Go on."""
        from harness.stack_pause import resume_site

        resume_site(self._stack.engine_settings, self._stack.queue, self._stack.clock, self.site)

    @contextlib.contextmanager
    def fault(self, **rule: Any) -> Iterator[str]:
        """A fault for as long as the block lasts, described as the ``fault`` verb of scenarios is; gives its name.

        Raises UsageError for a rule that makes no sense.
        """
        name = self._stack.faults.set(rule)
        try:
            yield name
        finally:
            self._stack.faults.clear([name])

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
