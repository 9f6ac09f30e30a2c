"""Every route on the wire: method, path, headers, body; and what errors become."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.parse
from base64 import b64encode

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from engine_helpers import ENCODED, ROLE, Answer, BrokenAnswer, SmallCloudServer, World, error, xml_error

from fake_cloudserver import VirtualClock
from harness.engine.backbeat_client import BackbeatClient, ReplicationRule, streamed
from harness.engine.errors import ReplicationError
from harness.engine.signing import Credentials, SignatureV2, SignatureV4
from harness.transport import TransportError


@pytest.fixture
def server() -> SmallCloudServer:
    return SmallCloudServer()


@pytest.fixture
def client(server: SmallCloudServer) -> BackbeatClient:
    return World(server).clients.new()


class TestSignatures:
    clock = VirtualClock(1_767_225_600.0)

    def test_version_2_as_the_sdks_s3_signer_makes_it(self) -> None:
        signer = SignatureV2(Credentials("access", "secret", "token"), self.clock)
        url = "http://host:8000/_/backbeat/metadata/b/k%20%C3%A9?versionId=a%20b&operation=x"
        headers = signer.sign(
            "PUT", url, {"Content-MD5": "abc", "Content-Type": "binary/octet-stream", "X-Scal-A": "1"}
        )
        assert headers["X-Amz-Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert "Date" not in headers
        text = (
            "PUT\nabc\nbinary/octet-stream\n\nx-amz-date:Thu, 01 Jan 2026 00:00:00 GMT\nx-amz-security-token:token\n"
            "/_/backbeat/metadata/b/k%20%C3%A9?versionId=a b"
        )
        signature = b64encode(hmac.new(b"secret", text.encode(), hashlib.sha1).digest()).decode()
        assert headers["Authorization"] == f"AWS access:{signature}"
        assert headers["X-Scal-A"] == "1"

    def test_version_4_is_botocores_own_at_the_clocks_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        url = "http://host:8000/bucket?replication"
        ours = SignatureV4(Credentials("access", "secret"), self.clock).sign("GET", url, {"X-Scal-Request-Uids": "1"})
        request = AWSRequest(method="GET", url=url, headers={"X-Scal-Request-Uids": "1"})
        import datetime

        import botocore.auth

        moment = datetime.datetime(2026, 1, 1)  # noqa: DTZ001  (what botocore uses)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: moment)
        S3SigV4Auth(BotocoreCredentials("access", "secret"), "s3", "us-east-1").add_auth(request)
        assert ours == dict(request.headers.items())
        assert ours["X-Amz-Date"] == "20260101T000000Z"

    def test_a_secret_is_not_shown(self) -> None:
        assert "secret" not in repr(Credentials("access", "secret"))


class TestRoutes:
    def test_bucket_replication(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        server.rules = (
            "<Rule><ID>1</ID><Prefix>a/</Prefix><Status>Enabled</Status></Rule>"
            "<Rule><Prefix/><Status>Disabled</Status></Rule><Rule><Status>Enabled</Status></Rule>"
        )
        configuration = client.get_bucket_replication("src")
        assert configuration.role == ROLE
        assert configuration.rules == (
            ReplicationRule(True, "a/"),
            ReplicationRule(False, ""),
            ReplicationRule(True, None),
        )
        call = server.calls[0]
        assert (call.method, call.path, call.query) == ("GET", "/src", {"replication": ""})
        assert call.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=access/")
        assert len(call.headers["x-scal-request-uids"]) == 20

    def test_get_metadata(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        assert client.get_metadata("src", "dir/obj é", ENCODED) == server.document
        call = server.calls[0]
        assert (call.method, call.path) == ("GET", "/_/backbeat/metadata/src/dir/obj%20%C3%A9")
        assert call.query == {"versionId": ENCODED}
        assert call.headers["authorization"].startswith("AWS access:")
        client.get_metadata("src", "k", None)
        assert server.calls[1].query == {}

    def test_put_metadata(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        assert client.put_metadata("src", "k", "null", {"é": "\0", "n": 1.0}) == "x"
        call = server.calls[0]
        assert (call.method, call.query) == ("PUT", {"versionId": "null"})
        assert call.body == '{"é":"\\u0000","n":1}'.encode()
        assert call.headers["content-type"] == "binary/octet-stream"
        assert "x-scal-replication-content" not in call.headers
        client.put_metadata("src", "k", None, {}, content="METADATA")
        assert server.calls[1].headers["x-scal-replication-content"] == "METADATA"

    def test_an_empty_answer_to_put_metadata_is_no_version(
        self, client: BackbeatClient, server: SmallCloudServer
    ) -> None:
        server.faults["PUT metadata"] = [Answer(200), Answer(200, b"null")]
        assert client.put_metadata("src", "k", None, {}) is None
        assert client.put_metadata("src", "k", None, {}) is None

    def test_get_object(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        source = client.get_object("src", "a/b'(!)*", ENCODED, location="us-east-1", byte_range=(2, 5))
        assert b"".join(source.chunks()) == b"llo "
        assert source.length == 4
        source.close()
        call = server.calls[0]
        assert call.path == "/src/a/b%27%28%21%29%2A"
        assert call.query == {"versionId": ENCODED}
        assert call.headers["x-amz-location-constraint"] == "us-east-1"
        assert call.headers["range"] == "bytes=2-5"
        client.get_object("src", "k", "null", location="l").close()
        assert "range" not in server.calls[1].headers

    def test_put_data(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        source = client.get_object("src", "k", ENCODED, location="l")
        answer = client.put_data("src", "k", ENCODED, {"Content-MD5": "x"}, streamed(source, 11))
        assert answer["x-amz-version-id"] == "aws-1"
        call = server.calls[1]
        assert (call.method, call.path, call.query) == ("PUT", "/_/backbeat/data/src/k", {"versionId": ENCODED})
        assert call.body == b"hello world"
        assert call.headers["content-type"] == "binary/octet-stream"

    def test_a_multi_backend_operation_without_body_has_no_content_type(
        self, client: BackbeatClient, server: SmallCloudServer
    ) -> None:
        client.multiple_backend("DELETE", "deleteobject", "src", "k", {"X-Scal-Storage-Class": "s"})
        call = server.calls[0]
        assert (call.path, call.query) == ("/_/backbeat/multiplebackenddata/src/k", {"operation": "deleteobject"})
        assert call.headers["x-scal-storage-class"] == "s"
        assert "content-type" not in call.headers

    def test_completing_wraps_every_value(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        server.parts = {1: b"x"}
        client.complete_upload("src", "k", {"X-Scal-Upload-Id": "u"}, [{"PartNumber": 1, "ETag": "e"}])
        call = server.calls[0]
        assert call.body == b'[{"PartNumber":[1],"ETag":["e"]}]'
        assert call.headers["content-type"] == "application/json"


class TestErrors:
    def raised(self, client: BackbeatClient) -> ReplicationError:
        with pytest.raises(ReplicationError) as raised:
            client.get_metadata("src", "k", None)
        return raised.value

    @pytest.mark.parametrize(
        ("answer", "name", "description", "retryable"),
        [
            (
                error(404, "ObjNotFound", "This object does not exist"),
                "ObjNotFound",
                "This object does not exist",
                False,
            ),
            (error(503, "ServiceUnavailable", "m"), "ServiceUnavailable", "m", True),
            (Answer(400, b'{"__type":"a#Throttling","Message":"m"}'), "Throttling", "m", True),
            (Answer(400, b'{"Code":"X"}'), "X", "", False),
            (Answer(500, b"{}"), "UnknownError", "", True),
            (Answer(403, b"<Error/>"), "UnknownError", "Forbidden", False),
            (Answer(403, b"[1]"), "UnknownError", "Forbidden", False),
            (Answer(404, b""), "UnknownError", "404", False),
        ],
    )
    def test_json(
        self,
        client: BackbeatClient,
        server: SmallCloudServer,
        answer: Answer,
        name: str,
        description: str,
        retryable: bool,
    ) -> None:
        server.faults["GET metadata"] = [answer]
        raised = self.raised(client)
        assert (raised.name, raised.description, raised.retryable) == (name, description, retryable)
        assert (raised.http_status, raised.origin) == (answer.status, "source")

    @pytest.mark.parametrize("body", [b"{", b'{"Body":"{"}', b'{"Body":7}', b'{"Body":"[]"}', b"{}"])
    def test_metadata_that_are_none(self, client: BackbeatClient, server: SmallCloudServer, body: bytes) -> None:
        server.faults["GET metadata"] = [Answer(200, body)]
        raised = self.raised(client)
        assert (raised.name, raised.retryable) == ("InternalError", False)

    @pytest.mark.parametrize("code", ["NetworkingError", "TimeoutError", "ECONNRESET"])
    def test_no_answer(self, client: BackbeatClient, server: SmallCloudServer, code: str) -> None:
        server.faults["GET metadata"] = [TransportError(code, "gone")]
        raised = self.raised(client)
        assert (raised.name, raised.retryable, raised.http_status, raised.origin) == (code, True, None, "source")

    def test_xml(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        server.faults["GET replication"] = [
            xml_error(404, "ReplicationConfigurationNotFoundError"),
            Answer(500, b"oops"),
            Answer(200, b"<unclosed>"),
            Answer(200, b'<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>'),
        ]
        expected = [
            ("ReplicationConfigurationNotFoundError", False),
            ("UnknownError", True),
            ("InternalError", False),
            ("InternalError", False),
        ]
        for name, retryable in expected:
            with pytest.raises(ReplicationError) as raised:
                client.get_bucket_replication("src")
            assert (raised.value.name, raised.value.retryable) == (name, retryable)

    def test_an_error_of_get_object_is_read_as_xml(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        server.faults["GET object"] = [xml_error(404, "NoSuchVersion")]
        with pytest.raises(ReplicationError) as raised:
            client.get_object("src", "k", "null", location="l")
        assert (raised.value.name, raised.value.http_status) == ("NoSuchVersion", 404)

    def test_data_that_break_off_are_retryable(self, client: BackbeatClient, server: SmallCloudServer) -> None:
        server.faults["GET object"] = [BrokenAnswer(200, b"hello world")]
        source = client.get_object("src", "k", "null", location="l")
        with pytest.raises(ReplicationError) as raised:
            client.multiple_backend("PUT", "putobject", "src", "k", {}, streamed(source, 11))
        assert (raised.value.name, raised.value.retryable, raised.value.origin) == ("ECONNRESET", True, "source")


def test_requests_of_one_client_share_an_id_and_those_of_another_have_their_own() -> None:
    world = World()
    one, two = world.clients.new(), world.clients.new()
    one.get_metadata("b", "k", None)
    one.get_bucket_replication("b")
    two.get_metadata("b", "k", None)
    ids = [call.headers["x-scal-request-uids"] for call in world.server.calls]
    assert ids[0] == ids[1] != ids[2]
    assert json.dumps(ids)
    assert urllib.parse.quote(ids[0]) == ids[0]
