"""The README's own examples, executed."""

from __future__ import annotations

import io
import json
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.stack import Stack
from support.running import running

README = Path(__file__).parents[2] / "README.md"

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Gone with this module: its threads would get in the way of tests that come later in this process."""
    with Stack() as running:
        yield running


def block(language: str, containing: str) -> str:
    """The one fenced block of that language with that text in it."""
    found = re.findall(rf"```{language}\n(.*?)\n *```", README.read_text(encoding="utf-8"), re.DOTALL)
    (only,) = [text for text in found if containing in text]
    return textwrap.dedent(only)


def test_the_python_example_sees_pending_become_completed(stack: Stack) -> None:
    facts = stack.facts()
    code = block("python", "import boto3")
    code = code.replace("http://127.0.0.1:35979", facts["cloudserver"]["endpoint"])
    code = code.replace("http://127.0.0.1:34983", facts["aws"]["endpoint"])
    output = io.StringIO()
    with redirect_stdout(output):
        exec(compile(code, str(README), "exec"), {})
    *pending, completed, replica = output.getvalue().splitlines()
    assert set(pending) <= {"PENDING"}
    assert completed == "COMPLETED"
    assert replica.startswith("b'hello' {'scal-replication-status': 'REPLICA', 'scal-version-id': '")


def test_with_the_hook_boto3_deletes_several_objects(stack: Stack) -> None:
    facts = stack.facts()["cloudserver"]
    cloudserver = boto3.client(
        "s3",
        endpoint_url=facts["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=facts["access_key"],
        aws_secret_access_key=facts["secret_key"],
    )
    exec(block("python", "def content_md5"), {"cloudserver": cloudserver})
    cloudserver.create_bucket(Bucket="to-be-emptied")
    cloudserver.put_object(Bucket="to-be-emptied", Key="k", Body=b"")
    answer = cloudserver.delete_objects(Bucket="to-be-emptied", Delete={"Objects": [{"Key": "k"}]})
    assert answer["Deleted"] == [{"Key": "k"}]


def test_the_pytest_example_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(block("python", "def test_it_replicates"))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)


def test_the_scenario_is_a_scenario_and_passes(tmp_path: Path) -> None:
    file = tmp_path / "readme.yaml"
    file.write_text(block("yaml", "scenario:"), encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(file)])
    assert result.exit_code == 0, result.output
    assert "1 passed" in result.output


@contextmanager
def up(*arguments: str) -> Iterator[dict[str, Any]]:
    """What ``harness up --json`` says; Ctrl-C ends it."""
    with running("up", "--json", *arguments) as (_, facts):
        yield facts


def test_up_says_in_one_line_of_json_where_everything_is() -> None:
    with up() as facts:
        assert set(facts["cloudserver"]) == {"endpoint", "access_key", "secret_key"}
        assert set(facts["aws"]) == {"endpoint", "access_key", "secret_key", "bucket"}
        assert facts["kafka"]["bootstrap_servers"].startswith("127.0.0.1:")
        assert facts["engine"]["state"] == "running"


def test_up_without_an_engine() -> None:
    with up("--no-engine", "--dialect", "release") as facts:
        assert facts["engine"]["state"] == "off"


def test_up_with_a_folder_that_lacks_a_file_says_which(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["up", "--config", str(tmp_path)])
    assert result.exit_code == 2
    assert "has no config.json; a folder with config.json, locationConfig.json and authdata.json is needed" in (
        result.output
    )


def test_up_with_a_typo_in_a_file_ends_with_cloudservers_own_words(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "authdata.json").write_text('{"accounts": []}')
    location = {"us-east-1": {"type": "memory", "objectId": "us-east-1", "legacyAwsBehavior": True, "details": {}}}
    (tmp_path / "locationConfig.json").write_text(json.dumps(location))
    result = CliRunner().invoke(main, ["up", "--config", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.strip() == (
        "bad config: locationConstraints[region].type must be one of "
        "mem,file,scality,mongodb,dmf,azure_archive,aws_s3,azure,gcp,pfs,dmf,azure_archive"
    )
