"""Which operation a request is, told from its line and headers: botocore's names, from botocore's own model; no IO."""

from __future__ import annotations

import dataclasses
import functools
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from harness.faults.rules import Occasion
from harness.s3_model import service_model

INTERNAL = "/_/"
_BACKBEAT = re.compile(r"/_/backbeat/([^/]+)(?:/([^/]+)(?:/(.+))?)?")


@dataclasses.dataclass(frozen=True, slots=True)
class _Operation:
    """What a request must have to be this operation."""

    name: str
    method: str
    has_bucket: bool
    has_key: bool
    query: Mapping[str, str]
    needed: frozenset[str]
    headers: frozenset[str]

    def fits(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        named = all(name in query and value in {"", query[name]} for name, value in self.query.items())
        return named and self.needed <= query.keys() and self.headers <= headers.keys()

    @property
    def weight(self) -> int:
        """The more it asks for, the more it says."""
        return len(self.query) + len(self.needed) + len(self.headers)


def occasion_of(site: str, method: str, target: str, headers: Mapping[str, str]) -> Occasion:
    """The occasion of a request to ``target``, path style, as it was sent; ``headers`` by lower-case name."""
    path, _, text = target.partition("?")
    query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
    if path.startswith(INTERNAL):
        return _internal(site, method, path, query)
    bucket, _, key = path.lstrip("/").partition("/")
    bucket, key = urllib.parse.unquote(bucket), urllib.parse.unquote(key)
    return Occasion(site, _named(method, bool(bucket), bool(key), query, headers), method, bucket, key)


def _named(method: str, has_bucket: bool, has_key: bool, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    fitting = [one for one in _operations().get((method, has_bucket, has_key), ()) if one.fits(query, headers)]
    return max(fitting, key=lambda one: one.weight).name if fitting else method


def _internal(site: str, method: str, path: str, query: Mapping[str, str]) -> Occasion:
    """``multiplebackenddata:putobject`` where the query names it, ``metadata:put`` where the method does."""
    match = _BACKBEAT.fullmatch(path)
    if match is None:
        return Occasion(site, f"internal:{method.lower()}", method)
    resource, bucket, key = match.groups()
    operation = query.get("operation") or method.lower()
    decoded = [urllib.parse.unquote(part or "") for part in (bucket, key)]
    return Occasion(site, f"{resource}:{operation}", method, *decoded)


@functools.cache
def _operations() -> dict[tuple[str, bool, bool], tuple[_Operation, ...]]:
    model = service_model()
    table: dict[tuple[str, bool, bool], list[_Operation]] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        if not operation.deprecated:
            one = _described(name, operation)
            table.setdefault((one.method, one.has_bucket, one.has_key), []).append(one)
    return {place: tuple(sorted(found, key=lambda one: one.name)) for place, found in table.items()}


def _described(name: str, operation: Any) -> _Operation:
    path, _, text = operation.http["requestUri"].partition("?")
    return _Operation(
        name,
        operation.http["method"],
        "{Bucket}" in path,
        "{Key+}" in path,
        dict(urllib.parse.parse_qsl(text, keep_blank_values=True)),
        frozenset(_required(operation, "querystring")),
        frozenset(header.lower() for header in _required(operation, "header")),
    )


def _required(operation: Any, location: str) -> Iterator[str]:
    shape = operation.input_shape
    for member in shape.required_members if shape is not None else ():
        place = shape.members[member].serialization
        if place.get("location") == location:
            yield place["name"]


def known() -> frozenset[str]:
    """Every name that an S3 request can have."""
    return frozenset(one.name for found in _operations().values() for one in found)
