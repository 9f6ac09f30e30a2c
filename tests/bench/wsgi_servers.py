"""Which HTTP server carries the fake: ours and five general ones, side by side in one run.

    python tests/bench/wsgi_servers.py [--requests 2000] [--only NAME]

Each server runs in a process of its own with the same small application (it reads the body and answers 200 without a
length, as PUT object does). Clients are keep-alive connections that send a 1 KiB PUT and wait for its answer. Rates are
given as ratios to the first server; the worst latency shows stalls. Then the framing probes: what each server does with
what S3 clients send. cheroot, waitress and gunicorn are not dependencies of the project: install them for this.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import click

SERVERS = {
    "ours": """
from fake_cloudserver.server import HttpServer
server = HttpServer(app, "127.0.0.1", PORT)
server.serve_forever()
""",
    "cheroot, 10 threads": """
from cheroot.wsgi import Server
Server(("127.0.0.1", PORT), app, numthreads=10).start()
""",
    "cheroot, 128 threads": """
from cheroot.wsgi import Server
Server(("127.0.0.1", PORT), app, numthreads=128).start()
""",
    "waitress, 32 threads": """
import waitress
waitress.serve(app, host="127.0.0.1", port=PORT, threads=32, connection_limit=400, clear_untrusted_proxy_headers=False)
""",
    "gunicorn gthread, 128 threads": """
from gunicorn.app.base import BaseApplication
class Application(BaseApplication):
    def load_config(self):
        for name, value in {"bind": f"127.0.0.1:{PORT}", "worker_class": "gthread", "threads": 128, "keepalive": 5,
                            "workers": 1, "loglevel": "error"}.items():
            self.cfg.set(name, value)
    def load(self):
        return app
Application().run()
""",
    "werkzeug": """
import logging
from werkzeug.serving import run_simple
logging.getLogger("werkzeug").setLevel(logging.ERROR)
run_simple("127.0.0.1", PORT, app, threaded=True)
""",
}
APP = """
import sys
PORT = int(sys.argv[1])
def app(environ, start_response):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(size) if size else b""
    name = next((n for n, v in environ.items() if n.startswith("HTTP_X_AMZ_META_MY")), "-")
    raw = environ.get("cloudserver.headers")
    if raw is not None:
        name = next((n for n, _ in raw if n.lower().startswith("x-amz-meta-my")), "-")
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or "-"
    start_response("200 OK", [("ETag", '"x"'), ("x-seen", name), ("x-target", target)])
    return [b""]
"""
BODY = b"x" * 1024
PUT = b"PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1024\r\nAuthorization: AWS4\r\n\r\n" + BODY


def read_answer(stream: socket.socket) -> bytes:
    """One answer, by its framing."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(stream)
    head, _, rest = data.partition(b"\r\n\r\n")
    lower = head.lower()
    if b"100 continue" in lower.split(b"\r\n")[0]:
        return head
    if b"transfer-encoding: chunked" in lower:
        while not rest.endswith(b"0\r\n\r\n"):
            rest += _receive(stream)
    return head


def _receive(stream: socket.socket) -> bytes:
    data = stream.recv(65536)
    if not data:
        raise ConnectionError("closed")
    return data


def client(port: int, count: int, latencies: list[float]) -> None:
    stream: socket.socket | None = None
    for _ in range(count):
        start = time.perf_counter()
        for _attempt in range(3):
            try:
                if stream is None:
                    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
                    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                stream.sendall(PUT)
                head = read_answer(stream)
                break
            except OSError:
                stream = None
        else:
            raise ConnectionError(f"port {port} does not answer")
        latencies.append(time.perf_counter() - start)
        if b"connection: close" in head.lower():
            stream.close()
            stream = None


def measure(port: int, clients: int, requests: int) -> tuple[float, float, float]:
    """Requests a second, median and worst latency in milliseconds."""
    latencies: list[float] = []
    threads = [
        threading.Thread(target=client, args=(port, max(1, requests // clients), latencies)) for _ in range(clients)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    return len(latencies) / took, statistics.median(latencies) * 1000, max(latencies) * 1000


def probe(port: int, send: Callable[[socket.socket], bytes]) -> str:
    """What a client sees, in a few words; a hang is cut after two seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as stream:
        try:
            return send(stream).decode("latin-1")
        except TimeoutError:
            return "HANGS"
        except OSError as error:
            return type(error).__name__


def _status(stream: socket.socket, request: bytes) -> bytes:
    stream.sendall(request)
    return read_answer(stream).split(b"\r\n")[0].partition(b" ")[2]


def _header(stream: socket.socket, request: bytes, name: bytes) -> bytes:
    stream.sendall(request)
    for line in read_answer(stream).split(b"\r\n"):
        if line.lower().startswith(name + b":"):
            return line.partition(b":")[2].strip()
    return b"none"


def _expect_empty(stream: socket.socket) -> bytes:
    first = _status(stream, b"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n")
    return first if not first.startswith(b"100") else b"100, then " + read_answer(stream).split(b"\r\n")[0][9:]


GET = b"GET %b HTTP/1.1\r\nHost: h\r\n%b\r\n"
PROBES: dict[str, Callable[[socket.socket], bytes]] = {
    "empty PUT with Expect": _expect_empty,
    "x-amz-meta-my_key": lambda s: _header(s, GET % (b"/b", b"x-amz-meta-my_key: 1\r\n"), b"x-seen"),
    "target /b/x%2525?y": lambda s: _header(s, GET % (b"/b/x%2525?y", b""), b"x-target"),
    "Server header": lambda s: _header(s, GET % (b"/b", b""), b"server"),
    "empty answer": lambda s: _header(s, GET % (b"/b", b""), b"transfer-encoding"),
}


def start(code: str) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", APP + code, str(port)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process, port
    process.kill()
    raise click.ClickException("the server did not start: is it installed?")


@click.command()
@click.option("--requests", default=2000, show_default=True, help="Requests of each measurement.")
@click.option("--only", default="", help="Servers whose name holds this text.")
def main(requests: int, only: str) -> None:
    base: dict[int, float] = {}
    for name, code in SERVERS.items():
        if only not in name:
            continue
        try:
            process, port = start(code)
        except click.ClickException as error:
            click.echo(f"{name:32} {error.message}")
            continue
        try:
            measure(port, 1, 200)
            cells = []
            for clients in (1, 8, 32, 128):
                rate, median, worst = measure(port, clients, requests)
                ratio = rate / base.setdefault(clients, rate)
                cells.append(f"{clients:3}: {rate:6.0f}/s x{ratio:.2f} p50 {median:5.2f} max {worst:6.1f} ms")
            click.echo(f"{name:32} " + " | ".join(cells))
            for title, send in PROBES.items():
                click.echo(f"{'':34}{title:24} {probe(port, send)}")
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
