"""Writing a new current object: versioning preparation, metadata, then the clean-up of what it replaced.

PutObject, CopyObject, delete markers and the completion of multipart uploads all end here.

Source: cloudserver lib/api/apiUtils/object/createAndStoreObject.js, lib/services.js (metadataStoreObject).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fake_cloudserver.clock import iso
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.object_metadata import location_elements, new_object_md
from fake_cloudserver.request import Requester
from fake_cloudserver.s3.versioning import get_version, prepare_write


@dataclasses.dataclass(frozen=True, slots=True)
class NewObject:
    """An object about to be written.

    Attributes:
        values: properties of its document by CloudServer's names, as
            :func:`~fake_cloudserver.metadata.object_metadata.new_object_md` takes them. ``last-modified`` is now
            unless it is given; ``creation-time`` and what concerns null versions is filled in here.
        user_metadata: by full ``x-amz-meta-`` names.
        creation_time: of an object that replaces none; None leaves it out, as PutObject does.
        origin_op_only_if_replacing: leave ``originOp`` out unless the key existed, as delete markers do.
    """

    values: Mapping[str, Any]
    user_metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    creation_time: str | None = None
    origin_op_only_if_replacing: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        md: the document; without ``versionId``, which the metadata layer appends.
        version_id: internal id of the new version; None in a bucket without versioning.
        replaced: location elements of the data that the new object has replaced.
    """

    md: dict[str, Any]
    version_id: str | None
    replaced: tuple[dict[str, Any], ...]


def owner_of(requester: Requester) -> dict[str, Any]:
    """The owner's properties: the requester, whoever owns the bucket."""
    return {"owner-id": requester.canonical_id, "owner-display-name": requester.name}


def create_object(server: CloudServer, bucket: BucketInfo, key: str, new: NewObject) -> Written:
    """Write the metadata, then delete the data that was replaced."""
    written = write_object(server, bucket, key, new)
    delete_replaced(server, written)
    return written


def write_object(server: CloudServer, bucket: BucketInfo, key: str, new: NewObject) -> Written:
    """The metadata half of :func:`create_object`, atomic for the key; nothing is deleted yet."""
    with server.metadata.locked(bucket.name, key):
        current = get_version(server, bucket.name, key, None)
        options = prepare_write(server, bucket, key, current)
        md = _document(server, key, new, current, options.properties)
        version_id = server.metadata.put_object(
            bucket.name, key, md, versioning=options.versioning, version_id=options.version_id
        )
    return Written(md, version_id, options.replaced)


def _document(
    server: CloudServer,
    key: str,
    new: NewObject,
    current: Mapping[str, Any] | None,
    properties: Mapping[str, Any],
) -> dict[str, Any]:
    values = {"last-modified": iso(server.clock.now()), **new.values, **properties, "key": key}
    # creation-time stays what it was for all versions of a key (cloudserver createAndStoreObject.js)
    values["creation-time"] = _creation_time(current) or new.creation_time
    md = new_object_md(values, new.user_metadata)
    if current is None and new.origin_op_only_if_replacing:
        del md["originOp"]
    if not md["owner-display-name"]:
        del md["owner-display-name"]  # nobody has no name: listings show "undefined" for anonymous owners
    return md


def _creation_time(current: Mapping[str, Any] | None) -> str | None:
    if current is None:
        return None
    return current.get("creation-time") or current.get("last-modified")


def delete_replaced(server: CloudServer, written: Written) -> None:
    """Delete the data of the replaced object, unless the new one uses it still; failures are only logged."""
    used = location_elements(written.md)
    surplus = [element for element in written.replaced if not is_among(element, used)]
    server.gateway.delete_replaced(surplus, used[0]["dataStoreName"] if used else "")


def is_among(element: Mapping[str, Any], elements: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the location elements names the same data."""
    names = ("dataStoreName", "key", "dataStoreVersionId")
    return any(all(element.get(name) == other.get(name) for name in names) for other in elements)


def single_location(element: Mapping[str, Any], size: int) -> list[dict[str, Any]]:
    """The ``location`` of data stored in one piece: what the gateway returned, at the object's announced size."""
    return [{"key": element["key"], "size": size, "start": 0, **{k: v for k, v in element.items() if k != "key"}}]
