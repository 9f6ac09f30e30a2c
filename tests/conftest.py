"""What holds for all tests together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Secret keys of the accounts that the tests use, signatures, and tokens of sessions.
SECRETS = re.compile(
    r"verySecretKey\d|AWS4-HMAC-SHA256|[?&\"](X-Amz-)?Signature[=\"]|x-amz-security-token[\",:= ]+\w", re.IGNORECASE
)

_SCENARIOS = Path(__file__).parents[1] / "scenarios"


@pytest.fixture(scope="session", autouse=True)
def _no_secret_is_on_any_tape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every tape that a test has left is searched when all are over, and those that come with the project."""
    yield
    leaks = {
        str(path): found[0]
        for folder in (tmp_path_factory.getbasetemp(), _SCENARIOS)
        for path in folder.rglob("*.tape")
        if path.is_file() and (found := SECRETS.search(_text(path)))
    }
    assert leaks == {}


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")
