"""``harness up``: the stack, what it says when it is ready, and Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.faults.description import load_file
from harness.stack import Stack
from harness.stack_plan import StackOptions
from harness.stack_recording import taped

if TYPE_CHECKING:
    from harness.tape.recorder import Recorder


def run_up(
    options: StackOptions,
    *,
    as_json: bool,
    faults_file: Path | None = None,
    faults_port: int = 0,
    record: Path | None = None,
    with_bodies: bool = False,
) -> None:
    """Start everything, say so, wait for SIGINT or SIGTERM, stop everything.

    Raises:
        UsageError: a fault that makes no sense, a tape that cannot be written.
        StackError: a part did not start, or died while it ran.
    """
    from fake_cloudserver import serving
    from harness.faults.endpoint import FaultEndpoint

    rules = [] if faults_file is None else load_file(faults_file)
    ended = _told_to_end()
    recorder = None if record is None else _recorder(record, with_bodies=with_bodies)
    with (
        Stack(options, say=None if as_json else _progress, recorder=recorder) as stack,
        _taped(stack, recorder, record),
        serving(FaultEndpoint(stack.faults), options.host, faults_port) as endpoint,
    ):
        for rule in rules:
            stack.faults.set(rule)
        facts = stack.facts() | {"faults": {"endpoint": endpoint.url}}
        _keep(facts, stack.check, ended, as_json=as_json)


def run_up_in_docker(options: StackOptions, *, as_json: bool, faults_port: int = 0) -> None:
    """The same in containers.

    Raises:
        UsageError: options that containers do not have.
        StackError: no Docker engine, no image, or a container that ended.
    """
    from harness.containers.up import stack_in_containers

    for number in (signal.SIGINT, signal.SIGTERM):  # it takes its time; and no container is to be left behind
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    say = _nothing if as_json else _progress
    with stack_in_containers(options, faults_port=faults_port, say=say) as (facts, check):
        _keep(facts, check, _told_to_end(), as_json=as_json)


def _told_to_end() -> threading.Event:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


def _keep(facts: dict[str, Any], check: Callable[[], None], ended: threading.Event, *, as_json: bool) -> None:
    """Say that everything is ready, and wait."""
    if as_json:
        click.echo(json.dumps(facts))
    else:
        _show(facts)
    sys.stdout.flush()
    while not ended.wait(0.5):
        check()
    if not as_json:
        click.echo("stopping…", err=True)


def _recorder(record: Path, *, with_bodies: bool) -> Recorder:
    from fake_cloudserver import SystemClock
    from harness.tape.blobs import Blobs
    from harness.tape.recorder import Recorder

    return Recorder(SystemClock(), blobs=Blobs(record) if with_bodies else None)


def _taped(stack: Stack, recorder: Recorder | None, record: Path | None) -> AbstractContextManager[None]:
    if recorder is None or record is None:
        return contextlib.nullcontext()
    return taped(stack, recorder, record, "recorded by harness up")


def _nothing(_: str) -> None:
    pass


def _progress(text: str) -> None:
    click.echo(text, err=True)


_SITE = "{name:<12} {endpoint}   access key {access_key}, secret key {secret_key}, also at {others}"

_READY = """
CloudServer  {cloudserver[endpoint]}   access key {cloudserver[access_key]}, secret key {cloudserver[secret_key]}
AWS          {aws[endpoint]}   access key {aws[access_key]}, secret key {aws[secret_key]}, bucket {aws[bucket]}
Kafka        {kafka[bootstrap_servers]}
journal      {journal[endpoint]}   (bucketd)
API          {api[endpoint]}   (Backbeat's; also CloudServer's /_/backbeat/api)
faults       {faults[endpoint]}/faults
engine       {engine[state]}, dialect {engine[dialect]}, sites {sites}

Replicate an object (Ctrl-C here stops everything):

export AWS_ACCESS_KEY_ID={cloudserver[access_key]} AWS_SECRET_ACCESS_KEY={cloudserver[secret_key]} AWS_REGION=us-east-1
s3="aws --endpoint-url {cloudserver[endpoint]} s3api"
$s3 create-bucket --bucket source
$s3 put-bucket-versioning --bucket source --versioning-configuration Status=Enabled
$s3 put-bucket-replication --bucket source --replication-configuration '{rule}'
echo hello > /tmp/hello
$s3 put-object --bucket source --key hello --body /tmp/hello
$s3 head-object --bucket source --key hello     # ReplicationStatus: PENDING, then COMPLETED
AWS_ACCESS_KEY_ID={aws[access_key]} AWS_SECRET_ACCESS_KEY={aws[secret_key]} \\
  aws --endpoint-url {aws[endpoint]} s3api head-object --bucket {aws[bucket]} --key source/hello
"""


def _show(facts: dict[str, Any]) -> None:
    sites = facts["engine"]["sites"]
    for name, site in facts["sites"].items():
        click.echo(_SITE.format(name=name, **site, others=", ".join(site["servers"][1:])))
    click.echo(_READY.format(**facts | {"sites": ", ".join(sites), "rule": _rule(sites)}))


def _rule(sites: list[str]) -> str:
    rule = {
        "Role": "arn:aws:iam::root:role/s3-replication-role",
        "Rules": [
            {
                "ID": "all",
                "Prefix": "",
                "Status": "Enabled",
                "Destination": {"Bucket": "arn:aws:s3:::anywhere", "StorageClass": sites[0] if sites else "STANDARD"},
            }
        ],
    }
    return json.dumps(rule)
