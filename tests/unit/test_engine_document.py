"""docs/engine.md says what the engine reads."""

from __future__ import annotations

import json
import re
import typing
from pathlib import Path

from harness.engine.checkpoints import NAMES
from harness.engine.roles import PARTS
from harness.engine.settings import ConsumerLagProbe, EngineSettings, NoopProbe, PrometheusProbe
from support.settings_leaves import leaves

PROBES = (NoopProbe, PrometheusProbe, ConsumerLagProbe)
PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")


def test_the_example_is_read(tmp_path: Path) -> None:
    example, *_ = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "engine.json"
    file.write_text(example, encoding="utf-8")
    settings = EngineSettings.load(file)
    assert settings.source.url == "http://127.0.0.1:8000"
    assert settings.dialect == "release"


def test_the_other_examples_go_with_it() -> None:
    first, *others = [json.loads(example) for example in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    assert others
    for example in others:
        assert EngineSettings.model_validate(first | example).destination is not None


def test_every_setting_is_listed_with_its_default() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| .*\|$", PAGE, re.MULTILINE)
    listed = dict(row for row in rows if row[0] in dict(leaves(EngineSettings)))
    assert listed == dict(leaves(EngineSettings))


def test_every_role_and_every_probe_of_a_circuit_breaker_is_listed() -> None:
    kinds = [typing.get_args(probe.model_fields["type"].annotation)[0] for probe in PROBES]
    assert [name for name in [*PARTS, *kinds] if f"\n| `{name}` | " not in PAGE] == []


def test_every_point_to_kill_at_is_named() -> None:
    assert [name for name in NAMES if f"`{name}`" not in PAGE] == []
