"""Play a tape against running servers.

    python -m harness.tape TAPE --at cloudserver=http://127.0.0.1:8000 --at aws=http://127.0.0.1:5000 [--exact]

Exit status 0 where every answer is the recorded one, 1 where one is not, 2 for a tape that cannot be played.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from pathlib import Path

import click

from harness.errors import HarnessError, UsageError
from harness.tape import configuration, files
from harness.tape.replay import Player, report
from harness.tape.signing import KeyPair
from harness.tape.wire import HttpSender


@click.command()
@click.argument("tape", type=click.Path(path_type=Path))
@click.option("--at", "sites", multiple=True, metavar="SITE=URL", help="Where a site of the tape is. Repeatable.")
@click.option("--exact", is_flag=True, help="Count the form of answers too: order and case of headers, exact text.")
def main(tape: Path, sites: Sequence[str], *, exact: bool) -> None:
    """Play TAPE and print every answer that is not the recorded one."""
    try:
        differing, played = _play(tape, dict(_site(text) for text in sites), exact=exact)
    except HarnessError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error
    if differing:
        click.echo(differing)
    click.echo(f"{played} exchanges played; {'some differ' if differing else 'all as recorded'}")
    raise SystemExit(1 if differing else 0)


def _site(text: str) -> tuple[str, str]:
    name, equals, url = text.partition("=")
    if not equals:
        raise UsageError(f"--at {text}: no SITE=URL")
    return name, url


def _play(path: Path, urls: dict[str, str], *, exact: bool) -> tuple[str, int]:
    tape = files.load(path)
    accounts: dict[str, KeyPair] = {}
    if tape.header.config is not None:
        endpoints = {name: urllib.parse.urlsplit(url).netloc for name, url in urls.items()}
        loaded = configuration.load(path.parent / tape.header.config, endpoints)
        accounts = loaded.key_pairs()
        others = [name for name, kind in tape.header.sites.items() if kind != "cloudserver" and name in endpoints]
        accounts |= {name: loaded.key_pair_at(endpoints[name]) for name in others}
    player = Player(tape, {name: HttpSender(url) for name, url in urls.items()}, accounts)
    outcomes = list(player.play())
    return report(outcomes, exact=exact), len(outcomes)


if __name__ == "__main__":
    main()
