"""Bucket metadata.

Source: Arsenal lib/models/BucketInfo.ts (model version 16).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

MODEL_VERSION: Final = 16


def private_bucket_acl() -> dict[str, Any]:
    """The ACL of a bucket for which none was asked; a new dictionary each time."""
    return {"Canned": "private", "FULL_CONTROL": [], "WRITE": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []}


@dataclasses.dataclass(frozen=True, slots=True)
class BucketInfo:
    """One bucket. It is never changed in place, nor are the documents it holds: use :func:`dataclasses.replace` and
    put the result into the store.

    Attributes:
        owner: canonical ID of the owner.
        creation_date: ISO 8601 with milliseconds.
        versioning_configuration: ``{"Status": "Enabled" | "Suspended"}``, perhaps with ``MfaDelete``; None before the
            first PUT versioning.
        replication_configuration: ``{"role", "destination", "rules": [...], "preferredReadLocation"}`` or None.
        uid: a UUID in its 36-character form.
        transient, deleted: set while the bucket is being made or removed.
    """

    name: str
    owner: str
    owner_display_name: str
    creation_date: str
    uid: str
    acl: dict[str, Any] = dataclasses.field(default_factory=private_bucket_acl)
    transient: bool = False
    deleted: bool = False
    server_side_encryption: dict[str, Any] | None = None
    versioning_configuration: dict[str, Any] | None = None
    location_constraint: str | None = None
    read_location_constraint: str | None = None
    website_configuration: dict[str, Any] | None = None
    cors: list[dict[str, Any]] | None = None
    replication_configuration: dict[str, Any] | None = None
    lifecycle_configuration: dict[str, Any] | None = None
    bucket_policy: dict[str, Any] | None = None
    is_nfs: bool | None = None
    ingestion: dict[str, Any] | None = None
    azure_info: dict[str, Any] | None = None
    object_lock_enabled: bool = False
    object_lock_configuration: dict[str, Any] | None = None
    notification_configuration: dict[str, Any] | None = None
    tags: list[dict[str, str]] = dataclasses.field(default_factory=list)
    capabilities: dict[str, Any] | None = None
    quota_max: int = 0

    @property
    def versioning_status(self) -> str | None:
        """``Enabled``, ``Suspended``, or None for a bucket that never had versioning."""
        return self.versioning_configuration.get("Status") if self.versioning_configuration else None

    @property
    def is_versioning_configured(self) -> bool:
        """Whether versioning was ever set: such a bucket has version ids."""
        return self.versioning_configuration is not None

    def to_json(self) -> dict[str, Any]:
        """The stored document, its properties in CloudServer's order; two of them only when they are set."""
        document: dict[str, Any] = {}
        for property_name, field in _PROPERTIES.items():
            value = MODEL_VERSION if field is None else getattr(self, field)
            if value is not None or property_name not in {"websiteConfiguration", "capabilities"}:
                document[property_name] = value
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BucketInfo:
        """The bucket of a stored document; KeyError when a property is missing that every bucket has."""
        values = {
            field: document[property_name]
            for property_name, field in _PROPERTIES.items()
            if field is not None and property_name in document
        }
        for field in ("name", "owner", "owner_display_name", "creation_date", "uid"):
            if field not in values:
                raise KeyError(field)
        return cls(**values)


#: Property of the stored document -> field; the model version is no field.
_PROPERTIES: Final[dict[str, str | None]] = {
    "acl": "acl",
    "name": "name",
    "owner": "owner",
    "ownerDisplayName": "owner_display_name",
    "creationDate": "creation_date",
    "mdBucketModelVersion": None,
    "transient": "transient",
    "deleted": "deleted",
    "serverSideEncryption": "server_side_encryption",
    "versioningConfiguration": "versioning_configuration",
    "locationConstraint": "location_constraint",
    "readLocationConstraint": "read_location_constraint",
    "cors": "cors",
    "replicationConfiguration": "replication_configuration",
    "lifecycleConfiguration": "lifecycle_configuration",
    "bucketPolicy": "bucket_policy",
    "uid": "uid",
    "isNFS": "is_nfs",
    "ingestion": "ingestion",
    "azureInfo": "azure_info",
    "objectLockEnabled": "object_lock_enabled",
    "objectLockConfiguration": "object_lock_configuration",
    "notificationConfiguration": "notification_configuration",
    "tags": "tags",
    "capabilities": "capabilities",
    "quotaMax": "quota_max",
    "websiteConfiguration": "website_configuration",
}
