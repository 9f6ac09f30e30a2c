"""The table of mutations fits the code; on demand (``-m mutations``), every one of them is noticed by a scenario."""

from __future__ import annotations

import pytest
from mutants import PROJECT, mutated, run
from mutation_table import MUTATIONS, Mutation

_LEAST = 40


def named(mutation: Mutation) -> str:
    return mutation.name


def test_there_are_enough_and_no_two_are_alike() -> None:
    assert len(MUTATIONS) >= _LEAST
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)
    assert len({(mutation.file, mutation.old, mutation.new) for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=named)
def test_a_mutation_has_its_place_and_is_python_still(mutation: Mutation) -> None:
    text = (PROJECT / mutation.file).read_text(encoding="utf-8")
    changed = mutated(text, mutation)
    assert changed != text
    compile(changed, mutation.file, "exec")
    for scenario in mutation.scenarios:
        assert (PROJECT / "scenarios" / scenario).exists(), scenario


@pytest.mark.mutations
@pytest.mark.timeout(400)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=named)
def test_a_mutation_is_noticed(mutation: Mutation) -> None:
    verdict = run(mutation, timeout=300)
    assert verdict.caught, verdict.told
