from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.metadata.durable import DurableMetadata
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(params=["memory", "durable"])
def store(request: pytest.FixtureRequest, clock: VirtualClock, tmp_path: Path) -> Iterator[MetadataStore]:
    """Both twins: what a test says holds for either."""
    version_ids = VersionIdGenerator(clock, "RG001")
    if request.param == "memory":
        yield MetadataStore(clock, version_ids, Journal(clock))
        return
    durable = DurableMetadata(tmp_path / "metadata.sqlite3", clock, version_ids)
    try:
        yield MetadataStore(clock, version_ids, durable.journal, durable)
    finally:
        durable.close()
