"""The checkpoints in front of and behind every request of an engine."""

from __future__ import annotations

from collections.abc import Mapping

from harness.engine.checkpoints import REQUEST_AFTER, REQUEST_BEFORE, Checkpoints
from harness.transport import Body, Response, Transport


class RequestPoints:
    """A transport that tells ``checkpoints`` of each exchange; a Transport itself."""

    def __init__(self, inner: Transport, checkpoints: Checkpoints) -> None:
        self._inner = inner
        self._checkpoints = checkpoints

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Body = b"") -> Response:
        self._checkpoints.reach(REQUEST_BEFORE)
        answer = self._inner.send(method, url, headers, body)
        try:
            self._checkpoints.reach(REQUEST_AFTER)
        except BaseException:  # who simulates deaths ends the engine by one; the answer is nobody's then
            answer.close()
            raise
        return answer

    def close(self) -> None:
        self._inner.close()
