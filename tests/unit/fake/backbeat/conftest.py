from __future__ import annotations

from collections.abc import Iterator

import pytest
from routes_backend import Backend, make_backend, make_settings


@pytest.fixture
def backend() -> Iterator[Backend]:
    """One versioned bucket ``src`` of Bart's."""
    made = make_backend(make_settings())
    made.add_bucket("src")
    yield made
    made.server.gateway.close()
