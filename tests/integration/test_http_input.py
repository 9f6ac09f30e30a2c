"""Heads and bodies off a socket, however they were cut on the way."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import termios
import threading
from collections.abc import Iterator

import pytest

from fake_cloudserver.http_input import BadHeadError, SocketInput

LIMIT = 100


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's end and the server's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def reader(pair: Pair, idle_seconds: float = 5.0, stall_seconds: float = 5.0) -> SocketInput:
    return SocketInput(pair[1], idle_seconds, stall_seconds)


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"])
def test_a_head_ends_at_a_blank_line(pair: Pair, end: bytes) -> None:
    pair[0].sendall(b"GET / HTTP/1.1\r\na: b" + end + b"body")
    source = reader(pair)
    assert source.head(LIMIT) == b"GET / HTTP/1.1\r\na: b"
    assert source.read(4) == b"body"


def test_a_head_may_come_byte_by_byte(pair: Pair) -> None:
    def send() -> None:
        for number in b"GET / HTTP/1.1\r\na: b\r\n\r\n":
            pair[0].sendall(bytes([number]))

    sender = threading.Thread(target=send)
    sender.start()
    assert reader(pair).head(LIMIT) == b"GET / HTTP/1.1\r\na: b"
    sender.join()


def test_heads_and_bodies_sent_together_are_told_apart(pair: Pair) -> None:
    pair[0].sendall(b"one\r\n\r\n123two\r\n\r\nline\nrest")
    source = reader(pair)
    assert source.head(LIMIT) == b"one"
    assert source.read(3) == b"123"
    assert source.head(LIMIT) == b"two"
    assert source.readline(LIMIT) == b"line\n"
    assert source.read(4) == b"rest"


def test_blank_lines_before_a_head_are_skipped(pair: Pair) -> None:
    pair[0].sendall(b"\r\n\r\n\none\r\n\r\n")
    assert reader(pair).head(LIMIT) == b"one"


@pytest.mark.parametrize("text", [b"x" * (LIMIT + 1), b"x" * (LIMIT - 3) + b"\r\n\r\n"])
def test_a_head_that_is_too_long_is_refused(pair: Pair, text: bytes) -> None:
    pair[0].sendall(text)
    with pytest.raises(BadHeadError) as caught:
        reader(pair).head(LIMIT)
    assert caught.value.status == 431


def test_a_client_that_left_sent_no_head(pair: Pair) -> None:
    pair[0].sendall(b"\r\n")
    pair[0].close()
    assert reader(pair).head(LIMIT) == b""


def test_a_head_cut_short_is_refused(pair: Pair) -> None:
    pair[0].sendall(b"GET / HTTP/1.1\r\na: b\r\n")
    pair[0].close()
    with pytest.raises(BadHeadError) as caught:
        reader(pair).head(LIMIT)
    assert caught.value.status == 400


def test_a_body_is_shorter_only_when_the_client_left(pair: Pair) -> None:
    def send() -> None:
        pair[0].sendall(b"x" * 500_000)
        pair[0].shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    source = reader(pair)
    assert [len(source.read(size)) for size in (400_000, 200_000, 1)] == [400_000, 100_000, 0]
    sender.join()


def test_a_line_is_cut_at_its_limit(pair: Pair) -> None:
    pair[0].sendall(b"abcdef\nxyz")
    pair[0].close()
    source = reader(pair)
    assert [source.readline(4) for _ in range(4)] == [b"abcd", b"ef\n", b"xyz", b""]


@pytest.mark.parametrize(("sent", "patience"), [(b"", (0.01, 5.0)), (b"GET /", (5.0, 0.01))])
def test_waiting_ends_before_a_head_and_inside_it(pair: Pair, sent: bytes, patience: tuple[float, float]) -> None:
    pair[0].sendall(sent)
    with pytest.raises(OSError, match="unavailable"):
        reader(pair, *patience).head(LIMIT)


def test_waiting_for_a_body_ends(pair: Pair) -> None:
    with pytest.raises(OSError, match="unavailable"):
        reader(pair, stall_seconds=0.01).read(1)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much was read")
def test_a_signal_does_not_end_a_body(pair: Pair) -> None:
    came: list[int] = []
    main = threading.get_ident()

    def send() -> None:
        pair[0].sendall(b"half")
        while fcntl.ioctl(pair[0], termios.TIOCOUTQ, b"\0" * 4) != b"\0" * 4:
            os.sched_yield()  # until the other side has read it and waits for more
        signal.pthread_kill(main, signal.SIGUSR1)
        handled.wait(10)
        pair[0].sendall(b"rest")

    handled = threading.Event()

    def handle(number: int, _frame: object) -> None:
        came.append(number)
        handled.set()

    before = signal.signal(signal.SIGUSR1, handle)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert reader(pair).read(8) == b"halfrest"
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)
    assert came == [signal.SIGUSR1]
