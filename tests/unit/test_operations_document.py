"""``docs/s3-operations.md`` shows what the fake answers to every operation of botocore's S3 model."""

from __future__ import annotations

from support.s3_operations import DOCUMENT, INTRODUCTION, Walk

HOW = "write it anew: cd tests && python -m support.s3_operations"


def test_the_table_is_what_the_fake_answers() -> None:
    text = DOCUMENT.read_text()
    assert text.startswith(INTRODUCTION), HOW
    shown = {line.split(" | ")[0]: line for line in text.removeprefix(INTRODUCTION).splitlines()}
    walk = Walk()
    for name in walk.operations():  # an older model may lack what the document shows
        assert shown.get(f"| {name}") == str(walk.row(name)), HOW
    assert len(shown) == len(text.removeprefix(INTRODUCTION).splitlines())


def test_what_works_and_what_does_not() -> None:
    """The three ways in which CloudServer answers what it has not got are the only ones."""
    for line in DOCUMENT.read_text().removeprefix(INTRODUCTION).splitlines():
        _, operation, _, verdict, answer, _ = (cell.strip() for cell in line.split("|"))
        if verdict == "works":
            assert answer in {"200", "204"} or operation == "RestoreObject"
        elif verdict == "not implemented":
            assert answer == "501 `NotImplemented`"
        else:
            assert verdict == "refused" or verdict.startswith("taken for `")
