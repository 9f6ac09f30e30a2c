"""``ci/kafka/run``: a cluster of Apache Kafka for as long as a command, or a person, needs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
from apache_kafka import ApacheKafka, artifacts

from harness.errors import StackError


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--brokers", type=click.IntRange(1, 9), default=1, show_default=True)
@click.option("--port", "ports", type=click.IntRange(1, 65535), multiple=True, help="One for each broker.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the data there.")
@click.option("--fetch", is_flag=True, help="Fetch the artifacts, and end.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def main(brokers: int, ports: tuple[int, ...], data: Path | None, command: tuple[str, ...], *, fetch: bool) -> None:
    """Start Apache Kafka and run COMMAND; without one, keep it until Ctrl-C."""
    if ports and len(ports) != brokers:
        raise click.UsageError(f"{brokers} brokers need {brokers} ports")
    # whoever ends us with SIGTERM wants the brokers stopped and their data removed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        jars = artifacts()
        if fetch:
            click.echo(str(jars))
            return
        with ApacheKafka(brokers, ports=ports, folder=data, jars=jars) as kafka:
            status = _run(command, kafka.bootstrap_servers) if command else _wait(kafka)
    except StackError as error:
        click.echo(f"ci/kafka/run: {error}", err=True)
        status = 2
    except KeyboardInterrupt:
        status = 0
    sys.exit(status)


def _run(command: tuple[str, ...], servers: str) -> int:
    argv = [word.replace("{kafka}", servers) for word in command]
    return subprocess.run(argv, check=False, env={**os.environ, "KAFKA": servers}).returncode


def _wait(kafka: ApacheKafka) -> int:
    click.echo(json.dumps({"bootstrap_servers": kafka.bootstrap_servers}))
    sys.stdout.flush()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    main()
