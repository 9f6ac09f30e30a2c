"""A bounded search for requests that bring the fake down: all are answered, in time, and none leaves a traceback.

``FUZZ_EXAMPLES=50`` searches fifty times as long, and elsewhere each time; without it every run does the same.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_cloudserver.backbeat.multiple_backend import OPERATIONS as MULTIPLE_BACKEND_OPERATIONS
from fake_cloudserver.s3.operations import OPERATIONS
from support.fuzzing.catalogue import INTERNAL, METADATA, S3, WEBSITES, Template
from support.fuzzing.mutations import spoilt, spoilt_bytes
from support.fuzzing.readers import configuration_readers, object_readers
from support.fuzzing.requests import Ask, asks, asks_of_others
from support.fuzzing.session import PAIRS, Session, as_sent, sessions
from support.fuzzing.wire import Sent

_TIMES = int(os.environ.get("FUZZ_EXAMPLES", "1"))

pytestmark = pytest.mark.timeout(120 * _TIMES)

NewSession = Callable[[], AbstractContextManager[Session]]


def fuzz(examples: int) -> settings:
    return settings(
        max_examples=examples * _TIMES,
        derandomize=_TIMES == 1,
        database=None,
        deadline=None,  # a request that hangs is found by its own limit
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def new_session() -> Iterator[NewSession]:
    with sessions() as new:
        yield new


def test_there_is_a_request_for_every_operation() -> None:
    assert {template.operation for template in S3} == set(OPERATIONS)
    internal = {template.operation for template in INTERNAL}
    assert internal >= {f"{method} multiplebackenddata {name}" for method, name in MULTIPLE_BACKEND_OPERATIONS}


def test_valid_requests_arrive(new_session: NewSession) -> None:
    with new_session() as session:
        for template in (*S3, *INTERNAL, *WEBSITES):
            got = session.ask(as_sent(template), "none" if template.operation == "cors_preflight" else "v4")
            assert got.status != 500, (template, got)
        assert [name for name in OPERATIONS if not session.has_counted(name)] == []


@fuzz(50)
@given(asked=st.lists(asks(S3), min_size=2, max_size=8))
def test_s3_requests(new_session: NewSession, asked: list[Ask]) -> None:
    with new_session() as session:
        for ask in asked:
            session.ask(ask.sent, ask.scheme, ask.who)


@fuzz(30)
@given(asked=st.lists(asks((*INTERNAL, *WEBSITES)), min_size=2, max_size=8))
def test_internal_requests_and_websites(new_session: NewSession, asked: list[Ask]) -> None:
    with new_session() as session:
        for ask in asked:
            session.ask(ask.sent, ask.scheme, ask.who)


@fuzz(25)
@given(
    body=spoilt(METADATA),
    bucket=st.sampled_from(["plain", "versioned", "suspended", "locked", "replicated", "remote"]),
    query=st.sampled_from(["", "?versionId=@VERSION@", "?versionId=null"]),
    who=st.sampled_from(sorted(PAIRS)),
)
def test_objects_with_odd_metadata(new_session: NewSession, body: bytes, bucket: str, query: str, who: str) -> None:
    with new_session() as session:
        stored = session.ask(Sent("PUT", f"/_/backbeat/metadata/{bucket}/key{query}", body=body))
        for sent in object_readers(bucket) if stored.status == 200 else []:
            session.ask(sent, who=who, checks_length=False)


@fuzz(25)
@given(
    template=st.sampled_from(
        [one for one in S3 if one.operation.startswith("bucket_put_") or one.operation == "bucket_update_quota"]
    ),
    data=st.data(),
    who=st.sampled_from([*sorted(PAIRS), None]),
    scheme=st.sampled_from(["v4", "v4", "presigned", "v2-presigned"]),
)
def test_buckets_with_odd_configurations(
    new_session: NewSession, template: Template, data: st.DataObject, who: str | None, scheme: str
) -> None:
    bucket = template.path.removeprefix("/")
    with new_session() as session:
        stored = session.ask(dataclasses.replace(as_sent(template), body=data.draw(spoilt(template.body))))
        for sent in configuration_readers(bucket) if stored.status == 200 else []:
            session.ask(sent, scheme if who else "none", who or "Bart")


@fuzz(30)
@given(asked=st.lists(asks(S3), min_size=1, max_size=3), data=st.data())
def test_bytes_on_a_connection(new_session: NewSession, asked: list[Ask], data: st.DataObject) -> None:
    with new_session() as session:
        raw = b"".join(session.signed(ask.sent, ask.scheme, ask.who).raw() for ask in asked)
        session.exchange(data.draw(spoilt_bytes(raw)))
        assert session.exchange(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 403 ")


@fuzz(20)
@given(asked=st.lists(asks_of_others(), min_size=1, max_size=20))
def test_the_other_ports(new_session: NewSession, asked: list[Sent]) -> None:
    with new_session() as session:
        for sent in asked:
            session.ask_others(sent)
