"""``harness up --docker``: the stack in two containers, one with Apache Kafka, one with everything else."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.containers.engine import check, docker_engine, need_image, network, running
from harness.errors import StackError, UsageError
from harness.listening import LOOPBACK
from harness.queue.kafka_settings import MAX_REQUEST_SIZE
from harness.reserved_port import free_port
from harness.stack_plan import StackOptions

if TYPE_CHECKING:
    from docker.models.containers import Container

#: Variables that docker-compose.test.yml knows as well, and what they are unless they are set.
IMAGES = {"HARNESS_IMAGE": "cloudserver-harness", "KAFKA_IMAGE": "apache/kafka:4.4.0"}
#: ``host``: the containers use this machine's network, for engines without bridges.
NETWORK_VARIABLE = "HARNESS_DOCKER_NETWORK"

_MISSING = {
    "HARNESS_IMAGE": "`docker build -t cloudserver-harness .` in the project's folder builds it",
    "KAFKA_IMAGE": "KAFKA_IMAGE may name another",
}
#: What stays inside of the containers, or would have to get into them.
_REFUSED = {
    "config_dir": "--config",
    "kafka": "--kafka",
    "data": "--data",
    "host": "--host",
    "sites": "--target",
    "api_port": "--api-port",
}
_EVERYWHERE = "0.0.0.0"  # noqa: S104  (inside of a container, whose ports are published on the loopback interface)


@contextlib.contextmanager
def stack_in_containers(
    options: StackOptions,
    *,
    faults_port: int = 0,
    say: Callable[[str], None] = lambda _: None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
    """Start it; what it says of itself when it is ready, and what raises StackError when a part has ended.

    Raises:
        UsageError: options that containers do not have.
        StackError: no Docker engine, no image, or a container that ended.
    """
    _check(options)
    images = {name: environ.get(name) or image for name, image in IMAGES.items()}
    name = f"harness-{uuid.uuid4().hex[:8]}"
    is_host = environ.get(NETWORK_VARIABLE) == "host"
    ports = _Ports(options, faults_port)
    with docker_engine() as client, contextlib.ExitStack() as containers:
        for variable, image in images.items():
            need_image(client, image, _MISSING[variable])
        bridge = containers.enter_context(network(client, "host" if is_host else name))
        say("starting Apache Kafka…")
        kafka = containers.enter_context(
            running(
                client,
                images["KAFKA_IMAGE"],
                f"{name}-kafka",
                network=bridge,
                environment=_kafka_environment(ports.kafka, free_port(LOOPBACK), is_host=is_host),
                ports=[ports.kafka],
            )
        )
        say("starting everything else…")
        command = _command(options, ports, is_host=is_host)
        published = [ports.cloudserver, ports.aws, ports.bucketd, ports.faults]
        rest = containers.enter_context(
            running(client, images["HARNESS_IMAGE"], f"{name}-stack", network=bridge, command=command, ports=published)
        )

        def check_all() -> None:
            for container in (kafka, rest):
                check(container)

        yield _seen_from_here(_said(rest, kafka), ports.kafka), check_all


def _check(options: StackOptions) -> None:
    plain = StackOptions()
    refused = [option for name, option in _REFUSED.items() if getattr(options, name) != getattr(plain, name)]
    if refused:
        raise UsageError(f"--docker does not go with {', '.join(refused)}")


class _Ports:
    """The ports of this machine under which everything is reached: those that were asked for, or free ones."""

    def __init__(self, options: StackOptions, faults: int) -> None:
        self.cloudserver = options.cloudserver_port or free_port(LOOPBACK)
        self.aws = options.aws_port or free_port(LOOPBACK)
        self.kafka = options.kafka_port or free_port(LOOPBACK)
        self.bucketd = options.bucketd_port or free_port(LOOPBACK)
        self.faults = faults or free_port(LOOPBACK)


def _command(options: StackOptions, ports: _Ports, *, is_host: bool) -> list[str]:
    command = ["harness", "up", "--json", "--dialect", options.dialect]
    command += ["--host", LOOPBACK if is_host else _EVERYWHERE]
    command += ["--kafka", f"{LOOPBACK}:{ports.kafka}" if is_host else "kafka:9092"]
    command += ["--port", str(ports.cloudserver), "--aws-port", str(ports.aws)]
    command += ["--bucketd-port", str(ports.bucketd), "--faults-port", str(ports.faults)]
    return command if options.engine else [*command, "--no-engine"]


def _kafka_environment(port: int, controller: int, *, is_host: bool) -> dict[str, str]:
    """A single broker; on a bridge its clients there know it by name, those on this machine by the published port."""
    inside = f"PLAINTEXT://{LOOPBACK}:{port}" if is_host else "PLAINTEXT://kafka:9092"
    outside = "" if is_host else f",OUTSIDE://{LOOPBACK}:{port}"
    host = LOOPBACK if is_host else "kafka"
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": inside + outside.replace(LOOPBACK, _EVERYWHERE) + f",CONTROLLER://{host}:{controller}",
        "KAFKA_ADVERTISED_LISTENERS": inside + outside,
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@{host}:{controller}",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "5",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_MESSAGE_MAX_BYTES": str(MAX_REQUEST_SIZE),
        "KAFKA_HEAP_OPTS": "-Xmx400m",
    }


def _said(container: Container, kafka: Container) -> dict[str, Any]:
    """Its line of JSON, when it is ready; StackError when it, or Kafka, ends before that."""
    pending = b""
    for piece in container.logs(stream=True, follow=True, stdout=True, stderr=False):
        pending += piece
        if b"\n" in pending:
            facts: dict[str, Any] = json.loads(pending.partition(b"\n")[0])
            return facts
    for one in (kafka, container):
        check(one)
    raise StackError(f"the container {container.name} said nothing")


def _seen_from_here(facts: dict[str, Any], kafka_port: int) -> dict[str, Any]:
    """The same with addresses of this machine instead of those inside of the container."""
    seen: dict[str, Any] = json.loads(json.dumps(facts).replace(f"//{_EVERYWHERE}:", f"//{LOOPBACK}:"))
    seen["kafka"]["bootstrap_servers"] = f"{LOOPBACK}:{kafka_port}"
    # it listens inside only; CloudServer leads there
    seen["api"]["endpoint"] = f"{seen['cloudserver']['endpoint']}/_/backbeat/api"
    return seen
