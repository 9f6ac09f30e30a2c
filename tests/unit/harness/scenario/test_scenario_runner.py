"""Runs from beginning to end on a target of dictionaries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import EndpointConnectionError
from scenario_target import FakeTarget, client_error, message, record

from harness.errors import StackError
from harness.queue.base import QueueError
from harness.scenario.loader import load_text
from harness.scenario.results import Outcome, Result
from harness.scenario.runner import is_older, run_scenario
from harness.scenario.target import Unsupported


def run(
    steps: str, target: FakeTarget | None = None, *, head: str = "", tail: str = "", buckets: str = "{src: {}}"
) -> Result:
    indented = "".join(f"  {line}\n" for line in steps.splitlines())
    text = f"scenario: s\nbuckets: {buckets}\n{head}steps:\n{indented}{tail}"
    return run_scenario(load_text(text, "s.yaml").runs()[0], target or FakeTarget(), seed=7)


def passed(steps: str, target: FakeTarget | None = None, *, head: str = "", tail: str = "") -> None:
    result = run(steps, target, head=head, tail=tail)
    assert result.outcome is Outcome.PASSED, result.failure and result.failure.lines()


def reasons(result: Result) -> str:
    assert result.failure is not None, result.outcome
    return "\n".join(result.failure.reasons)


def test_a_run_that_passes() -> None:
    target = FakeTarget()
    target.after(2.0)
    result = run(
        "- put_object: {Bucket: src, Key: k, Body: hello}\n"
        "  save: {version: VersionId}\n"
        "- head_object: {Bucket: src, Key: k}\n"
        "  eventually: 10s\n"
        "  expect: {ReplicationStatus: COMPLETED}\n"
        "- get_object: {Bucket: src, Key: k}\n"
        "  expect: {Body: hello, BodySize: 5, BodySHA256: {same_as: hello}, VersionId: $version}\n",
        target,
    )
    assert result.outcome is Outcome.PASSED
    assert (result.failure, result.warnings, result.seed) == (None, (), 7)
    assert 2.0 <= result.seconds < 10
    assert target.buckets["cloudserver"] == {}


def test_an_unmet_expectation_fails_at_its_line() -> None:
    result = run(
        "- put_object: {Bucket: src, Key: k}\n- head_object: {Bucket: src, Key: k}\n  expect: {ContentLength: 2}"
    )
    assert result.outcome is Outcome.FAILED
    assert result.failure is not None
    assert str(result.failure.place) == "s.yaml:5"
    assert result.failure.step.startswith("head_object src-s-")
    assert result.failure.step.endswith("/k")
    assert result.failure.reasons == ("ContentLength: expected 2, seen 1",)
    assert (result.failure.timeline, result.failure.waited) == ("", "")


def test_a_wait_that_ends_shows_its_timeline() -> None:
    target = FakeTarget()
    target.after(3.0, "PROCESSING")
    result = run(
        "- put_object: {Bucket: src, Key: k}\n"
        "- head_object: {Bucket: src, Key: k}\n"
        "  eventually: {within: 5s, every: 1s}\n"
        "  expect: {ReplicationStatus: COMPLETED}",
        target,
    )
    assert result.failure is not None
    assert result.failure.timeline == "PENDING ×3 → PROCESSING ×3 at +3.0s"
    assert result.failure.waited == "5.0s"
    assert result.failure.requests[0].startswith("+0ms cloudserver put_object src-s-")
    assert " → PENDING ×3 " in result.failure.requests[1]
    assert " → PROCESSING ×3 " in result.failure.requests[2]
    lines = result.failure.lines()
    assert lines[0].startswith("s.yaml:5: head_object ")
    assert "  seen in 5.0s: PENDING ×3 → PROCESSING ×3 at +3.0s" in lines


def test_unless_ends_a_wait_at_once() -> None:
    target = FakeTarget()
    target.after(1.0, "FAILED")
    result = run(
        "- put_object: {Bucket: src, Key: k}\n"
        "- head_object: {Bucket: src, Key: k}\n"
        "  eventually: {within: 60s, every: 1s, unless: {ReplicationStatus: FAILED}}\n"
        "  expect: {ReplicationStatus: COMPLETED}",
        target,
    )
    assert result.seconds < 2
    assert "waiting ended at once: ReplicationStatus 'FAILED'" in reasons(result)


def test_what_is_expected_counts_more_than_unless() -> None:
    target = FakeTarget()
    target.after(0, "FAILED")
    passed(
        "- put_object: {Bucket: src, Key: k}\n"
        "- head_object: {Bucket: src, Key: k}\n"
        "  eventually: {within: 60s, unless: {ReplicationStatus: FAILED}}\n"
        "  expect: {ReplicationStatus: FAILED}",
        target,
    )


def test_what_must_hold_fails_when_it_changes() -> None:
    target = FakeTarget()
    target.after(0.25, "COMPLETED")
    result = run(
        "- put_object: {Bucket: src, Key: k}\n"
        "- head_object: {Bucket: src, Key: k}\n"
        "  holds: {for: 1s, every: 100ms}\n"
        "  expect: {ReplicationStatus: PENDING}",
        target,
    )
    assert result.failure is not None
    assert result.failure.timeline == "PENDING ×3 → COMPLETED at +300ms"


@pytest.mark.parametrize(
    "error",
    [
        "'404'",
        "{HTTPStatusCode: 404}",
        "{HTTPStatusCode: {one_of: [404, 405]}, Code: '404'}",
        "{ResponseMetadata.HTTPStatusCode: 404}",
        "$code",
    ],
)
def test_an_error_that_is_expected(error: str) -> None:
    passed(f"- head_object: {{Bucket: src, Key: k}}\n  error: {error}", head="with: [{code: '404'}]\n")


def test_an_error_of_a_row_may_be_a_mapping() -> None:
    passed(
        "- head_object: {Bucket: src, Key: k}\n  error: $error", head="with: [{error: {HTTPStatusCode: {gte: 400}}}]\n"
    )


def test_an_error_other_than_expected() -> None:
    result = run("- head_object: {Bucket: src, Key: k}\n  error: AccessDenied")
    assert reasons(result) == "error: Code: expected 'AccessDenied', seen '404'"


def test_an_error_that_does_not_come() -> None:
    result = run("- put_object: {Bucket: src, Key: k}\n  error: AccessDenied")
    assert reasons(result) == "expected an error with Code 'AccessDenied', but put_object succeeded"


def test_an_error_that_nobody_expects() -> None:
    result = run("- get_object: {Bucket: src, Key: k}")
    assert reasons(result) == "get_object failed: NoSuchKey: no"
    assert result.seconds == 0


def test_a_wait_lasts_while_something_is_not_there() -> None:
    target = FakeTarget()
    result = run(
        "- head_object: {Bucket: src, Key: k}\n  eventually: {within: 2s, every: 1s}\n  expect: {ContentLength: 1}",
        target,
    )
    assert result.failure is not None
    assert result.failure.timeline == "404 ×3"


def test_a_wait_ends_with_any_other_error() -> None:
    target = FakeTarget()
    target.failures["head_object"] = client_error("AccessDenied", 403)
    result = run("- head_object: {Bucket: src, Key: k}\n  eventually: 60s\n  expect: {ContentLength: 1}", target)
    assert result.seconds == 0
    assert reasons(result) == "head_object failed: AccessDenied: no"


def test_waiting_for_an_error() -> None:
    target = FakeTarget()
    steps = (
        "- put_object: {Bucket: src, Key: k}\n"
        "- head_object: {Bucket: src, Key: k}\n"
        "  eventually: {within: 3s, every: 1s}\n"
        "  error: '404'"
    )
    result = run(steps, target)
    assert result.failure is not None
    assert result.failure.timeline == "no error ×4"


def test_no_answer_is_an_error_too() -> None:
    target = FakeTarget()
    target.failures["head_object"] = EndpointConnectionError(endpoint_url="http://x")
    passed("- head_object: {Bucket: src, Key: k}\n  error: EndpointConnectionError", target)
    result = run("- head_object: {Bucket: src, Key: k}\n  eventually: 60s\n  expect: {ContentLength: 1}", target)
    assert "Could not connect" in reasons(result)
    assert result.seconds == 0


def test_names() -> None:
    target = FakeTarget("release")
    target.disposable = True
    passed(
        "- put_object: {Bucket: src, Key: '$dialect/$site/$n', Metadata: {role: $role, list: $$n}}\n"
        "  save: {version: VersionId}\n"
        "- head_object: {Bucket: $src, Key: release/aws-us-east-1/one $$site}\n"
        "- put_object: {Bucket: aws, Key: $src/$version-$run}\n"
        "  at: aws\n",
        target,
        head="with: [{n: one $$site}]\n",
    )
    _, _, first = next(call for call in target.calls if call[1] == "put_object")
    assert first["Metadata"] == {"role": "arn:aws:iam::root:role/r", "list": "$n"}
    [key] = target.buckets["aws"]["remote"]
    source, _, rest = key.partition("/")
    assert source.startswith("src-s-")
    assert rest == f"v1-{source[-8:]}"


def test_rows_may_name_what_is_built_in() -> None:
    passed(
        "- put_object: {Bucket: src, Key: $k}\n- head_object: {Bucket: src, Key: x aws-us-east-1}",
        head="with: [{k: x $site}]\n",
    )


def test_a_path_may_hold_names() -> None:
    passed(
        "- put_object: {Bucket: src, Key: k}\n"
        "  save: {tag: E$rest}\n"
        "- put_object: {Bucket: src, Key: k}\n"
        "  expect: {E$rest: $tag}",
        head="with: [{rest: Tag}]\n",
    )


def test_the_account_and_the_site_of_a_step() -> None:
    target = FakeTarget()
    passed(
        "- put_object: {Bucket: src, Key: k}\n"
        "- head_object: {Bucket: src, Key: k}\n  as: lisa\n"
        "- list_object_versions: {Bucket: aws}\n  at: aws\n",
        target,
    )
    assert "client cloudserver lisa" in target.told
    assert "client aws None" in target.told


def test_bucket_aliases_are_replaced_wherever_a_bucket_is_named() -> None:
    target = FakeTarget()
    target.client("cloudserver").copy_object = lambda **arguments: target.calls.append(("", "copy", arguments)) or {}  # type: ignore[attr-defined]
    passed("- copy_object: {Bucket: src, Key: a, CopySource: {Bucket: src, Key: src}}", target)
    _, _, arguments = next(call for call in target.calls if call[1] == "copy")
    assert arguments["Bucket"].startswith("src-s-")
    assert arguments["CopySource"] == {"Bucket": arguments["Bucket"], "Key": "src"}


def test_nothing_to_save_is_told() -> None:
    result = run("- put_object: {Bucket: src, Key: k}\n  save: {x: ChecksumSHA256}")
    assert result.outcome is Outcome.FAILED
    assert result.failure is not None
    assert str(result.failure.place) == "s.yaml:4"
    assert "nothing to save as $x: ChecksumSHA256 finds nothing in" in reasons(result)


@pytest.mark.parametrize(
    ("step", "head", "words"),
    [
        ("- put_object: {Bucket: src, Key: $k}", "with: [{k: 5}]\n", "s.yaml:5: put_object.Key is a text, not 5"),
        (
            "- settle: $k",
            "with: [{k: soon}]\n",
            "s.yaml:5: settle.within is a duration such as 10s or 250ms, not 'soon'",
        ),
        (
            "- head_object: {Bucket: src, Key: k}\n  expect: {ETag: x}\n  eventually: $k",
            "with: [{k: soon}]\n",
            "s.yaml:5: 'soon' is no duration",
        ),
        (
            "- put_object: {Bucket: src, Key: k}\n  expect: {ETag: {gte: $k}}",
            "with: [{k: 5}]\n",
            "s.yaml:5: cannot compare",
        ),
        ("- put_object: {Bucket: src, Key: k, Body: $k}", "with: [{k: [1]}]\n", "s.yaml:5: put_object.Body is a text"),
        ("- http: {path: $k}", "with: [{k: x}]\n", "http.path 'x' does not start with a slash"),
    ],
)
def test_values_that_make_no_sense_are_told_with_the_line(step: str, head: str, words: str) -> None:
    result = run(step, head=head)
    assert result.outcome is Outcome.BROKEN
    assert words in reasons(result)


def test_final_steps_run_whatever_happens() -> None:
    tail = "finally:\n  - put_object: {Bucket: aws, Key: last}\n    at: aws\n"
    for steps in ("- settle", "- get_object: {Bucket: src, Key: k}"):
        target = FakeTarget()
        run(steps, target, tail=tail)
        assert "last" in target.buckets["aws"]["remote"]


def test_a_final_step_that_fails_fails_the_run() -> None:
    tail = "finally:\n  - get_object: {Bucket: src, Key: k}\n  - put_object: {Bucket: aws, Key: last}\n    at: aws\n"
    target = FakeTarget()
    result = run("- settle", target, tail=tail)
    assert result.outcome is Outcome.FAILED
    assert result.failure is not None
    assert result.failure.place.line == 6
    assert "last" in target.buckets["aws"]["remote"]


def test_after_a_failure_a_final_step_that_fails_is_only_mentioned() -> None:
    result = run(
        "- get_object: {Bucket: src, Key: first}", tail="finally:\n  - get_object: {Bucket: src, Key: second}\n"
    )
    assert result.failure is not None
    assert result.failure.place.line == 4
    assert result.warnings == ("finally: s.yaml:6: get_object failed: NoSuchKey: no",)


@pytest.mark.parametrize(
    ("raised", "outcome", "words"),
    [
        (Unsupported("it cannot"), Outcome.SKIPPED, ""),
        (StackError("it broke"), Outcome.BROKEN, "it broke"),
        (QueueError("it refused"), Outcome.BROKEN, "it refused"),
        (ZeroDivisionError("oops"), Outcome.BROKEN, "ZeroDivisionError: oops ("),
    ],
)
def test_what_breaks_a_run(raised: Exception, outcome: Outcome, words: str) -> None:
    target = FakeTarget()
    target.failures["put_object"] = raised
    result = run("- put_object: {Bucket: src, Key: k}", target)
    assert result.outcome is outcome
    assert (words in reasons(result)) if words else (result.reason == "it cannot")
    assert target.buckets["cloudserver"] == {}


def test_buckets_that_cannot_be_made_or_removed() -> None:
    target = FakeTarget()
    target.failures["create_bucket"] = client_error("Oops", 500)
    assert "s.yaml:2: the bucket src cannot be made" in reasons(run("- settle", target))
    target = FakeTarget()
    target.failures["delete_bucket"] = client_error("Oops", 500)
    result = run("- settle", target)
    assert result.outcome is Outcome.PASSED
    assert "is left behind" in result.warnings[0]


def test_an_old_target_skips() -> None:
    result = run("- stop: aws", head="since: '9.2'\n")
    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "true since CloudServer 9.2; fake is 8.8"
    passed("- settle", head="since: '8.8'\n")


@pytest.mark.parametrize(
    ("version", "since", "older"),
    [
        ("8.8", "8.8", False),
        ("8.8", "9", True),
        ("8.8.35", "8.8", False),
        ("8.8", "8.8.1", True),
        ("10.0", "9.2", False),
    ],
)
def test_versions(version: str, since: str, older: bool) -> None:
    assert is_older(version, since) is older


def evidence_of(prepare: Callable[[FakeTarget, str], None], step: str) -> tuple[str, ...]:
    """What a failing step shows beside itself; the run is done twice to know its names."""
    bucket = next(iter(_names()))
    target = FakeTarget()
    prepare(target, bucket)
    result = run(f"- put_object: {{Bucket: src, Key: k}}\n{step}", target)
    assert result.failure is not None
    return result.failure.evidence


def _names() -> list[str]:
    target = FakeTarget()
    target.failures["delete_bucket"] = client_error("Oops", 500)
    run("- settle", target)
    return list(target.buckets["cloudserver"])


_FAILING_HEAD = "- head_object: {Bucket: src, Key: k}\n  expect: {ContentLength: 5}"
_FAILING_REPLICA = "- head_object: {Bucket: aws, Key: $src/k}\n  at: aws"


@pytest.mark.parametrize("step", [_FAILING_HEAD, _FAILING_REPLICA])
def test_a_failure_shows_what_is_known_of_its_object_only(step: str) -> None:
    def prepare(target: FakeTarget, bucket: str) -> None:
        target.records = [record(bucket, "k\0v1"), record(bucket, "other"), record("b", "k")]
        target.topics["backbeat-replication"] = [message(bucket, "k"), message(bucket, "o"), message("b", "k")]

    assert evidence_of(prepare, step) == (
        "journal 1: put version k PENDING (s PENDING)",
        "kafka backbeat-replication 0@0: k PENDING (s PENDING)",
        f"log of {_names()[0]}/k",
    )


def test_a_failure_without_an_object_shows_all_of_the_buckets() -> None:
    def prepare(target: FakeTarget, bucket: str) -> None:
        target.records = [record(bucket, "k"), record(bucket, "other", "")]
        target.open = "something"

    assert evidence_of(prepare, "- settle") == (
        "journal 1: put master k PENDING (s PENDING)",
        "journal 1: put master other",
        f"log of {_names()[0]}/",
    )


def test_evidence_that_cannot_be_read_is_told_and_hides_nothing() -> None:
    def prepare(target: FakeTarget, bucket: str) -> None:
        def broken(_: str) -> list[object]:
            raise StackError("the journal is gone")

        target.journal = broken  # type: ignore[assignment,method-assign]

    evidence = evidence_of(prepare, _FAILING_HEAD)
    assert evidence[0] == "journal: cannot be read now: the journal is gone"
    assert len(evidence) == 2
