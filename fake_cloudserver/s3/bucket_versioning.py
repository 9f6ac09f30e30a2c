"""``?versioning`` of a bucket.

Source: cloudserver lib/api/bucketPutVersioning.js, bucketGetVersioning.js.
"""

from __future__ import annotations

from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.request import Answer, Request
from fake_cloudserver.s3.bucket_updates import update_bucket
from fake_cloudserver.s3.elements import Element, body_of, child
from fake_cloudserver.s3.resolve import load_bucket
from fake_cloudserver.s3.xml import NS, parse, xml_answer
from fake_cloudserver.settings import Settings

#: cloudserver constants.js, versioningNotImplBackends.
_WITHOUT_VERSIONS = frozenset({"azure", "gcp"})


def bucket_put_versioning(server: CloudServer, request: Request) -> Answer:
    """Set the state: the document is checked before the bucket is looked at."""
    configuration = _parse(body_of(request))
    bucket = load_bucket(server, request, ("bucketPutVersioning",))
    if bucket.is_nfs:
        return Answer(200)
    _check_change(server.settings, bucket, configuration["Status"])
    update_bucket(server, bucket.name, versioning_configuration=configuration)
    return Answer(200)


def bucket_get_versioning(server: CloudServer, request: Request) -> Answer:
    configuration = load_bucket(server, request, ("bucketGetVersioning",)).versioning_configuration or {}
    content = "".join(
        f"<{name}>{configuration[name]}</{name}>" for name in ("Status", "MfaDelete") if configuration.get(name)
    )
    return xml_answer(
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<VersioningConfiguration {NS}>{content}</VersioningConfiguration>"
    )


def _parse(body: bytes) -> dict[str, str]:
    """The stored form: ``Status``, and ``MfaDelete`` when it was sent."""
    document = parse(body)
    if "VersioningConfiguration" not in document:
        raise S3Error("InternalError")  # a property of undefined: never answered
    root: Element = document["VersioningConfiguration"]
    status, mfa_delete = child(root, "Status"), child(root, "MfaDelete")
    if status not in ("Enabled", "Suspended") or mfa_delete not in (None, "Enabled", "Disabled"):
        raise S3Error("IllegalVersioningConfigurationException")
    if mfa_delete == "Enabled":
        raise S3Error("NotImplemented", "MFA Deletion is not supported yet.")
    configuration = {"Status": str(status)}
    if mfa_delete is not None:
        configuration["MfaDelete"] = str(mfa_delete)
    return configuration


def _check_change(settings: Settings, bucket: BucketInfo, status: str) -> None:
    location = settings.locations.get(bucket.location_constraint or "")
    if location is not None and (
        location.type in _WITHOUT_VERSIONS or not location.details.get("supportsVersioning", True)
    ):
        raise S3Error(
            "NotImplemented",
            "We do not currently support putting a versioned object to a location-constraint of type Azure or GCP.",
        )
    if status == "Suspended" and bucket.ingestion:
        raise S3Error(
            "InvalidBucketState",
            "Versioning cannot be suspended for buckets setup with Out of Band updates from a location",
        )
    if status == "Suspended" and bucket.replication_configuration:
        raise S3Error(
            "InvalidBucketState",
            "A replication configuration is present on this bucket, so you cannot change the versioning state. To "
            "change the versioning state, first delete the replication configuration.",
        )
    if bucket.object_lock_enabled:
        raise S3Error(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        )
