"""GET ?search: the clause is checked, then everything is listed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from object_client import Client

from fake_cloudserver.s3.metadata_search import is_where_clause


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("b", versioning="Enabled", acl={"Canned": "public-read"})
    client.put("b/one")
    client.put("b/two")
    return client


@pytest.mark.parametrize(
    "clause",
    [
        'key="one"',
        "`x-amz-meta-color` = 'blue'",
        "x-amz-meta-color=blue",
        "content-length >= 5",
        'replication-status="PENDING"',
        'replicationInfo.status!="" AND (tags.a="b" or tags.c LIKE "d%")',
        "((owner-id=1))",
    ],
)
def test_clauses(clause: str) -> None:
    assert is_where_clause(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "",
        " ",
        "x",
        "x=1",
        "key",
        "key=",
        "key==",
        "=1",
        "key=1 AND",
        "key=1 key=2",
        "(key=1",
        "key=1)",
        "NOT key=1",
        'key="one',
        'key "=" 1',
        "(" * 5000 + "key=1" + ")" * 5000,
    ],
)
def test_texts_that_are_no_clauses(clause: str) -> None:
    assert not is_where_clause(clause)


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(alphabet="key=1 ()'\"`ANDORandor<>!.%", max_size=40))
def test_any_text_gets_a_decision(clause: str) -> None:
    assert is_where_clause(clause) == is_where_clause(f"({clause})")


def test_bad_clause_comes_before_the_bucket(client: Client) -> None:
    reply = client.ask("metadata_search", "nowhere", search="x")
    assert (reply.status, reply.code) == (400, "InvalidArgument")
    assert reply.message == "Invalid sql where clause sent as search query"
    assert client.ask("metadata_search", "nowhere", search="key%3D1").code == "NoSuchBucket"


def test_a_clause_selects_nothing_without_mongodb(client: Client) -> None:
    reply = client.ask("metadata_search", "b", search="key%3D'one'")
    assert reply.body == client.ask("bucket_get", "b").body
    versions = client.ask("metadata_search", "b", search="key%3D'one'", versions="")
    assert versions.body == client.ask("bucket_get", "b", versions="").body


def test_search_is_for_the_bucket_owner(client: Client) -> None:
    assert client.ask("bucket_get", "b", as_="Lisa").status == 200
    assert client.ask("metadata_search", "b", search="key%3D1", as_="Lisa").code == "AccessDenied"
