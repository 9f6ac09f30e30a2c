"""The small parts: nearest words, trace, log, paths, targets over HTTP."""

from __future__ import annotations

import logging

import pytest
from botocore.exceptions import ClientError
from scenario_target import FakeTransport

from fake_cloudserver import FakeCloudServer, Settings, serving
from harness.scenario import shapes
from harness.scenario.engine_log import LogBook
from harness.scenario.model import Place
from harness.scenario.paths import check_path
from harness.scenario.problems import Problems, nearest, unknown
from harness.scenario.remote import RemoteTarget, SiteAccess
from harness.scenario.target import Unsupported
from harness.scenario.trace import Subject, Trace


@pytest.mark.parametrize(
    ("word", "known", "near"),
    [("put_objet", ["put_object", "get_object"], "put_object"), ("KEY", ["Key"], "Key"), ("zzz", ["Key"], None)],
)
def test_nearest_words(word: str, known: list[str], near: str | None) -> None:
    assert nearest(word, known) == near


def test_what_is_allowed_is_told_when_nothing_is_near() -> None:
    assert unknown("site", "zzz", ["b", "a"]) == "unknown site 'zzz'; allowed: a, b"
    assert unknown("site", "zzz", []) == "unknown site 'zzz'; none is allowed here"
    assert unknown("x", "zzz", map(str, range(100))).endswith(", …")


def test_problems_are_told_once_and_in_order() -> None:
    problems = Problems()
    assert not problems
    for line, words in ((5, "b"), (2, "a"), (5, "b")):
        problems.add(Place("f", line), words)
    assert len(problems) == 2
    assert str(problems) == "f:2: a\nf:5: b"
    assert problems.first() == "b"


_OUTPUT = shapes.Record(
    {
        "Status": shapes.Text(),
        "Metadata": shapes.Names(shapes.Text()),
        "List": shapes.Sequence(shapes.Record({"Key": shapes.Text(), "Deep": shapes.Record({"X": shapes.Number()})})),
        "Any": shapes.Anything(),
    }
)


@pytest.mark.parametrize(
    "path",
    ["Status", "Metadata.a-b", "List[0].Key", "List[].Deep.X", "List[*].Key", "Any.a.b[0]", "length(Foo)", "List[?Kye]",
     "List[].Key | [0]", "Status.anything", "List[0].Key.x", "@", "List[0]", "[0]", "List[0:2].Kye"],
)  # fmt: skip
def test_paths_that_may_find_something(path: str) -> None:
    assert check_path(path, _OUTPUT) is None


@pytest.mark.parametrize("path", ["Statu", "List[0].Kye", "List[].Deep.Y", "List[*].Kye", "List.Deep.[", "statu.x"])
def test_paths_that_never_do(path: str) -> None:
    assert check_path(path, _OUTPUT)


def test_without_a_known_output_every_path_may_find_something() -> None:
    assert check_path("a.b[0].c", None) is None


BUCKETS = {"src": "src-1", "aws": "remote"}


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        ({"Bucket": "src", "Key": "k"}, Subject("src-1", "k")),
        ({"bucket": "src", "key": "k"}, Subject("src-1", "k")),
        ({"Bucket": "other"}, Subject("other")),
        ({"Bucket": 5}, Subject()),
        ({}, Subject()),
        (None, Subject()),
    ],
)
def test_subjects(arguments: object, subject: Subject) -> None:
    assert Subject.of(arguments, BUCKETS) == subject


@pytest.mark.parametrize(
    ("subject", "source"),
    [
        (Subject("remote", "src-1/a/b"), Subject("src-1", "a/b")),
        (Subject("remote", "other/a"), Subject("remote", "other/a")),
        (Subject("remote", "src-1"), Subject("remote", "src-1")),
        (Subject("src-1", "src-1/a"), Subject("src-1", "src-1/a")),
    ],
)
def test_the_source_of_a_replica(subject: Subject, source: Subject) -> None:
    assert subject.at_source(BUCKETS, "remote") == source


def test_a_trace_counts_neighbours_that_are_alike() -> None:
    trace = Trace()
    for came in ("PENDING", "PENDING", "DONE"):
        trace.add("cloudserver", "head_object", Subject("b", "k"), came, 1.0, 0.01)
    assert trace.about(Subject("b", "k")) == (
        "+1.0s cloudserver head_object b/k → PENDING ×2 (10ms)",
        "+1.0s cloudserver head_object b/k → DONE (10ms)",
    )


def test_a_trace_tells_one_object_from_others() -> None:
    trace = Trace()
    for subject in (
        Subject("b", "k"),
        Subject("b", "o"),
        Subject("b"),
        Subject(),
        Subject("remote", "b/k"),
        Subject("c"),
    ):
        trace.add("x", f"about {subject}", subject, "ok", 0, 0)
    told = [line.split(" → ")[0].removeprefix("+0ms x about ") for line in trace.about(Subject("b", "k"))]
    assert told == ["b/k b/k", "b b", "", "remote/b/k remote/b/k"]


def test_a_long_trace_shows_its_end() -> None:
    trace = Trace()
    for number in range(50):
        trace.add("x", "y", Subject("b", "k"), str(number), 0, 0)
    lines = trace.about(Subject("b", "k"))
    assert lines[0] == "(20 before)"
    assert len(lines) == 31


def test_the_log_of_one_object() -> None:
    book = LogBook()
    logger = logging.getLogger("harness.engine.test")
    with book.capture(quiet=True):
        logger.info("event='written' bucket='b' key='k'")
        logger.info("event='written' bucket='b' key='other'")
        logger.debug("event='detail' bucket='b' key='k'")
        logger.warning("event='idle'")
    logger.warning("event='late' bucket='b' key='k'")
    assert [line.told for line in book.about("b", "k")] == ["event='written' bucket='b' key='k'"]
    assert len(book.about("b", "")) == 2


def test_loggers_are_left_as_they_were(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogger("harness").level
    with LogBook().capture(quiet=True):
        logging.getLogger("harness.x").error("quiet")
    with LogBook().capture(quiet=False):
        logging.getLogger("harness.x").error("loud")
    logging.getLogger("kafka").error("again")
    assert caplog.messages == ["loud", "again"]
    assert logging.getLogger("harness").level == before


@pytest.fixture
def remote() -> RemoteTarget:
    sites = {"cloudserver": SiteAccess("http://127.0.0.1:1", "bart", {"bart": ("a", "b"), "lisa": ("c", "d")})}
    return RemoteTarget(
        "there",
        sites,
        dialect="release",
        aws_bucket="x",
        storage_classes={"aws": "s"},
        role="r",
        transport=FakeTransport(),
    )


def test_a_target_over_http_knows_its_keys(remote: RemoteTarget) -> None:
    assert remote.endpoint("cloudserver") == "http://127.0.0.1:1"
    assert remote.credentials("cloudserver") == ("a", "b")
    assert remote.credentials("cloudserver", "lisa") == ("c", "d")
    assert remote.credentials("cloudserver", "anonymous") is None
    assert remote.evidence("b", "k") == []
    with pytest.raises(Unsupported, match="there has no account clueso at cloudserver"):
        remote.credentials("cloudserver", "clueso")
    with pytest.raises(Unsupported, match="there has no site aws"):
        remote.endpoint("aws")


def test_clients_are_made_once(remote: RemoteTarget) -> None:
    client = remote.client("cloudserver")
    assert remote.client("cloudserver") is client
    assert remote.client("cloudserver", "bart") is client
    assert remote.client("cloudserver", "lisa") is not client
    assert remote.client("cloudserver", "anonymous").meta.endpoint_url == "http://127.0.0.1:1"
    remote.close()


@pytest.mark.parametrize(
    "action",
    [
        lambda target: target.requests(["w"]),
        lambda target: target.messages("t"),
        lambda target: target.journal("b"),
        lambda target: target.stop("aws"),
        lambda target: target.pause("s"),
        lambda target: target.resume("s"),
        lambda target: target.advance(1),
        lambda target: target.change_role("kill", "processor", None),
        lambda target: target.start("aws"),
        lambda target: target.kill("aws"),
    ],
)
def test_what_it_cannot_do_is_said(remote: RemoteTarget, action: object) -> None:
    assert callable(action)
    with pytest.raises(Unsupported, match=r"^there "):
        action(remote)


def test_what_the_buckets_owner_may_not_see_settles_too() -> None:
    with FakeCloudServer(Settings.default()) as fake, serving(fake.app) as server:
        keys = {"bart": ("accessKey1", "verySecretKey1"), "lisa": ("accessKey2", "verySecretKey2")}
        keys["replication"] = ("replicationKey1", "replicationSecretKey1")
        sites = {"cloudserver": SiteAccess(server.url, "bart", keys)}
        target = RemoteTarget("there", sites, dialect="design", aws_bucket="x", storage_classes={"aws": "s"}, role="r")
        bart, lisa = target.client("cloudserver"), target.client("cloudserver", "lisa")
        bart.create_bucket(Bucket="shared", ACL="public-read-write")
        lisa.put_object(Bucket="shared", Key="hers", Body=b"hers")
        with pytest.raises(ClientError, match="403"):
            bart.head_object(Bucket="shared", Key="hers")
        assert target.settle(0.0, ["shared"]) == ""
        target.close()
