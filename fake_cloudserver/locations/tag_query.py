"""Tags as a query string, the form in which they travel in ``x-amz-tagging``."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping

# Node's querystring.stringify leaves these and letters and digits as they are
_SAFE = "-_.!~*'()"

_MAX_TAGS = 50
_MAX_KEY_LENGTH = 128
_MAX_VALUE_LENGTH = 256


def tag_query(tags: Mapping[str, str]) -> str:
    """``{"a": "b c"}`` as ``a=b%20c``; empty for no tags."""
    return "&".join(
        f"{urllib.parse.quote(name, safe=_SAFE)}={urllib.parse.quote(value, safe=_SAFE)}"
        for name, value in tags.items()
    )


def is_storable(query: str) -> bool:
    """Whether a location takes these tags: at most 50, keys of 1 to 128 and values of up to 256 characters."""
    # Arsenal lib/s3middleware/tagging.ts (parseTagFromQuery), with the limits of the multiple-backend gateway
    tags = urllib.parse.parse_qsl(query, keep_blank_values=True)
    return len(tags) <= _MAX_TAGS and all(
        1 <= len(name) <= _MAX_KEY_LENGTH and len(value) <= _MAX_VALUE_LENGTH for name, value in tags
    )
