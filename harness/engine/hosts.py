"""Which of a target's servers is asked.

Source: Arsenal lib/network/RoundRobin.ts; Backbeat extensions/replication/tasks/ReplicateObject.js.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable

from fake_cloudserver import Randomness

#: How often one server is picked before it is the next one's turn.
PICKS = 100

_WITH_PORT = re.compile(r":\d+\Z")


class TargetHosts:
    """The servers of one site, in an order drawn by lot; safe to use from several threads.

    Backbeat takes the servers of the last bootstrap item that has any for every CloudServer site. Here each site has
    its own: an object would reach another installation than its rule names.

    Args:
        servers: ``host`` or ``host:port``; at least one.
    """

    def __init__(self, servers: Iterable[str], randomness: Randomness, default_port: int = 80) -> None:
        self._hosts = [one if _WITH_PORT.search(one) else f"{one}:{default_port}" for one in servers]
        self._randomness = randomness
        self._lock = threading.Lock()
        self._index = 0
        self._picks = 0
        self._shuffle()

    def pick(self) -> str:
        """``host:port``: the same for a while, then the next; after each turn the order is drawn anew."""
        with self._lock:
            host = self._hosts[self._index]
            self._picks += 1
            if self._picks >= PICKS:
                self._go_on()
                if self._index == 0:
                    self._shuffle()
            return host

    def after(self, failed: str) -> str:
        """Another server than the one that failed, where there is another: the one whose turn it is if that is not
        it, else the next. Backbeat goes on each time somebody fails, and so comes back to a server that is down."""
        with self._lock:
            if self._hosts[self._index] == failed:
                self._go_on()
            return self._hosts[self._index]

    def _go_on(self) -> None:
        self._index = (self._index + 1) % len(self._hosts)
        self._picks = 0

    def _shuffle(self) -> None:
        for last in range(len(self._hosts) - 1, 0, -1):
            other = self._randomness.below(last + 1)
            self._hosts[last], self._hosts[other] = self._hosts[other], self._hosts[last]
