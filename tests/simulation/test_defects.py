"""The table of defects fits the code; simulations find a few of them always, and all of them on demand."""

from __future__ import annotations

import pytest
from defect_table import DEFECTS, Defect
from defects import PROJECT, Verdict, look_for, rows, with_defect, with_row

_QUICK = ("what was completed is not remembered",)


def named(defect: Defect) -> str:
    return defect.name


def test_there_are_enough_and_no_two_are_alike() -> None:
    assert len(DEFECTS) >= 20
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)


@pytest.mark.parametrize("defect", DEFECTS, ids=named)
def test_a_defect_has_its_place_and_is_python_still(defect: Defect) -> None:
    text = (PROJECT / defect.file).read_text(encoding="utf-8")
    changed = with_defect(text, defect)
    assert changed != text
    compile(changed, defect.file, "exec")


def test_the_table_names_every_defect_and_no_other() -> None:
    table = rows((PROJECT / "docs/simulation.md").read_text(encoding="utf-8"))
    assert list(table) == [defect.name for defect in DEFECTS]
    for defect in DEFECTS:
        assert table[defect.name].split("|")[2].strip() == f"`{defect.file}`"


def test_a_verdict_gets_its_row_and_the_others_stay() -> None:
    page = "before\n<!-- defects -->\n<!-- end of defects -->\nafter\n"
    found = Verdict(DEFECTS[1], 7, "order", 2, 3, True, 1.0, "", "", True, True)
    page = with_row(with_row(page, found), Verdict(DEFECTS[2], 0, "", 0, 0, False, 1.0, ""))
    table = rows(page)
    assert page.startswith("before\n")
    assert page.endswith("<!-- end of defects -->\nafter\n")
    assert "| 7 | order | 2 | fails | passes |" in table[DEFECTS[1].name]
    assert "| not found |" in table[DEFECTS[2].name]
    assert "| not run |" in table[DEFECTS[0].name]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("defect", [one for one in DEFECTS if one.name in _QUICK], ids=named)
def test_a_quick_defect_is_found_and_shrunk(defect: Defect) -> None:
    verdict = look_for(defect, seeds=30, shrink_runs=60)
    assert verdict.kind, verdict.told
    assert verdict.passes_without, verdict.told


@pytest.mark.defects
@pytest.mark.timeout(900)
@pytest.mark.parametrize("defect", DEFECTS, ids=named)
def test_a_defect_is_found_and_shrunk_to_a_few_calls(defect: Defect) -> None:
    verdict = look_for(defect)
    assert verdict.proven, verdict.told
