"""How rules are written, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.faults.description import EFFECTS, RULE, load_file, load_text, to_rule
from harness.faults.rules import Effect, FaultRule, S3Failure


@pytest.mark.parametrize(
    ("written", "effect"),
    [
        ({"error": "SlowDown"}, Effect(error=S3Failure(503, "SlowDown", "a fault on purpose"))),
        ({"error": 502}, Effect(error=S3Failure(502))),
        (
            {"error": {"Code": "Strange", "Status": 418, "Message": "tea"}},
            Effect(error=S3Failure(418, "Strange", "tea")),
        ),
        ({"error": {"Code": "AccessDenied"}}, Effect(error=S3Failure(403, "AccessDenied", "a fault on purpose"))),
        ({"delay": "250ms"}, Effect(delay=0.25)),
        ({"stall": "2s"}, Effect(stall=2.0)),
        ({"reset": "after"}, Effect(reset="after")),
        ({"truncate": "1KiB"}, Effect(truncate=1024)),
        ({"truncate": 0}, Effect(truncate=0)),
        ({"corrupt": True}, Effect(corrupt=True)),
    ],
)
def test_effect(written: dict[str, Any], effect: Effect) -> None:
    assert to_rule({"site": "aws", **written}).effect == effect


def test_matchers_are_taken_over() -> None:
    written = {"site": "cloudserver", "operation": "metadata:put", "bucket": "b*", "key": "k", "method": "PUT"}
    counts = {"after": 1, "times": 2, "probability": 0.5}
    rule = to_rule({**written, **counts, "error": 500})
    assert rule == FaultRule(
        Effect(error=S3Failure(500)), **written, **counts, text="error: 500, after: 1, times: 2, probability: 0.5"
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({}, "a fault has one effect of error, delay"),
        ({"error": "SlowDown", "delay": "1s"}, "here is error and delay"),
        ({"corrupt": False}, "here is none"),
        ({"errror": "SlowDown"}, "unknown member of fault 'errror'; did you mean error?"),
        ({"error": "SlowDwn"}, "'SlowDwn' needs a Status: {Code: SlowDwn, Status: 500}; or did you mean SlowDown?"),
        ({"error": 200}, "200 is no HTTP status of an error"),
        ({"error": True}, "is a code, an HTTP status"),
        ({"error": {"Code": "X", "Status": 99}}, "99 is no HTTP status"),
        ({"error": {"Code": "X"}}, "needs a Status"),
        ({"error": {"Cod": "X", "Status": 500}}, "did you mean Code?"),
        ({"error": "SlowDown", "operation": "PutObjct"}, "unknown operation 'PutObjct'; did you mean PutObject?"),
        ({"reset": "befor"}, "did you mean before?"),
        ({"delay": "long"}, "a duration such as 10s"),
        ({"delay": "2h"}, "at most an hour"),
        ({"truncate": "much"}, "'much' is no size"),
        ({"error": "SlowDown", "times": -1}, "fault.times is from 0"),
        ({"error": "SlowDown", "probability": 2}, "fault.probability is from 0 to 1"),
        ({"kill": True}, "kill does not go with site aws"),
        ({"duplicate": 1}, "duplicate does not go with site aws"),
        ({"site": "kafka", "error": "SlowDown"}, "possible are duplicate, delay"),
        ({"site": "kafka", "duplicate": 1, "operation": "Produced"}, "did you mean Produce?"),
        ({"site": "engine", "kill": True, "operation": "processor.copid"}, "did you mean processor.copied?"),
    ],
)
def test_a_wrong_rule_is_told_in_one_line(written: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        to_rule({"site": "aws", **written})
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_names_the_line_of_everything_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("faults:\n  - {site: aws, error: SlowDown}\n  - {site: aws, eror: SlowDown}\n  - {site: aws}\n")
    with pytest.raises(UsageError) as caught:
        load_file(file)
    lines = str(caught.value).splitlines()
    assert [line.split(": ", 1)[0] for line in lines] == [f"{file}:3", f"{file}:4"]


@pytest.mark.parametrize(
    "text",
    [
        "faults: [{site: aws, error: SlowDown}]",
        "[{site: aws, error: SlowDown}]",
        "{site: aws, error: SlowDown}",
        '{"faults": [{"site": "aws", "error": "SlowDown"}]}',
    ],
)
def test_one_rule_a_list_and_a_file_are_read_alike(text: str) -> None:
    assert load_text(text, "request") == [{"site": "aws", "error": "SlowDown"}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "request:1: is empty"),
        ("word", "a faults file is a mapping"),
        ("a: &x [1]\nb: *x", "request:1"),
        ("[" * 100, "request:1"),
        ("fault: []", "did you mean faults?"),
        ("faults: 3", "is a list, not 3"),
        ("[" + "{site: aws, error: 500}," * 1001 + "]", "at most 1000 are allowed"),
    ],
)
def test_a_hostile_or_empty_text_gives_a_line(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_text(text, "request")
    assert told in str(caught.value)


def test_every_effect_is_described() -> None:
    assert set(EFFECTS) <= set(RULE.members)
    assert all(member.about for member in RULE.members.values())
