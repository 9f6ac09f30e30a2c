"""Object metadata documents: plain dictionaries with CloudServer's property names.

Source: Arsenal lib/models/ObjectMD.ts (model version 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fake_cloudserver.metadata import version_id

USER_METADATA_PREFIX: Final = "x-amz-meta-"
MODEL_VERSION: Final = 6


def empty_replication_info() -> dict[str, Any]:
    """The nine fields of an object that is not to be replicated; a new dictionary each time."""
    return {
        "status": "",
        "backends": [],
        "content": [],
        "destination": "",
        "storageClass": "",
        "role": "",
        "storageType": "",
        "dataStoreVersionId": "",
        "isNFS": None,
    }


def private_acl() -> dict[str, Any]:
    """The ACL of an object for which none was asked; a new dictionary each time."""
    return {"Canned": "private", "FULL_CONTROL": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []}


#: Makes a property absent unless it is given.
_ABSENT: Final = object()

#: Every property in the order of a stored document, with what it is when nothing is given; callables are called.
_PROPERTIES: Final[dict[str, Any]] = {
    "owner-display-name": "",
    "owner-id": "",
    "cache-control": _ABSENT,
    "content-disposition": _ABSENT,
    "content-encoding": _ABSENT,
    "expires": _ABSENT,
    "content-length": 0,
    "content-type": _ABSENT,
    "content-md5": "",
    "content-language": "",
    "creation-time": _ABSENT,
    "x-amz-version-id": "null",
    "x-amz-server-version-id": "",
    "x-amz-storage-class": "STANDARD",
    "x-amz-server-side-encryption": "",
    "x-amz-server-side-encryption-aws-kms-key-id": "",
    "x-amz-server-side-encryption-customer-algorithm": "",
    "x-amz-website-redirect-location": "",
    "x-amz-scal-transition-in-progress": False,
    "x-amz-scal-transition-time": _ABSENT,
    "x-amz-restore": _ABSENT,
    "archive": _ABSENT,
    "acl": private_acl,
    "key": "",
    "location": None,
    "azureInfo": _ABSENT,
    "isNull": _ABSENT,
    "nullVersionId": _ABSENT,
    "nullUploadId": _ABSENT,
    "isDeleteMarker": _ABSENT,
    "versionId": _ABSENT,
    "uploadId": _ABSENT,
    "legalHold": _ABSENT,
    "retentionMode": _ABSENT,
    "retentionDate": _ABSENT,
    "tags": dict,
    "replicationInfo": empty_replication_info,
    "dataStoreName": "",
    "originOp": "",
    "microVersionId": _ABSENT,
    "deleted": False,
    "isPHD": False,
    "last-modified": _ABSENT,
    "md-model-version": MODEL_VERSION,
}

#: The names of all properties but user metadata.
PROPERTY_NAMES: Final = frozenset(_PROPERTIES)


def new_object_md(values: Mapping[str, Any], user_metadata: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A document as CloudServer stores it: the properties in its order, user metadata last.

    Args:
        values: properties by CloudServer's names. ``last-modified`` is needed. None leaves a property out that a
            client's PUT may lack (``location`` alone is stored as null).
        user_metadata: values by full ``x-amz-meta-…`` names.

    Raises:
        ValueError: ``values`` has a name that is no property, or no ``last-modified``.
    """
    unknown = values.keys() - _PROPERTIES.keys()
    if unknown:
        raise ValueError(f"no such property of object metadata: {', '.join(sorted(unknown))}")
    if values.get("last-modified") is None:
        raise ValueError("object metadata needs last-modified")
    md: dict[str, Any] = {}
    for name, default in _PROPERTIES.items():
        value = values.get(name)
        if value is None:
            value = default() if callable(default) else default
        if value is not _ABSENT:
            md[name] = value
    md.update(user_metadata or {})
    return md


#: What readers take for granted, with what it is where a document that Backbeat wrote lacks it.
_RELIED_ON: Final[dict[str, Any]] = {
    "owner-id": "",
    "content-length": 0,
    "content-md5": "",
    "acl": private_acl,
    "last-modified": "1970-01-01T00:00:00.000Z",
}


def complete(md: dict[str, Any]) -> dict[str, Any]:
    """The document with everything that its readers take for granted; itself, as a rule."""
    if md.keys() >= _RELIED_ON.keys():
        return md
    defaults = {name: default() if callable(default) else default for name, default in _RELIED_ON.items()}
    return {**defaults, **md}


def is_null(md: Mapping[str, Any]) -> bool:
    """Whether this is the null version: marked as such, or written without a version id."""
    return bool(md.get("isNull")) or not md.get("versionId")


def encoded_version_id(md: Mapping[str, Any]) -> str:
    """The version id that clients see: ``null`` for the null version (cloudserver lib/api/bucketGet.js)."""
    return "null" if is_null(md) else version_id.encode(md["versionId"])


def user_metadata(md: Mapping[str, Any]) -> dict[str, str]:
    """The ``x-amz-meta-…`` properties, by their full names."""
    return {name: value for name, value in md.items() if name.startswith(USER_METADATA_PREFIX)}


def location_elements(md: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pieces of the object's data, in order; documents older than model version 2 name a single key."""
    location = md.get("location")
    if isinstance(location, str):
        return [{"key": location}]
    return list(location) if location else []
