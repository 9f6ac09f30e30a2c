"""The guides' own files and commands, executed, page by page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


def follow(page: str, folder: Path) -> str:
    """Make the files of a page, then do what its ``bash`` blocks do, as one script; what that printed."""
    commands = []
    for language, title, text in BLOCK.findall((GUIDES / page).read_text(encoding="utf-8")):
        if title:
            file = folder / title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif language == "bash":
            commands.append(text)
    assert commands
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = ["bash", "-euo", "pipefail", "-c", "\n".join(commands)]
    done = subprocess.run(script, cwd=folder, env=environ, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.kafka
def test_scenarios_in_ci(tmp_path: Path) -> None:
    assert "1 passed" in follow("ci.md", tmp_path)
    assert 'failures="0"' in (tmp_path / "report.xml").read_text()
    assert (tmp_path / "report.html").stat().st_size > 0
    # nothing failed, nothing is left to look at
    assert not list(tmp_path.glob("tapes/*"))


@pytest.mark.kafka
def test_develop_offline(tmp_path: Path) -> None:
    assert follow("offline.md", tmp_path).split() == ["meow"]
    assert (tmp_path / "stack" / "LAYOUT").exists()


@pytest.mark.kafka
def test_a_bug_from_a_recording(tmp_path: Path) -> None:
    printed = follow("recording.md", tmp_path)
    assert "failed with 1" in printed
    assert len(list(tmp_path.glob("tapes/*.tape"))) == 1


def test_every_guide_is_followed() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [page.name for page in GUIDES.iterdir() if f'follow("{page.name}"' not in source] == []
