"""The API over HTTP."""

from __future__ import annotations

from fake_cloudserver import HttpServer
from harness.engine.api.application import Api
from harness.engine.settings import ApiSettings
from harness.errors import StackError


class ApiServer:
    """A service of the engine (see :class:`harness.engine.parts.Service`).

    Raises:
        StackError: the port is taken.
    """

    name = "api"

    def __init__(self, api: Api, settings: ApiSettings) -> None:
        host, port = settings.host, settings.port or 0
        try:
            self._server = HttpServer(api, host, port)
        except OSError as error:
            raise StackError(f"the API cannot listen on {host}:{port}: {error.strerror or error}") from None

    def start(self) -> None:
        self._server.start()

    def stop(self, timeout: float = 30.0) -> bool:
        self._server.stop(grace=min(timeout, 5.0))
        return True

    def facts(self) -> dict[str, object]:
        return {"api": self._server.url}
