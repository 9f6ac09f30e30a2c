"""Two processors on two machines, as far as the network can tell: separate namespaces, own addresses, one topic."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from apache_kafka import Unavailable, artifacts

from namespaces.machines import in_a_network_of_its_own, missing

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent

pytestmark = [pytest.mark.namespaces, pytest.mark.timeout(600)]


@pytest.fixture(scope="session", autouse=True)
def _namespaces() -> None:
    reason = missing()
    if reason:
        pytest.skip(reason)


@pytest.mark.parametrize("kafka", ["embedded", "apache"])
@pytest.mark.parametrize("loss", ["killed", "unplugged"])
def test_the_other_processor_goes_on_and_nothing_is_lost_or_twice(loss: str, kafka: str) -> None:
    if kafka == "apache":
        try:
            artifacts()
        except Unavailable as reason:
            pytest.skip(str(reason))
    command = in_a_network_of_its_own([sys.executable, "-m", "namespaces.two_processors", loss, kafka])
    paths = os.pathsep.join(str(path) for path in (ROOT, TESTS, ROOT / "ci/kafka"))
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=540, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout.splitlines()[-1])
    print(result)  # noqa: T201  (figures for whoever asks for them with -s)
    assert min(result["copies"]) > 0
    assert result["survived"], result
    assert result["back"] is (True if loss == "unplugged" else None)
    assert (result["left"], set(result["statuses"]), result["wrong"]) == ("", {"COMPLETED"}, [])
