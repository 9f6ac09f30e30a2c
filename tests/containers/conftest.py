"""A Docker engine and the images, for whoever asks: ``pytest -m docker tests/containers``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from docker_engine import DockerEngine, Unavailable, build_images, compose_command


@pytest.fixture(scope="session")
def images() -> None:
    """All images, built from this checkout; what needs them is skipped where no engine runs."""
    try:
        with DockerEngine("host") as engine:
            build_images(engine.host)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def compose(images: None) -> list[str]:
    """The command of Compose v2."""
    try:
        return compose_command()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(params=["own", "host"])
def engine(images: None, request: pytest.FixtureRequest) -> Iterator[DockerEngine]:
    """An engine in a network of its own, where bridges are; and one on this machine's network, without any."""
    with DockerEngine(request.param) as running:
        yield running


@pytest.fixture
def host_engine(images: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerEngine]:
    """The second of these, as the one that everybody finds."""
    with DockerEngine("host") as running:
        monkeypatch.setenv("DOCKER_HOST", running.host)
        yield running


@pytest.fixture
def image_names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What ci/docker/images has built, in the variables of docker-compose.test.yml."""
    names = {"HARNESS_IMAGE": "cloudserver-harness", "KAFKA_IMAGE": "cloudserver-harness-kafka"}
    for variable, name in names.items():
        monkeypatch.setenv(variable, name)
    return {**os.environ, **names}
