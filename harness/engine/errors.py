"""What can go wrong while an object is replicated."""

from __future__ import annotations

#: Codes of throttling and of credentials that ran out, retryable at any status (AWS SDK for JavaScript lib/service.js).
_RETRYABLE_NAMES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class ReplicationError(Exception):
    """One kind of error for everything that a server or the engine itself can object.

    Attributes:
        name: ``AccessDenied``, ``ObjNotFound``, ``ServiceUnavailable``, ``ECONNRESET``, …
        description: for people.
        http_status: None when there was no answer.
        retryable: whether the same request may succeed later.
        origin: who is to blame: ``source``, ``target``, or None.
    """

    def __init__(
        self,
        name: str,
        description: str = "",
        *,
        http_status: int | None = None,
        retryable: bool = False,
        origin: str | None = None,
    ) -> None:
        super().__init__(f"{name}: {description}" if description else name)
        self.name = name
        self.description = description
        self.http_status = http_status
        self.retryable = retryable
        self.origin = origin


def is_retryable(http_status: int, name: str) -> bool:
    """The AWS SDK's verdict on an answer: 5xx, 429 and some codes."""
    return http_status >= 500 or http_status == 429 or name in _RETRYABLE_NAMES


class Postponed(Exception):  # noqa: N818  (a state, not a fault)
    """A result could not be written for so long that it had better make way for others, and come again."""


class MalformedEntryError(Exception):
    """A message that is no queue entry; it can never be processed."""
