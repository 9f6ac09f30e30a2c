"""``harness tape record``: proxies in front of running servers, and a tape of what passes."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from fake_cloudserver import HttpServer, SystemClock, iso
from harness.errors import UsageError
from harness.tape.blobs import Blobs
from harness.tape.model import Header
from harness.tape.proxy import Forwarding
from harness.tape.recorder import Recorder
from harness.tape.writer import TapeWriter

CLOUDSERVER, AWS = "cloudserver", "aws"
_KINDS = {CLOUDSERVER: "cloudserver", AWS: "s3"}


def header(about: str, sites: Mapping[str, str], **more: object) -> Header:
    """Of a tape that begins now."""
    today = iso(SystemClock().now())
    return Header(about, dict(sites), harness=version("cloudserver-harness"), recorded=today, **more)  # type: ignore[arg-type]


@contextlib.contextmanager
def open_writer(
    path: Path, head: Header, accounts: Mapping[str, str], words: Collection[str] | None = None
) -> Iterator[TapeWriter]:
    """A writer of a file; UsageError when it cannot be written."""
    try:
        stream = path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    with stream:
        yield TapeWriter(stream, head, accounts=accounts, words=words)


@contextlib.contextmanager
def recording_proxies(
    path: Path,
    upstreams: Mapping[str, str],
    *,
    ports: Mapping[str, int] | None = None,
    accounts: Mapping[str, str] | None = None,
    with_bodies: bool = False,
) -> Iterator[dict[str, str]]:
    """Proxies on loopback, one for each site; gives their URLs.

    Args:
        upstreams: URL by site.
        ports: free ones unless given.
        accounts: names by access key; others are told by number.

    Raises:
        UsageError: a URL, a port or the file will not do.
    """
    apps = {site: Forwarding(url) for site, url in upstreams.items()}
    head = header(
        f"recorded in front of {' and '.join(upstreams.values())}", {site: _KINDS[site] for site in upstreams}
    )
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(open_writer(path, head, accounts or {}))
        recorder = Recorder(SystemClock(), blobs=Blobs(path) if with_bodies else None)
        stack.enter_context(recorder.writing(writer))
        urls = {}
        for site, app in apps.items():
            port = (ports or {}).get(site, 0)
            try:
                server = HttpServer(recorder.wrap(app, site), "127.0.0.1", port).start()
            except OSError as error:
                raise UsageError(f"the proxy cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
            stack.callback(server.stop, grace=1.0)
            urls[site] = server.url
        yield urls


def until_told(say: Callable[[], None]) -> None:
    """Say so when everything is ready, and wait for SIGINT or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    say()
    ended.wait()
