"""What is mended of kafka-python."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from harness.queue.kafka_library import KafkaAdminClient

#: Of answers that nothing else here asks for (transactions, quotas, users), so that their classes are not made yet.
UNUSUAL = range(24, 67)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def ask_at_once(header: SimpleNamespace, threads: int = 4) -> None:
    """As clients do that get their first answer of a kind at the same time."""
    from kafka.protocol.api_header import ResponseClassRegistry  # when the library was imported without a warning

    together = threading.Barrier(threads)

    def ask() -> None:
        together.wait()
        ResponseClassRegistry.get_response_class(header)

    askers = [threading.Thread(target=ask) for _ in range(threads)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()


@pytest.mark.usefixtures("hasty")
def test_clients_that_get_their_first_answer_at_once_can_read_all_that_follow() -> None:
    assert KafkaAdminClient  # with it come all kinds of messages
    from kafka.protocol.api_header import ResponseClassRegistry

    registered = ResponseClassRegistry._response_class_registry
    headers = [
        SimpleNamespace(request_api_key=key, request_api_version=version)
        for key in UNUSUAL
        if key in registered
        for version in range(registered[key].max_version + 1)
    ]
    for header in headers:
        ask_at_once(header)
    gc.collect()
    for header in headers:
        found = ResponseClassRegistry.get_response_class(header)
        assert (found.API_KEY, found._class_version) == (header.request_api_key, header.request_api_version)
