"""Listings of versions at the stack's AWS: moto's own, without copying the bucket for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def list_without_copies() -> None:
    """Replace moto's listing from outside.

    Its own copies all versions of the bucket, bytes and all, keeps the copies for ever, and then picks some of them.
    """
    from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend

    list_versions = S3Backend.list_object_versions

    def list_object_versions(self: S3Backend, bucket_name: str, *args: Any, **options: Any) -> Any:
        versions = _Versions(self.get_bucket(bucket_name).keys, str(options.get("prefix") or ""))
        return list_versions(_OneBucket(versions), bucket_name, *args, **options)  # type: ignore[arg-type]

    setattr(S3Backend, "list_object_versions", list_object_versions)  # noqa: B010  (moto has no other seam for it)
    for one in (FakeKey, FakeDeleteMarker):
        setattr(one, "__deepcopy__", _listed)  # noqa: B010


def _listed(version: Any, _: Any) -> Any:
    """What a listing may write on: a twin that shares the bytes, and that moto does not keep."""
    twin = object.__new__(type(version))
    # when one goes, the bytes stay
    twin.__dict__.update(version.__dict__, dispose=lambda **_: None)
    return twin


class _Versions:
    """Those of a store's keys that begin with a prefix; the newest version first, as two may be of one moment."""

    def __init__(self, store: Any, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def iterlists(self) -> Iterator[tuple[str, list[Any]]]:
        for name in list(self._store):
            if name.startswith(self._prefix):
                yield name, self._store.getlist(name, [])[::-1]


class _OneBucket:
    """As much of moto's backend as a listing asks for."""

    def __init__(self, keys: _Versions) -> None:
        self.keys = keys

    def get_bucket(self, _: str) -> _OneBucket:
        return self
