"""Many requests for one key at once: nothing is lost, nothing is left behind."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from object_client import Client

THREADS = 8
ROUNDS = 6


def run(client: Client, *operations: tuple[str, bytes]) -> None:
    """Each operation ROUNDS times, all of them mixed, on THREADS threads."""

    def one(number: int) -> None:
        name, body = operations[number % len(operations)]
        headers = {"x-amz-copy-source": "b/k", "x-amz-metadata-directive": "REPLACE"} if name == "object_copy" else {}
        reply = client.ask(name, "b/k", body, headers=headers)
        assert reply.code in {"", "NoSuchKey"}

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(ROUNDS * len(operations))))


def elements_ever_written(client: Client) -> list[dict[str, Any]]:
    documents = [
        json.loads(record.value)
        for record in client.journal.read(1, 10_000)
        if record.db == "b" and record.value is not None
    ]
    found = [element for document in documents for element in document.get("location") or []]
    return list({element["key"]: element for element in found}.values())


def elements_in_use(client: Client) -> set[int]:
    documents = client.stored("b").values()
    return {element["key"] for document in documents for element in document.get("location") or []}


@pytest.mark.parametrize("status", [None, "Suspended", "Enabled"])
def test_data_of_what_is_gone_is_gone_and_the_rest_is_there(status: str | None) -> None:
    client = Client()
    client.create_bucket("b", versioning=status)
    run(client, ("object_put", b"one"), ("object_put", b"two"), ("object_delete", b""), ("object_put", b"three"))
    in_use = elements_in_use(client)
    for element in elements_ever_written(client):
        assert (client.data_of(element) is not None) is (element["key"] in in_use)


def test_copies_onto_itself_keep_the_data() -> None:
    client = Client()
    client.create_bucket("b")
    client.put("b/k")
    run(client, ("object_copy", b""), ("object_put", b"one"))
    assert client.get("b/k").status == 200
    in_use = elements_in_use(client)
    for element in elements_ever_written(client):
        assert (client.data_of(element) is not None) is (element["key"] in in_use)


def test_every_put_makes_a_version_and_every_tag_lands() -> None:
    client = Client()
    client.create_bucket("b", versioning="Enabled")
    client.put("b/k")
    tags = b"<Tagging><TagSet><Tag><Key>t</Key><Value>v</Value></Tag></TagSet></Tagging>"
    run(client, ("object_put", b"one"), ("object_put_tagging", tags), ("object_put", b"two"))
    versions = [key for key in client.stored("b") if "|" in key]
    assert len(versions) == 1 + 2 * ROUNDS
    assert client.stored("b")["k"] == client.stored("b")[min(versions)]
