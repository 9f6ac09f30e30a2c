"""``fake-cloudserver``: one fake, on the ports that CloudServer's own configuration names."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fake_cloudserver.errors import ConfigurationError

if TYPE_CHECKING:
    from fake_cloudserver.fake import FakeCloudServer
    from fake_cloudserver.server import HttpServer
    from fake_cloudserver.settings import Settings


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default=None, help="Listen on this address instead of the configured ones.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Listen on this port; 0 takes a free one.")
@click.option(
    "--bucketd-port",
    type=click.IntRange(0, 65535),
    default=None,
    help="Also serve the journal as bucketd does, on this port; 0 takes a free one.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    default=None,
    help="Also serve /live, /ready and /metrics, on this port; 0 takes a free one. The configured ones otherwise.",
)
@click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything in this folder across restarts; in memory without it.",
)
@click.option("--json", "as_json", is_flag=True, help="Say where it listens as one line of JSON.")
def main(
    host: str | None,
    port: int | None,
    bucketd_port: int | None,
    metrics_port: int | None,
    folder: Path | None,
    *,
    as_json: bool,
) -> None:
    """A fake Scality CloudServer.

    It reads CloudServer's own files, named by S3_CONFIG_FILE, S3_LOCATION_FILE and S3AUTH_CONFIG, and starts with
    built-in ones where they are not set. Locations of type file keep their bytes in the folder that S3DATAPATH names,
    or in a temporary one; with --data they do in that folder.
    """
    from fake_cloudserver.logs import log_to_stderr
    from fake_cloudserver.settings import Settings

    log_to_stderr()
    try:
        settings = Settings.load(os.environ)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    ended = _told_to_end()
    addresses = [(host or a, b if port is None else port) for a, b in settings.listen_on]
    metrics_addresses = [(host or a, b) for a, b in settings.metrics_listen_on]
    if metrics_port is not None:
        metrics_addresses = [(addresses[0][0], metrics_port)]
    with _fake(settings, folder) as fake, contextlib.ExitStack() as stack:
        servers = [_listen(stack, fake.app, *address) for address in addresses[: 1 if port is not None else None]]
        bucketd = None if bucketd_port is None else _listen(stack, fake.bucketd, addresses[0][0], bucketd_port)
        metrics = [_listen(stack, fake.metrics_app, *address) for address in metrics_addresses]
        _say(fake, servers, bucketd, metrics, as_json=as_json)
        # the real server asks its locations where their buckets are when it starts; a failure is a line in the log
        threading.Thread(target=fake.warm_up, name="warm-up", daemon=True).start()
        ended.wait()


def _fake(settings: Settings, folder: Path | None) -> FakeCloudServer:
    from fake_cloudserver.fake import FakeCloudServer

    try:
        return FakeCloudServer(settings, data_folder=_data_folder(), folder=folder)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def _listen(stack: contextlib.ExitStack, app: object, host: str, port: int) -> HttpServer:
    from fake_cloudserver.server import HttpServer

    try:
        server = HttpServer(app, host, port).start()  # type: ignore[arg-type]
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    stack.callback(server.stop)
    return server


def _say(
    fake: FakeCloudServer,
    servers: list[HttpServer],
    bucketd: HttpServer | None,
    metrics: list[HttpServer],
    *,
    as_json: bool,
) -> None:
    endpoints = [server.url for server in servers]
    access_key, secret_key = fake.settings.accounts[0].keys[0]
    if as_json:
        facts = {"endpoint": endpoints[0], "endpoints": endpoints, "access_key": access_key, "secret_key": secret_key}
        facts |= {"bucketd": bucketd.url} if bucketd else {}
        facts |= {"metrics": metrics[0].url} if metrics else {}
        click.echo(json.dumps(facts))
        return
    click.echo(f"fake CloudServer on {', '.join(endpoints)}")
    if bucketd:
        click.echo(f"bucketd (the journal) on {bucketd.url}")
    if metrics:
        click.echo(f"health and metrics on {', '.join(server.url for server in metrics)}")
    click.echo(f"  AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={secret_key} AWS_DEFAULT_REGION=us-east-1 \\")
    click.echo(f"  aws --endpoint-url {endpoints[0]} s3 ls")


def _data_folder() -> Path | None:
    """S3DATAPATH, CloudServer's own name for where files are kept (cloudserver lib/Config.js)."""
    named = os.environ.get("S3DATAPATH")
    return Path(named) if named else None


def _told_to_end() -> threading.Event:
    """Set by SIGTERM and SIGINT, from now on."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended


if __name__ == "__main__":
    main()
