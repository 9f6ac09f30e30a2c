from __future__ import annotations

import pytest

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store(clock: VirtualClock) -> MetadataStore:
    return MetadataStore(clock, VersionIdGenerator(clock, "RG001"), Journal(clock))
