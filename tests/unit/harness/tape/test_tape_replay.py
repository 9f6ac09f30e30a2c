from __future__ import annotations

import base64
import hashlib

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fake_cloudserver import VirtualClock
from harness.errors import UsageError
from harness.tape.compare import LiveResponse
from harness.tape.errors import TapeError
from harness.tape.model import Body, Header, HeaderList, HttpEvent, HttpRequest, HttpResponse, Signature, Tape
from harness.tape.replay import UNANSWERED_TIMEOUT, Player, report
from harness.tape.signing import KeyPair, sign

ID = b"98204619311460999999RG001  204".hex()
BART = KeyPair("accessKey1", "verySecretKey1")


class Server:
    """Remembers what it was sent and gives one answer after the other."""

    host = "127.0.0.1:8000"

    def __init__(self, *answers: LiveResponse | None) -> None:
        self.answers = list(answers)
        self.targets: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.timeouts: list[float] = []

    def send(self, method: str, target: str, headers: HeaderList, body: bytes, timeout: float) -> LiveResponse | None:
        self.targets.append(f"{method} {target}")
        self.headers.append(dict(headers))
        self.bodies.append(body)
        self.timeouts.append(timeout)
        return self.answers.pop(0) if self.answers else LiveResponse(200, (), b"")


OK = HttpResponse(200)


def event(n: int, request: HttpRequest, response: HttpResponse | None = OK) -> HttpEvent:
    return HttpEvent(n, "a", request, response, name=f"event {n}")


def play(server: Server, *events: HttpEvent) -> str:
    tape = Tape(Header("", {"a": "cloudserver"}), events)
    return report(Player(tape, {"a": server}, {"Bart": BART}, VirtualClock()).play())


def test_ids_that_the_server_chose_are_sent_back_to_it() -> None:
    server = Server(LiveResponse(200, (("x-amz-version-id", ID),), b""))

    differing = play(
        server,
        event(1, HttpRequest("PUT", "/b/k"), HttpResponse(200, (("x-amz-version-id", "<version:1>"),))),
        event(
            2,
            HttpRequest(
                "PUT",
                "/b/k",
                "versionId=<version:1>",
                (("x-scal-version-id", "<version:1>"),),
                Body("json", {"versionId": "<version:1:internal>"}),
            ),
        ),
    )

    assert differing == ""
    assert server.targets == ["PUT /b/k", f"PUT /b/k?versionId={ID}"]
    assert server.headers[1]["x-scal-version-id"] == ID
    assert server.bodies[1] == b'{"versionId":"98204619311460999999RG001  204"}'


def test_lengths_and_hashes_are_those_of_the_body_that_is_sent() -> None:
    server = Server()
    body = Body("xml", "<A><VersionId>&lt;version:1&gt;</VersionId></A>")
    headers = (("content-length", "<length>"), ("content-md5", "<md5:base64>"))

    play(server, event(1, HttpRequest("POST", "/b", headers=headers, body=body)))
    play(server, event(1, HttpRequest("POST", "/b", headers=(("content-md5", "<md5:hex>"),), body=body)))

    sent = b"<A><VersionId>unknown-version-1</VersionId></A>"
    assert server.bodies == [sent, sent]
    assert server.headers[0]["content-length"] == str(len(sent))
    assert server.headers[0]["content-md5"] == base64.b64encode(hashlib.md5(sent).digest()).decode()
    assert server.headers[1]["content-md5"] == hashlib.md5(sent).hexdigest()


def test_an_anonymous_request_has_no_signature() -> None:
    server = Server()

    play(server, event(1, HttpRequest("GET", "/b", headers=(("range", "bytes=0-"),))))

    assert server.headers == [{"range": "bytes=0-", "host": "127.0.0.1:8000"}]


def test_signatures_say_what_the_tape_says() -> None:
    server = Server()
    headers = (("x-scal-canonical-id", "1"), ("x-amz-acl", "private"))
    ways = [
        Signature("Bart"),
        Signature("Bart", wrong=True),
        Signature("Bart", unsigned=("x-scal-canonical-id",), payload="UNSIGNED-PAYLOAD"),
        Signature("nobody"),
    ]

    play(server, *(event(n, HttpRequest("GET", "/b", headers=headers, sign=way)) for n, way in enumerate(ways, 1)))

    right, wrong, unsigned, nobody = (headers["authorization"] for headers in server.headers)
    assert right.split("Signature=")[0] == wrong.split("Signature=")[0]
    assert right != wrong
    assert "SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date;x-scal-canonical-id," in right
    assert "SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date," in unsigned
    assert server.headers[2]["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert server.headers[2]["x-scal-canonical-id"] == "1"
    assert "Credential=nobodysKey1/" in nobody


@pytest.mark.parametrize("target", ["/b/k", "/b/a%20b~/%C3%BC", "/b?acl", "/b?b=2&a=%2F&a=1", "/b/k?x=~%2B"])
def test_signatures_are_those_that_botocore_makes(target: str) -> None:
    headers = {"host": "127.0.0.1:8000", "x-amz-meta-a": " b  c ", "content-type": "text/plain"}
    made = sign(BART, VirtualClock(), "PUT", target, headers, "UNSIGNED-PAYLOAD")
    request = AWSRequest(
        "PUT", f"http://127.0.0.1:8000{target}", headers=headers | {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    )
    request.context["timestamp"] = made["x-amz-date"]
    request.headers["X-Amz-Date"] = made["x-amz-date"]
    auth = S3SigV4Auth(Credentials(BART.access_key, BART.secret_key), "s3", "us-east-1")

    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)

    assert made["authorization"].rpartition("Signature=")[2] == expected


def test_what_differs_is_reported_with_its_event() -> None:
    server = Server(LiveResponse(404, (), b""), LiveResponse(200, (), b"x"), None)

    differing = play(
        server,
        event(1, HttpRequest("GET", "/b")),
        event(3, HttpRequest("GET", "/c"), HttpResponse(200, (), Body("text", "x"))),
        event(7, HttpRequest("GET", "/d")),
    )

    assert differing.splitlines() == [
        "1 event 1 [a: GET /b]",
        "     status: recorded 200, here 404",
        "7 event 7 [a: GET /d]",
        "     status: recorded 200, here no answer",
    ]


def test_form_counts_when_asked() -> None:
    tape = Tape(
        Header("", {"a": "cloudserver"}), (event(1, HttpRequest("GET", "/b"), HttpResponse(200, (("A", "1"),))),)
    )
    outcomes = list(Player(tape, {"a": Server(LiveResponse(200, (("a", "1"),), b""))}, {}, VirtualClock()).play())

    assert report(outcomes) == ""
    assert report(outcomes, exact=True).splitlines()[1] == "     header case: recorded A, here a (form only)"


def test_what_was_never_answered_is_not_waited_for_long() -> None:
    server = Server(LiveResponse(500, (), b""))

    assert play(server, event(1, HttpRequest("GET", "/b"), None)) == ""
    assert server.timeouts == [UNANSWERED_TIMEOUT]


def test_of_another_site_only_content_counts() -> None:
    tape = Tape(Header("", {"a": "s3"}), (event(1, HttpRequest("GET", "/b"), HttpResponse(200, (("ETag", "1"),))),))
    player = Player(tape, {"a": Server(LiveResponse(200, (("ETag", "2"),), b""))}, {}, VirtualClock())

    assert report(player.play()) == ""


def test_a_site_that_is_not_there_is_named() -> None:
    tape = Tape(Header("", {"a": "s3"}), (event(1, HttpRequest("GET", "/b")),))

    with pytest.raises(UsageError, match=r"^the tape asks a; there is no such server here$"):
        Player(tape, {"b": Server()}, {})


def test_an_account_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"^no key pair of 'Milhouse'; AWS_ACCESS_KEY_ID and "):
        play(Server(), event(1, HttpRequest("GET", "/b", sign=Signature("Milhouse"))))


def test_other_bytes_stand_in_for_a_body_that_is_only_a_hash() -> None:
    put = HttpRequest("PUT", "/b/k", body=Body("sha256", "ab" * 32, 70))
    etag = hashlib.md5(b"what was recorded").hexdigest()
    server = Server(
        LiveResponse(200, (("ETag", f'"{"1" * 32}"'),), b""),
        LiveResponse(200, (("ETag", f'"{"1" * 32}"'),), b""),
        LiveResponse(200, (("ETag", f'"{"2" * 32}"'),), b""),
    )
    answer = HttpResponse(200, (("ETag", f'"{etag}"'),))

    differing = play(server, event(1, put, answer), *(event(n, HttpRequest("HEAD", "/b/k"), answer) for n in (2, 3)))

    assert len(server.bodies[0]) == 70
    assert differing.startswith("3 event 3")  # the sum may be another, but only one other


def test_a_body_that_nothing_can_stand_in_for_is_refused() -> None:
    with pytest.raises(TapeError, match=r"^a body of 67108865 bytes is not on the tape; record with --bodies$"):
        play(Server(), event(1, HttpRequest("PUT", "/b", body=Body("sha256", "0" * 64, 2**26 + 1))))
