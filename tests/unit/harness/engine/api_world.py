"""A whole engine without threads, asked through its API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import werkzeug.test
from engine_helpers import ENCODED, SITE, error
from engine_world import World

from fake_cloudserver import VirtualClock
from harness.engine.api.application import Api
from harness.engine.engine import Engine
from harness.queue.base import Outgoing

NOW = 1_767_225_600.0
OTHER = "other-site"
KEY = "dir/obj"


def client_of(api: Api | None) -> werkzeug.test.Client:
    """A client on this machine."""
    assert api is not None

    def locally(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return api(environ | {"REMOTE_ADDR": environ.get("REMOTE_ADDR", "127.0.0.1")}, start_response)

    return werkzeug.test.Client(locally)


class ApiWorld(World):
    """Two sites; the object of :mod:`engine_helpers` belongs to the first."""

    def __init__(self, **overrides: Any) -> None:
        sites = [{"site": name, "type": "aws_s3"} for name in (SITE, OTHER)]
        super().__init__(
            VirtualClock(NOW), threaded=False, **({"api": {"port": 0}, "bootstrapList": sites} | overrides)
        )
        self.current: Engine = self.engine()
        self.current.run_until_idle()
        self.client = self._client()

    def _client(self) -> werkzeug.test.Client:
        self.api = self.current.api
        return client_of(self.api)

    def restart(self) -> None:
        self.current.stop()
        self.current = self.engine()
        self.current.run_until_idle()
        self.client = self._client()

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON of an answer, after the engine has come to rest."""
        self.current.run_until_idle()
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer = self.client.open(path, method=method, data=data, **options)
        assert answer.content_type == "application/json"
        return answer.status_code, json.loads(answer.data)

    def get(self, path: str) -> Any:
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: Any = None) -> Any:
        status, answer = self.ask("POST", path, body)
        assert status == 200, answer
        return answer

    def messages(self, topic: str) -> list[Any]:
        return [json.loads(message.value) for message in self.queue.read(topic)]

    def fail(self, key: str = KEY, *, site: str = SITE, hours_ago: float = 0, version_id: str = ENCODED) -> None:
        """What the status processor tells of an object that failed for good."""
        score = int((self.clock.now() - hours_ago * 3_600) * 1000)
        document = {
            "key": f"bb:crr:failed:{site}:{score - score % 3_600_000}",
            "member": f"src:{key}:{version_id}",
            "score": score,
        }
        value = json.dumps(document).encode()
        self.queue.producer().send_all([Outgoing(self.settings.replication_failed_topic, None, value)])

    def really_fail(self) -> None:
        """Put the object while AWS refuses it for good."""
        call = "PUT data" if self.settings.dialect == "design" else "putobject"
        self.server.faults[call] = [error(400, "InvalidRequest")]
        self.server.put()
        self.current.run_until_idle()

    def listed(self, site: str = SITE) -> list[str]:
        return [version["Key"] for version in self.get(f"/_/crr/failed?sitename={site}")["Versions"]]


def retry_of(key: str = KEY, **more: Any) -> dict[str, Any]:
    return {"Bucket": "src", "Key": key, "VersionId": ENCODED, "StorageClass": SITE} | more
