"""The stack's "AWS": moto's S3 application on a port of its own.

It is a process of its own because moto's state is global to a process, and the fake keeps its bytes in moto too.
moto is mounted at its S3 application, past the look-up of which of its 170 services is meant, and served with
keep-alive; what is quadratic in the number of versions is replaced from outside.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.aws_listing import list_without_copies
from harness.aws_touched import touch
from harness.processes import commands, say_ready

if TYPE_CHECKING:
    from harness.aws_kept import KeptS3

#: moto believes any key pair; these are the ones the stack shows and configures.
ACCESS_KEY = "awsAccessKey1"
SECRET_KEY = "awsVerySecretKey1"  # noqa: S105  (a fake's own)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0 takes a free one.")
@click.option("--bucket", "buckets", multiple=True, help="Create this bucket, versioning enabled. Repeatable.")
@click.option("--plain-bucket", "plain_buckets", multiple=True, help="Create this bucket without versioning.")
@click.option("--seed", default=0, show_default=True, help="Of the faults that come by chance.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep everything in this folder.")
def main(
    host: str, port: int, buckets: tuple[str, ...], plain_buckets: tuple[str, ...], seed: int, data: Path | None
) -> None:
    """Serve moto's S3; say {"endpoint": URL} when ready.

    Takes commands, a line each, on standard input: ``down`` closes the port and every connection, ``up`` opens the
    same port again, ``bucket NAME`` creates a versioned bucket, ``dump NAME`` gives :func:`contents` of one,
    ``requests WORD…`` gives the requests whose paths hold one of the words, ``fault …`` is for
    ``harness.faults.control``. Each is answered by a line of JSON. It ends with its standard input, or with SIGTERM.
    """
    from fake_cloudserver import HttpServer, SeededRandomness, SystemClock
    from harness.faults.control import COMMAND, obey
    from harness.faults.middleware import Faults
    from harness.faults.rules import FaultBoard
    from harness.request_log import RequestLog

    board = FaultBoard(SeededRandomness(seed))
    requests = RequestLog("aws", SystemClock())
    moto_s3, kept = create_app(), None
    if data is not None:
        kept = _open(data)
        moto_s3 = kept.wrap(moto_s3)
    app = requests.wrap(Faults(moto_s3, board, "aws", SystemClock()))
    for name in (*buckets, *plain_buckets):
        create_bucket(name, versioned=name in buckets, kept=kept)
    server: HttpServer | None = HttpServer(app, host, port).start()
    assert server is not None
    port = server.port
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say_ready(endpoint=server.url)
    for command in commands():
        word, _, argument = command.partition(" ")
        answer: dict[str, Any] = {}
        if word == "down" and server is not None:
            server.stop(grace=0)
            server = None
        elif word == "up" and server is None:
            server = HttpServer(app, host, port).start()
        elif word == "bucket":
            create_bucket(argument, versioned=True, kept=kept)
        elif word == COMMAND:
            answer = obey(board, argument)
        elif word == "dump":
            answer = {"versions": contents(argument)}
        elif word == "requests":
            answer = {"requests": [dataclasses.astuple(one) for one in requests.about(argument.split())]}
        say_ready(done=word, **answer)


def _open(folder: Path) -> KeptS3:
    from fake_cloudserver import DataFolderError
    from harness.aws_kept import KeptS3

    try:
        return KeptS3(folder)
    except DataFolderError as error:
        raise click.ClickException(str(error)) from None


def create_app() -> Any:
    """moto's S3 as a WSGI application."""
    # a host name with a dot is not a virtual-host style bucket here
    os.environ.setdefault("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true")
    from moto.moto_api._internal import mock_random
    from moto.moto_server.werkzeug_app import create_backend_app

    mock_random.seed()  # of ids; a process that was forked would give the same as its siblings
    _replace_quadratic_parts()
    _take_no_tags()
    app = create_backend_app("s3")
    app.debug = False
    return _keep_underscores(app)


def _keep_underscores(inner: Any) -> Any:
    """Tell moto which metadata names have an underscore, as its own request handler does; WSGI alone cannot."""
    from moto.core.request import (
        PRESERVED_HEADER_NAMES_ENVIRON_KEY,
        environ_key_for_header,
        should_preserve_original_header_name,
    )

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        names = [name for name, _ in environ.get("cloudserver.headers", ())]
        dashed = {environ_key_for_header(name) for name in names if "_" not in name}
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {
            key: name
            for name in names
            if should_preserve_original_header_name(name) and (key := environ_key_for_header(name)) not in dashed
        }
        return inner(environ, start_response)

    return app


def create_bucket(name: str, *, versioned: bool, kept: KeptS3 | None = None) -> None:
    """Straight into moto's model; one that was kept stays as it is."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if kept is not None and name in backend.buckets:
        return
    backend.create_bucket(name, "us-east-1")
    if versioned:
        backend.put_bucket_versioning(name, "Enabled")
    if kept is not None:
        kept.keep_bucket(name)


def contents(bucket: str) -> list[dict[str, Any]]:
    """Every version and delete marker of a bucket, key by key, the oldest first: S3's listing tells versions and
    markers apart, but not in which order they came."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import FakeKey, s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    found: list[dict[str, Any]] = []
    for name, versions in sorted(backend.get_bucket(bucket).keys.lists()):
        for version in versions:
            one: dict[str, Any] = {"key": name, "version_id": version.version_id, "marker": True}
            if isinstance(version, FakeKey):
                one |= {
                    "marker": False,
                    "md5": hashlib.md5(version.value).hexdigest(),
                    "size": version.size,
                    "metadata": dict(version.metadata),
                    "tags": backend.tagger.get_tag_dict_for_resource(version.arn),
                }
            found.append(one)
    return found


def _replace_quadratic_parts() -> None:
    import moto.s3.models
    from moto.s3.utils import _VersionedKeyStore

    class VersionedKeyStore(_VersionedKeyStore):
        """moto compares each old version with each kept one; identity is all it needs to know."""

        def setlist(self, key: str, list_: Any) -> None:
            touch(key)
            kept = list(list_) if isinstance(list_, list | tuple) else [list_]
            identities = {id(version) for version in kept}
            for version in self.getlist(key, []):
                if id(version) not in identities and hasattr(version, "dispose"):
                    version.dispose()
            dict.__setitem__(self, key, kept)

        def __setitem__(self, key: str, value: Any) -> None:
            touch(key)
            super().__setitem__(key, value)

        def pop(self, key: str) -> None:  # type: ignore[override]  # as moto has it
            touch(key)
            super().pop(key)

    setattr(moto.s3.models, "_VersionedKeyStore", VersionedKeyStore)  # noqa: B010  (moto has no other seam for it)
    list_without_copies()


def _take_no_tags() -> None:
    """A set of tags without any is answered 500 by moto, and empties an object's tags with AWS."""
    import xmltodict  # type: ignore[import-untyped]  # moto reads with it, too
    from moto.s3.responses import S3Response

    def tagging_from_xml(response: Any) -> dict[str, str]:
        found = xmltodict.parse(response.body, force_list={"Tag": True})["Tagging"]["TagSet"] or {}
        return {tag["Key"]: tag["Value"] or "" for tag in found.get("Tag", ())}

    setattr(S3Response, "_tagging_from_xml", tagging_from_xml)  # noqa: B010  (as above)


if __name__ == "__main__":
    main()
