"""botocore's model of S3 as shapes; botocore is imported when the first operation is asked for."""

from __future__ import annotations

import functools
from typing import Any

from harness.s3_model import service_model
from harness.scenario import shapes

#: Enumerations whose values are CloudServer's sites and locations, not AWS's.
_OPEN_ENUMS = frozenset({"StorageClass", "BucketLocationConstraint", "LocationNameAsString"})
#: What the runner puts beside a Body that was read.
_READ_BODY: dict[str, shapes.Shape] = {
    "Body": shapes.Text(about="the text, when it is a short one in UTF-8"),
    "BodySize": shapes.Number(about="length in bytes"),
    "BodySHA256": shapes.Text(about="hexadecimal"),
    "BodyMD5": shapes.Text(about="hexadecimal"),
}


_model = functools.cache(service_model)


@functools.cache
def operations() -> dict[str, str]:
    """Verb -> operation: ``{"put_object": "PutObject", …}``; those that stream events are left out."""
    from botocore import xform_name

    model = _model()
    names = (name for name in model.operation_names if not model.operation_model(name).has_event_stream_output)
    return {xform_name(name): name for name in names}


@functools.cache
def input_shape(operation: str) -> shapes.Record:
    """What the operation takes."""
    shape = _model().operation_model(operation).input_shape
    converted = shapes.Record({}) if shape is None else _convert(shape)
    assert isinstance(converted, shapes.Record)
    return converted


@functools.cache
def output_shape(operation: str) -> shapes.Record:
    """What the operation gives, as the runner shows it."""
    model = _model().operation_model(operation)
    members: dict[str, shapes.Shape] = {"ResponseMetadata": shapes.Anything(about="HTTPStatusCode, HTTPHeaders")}
    if model.output_shape is not None:
        converted = _convert(model.output_shape)
        assert isinstance(converted, shapes.Record)
        members |= converted.members
        if model.has_streaming_output:
            members |= _READ_BODY
    return shapes.Record(members)


def _convert(shape: Any, name: str = "") -> shapes.Shape:
    match shape.type_name:
        case "structure":
            members = {member: _convert(inner, member) for member, inner in shape.members.items()}
            return shapes.Record(members, frozenset(shape.required_members))
        case "list":
            return shapes.Sequence(_convert(shape.member))
        case "map":
            return shapes.Names(_convert(shape.value))
        case "integer" | "long":
            return shapes.Number()
        case "float" | "double":
            return shapes.Number(whole=False)
        case "boolean":
            return shapes.Flag()
        case "blob":
            return shapes.Body()
        case _:
            return _text(shape, name)


def _text(shape: Any, name: str) -> shapes.Shape:
    if name == "CopySource":  # boto3 takes both
        members = {part: shapes.Text() for part in ("Bucket", "Key", "VersionId")}
        return shapes.Choice((shapes.Text(), shapes.Record(members, frozenset({"Bucket", "Key"}))))
    enum = () if shape.name in _OPEN_ENUMS else tuple(getattr(shape, "enum", ()))
    return shapes.Text(enum)
