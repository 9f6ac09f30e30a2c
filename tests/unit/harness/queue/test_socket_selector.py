"""The selector of the Kafka clients behaves as Python's own, but for the text of one message."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator

import pytest

from harness.queue.socket_selector import SocketSelector

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@pytest.fixture
def selector() -> Iterator[SocketSelector]:
    with SocketSelector() as selector:
        yield selector


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


def test_it_waits_for_what_was_registered_until_it_is_not(
    selector: SocketSelector, pair: tuple[socket.socket, socket.socket]
) -> None:
    left, right = pair
    selector.register(left, READ, "data")
    assert selector.select(0) == []
    right.send(b"x")
    [(key, events)] = selector.select(5)
    assert (key.fileobj, key.data, events) == (left, "data", READ)
    assert selector.get_key(left) is key
    selector.unregister(left)
    assert selector.select(0) == []


def test_a_key_is_the_one_of_the_last_change(
    selector: SocketSelector, pair: tuple[socket.socket, socket.socket]
) -> None:
    left, _ = pair
    selector.register(left, READ, 1)
    selector.modify(left, READ | WRITE, 2)
    assert (selector.get_key(left).events, selector.get_key(left).data) == (READ | WRITE, 2)
    assert selector.get_key(left) == selector.get_map()[left]
    [(key, events)] = selector.select(5)
    assert (key.data, events) == (2, WRITE)


def test_what_it_does_not_know_is_a_key_error(
    selector: SocketSelector, pair: tuple[socket.socket, socket.socket]
) -> None:
    left, right = pair
    for unknown in (left, right):
        with pytest.raises(KeyError):
            selector.get_key(unknown)
    selector.register(left, READ)
    selector.unregister(left)
    for ask in (selector.get_key, selector.unregister):
        with pytest.raises(KeyError):
            ask(left)


def test_a_file_that_was_closed_can_be_unregistered(
    selector: SocketSelector, pair: tuple[socket.socket, socket.socket]
) -> None:
    left, _ = pair
    selector.register(left, READ)
    left.close()
    selector.unregister(left)
    assert not selector.get_map()
