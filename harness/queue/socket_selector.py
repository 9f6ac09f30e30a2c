"""What the loops of the Kafka clients wait with."""

from __future__ import annotations

import selectors
from typing import Any


class SocketSelector(selectors.DefaultSelector):
    """Says in no time that it does not know a file, which kafka-python asks before it adds a socket, again and again.

    Python's selectors put the socket's two addresses into that answer: two system calls, an eighth of a loop's time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._by_file: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._by_file[fileobj] = super().register(fileobj, events, data)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self._by_file[fileobj] = super().modify(fileobj, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        self._by_file.pop(fileobj, None)
        return super().unregister(fileobj)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._by_file[fileobj]
