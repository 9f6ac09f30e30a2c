"""A remote S3 for tests: moto's S3 application in a process of its own, or a scripted server in a thread."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ACCESS_KEY = "motoAccess"
SECRET_KEY = "motoSecret"

_MOTO = """
import os, sys
os.environ["S3_IGNORE_SUBDOMAIN_BUCKETNAME"] = "true"
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

app = create_backend_app("s3")
app.debug = False
backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
for argument in sys.argv[1:]:
    kind, _, name = argument.partition("=")
    backend.create_bucket(name, "us-east-1")
    if kind == "versioned":
        backend.put_bucket_versioning(name, "Enabled")
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def moto_s3(buckets: Sequence[str] = (), *, plain_buckets: Sequence[str] = ()) -> Iterator[str]:
    """moto's S3 on a free port, ready when the block begins and gone when it ends.

    Args:
        buckets: created with versioning enabled.
        plain_buckets: created without versioning.

    Yields:
        ``127.0.0.1:<port>``.
    """
    arguments = [*(f"versioned={name}" for name in buckets), *(f"plain={name}" for name in plain_buckets)]
    command = [sys.executable, "-W", "ignore", "-c", _MOTO, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "moto did not start"
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def make_certificate(path: Path) -> Path:
    """Write a new key and a certificate of its own for 127.0.0.1 to a PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(encoding))
    return path


@dataclasses.dataclass(frozen=True)
class Seen:
    """One request that a scripted remote received; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True)
class Reply:
    """What it answers. Without a status the connection is closed instead, after ``body`` if there is any."""

    status: int | None = 200
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break their connections are part of the game."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ScriptedRemote:
    """A remote that answers as told and remembers what it was asked.

    Args:
        certificate: a PEM file with key and certificate, for a remote that speaks HTTPS.

    Attributes:
        endpoint: ``127.0.0.1:<port>``.
        seen: the requests, in order of arrival.
        reply: makes the answer of a request; replace it at will.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.seen: list[Seen] = []
        self.reply: Callable[[Seen], Reply] = lambda _: Reply(headers={"x-amz-version-id": "v1"})
        self._server = _Server(("127.0.0.1", 0), self._handler())
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.endpoint = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> ScriptedRemote:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        remote = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, body)
                remote.seen.append(seen)
                self.send(remote.reply(seen))

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  (http.server's names)

            def send(self, reply: Reply) -> None:
                if reply.status is None:
                    self.wfile.write(reply.body)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
