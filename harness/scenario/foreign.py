"""Stacks that are not ours: a CloudServer and a Backbeat that run somewhere, described in a file or the environment.

What such a stack cannot do is skipped and says so. Nothing is changed there but the runs' own buckets, which have names
that nobody else has and are removed, their replicas too.
"""

from __future__ import annotations

import contextlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic

from fake_cloudserver import SystemClock, SystemRandomness
from harness.errors import UsageError
from harness.queue.base import Queue
from harness.scenario.model import AWS, CLOUDSERVER, DIALECTS, Needs
from harness.scenario.remote import RemoteTarget, SiteAccess
from harness.scenario.target import Target, TargetFactory, Unsupported

#: Where the environment has what a file says; the endpoint of CloudServer is the target's name then.
ENVIRONMENT = {
    ("cloudserver", "access_key"): "HARNESS_ACCESS_KEY",
    ("cloudserver", "secret_key"): "HARNESS_SECRET_KEY",
    ("aws", "endpoint"): "HARNESS_AWS_ENDPOINT",
    ("aws", "access_key"): "HARNESS_AWS_ACCESS_KEY",
    ("aws", "secret_key"): "HARNESS_AWS_SECRET_KEY",
    ("aws", "bucket"): "HARNESS_AWS_BUCKET",
    ("site",): "HARNESS_SITE",
    ("role",): "HARNESS_ROLE",
    ("dialect",): "HARNESS_DIALECT",
    ("version",): "HARNESS_VERSION",
    ("kafka",): "HARNESS_KAFKA",
}
#: The account that owns the runs' buckets, by the name that scenarios know it by.
OWNER = "bart"


class _Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


_Url = Annotated[str, pydantic.Field(pattern=r"^https?://[^/]+/?$")]


class Account(_Part):
    """Keys of one more account, for steps that act ``as`` it."""

    access_key: str
    secret_key: str


class CloudServer(_Part):
    """The source: its endpoint, and the keys of the account that owns the scenarios' buckets."""

    endpoint: _Url
    access_key: str
    secret_key: str
    accounts: dict[str, Account] = {}


class Aws(_Part):
    """Where replicas arrive."""

    endpoint: _Url = "https://s3.amazonaws.com"
    access_key: str
    secret_key: str
    bucket: str


class Description(_Part):
    """A stack that runs somewhere.

    Attributes:
        site: the site (storage class) of the replication rules that lead to ``aws``.
        kafka: ``host:port`` of the brokers, where the topics may be looked into.
        topic_prefix: put before every topic's name.
    """

    cloudserver: CloudServer
    aws: Aws
    site: str
    role: str = "arn:aws:iam::root:role/s3-replication-role"
    dialect: str = pydantic.Field(default="release", pattern=f"^({'|'.join(DIALECTS)})$")
    version: str = pydantic.Field(default="8.8", pattern=r"^[0-9]+(\.[0-9]+){0,3}$")
    kafka: str | None = None
    topic_prefix: str = ""


def foreign_factory(name: str, environ: Mapping[str, str] = os.environ) -> TargetFactory:
    """What makes targets of the stack that ``name``, a file or a URL, stands for.

    Raises:
        UsageError: something is missing or wrong; one line for each thing.
    """
    is_url = name.startswith(("http://", "https://"))
    document = _from_environment(name, environ) if is_url else _from_file(Path(name), environ)
    try:
        return _Foreign(name, Description.model_validate(document))
    except pydantic.ValidationError as error:
        raise UsageError("\n".join(_problem(name, one, is_url=is_url) for one in error.errors())) from None


def _problem(name: str, error: Any, *, is_url: bool) -> str:
    where = tuple(error["loc"])
    called = ".".join(map(str, where))
    if is_url and where in ENVIRONMENT:
        called = ENVIRONMENT[where]
    return f"{name}: {called}: {'is missing' if error['type'] == 'missing' else error['msg']}"


def _from_environment(url: str, environ: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {"cloudserver": {"endpoint": url}, "aws": {}}
    for where, variable in ENVIRONMENT.items():
        if variable in environ:
            part = document
            for word in where[:-1]:
                part = part[word]
            part[where[-1]] = environ[variable]
    return document


def _from_file(path: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is no TOML: {error}") from None
    filled: dict[str, Any] = _filled(document, environ, path)
    return filled


def _filled(value: Any, environ: Mapping[str, str], path: Path) -> Any:
    """``$NAME`` is what the environment says: secrets need not stand in the file."""
    if isinstance(value, dict):
        return {name: _filled(item, environ, path) for name, item in value.items()}
    if isinstance(value, str) and value.startswith("$"):
        if value[1:] not in environ:
            raise UsageError(f"{path}: {value} is not set in the environment")
        return environ[value[1:]]
    return value


class _Foreign:
    """Makes targets of one description."""

    def __init__(self, name: str, description: Description) -> None:
        self._name = name
        self._description = description

    @contextlib.contextmanager
    def __call__(self, dialect: str, needs: Needs) -> Iterator[Target]:
        told = self._description
        if dialect != told.dialect:
            raise Unsupported(f"{self._name} speaks the dialect {told.dialect}")
        if needs.own:
            raise Unsupported(f"{self._name} is not ours to stop, to break or to hurry")
        if needs.settings:
            raise Unsupported(f"{self._name} has its own settings ({', '.join(sorted(needs.settings))} is asked for)")
        if needs.sites:
            raise Unsupported(f"{self._name} has no further sites ({', '.join(sorted(needs.sites))})")
        queue = self._queue()
        target = RemoteTarget(
            self._name,
            self._sites(),
            dialect=told.dialect,
            aws_bucket=told.aws.bucket,
            storage_classes={AWS: told.site, told.site: told.site},
            role=told.role,
            version=told.version,
            queue=queue,
        )
        try:
            yield target
        finally:
            target.close()
            if queue is not None:
                queue.close()

    def _sites(self) -> dict[str, SiteAccess]:
        source, aws = self._description.cloudserver, self._description.aws
        keys = {name: (account.access_key, account.secret_key) for name, account in source.accounts.items()}
        keys[OWNER] = (source.access_key, source.secret_key)
        return {
            CLOUDSERVER: SiteAccess(source.endpoint.rstrip("/"), OWNER, keys),
            AWS: SiteAccess(aws.endpoint.rstrip("/"), AWS, {AWS: (aws.access_key, aws.secret_key)}),
        }

    def _queue(self) -> Queue | None:
        if self._description.kafka is None:
            return None
        from harness.engine.settings import KafkaClusterSettings
        from harness.queue.kafka import KafkaQueue

        settings = KafkaClusterSettings.model_validate(
            {"hosts": self._description.kafka, "topic_prefix": self._description.topic_prefix}
        )
        return KafkaQueue(settings.client_settings(), SystemClock(), SystemRandomness())
