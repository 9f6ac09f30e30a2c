"""docs/engine.md says what the engine reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harness.engine.checkpoints import NAMES
from harness.engine.settings import EngineSettings

PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")


def test_the_example_is_read(tmp_path: Path) -> None:
    example, *_ = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "engine.json"
    file.write_text(example, encoding="utf-8")
    settings = EngineSettings.load(file)
    assert settings.source.url == "http://127.0.0.1:8000"
    assert settings.dialect == "release"


def test_the_defaults_are_those_of_the_table(tmp_path: Path) -> None:
    example, *_ = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    settings = EngineSettings.model_validate({**json.loads(example), "dialect": "design"})
    assert f"| `queueProcessor.concurrency` | {settings.queue_processor.concurrency} |" in PAGE
    assert f"| `queueProcessor.mpuPartsConcurrency` | {settings.queue_processor.mpu_parts_concurrency} |" in PAGE
    assert f"| `queueProcessor.minMPUSizeMB` | {settings.queue_processor.min_mpu_size_mb:g} |" in PAGE
    assert f"| `queuePopulator.positionTopic` | `{settings.queue_populator.position_topic}` |" in PAGE
    assert f"| `kafka.partitions`, `kafka.replicationFactor` | {settings.kafka.partitions}, the broker's |" in PAGE


def test_every_point_to_kill_at_is_named() -> None:
    assert [name for name in NAMES if f"`{name}`" not in PAGE] == []
