"""The buckets of one run: created under names that no other run has, removed with all that is in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from harness.errors import ScenarioError
from harness.scenario.model import AWS, BucketSpec, Destination, ScenarioRun
from harness.scenario.target import Target

_LONGEST_SLUG = 24


def run_id(run: ScenarioRun, seed: int, repetition: int) -> str:
    """Eight characters that no other run has: the same for the same seed."""
    place = run.scenario.place
    text = f"{seed}:{repetition}:{place.file}:{place.line}:{run.title}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def real_name(alias: str, title: str, identity: str) -> str:
    """``<alias>-<slug>-<run id>``, a valid bucket name."""
    slug = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
    slug = slug[:_LONGEST_SLUG].strip("-")
    return "-".join(part for part in (alias, slug, identity) if part)


def real_names(run: ScenarioRun, target: Target, identity: str) -> dict[str, str]:
    """Alias -> real name; ``aws`` is the bucket that replicas arrive in."""
    title = run.scenario.title
    names = {AWS: target.aws_bucket}
    for bucket in run.scenario.buckets:
        alias = bucket.alias
        own = target.bucket_name(alias) if isinstance(target, NamesBuckets) else None
        names[alias] = own or real_name(alias, title, identity)
    return names


@runtime_checkable
class NamesBuckets(Protocol):
    """A target that one run has to itself, and where the names of buckets matter."""

    def bucket_name(self, alias: str) -> str:
        """The real name."""


class Buckets:
    """Creates and removes them."""

    def __init__(self, target: Target, names: dict[str, str]) -> None:
        self._target = target
        self._names = names
        self._created: list[BucketSpec] = []

    def create(self, specs: Iterable[BucketSpec]) -> None:
        """All of them, then the replication rules.

        Raises:
            ScenarioError: a site refused; ``file:line`` of the bucket is in it.
        """
        specs = tuple(specs)
        for spec in specs:
            self._attempt(self._create, spec)
        for spec in specs:
            if spec.replicates_to:
                self._attempt(self._replicate, spec)

    def _attempt(self, action: Callable[[BucketSpec], None], spec: BucketSpec) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            action(spec)
        except (ClientError, BotoCoreError) as error:
            raise ScenarioError(f"{spec.place}: the bucket {spec.alias} cannot be made: {error}") from None

    def _create(self, spec: BucketSpec) -> None:
        client = self._target.client(spec.site)
        name = self._names[spec.alias]
        options: dict[str, Any] = {}
        if spec.location is not None:
            options["CreateBucketConfiguration"] = {"LocationConstraint": spec.location}
        client.create_bucket(Bucket=name, **options)
        self._created.append(spec)
        if spec.versioning is not None:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": spec.versioning})

    def _replicate(self, spec: BucketSpec) -> None:
        client = self._target.client(spec.site)
        client.put_bucket_replication(
            Bucket=self._names[spec.alias], ReplicationConfiguration=self.configuration(spec.replicates_to)
        )

    def configuration(self, destinations: tuple[Destination, ...]) -> dict[str, Any]:
        """The replication configuration that these destinations mean: one rule for each prefix."""
        by_prefix: dict[str, list[Destination]] = {}
        for destination in destinations:
            by_prefix.setdefault(destination.prefix, []).append(destination)
        classes = self._target.storage_classes
        bucket = self._destination_bucket(destinations)
        rules = [
            {
                "Status": "Enabled",
                "Prefix": prefix,
                "Destination": {
                    "Bucket": f"arn:aws:s3:::{bucket}",
                    "StorageClass": ",".join(classes.get(one.site, one.site) for one in group),
                },
            }
            for prefix, group in by_prefix.items()
        ]
        return {"Role": self._target.role_for(one.site for one in destinations), "Rules": rules}

    def _destination_bucket(self, destinations: tuple[Destination, ...]) -> str:
        """Rules of one bucket have one, which clouds do not look at."""
        named = next((one.bucket for one in destinations if one.bucket is not None), None)
        return self._target.aws_bucket if named is None else self._names.get(named, named)

    def remove(self) -> list[str]:
        """All that was created, and what is in them, unless the target goes away itself; what could not be removed, in
        words."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._target.disposable:
            return []
        warnings = []
        for spec in reversed(self._created):
            name = self._names[spec.alias]
            try:
                remove_bucket(self._target.client(spec.site), name)
                if spec.site != AWS:
                    remove_versions(self._target.client(AWS), self._target.aws_bucket, prefix=f"{name}/")
            except (ClientError, BotoCoreError) as error:
                if not _is_gone(error):
                    warnings.append(f"the bucket {name} is left behind: {error}")
        self._created.clear()
        return warnings


def _is_gone(error: Exception) -> bool:
    response = getattr(error, "response", {})
    return bool(response.get("Error", {}).get("Code") in {"NoSuchBucket", "404"})


def remove_bucket(client: Any, bucket: str) -> None:
    """Remove a bucket with all that is in it; botocore's exceptions come through."""
    from botocore.exceptions import ClientError

    remove_versions(client, bucket)
    try:
        client.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if _is_gone(error):
            raise
        _abort_uploads(client, bucket)  # what is left of a bucket without versions
        client.delete_bucket(Bucket=bucket)


def remove_versions(client: Any, bucket: str, prefix: str = "") -> None:
    """Remove every version and delete marker below ``prefix``; botocore's exceptions come through."""
    for key, version in _versions(client, bucket, prefix):
        client.delete_object(Bucket=bucket, Key=key, VersionId=version)


def _abort_uploads(client: Any, bucket: str) -> None:
    for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def _versions(client: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    while True:
        page = client.list_object_versions(Bucket=bucket, Prefix=prefix)
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        yield from ((entry["Key"], entry["VersionId"]) for entry in entries)
        if not page.get("IsTruncated") or not entries:
            return
