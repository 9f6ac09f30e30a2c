"""A fake with something in it, asked in process, and what must hold of every one of its answers."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import queue
import re
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.fake import FakeCloudServer
from fake_cloudserver.http_connection import WsgiApp
from fake_cloudserver.metrics import action_of
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.server import HttpServer, serving
from fake_cloudserver.settings import Settings
from fake_cloudserver.settings.defaults import default_accounts
from support.fuzzing import catalogue
from support.fuzzing.catalogue import Template
from support.fuzzing.wire import Sent, sign

#: Longer than any request may take, even on a busy machine.
LIMIT_SECONDS = 30.0

PAIRS = {
    "Bart": ("accessKey1", "verySecretKey1"),
    "Lisa": ("accessKey2", "verySecretKey2"),
    "Replication": ("replicationKey1", "replicationSecretKey1"),
    "Lifecycle": ("lifecycleKey1", "lifecycleSecretKey1"),
}
_CREDENTIALS = {"accessKey": "accessKey1", "secretKey": "verySecretKey1"}


@dataclasses.dataclass(frozen=True, slots=True)
class Got:
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for known, value in self.headers if known.lower() == name), "")

    @property
    def code(self) -> str:
        """The error's code; empty for a success."""
        found = re.search(rb"""<Code>(\w+)</Code>|"code":"(\w+)"|<li>Code: (\w+)</li>""", self.body)
        return (found[1] or found[2] or found[3]).decode() if found and self.status >= 300 else ""


class Watch(logging.Handler):
    """Collects what no request may leave in the log: the application's own defects, tracebacks of any kind."""

    _DEFECTS = ("request failed", "answer cut short", "Traceback (most recent call last)")

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + "".join(traceback.format_exception(*record.exc_info))
        if any(defect in text for defect in self._DEFECTS):
            self.faults.append(text.replace("\\n", "\n"))

    @contextlib.contextmanager
    def watching(self) -> Iterator[Watch]:
        logger = logging.getLogger("fake_cloudserver")
        logger.addHandler(self)
        try:
            yield self
        finally:
            logger.removeHandler(self)

    def check(self) -> None:
        """AssertionError when there was anything."""
        faults, self.faults = self.faults, []
        assert not faults, "\n".join(faults)


class WatchedServer(HttpServer):
    """Whose connections may not fail but for their client's sake."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(lambda *_: ())
        self._watch = watch

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            self._watch.faults.append(traceback.format_exc())


class Runner:
    """Calls functions in a thread of its own, so that one that never returns can be told from a slow one."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fuzzed", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], Any]) -> Any:
        """What the function returns or raises; AssertionError, with its stack, when it does neither in time."""
        self._calls.put(function)
        try:
            returned, result = self._results.get(timeout=LIMIT_SECONDS)
        except queue.Empty:
            frame = sys._current_frames().get(self._thread.ident or 0)
            raise AssertionError("no answer:\n" + "".join(traceback.format_stack(frame))) from None
        if not returned:
            raise result
        return result

    def _run(self) -> None:
        while True:
            function = self._calls.get()
            try:
                self._results.put((True, function()))
            except BaseException as error:  # noqa: BLE001  (it is raised again where it was called)
                self._results.put((False, error))


def _location(kind: str, **details: Any) -> dict[str, Any]:
    return {"type": kind, "legacyAwsBehavior": True, "details": details}


def _aws(endpoint: str, *, match: bool = True) -> dict[str, Any]:
    return _location(
        "aws_s3", awsEndpoint=endpoint, bucketName="aws-target", bucketMatch=match, https=False, pathStyle=True,
        credentials=_CREDENTIALS,
    )  # fmt: skip


def _settings(remote: str) -> Settings:
    locations = {
        "us-east-1": _location("mem"),
        "us-east-2": _location("file"),
        "transient": _location("mem") | {"isTransient": True},
        "cold": _location("dmf") | {"isCold": True},
        "aws-site": _aws(remote),
        "dead-site": _aws("127.0.0.1:9", match=False),
        "gcp": _location("gcp", gcpEndpoint="127.0.0.1:9", bucketName="g", mpuBucketName="m", credentials=_CREDENTIALS),
    }
    host, _, port = remote.partition(":")
    config = {
        "restEndpoints": {"localhost": "us-east-1", "127.0.0.1": "us-east-1"},
        "websiteEndpoints": ["s3-website.localhost"],
        "replicationEndpoints": [
            {"site": "aws-site", "type": "aws_s3", "default": True},
            {"site": "dead-site", "type": "aws_s3"},
            {"site": "zenko", "servers": ["127.0.0.1:8000"]},
        ],
        "bucketNotificationDestinations": [{"resource": "target1", "type": "dummy", "host": "localhost:6000"}],
        "backbeat": {"host": host, "port": int(port)},
        "bucketd": {"bootstrap": [remote]},
        "reportToken": "report",
        "recordLog": {"enabled": True, "recordLogName": "s3-recordlog"},
    }
    named = {name: {"objectId": name, **location} for name, location in locations.items()}
    return Settings.from_documents(config, named, default_accounts(), {"MPU_TESTING": "yes"})


class Session:
    """One fake, with another one as its AWS, both new and filled."""

    def __init__(self, front: HttpServer, remote: HttpServer, watch: Watch, runner: Runner) -> None:
        self._front = front
        self._watch = watch
        self._runner = runner
        self._clock = VirtualClock()
        self._aws = FakeCloudServer(clock=self._clock, randomness=SeededRandomness(2))
        remote.app = self._aws.app
        endpoint = f"127.0.0.1:{remote.port}"
        self.fake = FakeCloudServer(_settings(endpoint), clock=self._clock, randomness=SeededRandomness(1))
        front.app = self.fake.app
        self._tokens: dict[str, str] = {}
        self._fill()

    def close(self) -> None:
        self.fake.close()
        self._aws.close()

    def ask(
        self, sent: Sent, scheme: str = "v4", who: str = "Bart", *, at_aws: bool = False, checks_length: bool = True
    ) -> Got:
        """Sign, send, check the answer.

        Args:
            checks_length: False for objects whose metadata may lie about the length of their data.
        """
        sent = self.signed(sent, scheme, who)
        app = (self._aws if at_aws else self.fake).app
        got = self._call(app, sent)
        check(sent, got, checks_length=checks_length)
        return got

    def ask_others(self, sent: Sent) -> None:
        """The same for what listens on other ports."""
        for app in (self.fake.bucketd, self.fake.metrics_app):
            check(sent, self._call(app, sent))

    def has_counted(self, operation: str) -> bool:
        """Whether a request has reached an operation."""
        text = self._call(self.fake.metrics_app, Sent("GET", "/metrics")).body.decode()
        return f'action="{action_of(operation)}"' in text

    def _call(self, app: WsgiApp, sent: Sent) -> Got:
        got: Got = self._runner.call(lambda: _call(app, sent))
        self._watch.check()
        return got

    def signed(self, sent: Sent, scheme: str = "v4", who: str = "Bart") -> Sent:
        """The request with what its tokens stand for, signed a little later than the one before."""
        self._clock.advance(0.01)
        return sign(self._named(sent), scheme, PAIRS[who], self._clock.now())

    def exchange(self, data: bytes) -> bytes:
        """What comes back for bytes on a connection of their own; AssertionError when the server keeps it open."""
        with socket.create_connection(("127.0.0.1", self._front.port), timeout=LIMIT_SECONDS) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                received = b"".join(iter(lambda: connection.recv(65536), b""))
            except TimeoutError:
                raise AssertionError("the connection stays open") from None
            except OSError:  # the server has closed it before everything was sent
                received = b""
        self._watch.check()
        assert received == b"" or received.startswith(b"HTTP/1.1 "), received[:100]
        return received

    def _named(self, sent: Sent) -> Sent:
        """With what the tokens stand for."""
        values = self._tokens

        def named(text: str) -> str:
            return re.sub("@[A-Z_]+@", lambda found: values.get(found[0], found[0]), text) if "@" in text else text

        body = sent.body
        if b"@" in body:
            body = re.sub(rb"@[A-Z_]+@", lambda found: values.get(found[0].decode(), found[0].decode()).encode(), body)
        headers = tuple((name, named(value)) for name, value in sent.headers)
        return dataclasses.replace(sent, target=named(sent.target), headers=headers, body=body).with_md5()

    def _fill(self) -> None:
        put, post = self._put, self._post
        self._done(self.ask(Sent("PUT", "/aws-target"), at_aws=True))
        self._done(self.ask(Sent("PUT", "/aws-target?versioning", body=catalogue.VERSIONING.encode()), at_aws=True))
        for bucket in ("plain", "empty", "versioned", "suspended", "configured", "replicated"):
            put(f"/{bucket}")
        put("/locked", headers=(("x-amz-bucket-object-lock-enabled", "true"),))
        put("/lisas", headers=(("x-amz-acl", "public-read-write"),), who="Lisa")
        put("/remote", catalogue.LOCATION.replace("us-east-2", "aws-site"))
        put("/versioned/key", "first")
        put("/suspended/key", "first")
        for bucket in ("versioned", "replicated", "suspended"):
            put(f"/{bucket}?versioning", catalogue.VERSIONING)
        put("/replicated?replication", catalogue.REPLICATION)
        for number in range(3):
            self._tokens["@OLD_VERSION@"] = self._tokens.get("@VERSION@", "")
            self._tokens["@VERSION@"] = put("/versioned/key", f"test{number}").header("x-amz-version-id")
        self._tokens["@INTERNAL@"] = bytes.fromhex(self._tokens["@VERSION@"]).decode()
        put("/versioned/gone", "test")
        self._tokens["@MARKER@"] = self._done(self.ask(Sent("DELETE", "/versioned/gone"))).header("x-amz-version-id")
        put("/suspended?versioning", catalogue.VERSIONING.replace("Enabled", "Suspended"))
        put("/suspended/key", "null")
        for bucket in ("plain", "configured", "replicated", "locked", "remote", "lisas"):
            put(f"/{bucket}/key", "test", headers=(("x-amz-tagging", "a=1"), ("x-amz-meta-a", "b")))
        remote = self.ask(Sent("HEAD", "/aws-target/key"), at_aws=True)
        self._tokens["@REMOTE_VERSION@"] = remote.header("x-amz-version-id")
        for query, body, md5 in (
            ("cors", catalogue.CORS, "base64"), ("encryption", catalogue.ENCRYPTION, ""), ("policy", catalogue.policy("*"), ""),
            ("lifecycle", catalogue.LIFECYCLE, ""), ("notification", catalogue.NOTIFICATION, ""),
            ("tagging", catalogue.TAGGING, ""), ("website", catalogue.WEBSITE, ""), ("quota", "<quota>9</quota>", ""),
        ):  # fmt: skip
            own = body.replace(":::plain", ":::configured").encode()
            self._done(self.ask(Sent("PUT", f"/configured?{query}", body=own, md5=md5)))
        for token, bucket in (("@UPLOAD@", "versioned"), ("@OTHER_UPLOAD@", "remote"), ("", "versioned")):
            upload = re.search(
                "<UploadId>(.*)<", post(f"/{bucket}/{'big' if token else 'parts'}?uploads").body.decode()
            )
            assert upload is not None
            self._tokens[token or "@DONE@"] = upload[1]
            for number in (1, 2):
                put(f"/{bucket}/{'big' if token else 'parts'}?partNumber={number}&uploadId={upload[1]}", "test")
        post("/versioned/parts?uploadId=@DONE@", catalogue.COMPLETE)

    def _put(self, target: str, body: str = "", headers: tuple[tuple[str, str], ...] = (), who: str = "Bart") -> Got:
        return self._done(self.ask(Sent("PUT", target, headers, body.encode()), who=who))

    def _post(self, target: str, body: str = "") -> Got:
        return self._done(self.ask(Sent("POST", target, (), body.encode())))

    @staticmethod
    def _done(got: Got) -> Got:
        assert got.status < 300, got
        return got


def as_sent(template: Template) -> Sent:
    """A template as it is."""
    target = f"{template.path}?{template.query}" if template.query else template.path
    headers = tuple(template.headers.items())
    return Sent(template.method, target, headers, template.body.encode(), md5=template.md5)


@contextlib.contextmanager
def sessions() -> Iterator[Callable[[], contextlib.AbstractContextManager[Session]]]:
    """Makes sessions, one after another, on one server for all their remotes."""
    runner = Runner()
    with Watch().watching() as watch, serving(lambda *_: ()) as remote:
        front = WatchedServer(watch).start()
        try:
            yield lambda: contextlib.closing(Session(front, remote, watch, runner))
        finally:
            front.stop()


def _call(app: WsgiApp, sent: Sent) -> Got:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], Any]:
        started.append((status, headers))
        return lambda _: None

    pieces = app(sent.environ(), start_response)
    try:
        body = b"".join(pieces)
    finally:
        getattr(pieces, "close", lambda: None)()
    status, headers = started[0]
    return Got(int(status[:3]), tuple(headers), body)


def check(sent: Sent, got: Got, *, checks_length: bool = True) -> None:
    """What must hold of every answer."""
    assert 200 <= got.status < 600, got
    assert got.status != 500 or got.code == "InternalError" or not got.body, got
    for name, value in got.headers:
        assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), (name, value)
    length = got.header("content-length")
    if length and checks_length and sent.method != "HEAD":
        assert int(length) == len(got.body), got
