"""docs/engine.md lists every metric, as it is."""

from __future__ import annotations

import re
from pathlib import Path

from harness.engine.metrics.catalogue import Definition, catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")


def row(one: Definition) -> str:
    buckets = f"; buckets {', '.join(f'{bound:.15g}' for bound in one.buckets)}" if one.buckets else ""
    labels = ", ".join(one.labels)
    return f"| `{one.name}` | {one.kind} | {labels} | {one.text}{buckets} |"


def test_every_metric_has_its_row() -> None:
    rows = re.findall(r"^\| `s3_\w+` \|.*$", PAGE, re.MULTILINE)
    # the buckets of replay_count go by the configuration: there are none configured here
    assert rows == [row(one) for one in catalogue()]
