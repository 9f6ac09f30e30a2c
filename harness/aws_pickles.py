"""moto's S3 objects as bytes, and back: without what they hold, which is kept beside them."""

from __future__ import annotations

import importlib
import io
import pickle
import threading
from pathlib import Path
from typing import Any

import moto.s3.models
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart, MultipartDict

#: What moto's objects are made of, beside its own classes. Nothing else is loaded, whoever wrote the file.
_OTHERS = frozenset(
    {
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("copyreg", "_reconstructor"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("builtins", "bytearray"),
        ("builtins", "dict"),
        ("builtins", "list"),
        ("builtins", "object"),
        ("builtins", "set"),
        ("requests.structures", "CaseInsensitiveDict"),
    }
)
#: The attribute that says as which row an object is kept.
ROW = "kept_row"
#: Of no use to anybody else: open files and locks, and what is kept in rows of its own.
_LEFT_OUT: dict[type[Any], set[str]] = {
    FakeKey: {ROW, "_value_buffer", "lock"},
    FakeDeleteMarker: {ROW, "key"},
    FakeMultipart: {ROW, "parts", "partlist"},
    FakeBucket: {ROW, "keys", "multiparts"},
}


class KeptBody:
    """What a key holds, in the place of moto's temporary file; it is opened when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0
        self._closed = False

    def seek(self, position: int) -> None:
        if self._closed:
            raise ValueError("the key was deleted")  # as files say it
        self._position = position

    def read(self, size: int = -1) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self._position)
            data = file.read(size)
        self._position += len(data)
        return data

    def close(self) -> None:
        self._closed = True


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        for kind, names in _LEFT_OUT.items():
            if isinstance(obj, kind):
                return _restored, (
                    kind.__name__,
                    {name: value for name, value in vars(obj).items() if name not in names},
                )
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _restored.__name__):
            return _restored
        found = getattr(importlib.import_module(module), name, None) if module.startswith("moto.") else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        if (module, name) not in _OTHERS:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a bucket")
        return super().find_class(module, name)


def to_bytes(thing: Any) -> bytes:
    """A key, marker, upload or bucket."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(thing)
    return buffer.getvalue()


def from_bytes(data: bytes, body: Path | None = None) -> Any:
    """The same again; a key reads what it holds from ``body``. Raises UnpicklingError for anything else."""
    thing = _Unpickler(io.BytesIO(data)).load()
    if body is not None:
        thing._value_buffer = KeptBody(body)  # noqa: SLF001  (moto's own)
    return thing


def _restored(kind: str, state: dict[str, Any]) -> Any:
    cls: Any = next(one for one in _LEFT_OUT if one.__name__ == kind)
    thing: Any = object.__new__(cls)  # past moto's list of all instances, which grows for ever
    vars(thing).update(state)
    if cls is FakeKey:
        # a part of an upload that was completed holds nothing any more
        thing._value_buffer, thing.lock = io.BytesIO(), threading.Lock()  # noqa: SLF001
    elif cls is FakeDeleteMarker:
        thing.key = None
    elif cls is FakeMultipart:
        thing.parts, thing.partlist = {}, []
    else:
        # as moto makes them, or whoever put something better in their place
        thing.keys = getattr(moto.s3.models, "_VersionedKeyStore")()  # noqa: B009
        thing.multiparts = MultipartDict()
    return thing
