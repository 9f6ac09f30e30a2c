"""The health check of containers, and what ``harness up --docker`` says without Docker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from fake_cloudserver import serving
from harness.cli import main
from harness.containers.health import problems
from harness.engine_process import _write
from harness.listening import is_wildcard, reached

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def answering(**statuses: str) -> Application:
    """Answers each path, without its slashes, with its status; 404 to others."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status = statuses.get(environ["PATH_INFO"].replace("/", ""), "404 Not Found")
        start_response(status, [("Content-Length", "4")])
        return [b"body"]

    return app


def test_what_answers_is_well_unless_it_answers_that_it_is_broken() -> None:
    with serving(answering(fine="200 OK", private="403 Forbidden", broken="500 Internal Server Error")) as server:
        assert list(problems([f"{server.url}/fine", f"{server.url}/private"])) == []
        assert list(problems([f"{server.url}/broken"])) == [f"{server.url}/broken: 500 body"]
    (said,) = problems([f"{server.url}/fine"])
    assert "refused" in said


def test_an_engine_is_as_well_as_all_its_probe_servers(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    (said,) = problems([str(file)])
    assert "No such file" in said
    with serving(answering(_ready="200 OK")) as well, serving(answering(_ready="500 Internal Server Error")) as ill:
        _write(file, {"engine": "running", "populator_probes": well.url, "api": ill.url})
        assert list(problems([str(file)])) == []
        _write(file, {"engine": "running", "populator_probes": well.url, "status_probes": ill.url})
        assert list(problems([str(file)])) == [f"{ill.url}/_/ready: 500 body"]
    assert json.loads(file.read_text(encoding="utf-8"))["engine"] == "running"
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_tells_by_its_status() -> None:
    command = [sys.executable, "-m", "harness.containers.health"]
    with serving(answering(fine="200 OK")) as server:
        assert subprocess.run([*command, f"{server.url}/fine"], check=False, timeout=60).returncode == 0
    done = subprocess.run([*command, f"{server.url}/fine"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert server.url in done.stderr


def test_without_a_docker_engine_one_line_says_so(tmp_path: Path) -> None:
    environ = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/nobody"}
    command = [sys.executable, "-m", "harness.cli", "up", "--docker"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("harness: no Docker engine answers (")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--kafka", "127.0.0.1:1"],
        ["--config", "."],
        ["--data", "d"],
        ["--host", "127.0.0.2"],
        ["--target", "lyon"],
        ["--api-port", "1"],
        ["--record", "x.tape"],
        ["--faults", "f.yaml"],
    ],
)
def test_what_containers_do_not_have_is_refused(arguments: list[str]) -> None:
    command = main.get_command(click.Context(main), "up")
    assert command is not None
    result = CliRunner().invoke(command, ["--docker", *arguments])
    assert result.exit_code != 0
    said = result.output + str(result.exception)
    assert "--docker does not go with" in said
    assert arguments[0] in said


def test_a_wildcard_is_reached_on_the_loopback_interface() -> None:
    assert [reached(host) for host in ("0.0.0.0", "::", "198.18.0.1")] == ["127.0.0.1", "127.0.0.1", "198.18.0.1"]
    assert not is_wildcard("127.0.0.1")
