"""User metadata: the ``x-amz-meta-`` headers of an object. IO-free.

Source: Arsenal lib/s3middleware/userMetadata.ts.
"""

from __future__ import annotations

from collections.abc import Mapping

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.object_metadata import USER_METADATA_PREFIX
from fake_cloudserver.s3.javascript import length

_LARGEST = 2136


def user_metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The user metadata a request carries, by full names.

    Raises:
        S3Error: MetadataTooLarge.
    """
    found = {name: value for name, value in headers.items() if name.startswith(USER_METADATA_PREFIX)}
    if is_too_large(found):
        raise S3Error("MetadataTooLarge")
    return found


def is_too_large(user_metadata: Mapping[str, str]) -> bool:
    """Whether names and values together are longer than allowed; a name with an empty value counts nothing."""
    total = sum(length(name) + length(str(value)) for name, value in user_metadata.items() if value)
    return total > _LARGEST
