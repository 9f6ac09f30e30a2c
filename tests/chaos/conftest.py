"""The long runs are for who asks for them: ``pytest -m chaos tests/chaos``."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "chaos" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("chaos") is not None]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
