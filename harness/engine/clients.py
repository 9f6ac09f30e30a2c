"""Clients of the source, made anew for every entry as Backbeat does; their connections are shared."""

from __future__ import annotations

from fake_cloudserver import Clock, Randomness
from harness.engine.backbeat_client import BackbeatClient
from harness.engine.settings import SourceSettings
from harness.engine.signing import Credentials, SignatureV2, SignatureV4
from harness.transport import Transport


class SourceClients:
    """Makes clients that speak to the source with the engine's own account."""

    def __init__(self, settings: SourceSettings, transport: Transport, clock: Clock, randomness: Randomness) -> None:
        self._url = settings.url
        self._transport = transport
        self._randomness = randomness
        credentials = Credentials(settings.auth.access_key, settings.auth.secret_key)
        self._v2 = SignatureV2(credentials, clock)
        self._v4 = SignatureV4(credentials, clock)

    def new(self) -> BackbeatClient:
        """A client whose requests share one id, so that both sides' logs can be brought together."""
        return BackbeatClient(self._transport, self._url, self._v2, self._v4, request_uids=self._randomness.hex(20))
