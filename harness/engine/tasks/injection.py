"""Errors on purpose, to see replays and failures at work.

Source: Backbeat extensions/replication/tasks/MultipleBackendTask.js, ReplicateObject.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from fake_cloudserver import Randomness
from harness.engine.errors import ReplicationError
from harness.errors import UsageError

RATE_VARIABLE = "BACKBEAT_INJECT_REPLICATION_ERROR_RATE"
OPERATIONS_VARIABLE = "BACKBEAT_INJECT_REPLICATION_ERRORS"

COPY_OBJECT = "copyObject"
COPY_PART = "copyPart"
DELETE_OBJECT = "deleteObject"
PUT_TAG = "putTag"
DELETE_TAG = "deleteTag"

OPERATIONS = frozenset({COPY_OBJECT, COPY_PART, DELETE_OBJECT, PUT_TAG, DELETE_TAG})


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorInjection:
    """``rate`` percent of the attempts at ``operations`` fail, for good."""

    rate: float = 0.0
    operations: frozenset[str] = frozenset({COPY_OBJECT})

    def strike(self, operation: str | None, randomness: Randomness) -> None:
        """Raises a ReplicationError that is not retryable, with the probability that was asked for.

        ``operation`` None: the rate alone decides (Backbeat ReplicateObject.js).
        """
        asked_for = operation is None or operation in self.operations
        if self.rate > 0 and asked_for and randomness.random() * 100 < self.rate:
            raise ReplicationError("InternalError", f"injected into {operation or 'the copy'}")


NO_ERRORS = ErrorInjection()


def from_environment(environ: Mapping[str, str]) -> ErrorInjection:
    """What BACKBEAT_INJECT_REPLICATION_ERROR_RATE and BACKBEAT_INJECT_REPLICATION_ERRORS (a comma list) ask for.

    Raises UsageError for a rate that is no percentage, and for an operation that there is not.
    """
    text = environ.get(RATE_VARIABLE, "").strip()
    if not text:
        return NO_ERRORS
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 100:
        raise UsageError(f"{RATE_VARIABLE}: {text!r} is no percentage")
    names = frozenset(name.strip() for name in environ.get(OPERATIONS_VARIABLE, "").split(",") if name.strip())
    if unknown := names - OPERATIONS:
        known = ", ".join(sorted(OPERATIONS))
        raise UsageError(f"{OPERATIONS_VARIABLE}: there is no {', '.join(sorted(unknown))}; there are {known}")
    return ErrorInjection(rate, names or frozenset({COPY_OBJECT}))
