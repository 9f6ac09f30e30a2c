"""``harness``: the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from harness.errors import HarnessError

_CONTEXT = {"help_option_names": ["-h", "--help"]}
_PORT = click.IntRange(0, 65535)
_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class _Group(click.Group):
    """Errors that are meant for the user are one line and a status, not a traceback.

    ``tape`` has a module of its own, loaded when somebody asks for it.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "tape"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "tape":
            from harness.tape.cli import tape

            return tape
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        from fake_cloudserver import ConfigurationError

        try:
            return super().invoke(ctx)
        except ConfigurationError as error:  # CloudServer's own words and its own status
            click.echo(str(error), err=True)
            sys.exit(1)
        except HarnessError as error:
            click.echo(f"harness: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Group, context_settings=_CONTEXT)
@click.version_option(package_name="cloudserver-harness")
def main() -> None:
    """A CloudServer, an AWS, Kafka and a replication engine on this machine, and scenarios that prove them."""
    import logging

    from fake_cloudserver import log_to_stderr

    log_to_stderr()
    logging.getLogger("kafka").setLevel(
        logging.CRITICAL
    )  # it reports each passing trouble; the engine says what counts


@main.command(context_settings=_CONTEXT)
@click.option("--config", "config_dir", type=_FOLDER, help="CloudServer's own config files instead of built-in ones.")
@click.option(
    "--dialect",
    type=click.Choice(["design", "release"]),
    default="design",
    show_default=True,
    help="Which routes the engine speaks: those that were designed, or those that were released.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen on this address.")
@click.option("--port", type=_PORT, help="CloudServer's port; a free one unless given.")
@click.option("--aws-port", type=_PORT, help="AWS's port; a free one unless given.")
@click.option("--kafka-port", type=_PORT, default=0, help="The embedded Kafka's port; a free one unless given.")
@click.option("--bucketd-port", type=_PORT, default=0, help="The journal's port; a free one unless given.")
@click.option("--api-port", type=_PORT, default=0, help="The port of Backbeat's API; a free one unless given.")
@click.option("--kafka", metavar="HOST:PORT", help="Use this Kafka instead of the embedded one.")
@click.option("--target", "targets", multiple=True, metavar="NAME", help="A further CloudServer to replicate to.")
@click.option("--target-port", type=_PORT, default=0, help="Its port; a free one unless given.")
@click.option("--no-engine", is_flag=True, help="Everything but the engine: for an engine of your own.")
@click.option(
    "--faults",
    "faults_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What is to go wrong, as docs/scenarios.md has it (YAML or JSON).",
)
@click.option("--faults-port", type=_PORT, default=0, help="Where faults are set over HTTP; a free port unless given.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything in this folder across restarts (docs/persistence.md); in memory without it.",
)
@click.option("--record", type=_FILE, metavar="TAPE", help="Write what happens to this tape (docs/tapes.md).")
@click.option("--bodies", "with_bodies", is_flag=True, help="With --record: keep what objects hold, in blobs/.")
@click.option("--docker", "in_docker", is_flag=True, help="In two containers, one of them Apache Kafka.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when everything is ready.")
def up(
    config_dir: Path | None,
    dialect: str,
    port: int | None,
    aws_port: int | None,
    kafka_port: int,
    bucketd_port: int,
    api_port: int,
    kafka: str | None,
    faults_file: Path | None,
    faults_port: int,
    *,
    host: str,
    targets: tuple[str, ...],
    target_port: int,
    no_engine: bool,
    data: Path | None,
    record: Path | None,
    with_bodies: bool,
    in_docker: bool,
    as_json: bool,
) -> None:
    """Start the whole stack and keep it until Ctrl-C."""
    from harness.stack_plan import StackOptions
    from harness.up import run_up, run_up_in_docker

    options = StackOptions(
        dialect=dialect,
        config_dir=config_dir,
        host=host,
        cloudserver_port=port,
        aws_port=aws_port,
        kafka_port=kafka_port,
        bucketd_port=bucketd_port,
        api_port=api_port,
        kafka=kafka,
        engine=not no_engine,
        sites=targets,
        site_port=target_port,
        data=data,
    )
    if in_docker:
        if any(given is not None for given in (data, faults_file, record)):
            raise click.UsageError("--docker does not go with --data, --faults or --record")
        run_up_in_docker(options, as_json=as_json, faults_port=faults_port)
        return
    run_up(
        options,
        as_json=as_json,
        faults_file=faults_file,
        faults_port=faults_port,
        record=record,
        with_bodies=with_bodies,
    )


@main.command(context_settings=_CONTEXT)
@click.option(
    "--settings",
    "settings_file",
    type=_FILE,
    help="JSON in the names of Backbeat's extensions.replication; docs/engine.md shows one.",
)
@click.option(
    "--config",
    type=_FILE,
    help="Backbeat's own config.json, which is what is read without --settings. "
    "By default $BACKBEAT_CONFIG_FILE, or conf/config.json.",
)
@click.option(
    "--role",
    "roles",
    type=click.Choice(["populator", "processor", "status", "api"]),
    multiple=True,
    help="Do this only. Repeatable; everything unless given.",
)
@click.option("--site", "sites", multiple=True, metavar="SITE", help="A processor for this site only. Repeatable.")
@click.option("--kill-at", metavar="POINT[:N]", help="End with SIGKILL at the N-th time this point is reached.")
@click.option("--child", is_flag=True, help="End when the process that started this one ends.")
@click.option("--ready-file", type=_FILE, help="Write that line to this file, too.")
def engine(
    settings_file: Path | None,
    config: Path | None,
    roles: tuple[str, ...],
    sites: tuple[str, ...],
    kill_at: str | None,
    *,
    child: bool,
    ready_file: Path | None,
) -> None:
    """Run the replication engine until SIGTERM; prints one line of JSON when it is ready."""
    from harness.engine_process import read_settings, run_engine

    run_engine(read_settings(settings_file, config), roles, sites, kill_at, is_child=child, ready_file=ready_file)


_PATHS = click.Path(path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_MOST_JOBS = 8


@main.command(context_settings=_CONTEXT)
@click.argument("paths", nargs=-1, type=_PATHS)
@click.option(
    "--target",
    default="fake",
    show_default=True,
    metavar="fake|FILE.toml|URL",
    help="What to run against: the embedded stack, or one that runs somewhere (docs/scenarios.md).",
)
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 64), help="Processes; one for each processor unless given. 1: no others."
)
@click.option("--tags", "-m", multiple=True, metavar="TAG", help="Only scenarios with this tag. Repeatable.")
@click.option("--select", "-k", metavar="EXPRESSION", help="Only runs whose names hold this, as pytest has it.")
@click.option("--since", metavar="VERSION", help="Only scenarios that are true for this version of CloudServer.")
@click.option("--fail-fast", "-x", is_flag=True, help="Stop at the first failure.")
@click.option("--seed", type=int, help="Repeat the run that showed this seed.")
@click.option("--repeat", type=click.IntRange(1, 1000), default=1, show_default=True, help="Do each run so often.")
@click.option(
    "--limit",
    type=click.FloatRange(1.0, 86_400.0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Give a run up that takes longer.",
)
@click.option("--junit", type=_FILE, help="Write a JUnit report to this file.")
@click.option("--html", type=_FILE, help="Write a page with a time line of every run to this file.")
@click.option(
    "--record",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep a tape of each run that does not pass there (docs/tapes.md).",
)
@click.option("--record-all", is_flag=True, help="Keep those of runs that pass, too.")
@click.option("--annotations", metavar="github|gitlab:FILE", help="Show failures where code is reviewed.")
@click.option("--verbose", "-v", is_flag=True, help="A line for each run that passes, too.")
@click.option("--config", "config_dir", type=_FOLDER, help="CloudServer's own config files instead of built-in ones.")
@click.option("--kafka", metavar="HOST:PORT", help="Use this Kafka instead of the embedded one.")
def run(paths: tuple[Path, ...], jobs: int | None, **options: Any) -> None:
    """Run scenarios: those of PATHS, or of ./scenarios.

    Exit status: 0 all passed, 1 some failed, 2 they could not be run.
    """
    from harness.scenario.console import RunOptions, run_paths

    jobs = jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    sys.exit(run_paths(paths or (Path("scenarios"),), RunOptions(jobs=jobs, **options)))


@main.command(context_settings=_CONTEXT)
@click.argument("paths", nargs=-1, type=_PATHS)
def check(paths: tuple[Path, ...]) -> None:
    """Read scenarios without running them: those of PATHS, or of ./scenarios."""
    from harness.scenario.console import check_paths

    sys.exit(check_paths(paths or (Path("scenarios"),)))


@main.command(context_settings=_CONTEXT)
@click.option("--seeds", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many runs.")
@click.option("--seed", type=click.IntRange(0), help="This run only, or the first of --seeds.")
@click.option("--script", "script_file", type=_FILE, help="What a failing run left behind, once more.")
@click.option("--objects", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Versions in a run.")
@click.option("--dialect", type=click.Choice(["design", "release"]), help="Both in turn unless given.")
@click.option("--hours", type=click.FloatRange(0, 1e6), default=48.0, show_default=True, help="Of a run, about.")
@click.option("--shrink/--no-shrink", default=True, show_default=True, help="Make what fails smaller.")
@click.option("--shrink-runs", type=click.IntRange(1), default=600, show_default=True, help="At most so many for that.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Leave what failed in this folder.")
@click.option("--fail-fast", "-x", is_flag=True, help="Stop at the first failure.")
@click.pass_context
def simulate(ctx: click.Context, /, seeds: int, seed: int | None, script_file: Path | None, **options: Any) -> None:
    """Break a whole stack at random, on a virtual clock, and check what comes of it; a seed repeats a run.

    Exit status: 0 all was well, 1 something was not, 2 it could not be run.
    """
    from harness.simulation.console import run_simulations
    from harness.simulation.runner import Workload, load_script

    workload = Workload(**{name: options.pop(name) for name in ("dialect", "objects", "hours")})
    if script_file is not None:
        scripts = [load_script(script_file)]
    else:
        single = seed is not None and ctx.get_parameter_source("seeds") is click.core.ParameterSource.DEFAULT
        first = 1 if seed is None else seed
        scripts = [workload.script(number) for number in range(first, first + (1 if single else seeds))]
    sys.exit(run_simulations(scripts, limit=options.pop("shrink_runs"), **options))


if __name__ == "__main__":
    main()
