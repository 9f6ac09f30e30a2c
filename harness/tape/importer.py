"""Make tapes of recordings in the plain form that a recording client writes.

    python -m harness.tape.importer SOURCE DESTINATION

SOURCE holds ``*.jsonl`` (a header line, then one exchange a line: ``n``, ``name``, ``at``, ``request``, ``response``)
and ``config/`` with the three files that CloudServer ran with, its AWS at 127.0.0.1:5000. DESTINATION gets a
``.tape`` for each recording and the configuration.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from harness.errors import HarnessError
from harness.tape import bodies, configuration, files, rewriting
from harness.tape.aliases import Namer
from harness.tape.errors import TapeError
from harness.tape.model import Body, Header, HeaderList, HttpEvent, HttpRequest, HttpResponse, Signature, Tape

#: Where the recorded CloudServer's AWS listened.
AWS = "127.0.0.1:5000"
#: The environment it ran with, and what its AWS held before.
ENVIRON = {"MPU_TESTING": "yes"}
BUCKETS = {
    "crr-target": "versioned",
    "crr-target-nomatch": "versioned",
    "multitester555": "versioned",
    "multitester222": "versioned",
    "crr-target-nover": "plain",
}


class Importer:
    """Makes one tape; ids keep their aliases throughout it.

    Args:
        accounts: names of accounts by their access keys.
    """

    def __init__(self, accounts: Mapping[str, str]) -> None:
        self._accounts = accounts
        self._namer = Namer()

    def event(self, exchange: Mapping[str, Any]) -> HttpEvent:
        """One exchange; they come in order."""
        request = self._request(exchange["request"])
        response = None if "error" in exchange["response"] else self._response(exchange["response"])
        return HttpEvent(exchange["n"], exchange["at"], request, response, name=exchange["name"])

    def _request(self, recorded: Mapping[str, Any]) -> HttpRequest:
        body = _body(recorded)
        length = len(bodies.content_of(body))
        headers = tuple(
            (name, _computed(name, value, length, recorded.get("md5_of_body")))
            for name, value in recorded["headers"].items()
        )
        return HttpRequest(
            recorded["method"],
            recorded["path"],
            rewriting.query(recorded["query"], self._namer.of_request),
            rewriting.headers(headers, self._namer.of_request),
            rewriting.body(body, self._namer.of_request),
            self._signature(recorded),
        )

    def _response(self, recorded: Mapping[str, Any]) -> HttpResponse:
        headers: HeaderList = tuple((name, value) for name, value in recorded["headers"])
        return HttpResponse(
            recorded["status"],
            rewriting.headers(headers, self._namer.of_answer),
            rewriting.body(_body(recorded), self._namer.of_answer),
        )

    def _signature(self, recorded: Mapping[str, Any]) -> Signature | None:
        access_key = recorded["access_key"]
        if access_key is None:
            return None
        return Signature(
            self._accounts.get(access_key, "nobody"),
            wrong=bool(recorded.get("bad_signature")),
            unsigned=tuple(recorded.get("unsigned_headers", ())),
            payload=recorded.get("content_sha256"),
        )


def _body(part: Mapping[str, Any]) -> Body:
    if "body_repeat" in part:
        text, times = part["body_repeat"]
        return Body("repeat", (text, times))
    if "body_base64" in part:
        return bodies.of_bytes(base64.b64decode(part["body_base64"]))
    return bodies.of_text(part.get("body", ""))


def _computed(name: str, value: str, length: int, md5_of_body: str | None) -> str:
    if name == "content-length" and value == str(length):
        return "<length>"
    if name == "content-md5" and md5_of_body:
        return f"<md5:{md5_of_body}>"
    return value


def import_tape(source: Path, accounts: Mapping[str, str]) -> Tape:
    """The tape of one recording. Raises TapeError for what is no recording."""
    try:
        first, *rest = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
        importer = Importer(accounts)
        events = tuple(importer.event(exchange) for exchange in rest)
        header = Header(
            about=f"{first['of']}; AWS is {first['aws']}",
            sites={"cloudserver": "cloudserver", "aws": "s3"},
            profile="8.8",
            recorded=first["recorded"],
            config="config",
            environ=ENVIRON,
            buckets={"aws": BUCKETS},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TapeError(f"{source}: not a recording: {error!r}") from None
    return Tape(header, events)


def import_configuration(source: Path, destination: Path) -> dict[str, str]:
    """Copy the three files, the address of AWS made a name; gives names of accounts by access key."""
    destination.mkdir(parents=True, exist_ok=True)
    loaded = configuration.load(source, {})
    for location in loaded.locations.values():
        if location["details"].get("awsEndpoint") == AWS:
            location["details"]["awsEndpoint"] = "<site:aws>"
    documents = {
        configuration.CONFIG: loaded.config,
        configuration.LOCATIONS: loaded.locations,
        configuration.ACCOUNTS: loaded.accounts,
    }
    for name, document in documents.items():
        (destination / name).write_text(json.dumps(document, indent=4) + "\n", encoding="utf-8")
    names = {pair.access_key: account for account, pair in loaded.key_pairs().items()}
    return names | {loaded.key_pair_at("<site:aws>").access_key: "aws"}


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("destination", type=click.Path(file_okay=False, path_type=Path))
def main(source: Path, destination: Path) -> None:
    """Make tapes of the recordings in SOURCE."""
    try:
        _import_all(source, destination)
    except HarnessError as error:
        raise click.ClickException(str(error)) from error


def _import_all(source: Path, destination: Path) -> None:
    accounts = import_configuration(source / "config", destination / "config")
    for recording in sorted(source.glob("*.jsonl")):
        tape = import_tape(recording, accounts)
        target = destination / f"{recording.stem}.tape"
        files.save(tape, target)
        if files.load(target).events != tape.events:
            raise TapeError(f"{target}: reads back as another tape")
        click.echo(f"{target}: {len(tape.events)} events")


if __name__ == "__main__":
    main()
