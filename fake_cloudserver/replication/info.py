"""``replicationInfo``: what an object's metadata says about its replication.

Source: cloudserver lib/api/apiUtils/object/getReplicationInfo.js; Arsenal lib/models/ObjectMD.ts (setReplicationInfo).
"""

from __future__ import annotations

from typing import Any

from fake_cloudserver.auth.accounts import may_replicate
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.request import Requester
from fake_cloudserver.settings import Settings

#: Location types whose sites show in ``storageType`` (cloudserver constants.js, replicationBackends).
_CLOUD_TYPES = frozenset({"aws_s3", "azure", "gcp"})


def replication_info(
    settings: Settings,
    bucket: BucketInfo,
    key: str,
    *,
    size: int,
    metadata_only: bool = False,
    operation: str | None = None,
    existing: dict[str, Any] | None = None,
    requester: Requester | None = None,
) -> dict[str, Any] | None:
    """The nine fields for a write of ``key``, ready to be stored in a new version; None when it is not replicated.

    Args:
        size: length of the object in bytes; 0 for a delete marker.
        metadata_only: the write changes no data (tags, retention, legal hold).
        operation: ``MPU``, ``PUT_TAGGING``, ``DELETE_TAGGING``, ``PUT_RETENTION`` or ``PUT_LEGAL_HOLD``; shown only
            when at least one site is a cloud location.
        existing: metadata of the object being changed, for the operations that keep each site's version id.
        requester: given for PutObject and delete markers only: what service accounts write there is not replicated.

    Raises:
        S3Error: InternalError when ``existing`` has no list of backends: the real server never answers.
    """
    configuration = bucket.replication_configuration
    if not configuration:
        return None
    if requester is not None and not may_replicate(requester.canonical_id):
        return None
    rule = next((one for one in configuration["rules"] if one["enabled"] and key.startswith(one["prefix"])), None)
    if rule is None:
        return None
    sites = _sites(settings, rule)
    if sites is None:
        return None
    names = [site.partition(":")[0] if site.endswith(":preferred_read") else site for site in sites]
    # the location's type counts here, not the type of the replication endpoint of the same name
    locations = [settings.locations[name] for name in names if name in settings.locations]
    types = [location.type for location in locations if location.type in _CLOUD_TYPES]
    content = ["METADATA"] if metadata_only or size == 0 else ["DATA", "METADATA"]
    if types and operation is not None:
        content.append(operation)
    return {
        "status": "PENDING",
        "backends": [_backend(name, existing) for name in names],
        "content": content,
        "destination": configuration["destination"],
        "storageClass": ",".join(sites),
        "role": configuration["role"],
        "storageType": ",".join(types),
        "dataStoreVersionId": "",
        "isNFS": bucket.is_nfs or None,
    }


def _sites(settings: Settings, rule: dict[str, Any]) -> list[str] | None:
    """The rule's storage class, suffixes kept; the default endpoint's site for a rule without one."""
    if rule.get("storageClass"):
        storage_class: str = rule["storageClass"]
        return storage_class.split(",")
    default = settings.default_replication_endpoint
    return None if default is None else [default.site]


def _backend(site: str, existing: dict[str, Any] | None) -> dict[str, Any]:
    """A site's entry: PENDING again, with the version id it had, else new."""
    if existing is not None:
        backends = (existing.get("replicationInfo") or {}).get("backends")
        if backends is None:
            raise S3Error("InternalError")
        for backend in backends:
            if backend["site"] == site:
                return {**backend, "status": "PENDING"}
    return {"site": site, "status": "PENDING", "dataStoreVersionId": ""}


def merge_into(md: dict[str, Any], info: dict[str, Any] | None) -> None:
    """Lay what was computed for tags, retention or legal hold over the object's ``replicationInfo``.

    The object's own ``dataStoreVersionId`` stays; backends of sites that are configured no longer go. Nothing computed
    means nothing changed, whatever the status was.

    Source: cloudserver lib/api/objectPutTagging.js, objectDeleteTagging.js, objectPutRetention.js,
    objectPutLegalHold.js.
    """
    if info is None:
        return
    computed = {name: value for name, value in info.items() if name != "dataStoreVersionId"}
    md["replicationInfo"] = {**md["replicationInfo"], **computed}
