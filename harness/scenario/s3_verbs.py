"""The verbs that are S3 operations: each of botocore's is one."""

from __future__ import annotations

import datetime
import functools
import hashlib
from collections.abc import Mapping
from typing import Any

from harness.errors import ScenarioError
from harness.scenario import s3_shapes, shapes
from harness.scenario.model import AWS, CLOUDSERVER
from harness.scenario.values import body
from harness.scenario.verb import Call, Verb, VerbError

_LARGEST_TEXT = 2**16
_BLOCK = 2**18


def names() -> list[str]:
    """All of them."""
    return sorted(s3_shapes.operations())


@functools.cache
def verb(name: str) -> Verb | None:
    """The verb of that name; None when S3 has no such operation."""
    operation = s3_shapes.operations().get(name)
    if operation is None:
        return None
    return Verb(
        name,
        s3_shapes.input_shape(operation),
        call_operation,
        about=f"S3's {operation}",
        output=s3_shapes.output_shape(operation),
        reads=name.startswith(("get_", "head_", "list_")),
        sites=(CLOUDSERVER, AWS),
    )


def call_operation(call: Call) -> dict[str, Any]:
    """Send the operation; the answer with times as text and a body read to its end.

    Raises:
        VerbError: the operation failed.
        ScenarioError: botocore refuses the arguments.
    """
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    shape = s3_shapes.input_shape(s3_shapes.operations()[call.verb])
    arguments = prepare(call.arguments, shape, call)
    client = call.target.client(call.at, call.account)
    try:
        answer: dict[str, Any] = getattr(client, call.verb)(**arguments)
        return plain_output(answer)
    except ClientError as error:
        raise VerbError(_client_error(error.response)) from None
    except ParamValidationError as error:
        raise ScenarioError(f"{call.verb}: {' '.join(str(error).split())}") from None
    except BotoCoreError as error:
        raise VerbError.of_connection(error) from None


def prepare(arguments: Any, shape: shapes.Shape, call: Call) -> Any:
    """Arguments as boto3 wants them: bodies as bytes, every ``Bucket`` that is an alias under its real name."""
    if isinstance(shape, shapes.Choice):
        records = (one for one in shape.shapes if isinstance(one, shapes.Record))
        shape = next(records, shape) if isinstance(arguments, Mapping) else shape
    if isinstance(shape, shapes.Record) and isinstance(arguments, Mapping):
        return {
            name: call.bucket(value)
            if name == "Bucket" and isinstance(value, str)
            else prepare(value, shape.members.get(name, shapes.Anything()), call)
            for name, value in arguments.items()
        }
    if isinstance(shape, shapes.Sequence) and isinstance(arguments, list):
        return [prepare(item, shape.item, call) for item in arguments]
    if isinstance(shape, shapes.Body):
        return body(arguments)
    return arguments


def plain_output(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer in JSON's types."""
    output = {name: _plain(value) for name, value in answer.items() if not hasattr(value, "iter_chunks")}
    stream = answer.get("Body")
    if hasattr(stream, "iter_chunks"):
        output |= _read(stream)
    return output


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _read(stream: Any) -> dict[str, Any]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    length = 0
    kept: list[bytes] = []
    for block in stream.iter_chunks(_BLOCK):
        sha256.update(block)
        md5.update(block)
        length += len(block)
        if length <= _LARGEST_TEXT:
            kept.append(block)
    output = {"BodySize": length, "BodySHA256": sha256.hexdigest(), "BodyMD5": md5.hexdigest()}
    if length <= _LARGEST_TEXT:
        text = as_text(b"".join(kept))
        if text is not None:
            output["Body"] = text
    return output


def as_text(content: bytes) -> str | None:
    """The text; None when it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _client_error(response: Mapping[str, Any]) -> dict[str, Any]:
    metadata = _plain(response.get("ResponseMetadata", {}))
    error = _plain(response.get("Error", {}))
    return {
        **error,
        "Code": str(error.get("Code", "Unknown")),
        "Message": str(error.get("Message", "")),
        "HTTPStatusCode": metadata.get("HTTPStatusCode"),
        "ResponseMetadata": metadata,
    }
