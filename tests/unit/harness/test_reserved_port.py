from __future__ import annotations

import socket

import pytest

from fake_cloudserver import serving
from harness.errors import StackError
from harness.reserved_port import ReservedPort


def test_servers_come_and_go_at_a_reserved_port_and_nobody_else_gets_it() -> None:
    reserved = ReservedPort("127.0.0.1")
    for _ in range(2):
        with serving(lambda _environ, _start: [], "127.0.0.1", reserved.port) as server:
            assert server.port == reserved.port
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", reserved.port))
    reserved.release()


def test_a_port_that_somebody_listens_at_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StackError, match="is taken"):
        ReservedPort("127.0.0.1", taken.getsockname()[1])
