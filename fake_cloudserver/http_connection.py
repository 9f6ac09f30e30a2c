"""One HTTP/1.1 connection: requests in, answers out, one after another.

Framing follows Node's http server, CloudServer's own (nodejs/node lib/_http_server.js): limits and bare error answers,
``Keep-Alive: timeout=5``, chunked coding where no length was set, bodies left unread are drained.
"""

from __future__ import annotations

import contextlib
import http
import re
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fake_cloudserver.http_body import Body, BrokenBodyError, ChunkedBody, EmptyBody, SizedBody
from fake_cloudserver.http_input import BadHeadError, SocketInput, timeval
from fake_cloudserver.logs import get_logger

if TYPE_CHECKING:
    from fake_cloudserver.server import HttpServer

log = get_logger(__name__)

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_LARGEST_HEAD = 16384
#: What is announced, as Node announces it; an idle connection really ends later, so that a client which counts the
#: seconds a little differently does not send into a connection that is just being closed.
_ANNOUNCED_IDLE_SECONDS = 5
_IDLE_SECONDS = 65.0
_STALL_SECONDS = 300.0
_DRAIN_LIMIT = 64 * 1024 * 1024
_REASONS = {status.value: status.phrase for status in http.HTTPStatus}


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# nodejs/llhttp src/llhttp/http.ts: control characters, and carriage returns that end no line
_UNFIT_IN_HEAD = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|\Z)")


class Connection(socketserver.BaseRequestHandler):
    """Serves one client until it leaves, errs, or idles for five seconds."""

    server: HttpServer
    request: socket.socket

    def setup(self) -> None:
        self.closed = threading.Event()
        self._stopping = False
        self._idle = True
        self.request.setblocking(True)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval(_STALL_SECONDS))
        self._input = SocketInput(self.request, _IDLE_SECONDS, _STALL_SECONDS)
        self.server.opened(self)

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while not self._stopping and self._serve_one():
                pass

    def finish(self) -> None:
        self.server.ended(self)
        self.closed.set()

    def finish_soon(self) -> None:
        """Close now when idle, after the running request otherwise."""
        self._stopping = True
        if self._idle:
            self.abort()

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End the connection hard: the client sees a reset, whatever was under way."""
        self._input.forget()
        with contextlib.suppress(OSError):
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()

    def _serve_one(self) -> bool:
        """One request and its answer; False when the connection has to end."""
        self._idle = True
        try:
            text = self._input.head(_LARGEST_HEAD)
            if not text:
                return False
            self._idle = False
            head = _Head(text)
        except BadHeadError as error:
            self._send(f"HTTP/1.1 {error.status} {error}\r\nConnection: close\r\n\r\n".encode())
            return False
        return self._answer(head)

    def _answer(self, head: _Head) -> bool:
        try:
            body = self._body(head)
        except ValueError:
            self._send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return False
        answer = _Answer(self._send, head, body, self.server.date)
        try:
            self._run(head, body, answer)
        except BrokenBodyError:
            return False
        return answer.keeps_alive and not answer.broken and self._drained(body)

    def _run(self, head: _Head, body: Body, answer: _Answer) -> None:
        result = self.server.app(self._environ(head, body), answer.start)
        try:
            for piece in result:
                answer.write(piece)
            answer.end()
        except OSError:
            answer.broken = True
        except Exception:
            # the head may be out already: all that is left to tell the client is a cut connection
            answer.broken = True
            log.exception("answer cut short", method=head.method, target=head.target)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _body(self, head: _Head) -> Body:
        expects = head.first("expect").lower() == "100-continue"
        on_first_read = self._send_continue if expects else None
        coding = head.first("transfer-encoding").lower()
        if coding == "chunked":
            return ChunkedBody(self._input, on_first_read)
        if coding not in ("", "identity"):
            raise ValueError(coding)
        length = head.first("content-length")
        if length in ("", "0"):
            return EmptyBody(self._input, on_first_read)
        if not (length.isascii() and length.isdigit()):
            raise ValueError(length)
        return SizedBody(self._input, on_first_read, int(length))

    def _send_continue(self) -> None:
        self._send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _send(self, data: bytes) -> None:
        self.request.sendall(data)

    def _drained(self, body: Body) -> bool:
        """Read away what the application left of the body, within reason."""
        if body.awaits_continue:
            return False
        try:
            return body.drain(_DRAIN_LIMIT)
        except (BrokenBodyError, OSError):
            return False

    def _environ(self, head: _Head, body: Body) -> dict[str, Any]:
        path, _, query = head.target.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": head.method,
            "SCRIPT_NAME": "",
            # the router reads REQUEST_URI; what is decoded here serves WSGI's own customers only
            "PATH_INFO": path if path.startswith("/") else "/",
            "QUERY_STRING": query,
            "REQUEST_URI": head.target,
            "RAW_URI": head.target,
            "SERVER_PROTOCOL": head.version,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "REMOTE_ADDR": str(self.client_address[0]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "cloudserver.headers": head.headers,
            # for whoever wants the network to fail: ends the connection at once, without an answer
            "cloudserver.reset": self.reset,
        }
        for name, value in head.headers:
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]}, {value}" if key in environ else value
        return environ


class _Head:
    """Request line and headers."""

    def __init__(self, text: bytes) -> None:
        if _UNFIT_IN_HEAD.search(text):
            raise BadHeadError(400)
        first, *lines = text.decode("latin-1").split("\n")
        parts = first.rstrip("\r").split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not (parts[0].isascii() and parts[1]):
            raise BadHeadError(400)
        self.method, self.target, self.version = parts
        self.headers: list[tuple[str, str]] = []
        self._first: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not _TOKEN.fullmatch(name):
                raise BadHeadError(400)
            value = value.strip(" \t\r")
            self.headers.append((name, value))
            self._first.setdefault(name.lower(), value)

    def first(self, name: str) -> str:
        return self._first.get(name, "")

    @property
    def keeps_alive(self) -> bool:
        wish = self.first("connection").lower()
        return wish == "keep-alive" if self.version == "HTTP/1.0" else wish != "close"


class _Answer:
    """Status line, headers and framing of one answer; small answers leave in a single packet."""

    def __init__(self, send: Callable[[bytes], None], head: _Head, body: Body, date: Callable[[], str]) -> None:
        self._send = send
        self._body = body
        self._date = date
        self._head = head
        self._pending = b""
        self._chunked = False
        self._left: int | None = None  # bytes of the body that were announced and have not come yet
        self._bodiless = head.method == "HEAD"
        self.keeps_alive = head.keeps_alive
        self.broken = False
        self._status = ""
        self._headers: list[tuple[str, str]] = []

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status, self._headers = status, headers
        return self.write

    def write(self, piece: bytes) -> None:
        if not piece or self._bodiless:
            return
        self._open()
        if self._left is not None:
            piece = piece[: self._left]
            self._left -= len(piece)
        if self._chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        if self._pending:
            piece, self._pending = self._pending + piece, b""
        if len(piece) < 8192 and self._chunked:
            self._pending = piece  # the end marker may join it
        else:
            self._send(piece)

    def end(self) -> None:
        """Send what is left. A body shorter than announced ends its connection: the client would wait for the rest."""
        self._open()
        self.broken = bool(self._left)
        if self._chunked:
            self._pending += b"0\r\n\r\n"
        if self._pending:
            self._send(self._pending)
            self._pending = b""

    def _open(self) -> None:
        """The head, kept until the first piece of body or the end joins it."""
        if not self._status:
            return
        code = int(self._status[:3])
        names = {name.lower() for name, _ in self._headers}
        sized = "content-length" in names
        bare = code in (204, 304) or self._bodiless
        lines = [f"HTTP/1.1 {code} {_REASONS.get(code, 'Unknown')}"]
        lines += [f"{name}: {_clean(value)}" for name, value in self._headers]
        if sized and not bare:
            self._left = int(next(value for name, value in self._headers if name.lower() == "content-length"))
        if "date" not in names:
            lines.append(f"Date: {self._date()}")
        self._chunked = not sized and not bare and self._head.version != "HTTP/1.0"
        if not sized and not bare and not self._chunked:
            self.keeps_alive = False
        if self._body.awaits_continue:
            self.keeps_alive = False  # the client holds its body back and may or may not send it now
        if self.keeps_alive:
            lines += ["Connection: keep-alive", f"Keep-Alive: timeout={_ANNOUNCED_IDLE_SECONDS}"]
        else:
            lines.append("Connection: close")
        if self._chunked:
            lines.append("Transfer-Encoding: chunked")
        self._pending = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self._status = ""


def _clean(value: str) -> str:
    """No header may smuggle another one in."""
    return value.replace("\r", "").replace("\n", "")
