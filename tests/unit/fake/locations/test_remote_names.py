from __future__ import annotations

import pytest

from fake_cloudserver.locations.remote_names import remote_key


@pytest.mark.parametrize(
    ("bucket_match", "expected"), [(True, "a/b c+d"), (False, "source/a/b c+d")], ids=["match", "no match"]
)
def test_remote_key(bucket_match: bool, expected: str) -> None:
    assert remote_key("source", "a/b c+d", bucket_match=bucket_match) == expected
