"""The Docker engine, through its SDK: containers that live as long as the block that started them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import StackError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

#: Lines that are shown of a container that ended.
_LAST_LINES = 20


@contextlib.contextmanager
def docker_engine() -> Iterator[DockerClient]:
    """The engine that DOCKER_HOST names, or this machine's. StackError, one line, when none answers."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        raise StackError(f"no Docker engine answers ({_first_line(error)}); without --docker none is needed") from None
    try:
        yield client
    except DockerException as error:
        raise StackError(f"Docker: {_first_line(error)}") from None
    finally:
        client.close()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def need_image(client: DockerClient, image: str, missing: str) -> None:
    """Have an image there, from its registry if need be. StackError ends with ``missing``, what can be done then."""
    from docker.errors import DockerException, ImageNotFound

    try:
        client.images.get(image)
    except ImageNotFound:
        try:
            client.images.pull(*_named(image))
        except DockerException:
            raise StackError(f"there is no image {image}, and it cannot be fetched: {missing}") from None


def _named(image: str) -> tuple[str, str]:
    """Repository and tag."""
    repository, colon, tag = image.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (image, "latest")


@contextlib.contextmanager
def network(client: DockerClient, name: str) -> Iterator[str]:
    """A bridge of that name; ``host``, which is always there, is the host's own network."""
    if name == "host":
        yield name
        return
    made = client.networks.create(name, driver="bridge")
    try:
        yield name
    finally:
        made.remove()


@contextlib.contextmanager
def running(
    client: DockerClient,
    image: str,
    name: str,
    *,
    network: str,
    command: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    ports: Sequence[int] = (),
) -> Iterator[Container]:
    """A container, removed at the end.

    Args:
        network: ``host``, or a bridge, on which others reach it by the part of its name behind the last dash.
        ports: to publish under the same numbers on this machine's loopback interface.
    """
    options: dict[str, Any] = {"network_mode": "host"}
    if network != "host":
        options = {"network": network, "ports": {f"{port}/tcp": ("127.0.0.1", port) for port in ports}}
        options |= {"networking_config": _aliases(client, network, name.rpartition("-")[2])}
    container = client.containers.create(
        image,
        list(command) or None,
        name=name,
        environment=dict(environment or {}),
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        **options,
    )
    try:
        container.start()
        yield container
    finally:
        container.remove(force=True, v=True)


def _aliases(client: DockerClient, network: str, alias: str) -> dict[str, Any]:
    return {network: client.api.create_endpoint_config(aliases=[alias])}


def check(container: Container) -> None:
    """Raises StackError when it does not run any more; with its last words."""
    container.reload()
    if container.status != "running":
        said = container.logs(tail=_LAST_LINES).decode(errors="replace").strip()
        raise StackError(f"the container {container.name} ended; it said:\n{said or 'nothing'}")
