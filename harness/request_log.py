"""What was asked of a site over HTTP, in short: for the time line of a run, and for whoever reads a failure."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Collection, Iterable
from typing import Any

from fake_cloudserver import Clock

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_MOST_KEPT = 20_000


@dataclasses.dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request.

    Attributes:
        site: ``cloudserver`` or ``aws``.
        at: when it came, in seconds since the epoch.
        took: seconds until the answer began.
        path: as it was sent, with the query.
    """

    site: str
    at: float
    took: float
    method: str
    path: str
    status: int

    @property
    def is_internal(self) -> bool:
        """Whether only an engine asks such things (cloudserver lib/routes/routeBackbeat.js)."""
        return self.path.startswith("/_/")

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status}"


class RequestLog:
    """Keeps the last requests of one site.

    Args:
        site: what the site is called.
    """

    def __init__(self, site: str, clock: Clock) -> None:
        self._site = site
        self._clock = clock
        self._seen: collections.deque[SeenRequest] = collections.deque(maxlen=_MOST_KEPT)

    def wrap(self, app: WsgiApp) -> WsgiApp:
        """The same application, its requests kept; answers pass untouched."""

        def logged(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            at = self._clock.now()
            started = self._clock.monotonic()
            method, path = environ["REQUEST_METHOD"], environ.get("RAW_URI") or environ.get("PATH_INFO", "")

            def start(status: str, *more: Any, **named: Any) -> Any:
                took = self._clock.monotonic() - started
                self._seen.append(SeenRequest(self._site, at, took, method, path, int(status[:3])))
                return start_response(status, *more, **named)

            return app(environ, start)

        return logged

    def about(self, words: Collection[str]) -> list[SeenRequest]:
        """The requests whose paths hold one of ``words``, oldest first."""
        return about(list(self._seen), words)


def about(seen: Iterable[SeenRequest], words: Collection[str]) -> list[SeenRequest]:
    """Those whose paths hold one of ``words``."""
    return [one for one in seen if any(word in one.path for word in words)]
