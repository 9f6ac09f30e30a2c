"""Which location an object's data goes to.

Source: cloudserver lib/api/apiUtils/object/locationConstraintCheck.js; Arsenal lib/models/BackendInfo.ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.settings import Settings

#: The header, and the user metadata, that names a location other than the bucket's.
LOCATION_HEADER: Final = "x-amz-meta-scal-location-constraint"

_FALLBACK = "us-east-1"
_UNVERSIONED_TYPES = ("azure", "gcp")


def location_of_object(settings: Settings, bucket: BucketInfo, headers: Mapping[str, str]) -> str:
    """The controlling location: the one the header names, else the bucket's.

    Raises:
        S3Error: InvalidArgument for one that is not configured; NotImplemented for a version in a location that
            keeps none.
    """
    asked = headers.get(LOCATION_HEADER)
    name = asked or bucket.location_constraint or _FALLBACK
    location = settings.locations.get(name)
    if location is None and asked:
        raise S3Error(
            "InvalidArgument",
            f'Object Location Error - Your object location "{name}"is not in your location config - Please update.',
        )
    if location is None:
        raise S3Error(
            "InvalidArgument",
            f'Bucket Location Error - Your object location "{name}"is not in your location config - Please update.',
        )
    if location.type in _UNVERSIONED_TYPES and bucket.versioning_status == "Enabled":
        # cloudserver lib/api/apiUtils/object/createAndStoreObject.js
        raise S3Error(
            "NotImplemented",
            "We do not currently support putting a versioned object to a location-constraint of type Azure or GCP.",
        )
    return name
