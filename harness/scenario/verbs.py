"""All verbs of the language, by name."""

from __future__ import annotations

from harness.scenario import s3_verbs
from harness.scenario.engine_verbs import VERBS as ENGINE_VERBS
from harness.scenario.fault_verbs import FAULT_VERBS
from harness.scenario.role_verbs import ROLE_VERBS
from harness.scenario.twin_verbs import TWIN_VERBS
from harness.scenario.verb import Verb

#: Those that are not S3 operations.
VERBS = {**ENGINE_VERBS, **FAULT_VERBS, **ROLE_VERBS, **TWIN_VERBS}


def find(name: str) -> Verb | None:
    """The verb of that name; None when there is none. Asking for an S3 operation loads botocore."""
    return VERBS.get(name) or s3_verbs.verb(name)


def names() -> list[str]:
    """All verbs, in order."""
    return sorted([*VERBS, *s3_verbs.names()])
