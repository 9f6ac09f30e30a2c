"""Deliberate defects: each one small change of one place, which at least one scenario must notice."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Mutation:
    """One defect.

    Attributes:
        name: what it is called, and what goes wrong by it.
        file: the source file, from the project's root.
        old, new: text of the file that stands there exactly once, and what takes its place.
        scenarios: files or folders below ``scenarios``, of which one must fail.
    """

    name: str
    file: str
    old: str
    new: str
    scenarios: tuple[str, ...]


_RULES = "fake_cloudserver/replication/rules.py"
_CONFIGURATION = "fake_cloudserver/replication/configuration.py"
_INFO = "fake_cloudserver/replication/info.py"
_GATEWAY = "fake_cloudserver/locations/aws_s3.py"
_DESIGN = "fake_cloudserver/backbeat/data_design.py"
_AWS_TASK = "harness/engine/tasks/aws_replication.py"
_HEADERS = "harness/engine/tasks/headers.py"
_STATUS = "harness/engine/status.py"
_FILTER = "harness/engine/filter.py"
_WAY = ("crr-to-aws-s3.yaml",)
_TAGS = ("aws-replication/tags.yaml",)

PUT_BUCKET_REPLICATION = (
    Mutation(
        "the status of a rule may be anything",
        _RULES,
        'status not in ("Enabled", "Disabled")',
        "not status",
        ("put-bucket-replication/rules.yaml", "put-bucket-replication/documents.yaml"),
    ),
    Mutation(
        "prefixes may overlap",
        _RULES,
        "if this.startswith(earlier) or earlier.startswith(this):",
        "if this == earlier:",
        ("put-bucket-replication/rules.yaml",),
    ),
    Mutation(
        "a longer prefix may follow a shorter one",
        _RULES,
        "if this.startswith(earlier) or earlier.startswith(this):",
        "if earlier.startswith(this):",
        ("put-bucket-replication/rules.yaml",),
    ),
    Mutation(
        "two rules may have the same id",
        _RULES,
        "if rule_id in self._ids:",
        "if rule_id in ():",
        ("put-bucket-replication/rules.yaml",),
    ),
    Mutation(
        "an id may be of any length",
        _RULES,
        "if length(rule_id) > _LONGEST_ID:",
        "if length(rule_id) > 10 * _LONGEST_ID:",
        ("put-bucket-replication/long-id.yaml",),
    ),
    Mutation(
        "a site that no endpoint has is let in",
        _RULES,
        "        if endpoint is None or self._settings.is_cold(site):",
        "        if endpoint is None:\n            return\n        if self._settings.is_cold(site):",
        ("put-bucket-replication/storage-class.yaml",),
    ),
    Mutation(
        "the destination may be any ARN",
        _RULES,
        'if fields[:5] != ["arn", "aws", "s3", "", ""]:',
        'if fields[:1] != ["arn"]:',
        ("put-bucket-replication/destination.yaml",),
    ),
    Mutation(
        "each rule may have a destination bucket of its own",
        _RULES,
        "if self.destination not in (None, arn):",
        "if self.destination == '':",
        ("put-bucket-replication/destination.yaml", "put-bucket-replication/rules.yaml"),
    ),
    Mutation(
        "the role may be any ARN",
        _CONFIGURATION,
        'if fields[:4] != ["arn", "aws", "iam", ""]:',
        'if fields[:1] != ["arn"]:',
        ("put-bucket-replication/role.yaml",),
    ),
    Mutation(
        "two roles lead to a cloud",
        _CONFIGURATION,
        "if not two_roles and len(roles) > 1:",
        "if not two_roles and len(roles) > 2:",
        ("put-bucket-replication/role.yaml",),
    ),
    Mutation(
        "a bucket without versions replicates",
        "fake_cloudserver/s3/bucket_replication.py",
        'if not bucket.is_nfs and bucket.versioning_status != "Enabled":',
        'if not bucket.is_nfs and bucket.versioning_status == "Suspended":',
        ("put-bucket-replication/versioning.yaml",),
    ),
    Mutation(
        "versioning can be suspended under a replication rule",
        "fake_cloudserver/s3/bucket_versioning.py",
        'if status == "Suspended" and bucket.replication_configuration:',
        'if status == "Suspended" and bucket.replication_configuration == "":',
        ("put-bucket-replication/versioning.yaml",),
    ),
    Mutation(
        "a deleted configuration stays",
        "fake_cloudserver/s3/bucket_replication.py",
        "update_bucket(server, bucket.name, replication_configuration=None)",
        "pass",
        ("put-bucket-replication/life-of-a-configuration.yaml", "replication-info/configuration-deleted.yaml"),
    ),
    Mutation(
        "the wrong error for a bucket without a configuration",
        "fake_cloudserver/s3/bucket_replication.py",
        'S3Error("ReplicationConfigurationNotFoundError")',
        'S3Error("NoSuchBucket")',
        ("put-bucket-replication/life-of-a-configuration.yaml",),
    ),
    Mutation(
        "GET bucket replication forgets the storage class",
        _CONFIGURATION,
        'f"<StorageClass>{rule[\'storageClass\']}</StorageClass>" if rule.get("storageClass") else ""',
        '""',
        ("put-bucket-replication/life-of-a-configuration.yaml", *_WAY),
    ),
)

REPLICATION_INFO = (
    Mutation(
        "a new object is PROCESSING",
        _INFO,
        '"status": "PENDING",\n        "backends"',
        '"status": "PROCESSING",\n        "backends"',
        ("replication-info/pending.yaml",),
    ),
    Mutation(
        "a disabled rule replicates",
        _INFO,
        'if one["enabled"] and key.startswith(one["prefix"])',
        'if key.startswith(one["prefix"])',
        ("replication-info/disabled-rule.yaml",),
    ),
    Mutation(
        "the prefix of a rule does not matter",
        _INFO,
        'if one["enabled"] and key.startswith(one["prefix"])',
        'if one["enabled"]',
        ("replication-info/prefix.yaml",),
    ),
    Mutation(
        "the prefix of a rule may stand anywhere in a key",
        _INFO,
        'if one["enabled"] and key.startswith(one["prefix"])',
        'if one["enabled"] and one["prefix"] in key',
        ("replication-info/prefix.yaml",),
    ),
    Mutation(
        "what a service account writes is replicated",
        _INFO,
        "if requester is not None and not may_replicate(requester.canonical_id):",
        "if requester is not None and not requester.canonical_id:",
        ("replication-info/service-account.yaml",),
    ),
    Mutation(
        "an empty object has data to replicate",
        _INFO,
        'content = ["METADATA"] if metadata_only or size == 0 else',
        'content = ["METADATA"] if metadata_only else',
        ("aws-replication/empty-object.yaml",),
    ),
    Mutation(
        "nobody is told which operation it was",
        _INFO,
        "content.append(operation)",
        'content.append("METADATA")',
        ("replication-info/operations.yaml",),
    ),
    Mutation(
        "a rule without a storage class leads nowhere",
        _INFO,
        "return None if default is None else [default.site]",
        "return None",
        ("replication-info/default-endpoint.yaml",),
    ),
    Mutation(
        "a change of tags forgets the copy's version",
        _INFO,
        'return {**backend, "status": "PENDING"}',
        'return {"site": site, "status": "PENDING", "dataStoreVersionId": ""}',
        ("replication-info/version-kept.yaml",),
    ),
    Mutation(
        "the storage type is lost",
        _INFO,
        '"storageType": ",".join(types),',
        '"storageType": "",',
        ("replication-info/pending.yaml",),
    ),
    Mutation(
        "a delete marker is not replicated",
        "fake_cloudserver/s3/object_removal.py",
        '"replicationInfo": replication_info(server.settings, bucket, key, size=0, requester=requester),',
        '"replicationInfo": None,',
        ("aws-replication/delete-marker.yaml",),
    ),
    Mutation(
        "a copied object is not replicated",
        "fake_cloudserver/s3/object_copy.py",
        'info = replication_info(server.settings, copy.bucket, key, size=int(copy.properties["content-length"]))',
        "info = None",
        ("aws-replication/copies.yaml",),
    ),
    Mutation(
        "a multipart object is called an ordinary one",
        "fake_cloudserver/s3/multipart_complete.py",
        'size=data.size, operation="MPU")',
        "size=data.size)",
        ("replication-info/operations.yaml", "aws-replication/multipart.yaml"),
    ),
    Mutation(
        "HEAD does not tell the status",
        "fake_cloudserver/s3/object_headers.py",
        'headers.append(("x-amz-replication-status", info["status"]))',
        "pass",
        _WAY,
    ),
)

GATEWAY_AND_ROUTES = (
    Mutation(
        "a replica is not marked",
        _GATEWAY,
        'marks[f"{_META_PREFIX}scal-replication-status"] = "REPLICA"',
        'marks[f"{_META_PREFIX}scal-replication-status"] = "PENDING"',
        _WAY,
    ),
    Mutation(
        "a replica does not say of which version it is",
        _GATEWAY,
        "        if upload.source_version_id:",
        "        if not upload.source_version_id:",
        _WAY,
    ),
    Mutation(
        "Cache-Control is dropped",
        _GATEWAY,
        '"Cache-Control": upload.cache_control,',
        '"Cache-Control": None,',
        ("aws-replication/headers.yaml",),
    ),
    Mutation(
        "Content-Encoding is dropped",
        _GATEWAY,
        '"Content-Encoding": upload.content_encoding,',
        '"Content-Encoding": None,',
        ("aws-replication/headers.yaml",),
    ),
    Mutation("tags do not travel with the object", _GATEWAY, "upload.tags or None", "None", _TAGS),
    Mutation(
        "user metadata are dropped",
        _GATEWAY,
        "return {**marks, **upload.metadata}",
        "return marks",
        ("aws-replication/headers.yaml",),
    ),
    Mutation(
        "replicas of all buckets have the same keys",
        "fake_cloudserver/locations/remote_names.py",
        'return key if bucket_match else f"{bucket}/{key}"',
        "return key",
        _WAY,
    ),
    Mutation(
        "deleted tags stay at AWS",
        _GATEWAY,
        'self._ready().call("DELETE", self.remote_key(bucket, key), query=_tagging(version_id))',
        "pass",
        _TAGS,
    ),
    Mutation(
        "tags go to whichever version is the newest",
        _GATEWAY,
        'return [("tagging", None), *([("versionId", version_id)] if version_id else [])]',
        'return [("tagging", None)]',
        ("aws-replication/tags-of-an-older-version.yaml",),
    ),
    Mutation(
        "a damaged body passes for the replica",
        _DESIGN,
        'if stored.md5 != request.headers["content-md5"]:',
        "if not stored.md5:",
        ("routes/design-data-route-refusals.yaml",),
    ),
    Mutation(
        "a body without its MD5 is taken",
        _DESIGN,
        '    if "content-md5" not in request.headers:\n'
        '        raise S3Error("BadRequest", "bad request: missing content-md5 header")',
        '    if "content-md5" not in request.headers:\n        raise S3Error("InternalError")',
        ("routes/design-data-route.yaml",),
    ),
    Mutation(
        "what arrives twice is written twice",
        "fake_cloudserver/backbeat/arrivals.py",
        'return STORAGE_TYPE in request.headers and source_version_id not in {"", NULL_VERSION}',
        "return False",
        ("routes/design-data-route.yaml",),
    ),
    Mutation(
        "the data route does not tell AWS's version",
        _DESIGN,
        'names = ("x-amz-scal-version-id", "x-amz-version-id") if version_id else ()',
        "names = ()",
        ("routes/design-data-route.yaml",),
    ),
    Mutation(
        "the metadata of nothing is another error",
        "fake_cloudserver/backbeat/metadata.py",
        '    if target.md is None:\n        raise S3Error("ObjNotFound")',
        '    if target.md is None:\n        raise S3Error("NoSuchKey")',
        ("routes/who-may.yaml",),
    ),
    Mutation(
        "anybody may call internal routes",
        "fake_cloudserver/backbeat/router.py",
        "        if request.requester.is_anonymous:\n            raise",
        "        if not request:\n            raise",
        ("routes/who-may.yaml",),
    ),
    Mutation(
        "a wrong signature is taken",
        "fake_cloudserver/auth/authenticate.py",
        "if not hmac.compare_digest(claim.expected(secret).encode(), given):",
        "if not given:",
        ("routes/who-may.yaml", "put-bucket-replication/who-may.yaml"),
    ),
)

ENGINE = (
    Mutation(
        "masters are published, too",
        _FILTER,
        'and bool(one.metadata.get("versionId"))',
        "and False",
        _WAY,
    ),
    Mutation(
        "what is COMPLETED is published again",
        _FILTER,
        'one.info.get("status") != "PENDING"',
        'one.info.get("status") not in {"PENDING", "COMPLETED"}',
        ("aws-replication/messages.yaml",),
    ),
    Mutation(
        "the message key is not that of the object",
        _FILTER,
        'encode_uri_component(f"{entry.bucket}/{object_key}")',
        "encode_uri_component(object_key)",
        (*_WAY, "aws-replication/keys.yaml"),
    ),
    Mutation(
        "an offset is committed before its work is done",
        "harness/queue/ledger.py",
        "return next(iter(progress)) if progress else latest + 1",
        "return latest + 1",
        ("outages/killed-while-one-is-slow.yaml",),
    ),
    Mutation(
        "the engine begins at the journal's end",
        "harness/engine/queue_populator.py",
        "self._position = start if saved is None else saved",
        "self._position = end",
        ("outages/engine-killed.yaml",),
    ),
    Mutation(
        "a failure passes for a success",
        _STATUS,
        'info["status"] = FAILED if status == FAILED else aggregate(info.get("backends", []))',
        'info["status"] = COMPLETED',
        ("outages/aws-stays-away.yaml",),
    ),
    Mutation(
        "the copy's version is not noted",
        _STATUS,
        'backend["dataStoreVersionId"] = version_id',
        "pass",
        _WAY,
    ),
    Mutation(
        "the engine does not send user metadata",
        _HEADERS,
        'headers["X-Scal-User-Metadata"] = as_json(user_metadata)',
        "pass",
        ("aws-replication/headers.yaml",),
    ),
    Mutation(
        "the engine does not send the content type",
        _HEADERS,
        'if metadata["content-type"] or multipart:',
        "if multipart:",
        ("aws-replication/headers.yaml",),
    ),
    Mutation(
        "the engine does not send the disposition",
        _HEADERS,
        '("cache-control", "content-disposition", "content-encoding")',
        '("cache-control", "content-encoding")',
        ("aws-replication/headers.yaml",),
    ),
    Mutation(
        "the released engine names another version",
        _HEADERS,
        '{"X-Scal-Version-Id": entry.version_or_null}',
        '{"X-Scal-Version-Id": "null"}',
        _WAY,
    ),
    Mutation(
        "the engine announces another MD5",
        _HEADERS,
        '"Content-MD5": entry.content_md5',
        '"Content-MD5": "0" * 32',
        _WAY,
    ),
    Mutation(
        "the engine puts no tags",
        _AWS_TASK,
        'sent | {"X-Scal-Tags": headers.as_json(tags)}',
        'sent | {"X-Scal-Tags": headers.as_json({})}',
        _TAGS,
    ),
    Mutation(
        "the engine deletes no tags",
        _AWS_TASK,
        'answer = self._operate("DELETE", "deleteobjecttagging", sent)',
        "answer = {}",
        _TAGS,
    ),
    Mutation(
        "the engine copies all data again for a tag",
        _AWS_TASK,
        "        if tagging and known:\n",
        "        if tagging and not known:\n",
        _TAGS,
    ),
    Mutation(
        "the engine sends no delete markers",
        _AWS_TASK,
        "self._context.retry(self._delete)",
        "pass",
        ("aws-replication/delete-marker.yaml",),
    ),
    Mutation(
        "the designed engine does not read AWS's version",
        _AWS_TASK,
        'version_id = answer.get("x-amz-version-id", "")',
        'version_id = ""',
        _WAY,
    ),
    Mutation(
        "the last part is left out",
        "harness/engine/tasks/multipart.py",
        "return self._complete(upload_id, parts)",
        "return self._complete(upload_id, parts[:-1])",
        ("aws-replication/multipart.yaml", "aws-replication/sizes.yaml"),
    ),
    Mutation(
        "a version that is gone is a failure",
        "harness/engine/tasks/replication.py",
        "        if self._is_skipped(error):\n",
        "        if error is None:\n",
        ("aws-replication/deleted-before-it-travels.yaml",),
    ),
    Mutation(
        "the status processor loses AWS's version",
        "harness/engine/status_processor.py",
        "return SiteResult(site, said, version_id, entry.metadata)",
        'return SiteResult(site, said, "", entry.metadata)',
        _WAY,
    ),
    Mutation(
        "a key is handled by whoever is free",
        "harness/queue/ordered.py",
        "self._lanes.add(self._key_of(message), delivery)",
        "self._lanes.add(message.offset, delivery)",
        ("aws-replication/versions.yaml",),
    ),
    Mutation(
        "nothing is tried again",
        "harness/engine/retry.py",
        "if not error.retryable or",
        "if True or",
        ("outages/aws-stops-for-a-while.yaml",),
    ),
)

MUTATIONS = (*PUT_BUCKET_REPLICATION, *REPLICATION_INFO, *GATEWAY_AND_ROUTES, *ENGINE)
