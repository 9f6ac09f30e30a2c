"""``harness tape``: record, replay, serve, shrink, scenario."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.tape.fresh import Replay
    from harness.tape.model import Tape

_CONTEXT = {"help_option_names": ["-h", "--help"]}
_PORT = click.IntRange(0, 65535)
_TAPE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_TAPE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(context_settings=_CONTEXT)
def tape() -> None:
    """Tapes: record what crosses a server, play it again, answer from it (docs/tapes.md)."""


@tape.command(context_settings=_CONTEXT)
@click.argument("path", metavar="TAPE", type=_NEW_TAPE)
@click.option("--upstream", required=True, metavar="URL", help="The CloudServer to record, http://host:port.")
@click.option("--aws-upstream", metavar="URL", help="The S3 behind it, to be recorded too.")
@click.option("--port", type=_PORT, default=0, help="The proxy's port; a free one unless given.")
@click.option("--aws-port", type=_PORT, default=0, help="The port of the proxy in front of AWS.")
@click.option("--config", "config_dir", type=_FOLDER, help="CloudServer's config files: accounts get their names.")
@click.option("--bodies", "with_bodies", is_flag=True, help="Keep what objects hold, in blobs/ beside the tape.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when the proxies are ready.")
def record(
    path: Path,
    upstream: str,
    aws_upstream: str | None,
    port: int,
    aws_port: int,
    config_dir: Path | None,
    *,
    with_bodies: bool,
    as_json: bool,
) -> None:
    """Record to TAPE what passes through a proxy in front of a running CloudServer, until Ctrl-C.

    Clients are to use path style. Host and signature pass through unchanged; neither is on the tape.
    """
    from harness.tape import configuration
    from harness.tape.recording import AWS, CLOUDSERVER, recording_proxies, until_told

    upstreams = {CLOUDSERVER: upstream} | ({AWS: aws_upstream} if aws_upstream else {})
    accounts = {} if config_dir is None else configuration.names_by_key(config_dir)
    with recording_proxies(
        path, upstreams, ports={CLOUDSERVER: port, AWS: aws_port}, accounts=accounts, with_bodies=with_bodies
    ) as urls:

        def say() -> None:
            if as_json:
                click.echo(json.dumps({site: {"endpoint": url} for site, url in urls.items()}))
            else:
                for site, url in urls.items():
                    click.echo(f"{site:<12} {url}   in front of {upstreams[site]}")
                click.echo(f"recording to {path}; Ctrl-C ends it", err=True)
            sys.stdout.flush()

        until_told(say)


@tape.command(context_settings=_CONTEXT)
@click.argument("path", metavar="TAPE", type=_TAPE)
@click.option("--target", metavar="URL", help="Into a CloudServer that runs there, instead of a fresh stack.")
@click.option("--aws-target", metavar="URL", help="With --target: the S3 behind it, for what clients asked of that.")
@click.option("--config", "config_dir", type=_FOLDER, help="CloudServer's own config files instead of built-in ones.")
@click.option("--all", "show_all", is_flag=True, help="Go on after the first difference, and show every one.")
def replay(path: Path, target: str | None, aws_target: str | None, config_dir: Path | None, *, show_all: bool) -> None:
    """Ask again what clients asked on TAPE, and compare every answer.

    Exit status: 0 all as recorded, 1 something differs (the first difference is shown with what is around it), 2 the
    tape cannot be played.
    """
    from harness.errors import UsageError
    from harness.tape import files
    from harness.tape.fresh import into_fresh, into_running, urls_of

    loaded = files.load(path)
    if aws_target and not target:
        raise UsageError("--aws-target goes with --target")
    if loaded.header.twins and not target:
        sys.exit(_repeat(loaded))
    where = (
        into_running(loaded, path, urls_of(target, aws_target), config_dir)
        if target
        else into_fresh(loaded, path, config_dir)
    )
    with where as playing:
        sys.exit(_play(loaded, playing, show_all=show_all))


def _play(loaded: Tape, playing: Replay, *, show_all: bool) -> int:
    from harness.tape.replay import report
    from harness.tape.surroundings import around

    played = differing = 0
    for outcome in playing.outcomes():
        played += 1
        told = report([outcome])
        if told:
            differing += 1
            click.echo(told)
            if not show_all:
                click.echo(f"\nin the tape:\n{around(loaded, outcome.event.n)}")
                return 1
    others = playing.happenings()
    for n, line in others[: None if show_all else 1]:
        click.echo(line)
        if n is not None and not show_all:
            click.echo(f"\nin the tape:\n{around(loaded, n)}")
    count = f", and {len(others)} other things happened in one run only" if others else ""
    click.echo(f"{played} exchanges played; {'some differ' if differing else 'all as recorded'}{count}")
    return 1 if differing or others else 0


def _repeat(loaded: Tape) -> int:
    """A simulation's tape: the same run must give the same tape, to the last event."""
    from harness.simulation.from_tape import script_of_tape
    from harness.simulation.world import taped
    from harness.tape.format import parse
    from harness.tape.happenings import first_difference
    from harness.tape.surroundings import around

    script = script_of_tape(loaded).script
    found = first_difference(loaded, parse(taped(script)[1]))
    if found is None:
        click.echo(f"{len(loaded.events)} events; all as recorded")
        return 0
    n, line = found
    click.echo(line)
    if n is not None:
        click.echo(f"\nin the tape:\n{around(loaded, n)}")
    return 1


@tape.command(context_settings=_CONTEXT)
@click.argument("path", metavar="TAPE", type=_TAPE)
@click.option("--out", "-o", type=_NEW_TAPE, help="Where the small tape goes; beside TAPE unless given.")
@click.option("--runs", type=click.IntRange(1), default=600, show_default=True, help="How many runs it may take.")
@click.option(
    "--schedules",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="For a tape of a stack in real time: how many orders of work to try until something goes wrong.",
)
def shrink(path: Path, out: Path | None, runs: int, schedules: int) -> None:
    """Find few of TAPE's calls and faults with which the same goes wrong, and write a tape of those.

    Calls are made again on twins, where a run is a matter of milliseconds, and everything is checked that a simulation
    checks. Exit status: 0 there is a smaller tape, 1 nothing goes wrong, 2 the tape cannot be played.
    """
    from harness.simulation.from_tape import script_of_tape
    from harness.simulation.tape_shrinking import failing_schedule, shrunk
    from harness.tape import files

    read = script_of_tape(files.load(path))
    _say_what_is_missing(read.exact, read.left_out)
    failing = failing_schedule(read.script, 0 if read.exact else schedules)
    if failing is None:
        tried = "" if read.exact else f", in {schedules + 1} orders of work"
        click.echo(f"nothing goes wrong when its {len(read.script.calls)} calls are made again{tried}")
        sys.exit(1)
    small = shrunk(failing, runs)
    target = out or path.with_suffix(".small.tape")
    files.write_text(target, small.tape)
    click.echo(
        f"{small.result.kind}: {len(small.result.script.calls)} calls of {len(failing.calls)},"
        f" {len(small.result.script.items)} items of {len(failing.items)}, in {small.runs} runs"
    )
    for _, line in small.result.problems:
        click.echo(f"  {line}")
    click.echo(f"written to {target}; harness tape scenario {target} prints it as a scenario")


@tape.command(context_settings=_CONTEXT)
@click.argument("path", metavar="TAPE", type=_TAPE)
@click.option("--title", help="Of the scenario; what the tape says of itself unless given.")
def scenario(path: Path, title: str | None) -> None:
    """Print TAPE as a scenario on twins, which passes when everything arrives once and in order."""
    from harness.simulation.from_tape import script_of_tape
    from harness.simulation.scenario_text import scenario as text_of
    from harness.tape import files

    loaded = files.load(path)
    read = script_of_tape(loaded)
    _say_what_is_missing(read.exact, read.left_out)
    title = title or " ".join(loaded.header.about.split()) or path.stem
    click.echo(text_of(read.script, title), nl=False)


def _say_what_is_missing(exact: bool, left_out: int) -> None:
    if left_out:
        click.echo(f"left out: {left_out} requests that a simulation has no word for", err=True)
    if not exact:
        click.echo("bodies, metadata and tags are others of the same size; turns of the engine are chosen", err=True)


@tape.command(context_settings=_CONTEXT)
@click.argument("path", metavar="TAPE", type=_TAPE)
@click.option("--site", help="Which of the tape's sites; the first unless given.")
@click.option("--port", type=_PORT, default=0, help="A free one unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when it is ready.")
def serve(path: Path, site: str | None, port: int, *, as_json: bool) -> None:
    """Answer from TAPE, in the order of the tape, until Ctrl-C; 501 for what is not on it."""
    from fake_cloudserver import serving
    from harness.errors import UsageError
    from harness.tape import files
    from harness.tape.blobs import Blobs
    from harness.tape.recording import until_told
    from harness.tape.serve import TapeServer

    loaded = files.load(path)
    chosen = site or next(iter(loaded.header.sites), "")
    if chosen not in loaded.header.sites:
        raise UsageError(f"{path} has no site {chosen!r}; it has {', '.join(loaded.header.sites) or 'none'}")
    with serving(TapeServer(loaded, chosen, Blobs(path)), port=port) as server:

        def say() -> None:
            click.echo(json.dumps({chosen: {"endpoint": server.url}}) if as_json else f"{chosen:<12} {server.url}")
            sys.stdout.flush()

        until_told(say)
