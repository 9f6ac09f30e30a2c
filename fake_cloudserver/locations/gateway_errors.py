"""What a client sees of a location's failure: context managers that turn a LocationError into an S3Error."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.base import LocationError, NoSuchData

_logger = logging.getLogger(__name__)

# Arsenal lib/storage/data/external/utils.js (missingVerIdInternalError)
_MISSING_VERSION_ID = (
    "Invalid state. Please ensure versioning is enabled in AWS for the location constraint and try again."
)

#: What completing an upload passes on under its own code (Arsenal lib/storage/data/external/AwsClient.js).
_COMPLETION_ERRORS = ("InvalidPart", "InvalidPartOrder", "EntityTooSmall")

#: Code of the LocationError of a remote that named no version where one was needed.
MISSING_VERSION_ID = "MissingVersionId"


@contextlib.contextmanager
def masking(location_name: str) -> Iterator[None]:
    """The put path: the cause goes to the log only (Arsenal lib/storage/data/DataWrapper.js)."""
    try:
        yield
    except LocationError as error:
        _logger.error("location %s: data could not be stored: %s", location_name, error)  # noqa: TRY400
        raise S3Error("ServiceUnavailable") from error


@contextlib.contextmanager
def quoting(label: str) -> Iterator[None]:
    """Every other operation quotes the remote (Arsenal lib/storage/data/external/AwsClient.js)."""
    try:
        yield
    except LocationError as error:
        _logger.error("%s answered with an error: %s", label, error)  # noqa: TRY400
        if error.code == MISSING_VERSION_ID:
            raise S3Error("InternalError", _MISSING_VERSION_ID) from error
        raise S3Error("ServiceUnavailable", f"Error returned from {label}: {error.text}") from error


@contextlib.contextmanager
def quoting_completion(label: str) -> Iterator[None]:
    """Completing an upload: three errors are the client's own fault and keep their code."""
    with quoting(label):
        try:
            yield
        except LocationError as error:
            if error.code not in _COMPLETION_ERRORS:
                raise
            raise S3Error(error.code) from error


@contextlib.contextmanager
def quoting_head(label: str) -> Iterator[None]:
    """A HEAD that finds nothing says so with a code of its own."""
    with quoting(label):
        try:
            yield
        except NoSuchData as error:
            raise S3Error("LocationNotFound") from error


def unanswered() -> S3Error:
    """For what the real server runs into an exception with, and never answers."""
    return S3Error("InternalError")
