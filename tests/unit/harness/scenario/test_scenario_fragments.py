"""Steps from other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ScenarioError
from harness.scenario.loader import find_files, load_file


def write(path: Path, *steps: str, head: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + "steps:\n" + "".join(f"  - {step}\n" for step in steps))
    return path


def scenario(folder: Path, *steps: str) -> Path:
    return write(folder / "s.yaml", *steps, head="scenario: s\nbuckets: {src: {}}\n")


def wrong(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_file(path)
    return str(caught.value)


def test_steps_are_taken_in_place_with_their_own_lines(tmp_path: Path) -> None:
    write(
        tmp_path / "_put.yaml",
        "put_object: {Bucket: src, Key: k}\n    save: {version: VersionId}",
        "use: more/_wait.yaml",
    )
    write(tmp_path / "more/_wait.yaml", "settle", head="about: waits\n")
    steps = load_file(
        scenario(tmp_path, "list_buckets", "use: _put.yaml", "head_object: {Bucket: src, Key: k, VersionId: $version}")
    ).steps
    assert [step.verb for step in steps] == ["list_buckets", "put_object", "settle", "head_object"]
    assert [f"{Path(step.place.file).name}:{step.place.line}" for step in steps] == [
        "s.yaml:4", "_put.yaml:2", "_wait.yaml:3", "s.yaml:6",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../_x.yaml", "'../_x.yaml' leaves the folder of the scenario"),
        ("/etc/_x.yaml", "'/etc/_x.yaml' leaves the folder of the scenario"),
        ("a/../../_x.yaml", "leaves the folder of the scenario"),
        ("link/_x.yaml", "leaves the folder of the scenario"),
        ("other.yaml", "'other.yaml' is no file of steps: their names begin with _"),
        ("_none.yaml", "_none.yaml: cannot be read: No such file"),
        ("5", "a path such as _steps.yaml is needed, not 5"),
        ("[a]", "a path such as _steps.yaml is needed, not a list"),
        ("_broken.yaml", "_broken.yaml:1: is no YAML"),
        ("_deep.yaml", "use is nested more than 4 deep"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path: Path, path: str, words: str) -> None:
    folder = tmp_path / "in"
    write(tmp_path / "_x.yaml", "settle")
    write(folder / "_deep.yaml", "use: _deep.yaml")
    (folder / "_broken.yaml").write_text("{")
    (folder / "link").symlink_to(tmp_path)
    told = wrong(scenario(folder, f"use: {path}"))
    assert words in told
    assert "\n" not in told


def test_what_is_wrong_in_the_other_file_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path / "_x.yaml", "settle", "setle: {}")
    assert wrong(scenario(tmp_path, "use: _x.yaml")).startswith(f"{tmp_path}/_x.yaml:3: unknown verb 'setle'")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[settle]", "a file to use is a mapping, not a list"),
        ("step: []", "did you mean steps?"),
        ("about: x", "needs steps"),
    ],
)
def test_a_file_to_use_has_steps_and_nothing_else(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "_x.yaml").write_text(content)
    assert words in wrong(scenario(tmp_path, "settle", "use: _x.yaml"))


def test_use_stands_alone(tmp_path: Path) -> None:
    write(tmp_path / "_x.yaml", "settle")
    assert "use stands alone; here is expect beside it" in wrong(scenario(tmp_path, "use: _x.yaml\n    expect: {a: 1}"))


def test_files_to_use_are_no_scenarios(tmp_path: Path) -> None:
    write(tmp_path / "_x.yaml", "settle")
    file = scenario(tmp_path, "use: _x.yaml")
    assert find_files([tmp_path]) == [file]


def test_files_that_use_each_other_many_times_are_refused(tmp_path: Path) -> None:
    for name, other in (("_a", "_b"), ("_b", "_c"), ("_c", "_d")):
        write(tmp_path / f"{name}.yaml", *[f"use: {other}.yaml"] * 50)
    (tmp_path / "_d.yaml").write_text("steps: []")
    told = wrong(scenario(tmp_path, *["use: _a.yaml"] * 50))
    assert told.endswith("use stands more than 100 times in one scenario")
