"""The examples of CI pipelines in ci/examples: what they say is possible, and what they run does what they say."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from harness.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "ci/examples"
INSTALL = "pip install cloudserver-harness"
FAILING = """scenario: a bucket that nobody made is there
steps:
  - head_bucket: {Bucket: nobody-made-this-one}
"""


def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load((EXAMPLES / name).read_text(encoding="utf-8"))
    return loaded


def github() -> list[str]:
    """The scripts of its steps, in order."""
    return [step["run"] for step in document("github-actions.yml")["jobs"]["scenarios"]["steps"] if "run" in step]


def gitlab() -> list[str]:
    commands: list[str] = document("gitlab-ci.yml")["replication-scenarios"]["script"]
    return commands


SCRIPTS: dict[str, Callable[[], list[str]]] = {"github-actions.yml": github, "gitlab-ci.yml": gitlab}
each_example = pytest.mark.parametrize("name", sorted(SCRIPTS))


def options(command: str) -> dict[str, str]:
    """The options of a ``harness`` command, by name."""
    words = shlex.split(command.replace("\\\n", " "))
    return {word: words[index + 1] for index, word in enumerate(words) if word.startswith("--")}


def test_there_is_a_test_for_every_example() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(SCRIPTS)


@each_example
def test_it_installs_checks_runs_and_writes_what_it_keeps_with_options_that_exist(name: str) -> None:
    install, check, run = SCRIPTS[name]()
    assert (install, check) == (INSTALL, "harness check scenarios")
    run_command = main.get_command(click.Context(main), "run")
    assert run_command is not None
    known = {option for parameter in run_command.params for option in parameter.opts}
    written = options(run)
    assert {"--junit", "--html", "--record", "--annotations"} <= set(written) <= known
    assert all(Path(written[name]).parent == Path("reports") for name in ("--junit", "--html", "--record"))


def test_github_keeps_the_folder_whatever_happened() -> None:
    steps = document("github-actions.yml")["jobs"]["scenarios"]["steps"]
    (kept,) = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert (kept["if"], kept["with"]["path"]) == ("always()", "reports")
    assert True not in document("github-actions.yml")  # YAML 1.1 would take `on` for a truth value


def test_gitlab_keeps_the_folder_whatever_happened_and_shows_results() -> None:
    kept, written = document("gitlab-ci.yml")["replication-scenarios"]["artifacts"], options(gitlab()[-1])
    assert (kept["when"], kept["paths"]) == ("always", ["reports"])
    assert kept["reports"] == {
        "junit": written["--junit"],
        "codequality": written["--annotations"].removeprefix("gitlab:"),
    }


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(900)
@each_example
def test_its_commands_run_and_leave_what_it_keeps(name: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    shutil.copytree(ROOT / "scenarios/put-bucket-replication", tmp_path / "scenarios")
    (tmp_path / "scenarios/failing.yaml").write_text(FAILING, encoding="utf-8")
    environ = {**os.environ, "PATH": f"{tmp_path / 'python/bin'}:{os.environ['PATH']}", "CI": "true"}
    said = []
    for published in SCRIPTS[name]():
        script = published.replace(INSTALL, f"pip install --quiet {shlex.quote(str(ROOT))}")
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )
        said.append((done.returncode, done.stdout + done.stderr))
    assert [status for status, _ in said] == [0, 0, 1], said
    reports = tmp_path / "reports"
    suite = ET.parse(reports / "junit.xml").getroot().iter("testsuite")
    (counts,) = [(int(one.attrib["tests"]), int(one.attrib["failures"]), int(one.attrib["errors"])) for one in suite]
    assert counts[0] > 20
    assert counts[1:] == (1, 0)
    assert "a bucket that nobody made is there" in (reports / "scenarios.html").read_text(encoding="utf-8")
    assert len(list((reports / "tapes").iterdir())) == 1
    if name == "gitlab-ci.yml":
        (problem,) = json.loads((reports / "quality.json").read_text(encoding="utf-8"))
        assert problem["location"]["path"] == "scenarios/failing.yaml"
    else:
        assert "::error file=scenarios/failing.yaml" in said[-1][1]
