"""Objects' metadata documents as Backbeat sees them: a dictionary kept whole, with defaults for what is missing.

Source: Arsenal lib/models/ObjectMD.ts.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from harness.engine import version_id

MODEL_VERSION = 6

_DEFAULTS: dict[str, Any] = {
    "owner-display-name": "",
    "owner-id": "",
    "cache-control": "",
    "content-disposition": "",
    "content-encoding": "",
    "expires": "",
    "content-length": 0,
    "content-type": "",
    "content-md5": "",
    "content-language": "",
    "x-amz-version-id": "null",
    "x-amz-server-version-id": "",
    "x-amz-storage-class": "STANDARD",
    "x-amz-server-side-encryption": "",
    "x-amz-server-side-encryption-aws-kms-key-id": "",
    "x-amz-server-side-encryption-customer-algorithm": "",
    "x-amz-website-redirect-location": "",
    "x-amz-scal-transition-in-progress": False,
    "acl": {"Canned": "private", "FULL_CONTROL": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []},
    "key": "",
    "location": None,
    "tags": {},
    "replicationInfo": {
        "status": "",
        "backends": [],
        "content": [],
        "destination": "",
        "storageClass": "",
        "role": "",
        "storageType": "",
        "dataStoreVersionId": "",
        "isNFS": None,
    },
    "dataStoreName": "",
    "originOp": "",
    "deleted": False,
    "isPHD": False,
}


def normalised(metadata: dict[str, Any]) -> dict[str, Any]:
    """A copy that shares nothing with ``metadata``: defaults filled in, unknown members kept.

    ``replicationInfo`` is taken as a whole where present: what it lacks is not filled in.
    """
    document = copy.deepcopy(_DEFAULTS) | copy.deepcopy(metadata)
    if "creation-time" not in document and document.get("last-modified"):
        document["creation-time"] = document["last-modified"]
    if isinstance(document["location"], str):
        document["location"] = [{"key": document["location"]}]
    document["md-model-version"] = MODEL_VERSION
    return document


def raw_version_id(metadata: dict[str, Any]) -> str | None:
    """``"null"`` for a null version; None for an object that has no version id."""
    if metadata.get("isNull"):
        return "null"
    return metadata.get("versionId")


def encoded_version_id(metadata: dict[str, Any]) -> str | None:
    """The same in the form that S3 users see."""
    raw = raw_version_id(metadata)
    return raw if raw in {None, "null"} else version_id.encode(str(raw))


def user_metadata(metadata: dict[str, Any]) -> dict[str, str]:
    """All ``x-amz-meta-`` members, by their full names."""
    return {name: value for name, value in metadata.items() if name.startswith("x-amz-meta-")}


def tags(metadata: dict[str, Any]) -> dict[str, str]:
    """The tags; CloudServer stores an empty tag set as ``[]`` or ``{}``."""
    return dict(metadata.get("tags") or {})


def is_multipart(metadata: dict[str, Any]) -> bool:
    """Whether the source was a multipart upload: then its MD5 is none."""
    return "-" in metadata.get("content-md5", "")


def sites(storage_class: str) -> list[str]:
    """The sites that a storage class list names, ``:preferred_read`` removed."""
    return [re.split(":", site, maxsplit=1)[0] for site in storage_class.split(",") if site]
