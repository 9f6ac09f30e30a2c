"""docker-compose.test.yml, for real: the stack on Apache Kafka, two processors, scenarios, and all of it gone after."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_engine import DockerEngine
from ruamel.yaml import YAML

from harness.containers.up import IMAGES
from harness.reserved_port import free_port

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.test.yml"
HOST_NETWORK = ROOT / "ci/docker/host-network.yml"
#: Folders whose scenarios a stack of somebody else's can run, each for a part of what the containers do.
SCENARIOS = ("aws-replication", "replication-info", "routes", "api")
PORTS = ("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "AWS_PORT", "CLOUDSERVER_PORT", "BUCKETD_PORT", "API_PORT")


class Project:
    """One ``docker compose`` project."""

    def __init__(self, command: list[str], engine: DockerEngine, environ: dict[str, str]) -> None:
        self._command = command
        self._engine = engine
        self.environ = {**os.environ, **environ, "DOCKER_HOST": engine.host}

    def __call__(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        argv = self._engine.inside([*self._command, *arguments])
        return subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False, timeout=timeout)

    def containers(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("ps", "--all", "--format=json").stdout.splitlines()]


@pytest.fixture
def project(
    compose: list[str], engine: DockerEngine, image_names: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Project]:
    host = request.node.callspec.params["engine"] == "host"
    files = ["-f", str(FILE), *(["-f", str(HOST_NETWORK)] if host else [])]
    ports = {name: str(free_port("127.0.0.1")) for name in (*PORTS, "CLOUDSERVER_METRICS_PORT")} if host else {}
    dialect = {"DIALECT": "release" if host else "design"}  # each engine takes minutes, and has one of them
    running = Project([*compose, *files, "-p", "harness-test"], engine, {**image_names, **ports, **dialect})
    yield running
    running("down", "--timeout=10", "--volumes")


@pytest.mark.docker
@pytest.mark.timeout(2400)
def test_the_stack_comes_up_runs_scenarios_survives_a_kill_and_goes(project: Project) -> None:
    up = project("up", "--detach", "--no-build", "--wait", "--wait-timeout=300", "--scale=processor=2")
    assert up.returncode == 0, f"{up.stderr}\n{project('logs', '--tail=20').stdout}"
    services = [one["Service"] for one in project.containers()]
    assert sorted(services) == ["api", "aws", "cloudserver", "kafka", "populator", "processor", "processor", "status"]
    assert {one["Health"] for one in project.containers()} == {"healthy"}

    run = ["run", "--rm", "-T", "scenarios"]
    done = project(*run, *(f"/scenarios/{folder}" for folder in SCENARIOS))
    said = re.search(r"(\d+) passed, (\d+) skipped", done.stdout)
    assert done.returncode == 0, f"{done.stdout}\n{project('logs', '--tail=20').stdout}"
    assert said is not None, done.stdout
    dialect = project.environ["DIALECT"]
    assert int(said[1]) > {"design": 100, "release": 45}[dialect]  # fewer are about the second one
    assert f"[{dialect}" in done.stdout

    first = next(one["Name"] for one in project.containers() if one["Service"] == "processor")
    killed = subprocess.run(["docker", "rm", "--force", first], env=project.environ, capture_output=True, check=False)
    assert killed.returncode == 0, killed.stderr
    done = project(*run, "/scenarios/aws-replication/several-objects.yaml", "--fail-fast")
    assert done.returncode == 0, done.stdout

    down = project("down", "--timeout=10")
    assert down.returncode == 0, down.stderr
    assert project.containers() == []


@pytest.mark.docker
@pytest.mark.timeout(2400)
def test_nobody_is_root_and_the_image_is_small(host_engine: DockerEngine, image_names: dict[str, str]) -> None:
    run = ["docker", "run", "--rm", "--network=host", image_names["HARNESS_IMAGE"]]
    assert subprocess.run([*run, "id", "-u"], capture_output=True, text=True, check=True).stdout == "10001\n"
    left = "import importlib.util as u; print([name for name in ('pip', 'mypy', 'hypothesis') if u.find_spec(name)])"
    assert subprocess.run([*run, "python", "-c", left], capture_output=True, text=True, check=True).stdout == "[]\n"
    layers = subprocess.run(
        ["docker", "history", "--human=false", "--format={{.Size}}", image_names["HARNESS_IMAGE"]],
        capture_output=True,
        text=True,
        check=True,
    )
    *ours, _base = map(int, layers.stdout.split())
    assert sum(ours) < 200_000_000


def documents() -> dict[str, Any]:
    yaml = YAML(typ="safe")
    yaml.constructor.add_constructor("!reset", lambda *_: None)
    return {path.name: yaml.load(path.read_text(encoding="utf-8")) for path in (FILE, HOST_NETWORK)}


def test_every_service_has_a_health_check_few_rights_and_a_place_on_the_hosts_network() -> None:
    files = documents()
    services = files[FILE.name]["services"]
    assert set(files[HOST_NETWORK.name]["services"]) == set(services)
    for name, service in services.items():
        assert "test" in service["healthcheck"] or name == "scenarios"
        if name != "kafka":
            assert (service["cap_drop"], service["image"]) == (["ALL"], "${HARNESS_IMAGE:-cloudserver-harness}")
        published = service.get("ports", [])
        assert all(port.startswith("${PUBLISH_ON:-127.0.0.1}:") for port in published)
        assert bool(published) == ("ports" in files[HOST_NETWORK.name]["services"][name])


def test_ports_are_variables_everywhere() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert set(PORTS) <= set(re.findall(r"\$\{([A-Z_]+):-\d+\}", text))
    assert re.findall(r"[a-z]:\d{4}", text) == []


def test_the_default_images_are_public_and_of_the_kafka_that_is_tested() -> None:
    text = FILE.read_text(encoding="utf-8")
    version = re.search("<kafka.version>(.*)</kafka.version>", (ROOT / "ci/kafka/pom.xml").read_text(encoding="utf-8"))
    assert version is not None
    assert {"HARNESS_IMAGE": "cloudserver-harness", "KAFKA_IMAGE": f"apache/kafka:{version[1]}"} == IMAGES
    for variable, image in IMAGES.items():
        assert f"${{{variable}:-{image}}}" in text
    python = re.search(r"^ARG PYTHON_IMAGE=(.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert python is not None
    assert f"${{PYTHON_IMAGE:-{python[1]}}}" in text
