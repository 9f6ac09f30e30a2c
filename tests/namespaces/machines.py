"""Machines that share a wire: network namespaces with addresses of their own, on one bridge. Needs root and iproute2.

Everything lies within a network namespace of its own, which leads nowhere: :func:`in_a_network_of_its_own` is the
command that a process with machines is started with.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

#: Addresses for tests of networks, which are nobody's (RFC 2544).
HUB = "198.18.0.1"
_MACHINE = "198.18.0.{}"
_BRIDGE = "hub"


def missing() -> str:
    """What this machine lacks; "" for nothing."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    lacking = [name for name in ("ip", "unshare", "mount") if shutil.which(name) is None]
    if lacking:
        return f"there is no {', no '.join(lacking)}"
    bridge = in_a_network_of_its_own(["ip", "link", "add", _BRIDGE, "type", "bridge"])
    probe = subprocess.run(bridge, capture_output=True, check=False)
    return "" if probe.returncode == 0 else f"no bridge can be made: {probe.stderr.decode().strip()}"


def in_a_network_of_its_own(command: Sequence[str]) -> list[str]:
    """The command, with no interfaces but a loopback, and with names of namespaces that nobody else sees."""
    prepare = 'mkdir -p /run/netns && mount -t tmpfs names /run/netns && ip link set lo up && exec "$@"'
    return ["unshare", "--net", "--mount", "sh", "-c", prepare, "sh", *command]


def make_hub() -> None:
    """The bridge that all machines are plugged into; this process is reached there as HUB."""
    _ip("link", "add", _BRIDGE, "type", "bridge")
    _ip("address", "add", f"{HUB}/24", "dev", _BRIDGE)
    _ip("link", "set", _BRIDGE, "up")


class Machine:
    """A network namespace with one address."""

    def __init__(self, number: int) -> None:
        self.name = f"machine-{number}"
        self.address = _MACHINE.format(10 + number)
        self._wire = f"wire-{number}"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._wire, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._wire, "master", _BRIDGE, "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", link, "up")

    def command(self, command: Sequence[str]) -> list[str]:
        """The same command on this machine; its process is the command's own."""
        return ["ip", "netns", "exec", self.name, *command]

    def unplug(self) -> None:
        """Nothing gets in or out any more, and nobody is told."""
        _ip("link", "set", self._wire, "down")

    def plug(self) -> None:
        """As it was before."""
        _ip("link", "set", self._wire, "up")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
