"""Tapes of simulations: the same byte for byte, read back to the letter, replayed exactly, shrunk, and printed."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import main
from harness.engine.recent import RecentlyCompleted
from harness.errors import UsageError
from harness.scenario.loader import load_text
from harness.simulation.from_tape import script_of_tape
from harness.simulation.planning import script_of
from harness.simulation.script import Call, Fault, Script, Step, Wait
from harness.simulation.world import simulate, taped
from harness.tape.format import parse
from harness.tape.happenings import first_difference

TWICE = Fault({"site": "kafka", "operation": "Produce", "bucket": "backbeat-replication", "duplicate": 1, "times": 1})


def said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["tape", *map(str, arguments)])


def written(path: Path, script: Script) -> Path:
    path.write_text(taped(script)[1], encoding="utf-8")
    return path


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_same_seed_gives_the_same_tape_byte_for_byte(seed: int) -> None:
    script = script_of(seed, objects=5)
    first, second = (taped(script)[1] for _ in range(2))
    assert first == second
    named = [
        dataclasses.replace(item, engine=item.engine % script.engines) if isinstance(item, Step) else item
        for item in script.items
    ]
    assert script_of_tape(parse(first)).script == script.with_items(named)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_seeds_give_the_same_tapes_byte_for_byte() -> None:
    for seed in range(1, 201):
        script = script_of(seed, objects=5)
        first, second = (taped(script)[1] for _ in range(2))
        assert first == second, f"seed {seed}"


def test_recording_changes_nothing() -> None:
    script = script_of(6, objects=4)
    assert taped(script)[0].trace.text() == simulate(script).trace.text()


def test_a_tape_of_a_simulation_holds_no_secret() -> None:
    text = taped(script_of(7, objects=4))[1]
    assert not re.search("verySecretKey|replicationSecret|Signature|AWS4-HMAC|[Aa]uthorization", text)


def test_a_replay_is_compared_to_the_last_event(tmp_path: Path) -> None:
    path = written(tmp_path / "good.tape", script_of(3, objects=3))
    result = said("replay", path)
    assert result.exit_code == 0, result.output
    assert "all as recorded" in result.output
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if json.loads(line).get("k") == "commit")
    event = json.loads(lines[place])
    event["offsets"] = dict.fromkeys(event["offsets"], 77)
    lines[place] = json.dumps(event) + "\n"
    other = tmp_path / "other.tape"
    other.write_text("".join(lines), encoding="utf-8")
    result = said("replay", other)
    assert result.exit_code == 1
    assert f"event {event['n']} is another one:\n  offsets: recorded" in result.output
    assert f"> {event['n']} " in result.output


def test_a_tape_that_was_cut_short_is_compared_as_far_as_it_goes() -> None:
    whole = taped(script_of(3, objects=2))[1]
    tape = parse(whole)
    cut = parse(whole[: len(whole) // 2])
    assert cut.cut_short
    assert first_difference(cut, tape) is None
    longer = dataclasses.replace(tape, events=tape.events[:-2])
    assert first_difference(tape, longer) == (
        tape.events[-2].n,
        f"event {tape.events[-2].n}: recorded, and here it was over; 2 events are missing",
    )
    number, line = first_difference(longer, tape) or (0, "")
    assert number is None
    assert line.startswith("2 events more here")


def test_a_tape_is_shrunk_and_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tuple(Call("put", f"k{number}", number, 40) for number in range(1, 5))
    script = Script(1, "release", (*calls[:2], Step(0), Wait(5), TWICE, *calls[2:], Step(1, 2)))
    path = written(tmp_path / "bug.tape", script)
    result = said("shrink", path)
    assert result.exit_code == 1
    assert result.output.strip() == "nothing goes wrong when its 4 calls are made again"
    monkeypatch.setattr(RecentlyCompleted, "knows", lambda *_: False)
    result = said("shrink", path)
    assert result.exit_code == 0, result.output
    assert "extra copy: 1 calls of 4" in result.output
    small = parse((tmp_path / "bug.small.tape").read_text(encoding="utf-8"))
    assert len(script_of_tape(small).script.calls) == 1
    printed = said("scenario", tmp_path / "bug.small.tape", "--title", "sent twice")
    assert printed.exit_code == 0
    scenario = load_text(printed.output)
    assert scenario.title == "sent twice"
    assert [step.verb for step in scenario.steps].count("put_object") == 1


def exchange(n: int, method: str, path: str, query: str = "", **headers: str) -> str:
    request = {"method": method, "path": path} | ({"query": query} if query else {})
    if method == "PUT" and not query:
        request["body"] = {"sha256": "0" * 64, "length": 30}  # type: ignore[assignment]
    given = [[name.replace("_", "-"), value] for name, value in headers.items()]
    event = {"n": n, "k": "http", "at": "cloudserver", "req": request, "res": {"status": 200, "headers": given}}
    return json.dumps(event)


def test_a_tape_of_real_time_is_a_script_as_far_as_a_simulation_has_words() -> None:
    lines = [
        json.dumps({"tape": 1, "about": "real", "dialect": "release", "sites": {"cloudserver": "cloudserver"}}),
        exchange(1, "PUT", "/b"),
        exchange(2, "PUT", "/b/k", x_amz_version_id="<version:1>"),
        exchange(3, "PUT", "/b/k", x_amz_version_id="<version:2>"),
        json.dumps({"n": 4, "k": "rule", "do": "set", "name": "fault-1", "rule": dict(TWICE.rule)}),
        exchange(5, "PUT", "/b/k", "tagging&versionId=<version:1>"),
        json.dumps({"n": 6, "k": "clock", "seconds": 60}),
        exchange(7, "DELETE", "/b/k"),
        exchange(8, "GET", "/b/k"),
    ]
    read = script_of_tape(parse("\n".join([*lines, ""])))
    assert (read.exact, read.left_out) == (False, 1)
    assert read.script.dialect == "release"
    assert [item for item in read.script.items if not isinstance(item, Step) and item != Wait(0.1)] == [
        Call("put", "b/k", 1, 30),
        Call("put", "b/k", 2, 30),
        TWICE,
        Call("tag", "b/k", 3, back=1),
        Wait(60),
        Call("delete", "b/k", 4),
    ]


def test_a_tape_without_calls_is_refused_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "empty.tape"
    path.write_text('{"tape":1,"about":"nothing","sites":{"cloudserver":"cloudserver"}}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="no client's call that a simulation could make"):
        script_of_tape(parse(path.read_text(encoding="utf-8")))
    for command in ("shrink", "scenario"):
        assert said(command, path).exit_code == 2


@pytest.mark.parametrize("twins", ['{"engines":99}', '{"engines":"2"}', "[]", '{"wings":2}'])
def test_hostile_twins_are_refused(twins: str) -> None:
    text = f'{{"tape":1,"about":"x","sites":{{"cloudserver":"cloudserver"}},"twins":{twins}}}\n'
    with pytest.raises(Exception, match="line 1: twins"):
        parse(text)
