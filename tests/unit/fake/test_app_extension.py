"""Flask sees a request when something was registered with it, and the answer is the same as without."""

from __future__ import annotations

import flask
import pytest
from werkzeug.test import Client

from fake_cloudserver.app import create_app
from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.locations.gateway import MultipleBackendGateway
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.settings import Settings


def new_app() -> flask.Flask:
    settings, clock, randomness = Settings.default(), VirtualClock(), SeededRandomness(1)
    version_ids = VersionIdGenerator(clock, settings.replication_group_id, settings.version_id_encoding)
    return create_app(
        CloudServer(
            settings=settings,
            accounts=Accounts(settings.accounts),
            metadata=MetadataStore(clock, version_ids, Journal(clock)),
            gateway=MultipleBackendGateway(settings, clock, randomness),
            clock=clock,
            randomness=randomness,
        )
    )


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/bucket/a//b%2Fc"),
        ("HEAD", "/bucket/key"),
        ("PUT", "/bucket"),
        ("BREW", "/bucket"),
        ("GET", "/_/backbeat/metadata/bucket/key"),
    ],
)
def test_hooks_see_requests_and_do_not_change_answers(method: str, target: str) -> None:
    plain, hooked = new_app(), new_app()
    seen: list[str] = []

    @hooked.before_request
    def see() -> None:
        seen.append(flask.request.method)

    answers = [Client(app).open(target, method=method) for app in (plain, hooked)]
    assert seen == [method]
    assert answers[0].status_code == answers[1].status_code
    assert list(answers[0].headers) == list(answers[1].headers)
    assert answers[0].data == answers[1].data


def test_a_route_of_ones_own_is_served_beside_the_others() -> None:
    app = new_app()
    app.add_url_rule("/_/mine", view_func=lambda: "mine", endpoint="mine")
    client = Client(app)
    assert client.get("/_/mine").text == "mine"
    assert client.get("/bucket/key").status_code == 404
