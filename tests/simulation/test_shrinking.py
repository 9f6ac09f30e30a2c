"""What fails is made smaller, and fails in the same way still."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from harness.simulation.clients import UNIQUE
from harness.simulation.planning import script_of
from harness.simulation.script import Call, Fault, Script, Step
from harness.simulation.shrinking import Shrinker, minimised


@given(st.sets(st.integers(0, 40), max_size=5))
def test_only_what_is_needed_is_left(needed: set[int]) -> None:
    assert set(minimised(range(41), lambda left: needed <= set(left))) == needed


@given(st.integers(1, 10), st.integers(10, 40))
def test_nothing_can_be_left_out_of_what_is_left(least: int, most: int) -> None:
    def fails(left: Sequence[int]) -> bool:
        return len(left) >= least

    assert len(minimised(range(most), fails)) == least


def broken_by_a_second_put(script: Script) -> str:
    """As if an engine failed at any key that is put twice after a kill."""
    killed, put = False, set()
    for item in script.items:
        if isinstance(item, Fault) and item.rule.get("kill"):
            killed = True
        if isinstance(item, Call) and item.kind == "put":
            if killed and item.key in put:
                return "lost copy"
            put.add(item.key)
    return ""


def test_a_script_is_shrunk_to_the_calls_and_faults_that_matter() -> None:
    script = next(one for one in map(script_of, range(1, 50)) if broken_by_a_second_put(one))
    shrinker = Shrinker(broken_by_a_second_put)
    shrunk = shrinker.shrink(script)
    assert broken_by_a_second_put(shrunk) == "lost copy"
    assert all(call.size <= UNIQUE for call in shrunk.calls)
    assert len(shrunk.calls) == 2
    assert len(shrunk.items) == 3
    assert not any(isinstance(item, Step) for item in shrunk.items)
    assert (shrunk.engines, shrunk.multipart, shrunk.patient) == (1, False, True)


def test_shrinking_ends_when_it_may_run_no_more() -> None:
    script = next(one for one in map(script_of, range(1, 50)) if broken_by_a_second_put(one))
    shrinker = Shrinker(broken_by_a_second_put, limit=7)
    assert broken_by_a_second_put(shrinker.shrink(script)) == "lost copy"
    assert shrinker.runs == 7
