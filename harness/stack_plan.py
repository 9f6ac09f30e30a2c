"""What a stack is made of, worked out before anything starts: sites, credentials, the engine's settings."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.aws_server import ACCESS_KEY, SECRET_KEY
from harness.errors import UsageError
from harness.listening import LOOPBACK

if TYPE_CHECKING:
    from fake_cloudserver import Settings
    from harness.engine.settings import EngineSettings

#: The destination bucket of the built-in configuration.
AWS_BUCKET = "aws-target"
#: The site of the built-in configuration.
SITE = "aws-us-east-1"
#: A role that replication rules to cloud sites may name.
ROLE = "arn:aws:iam::root:role/s3-replication-role"

_CONFIG_FILES = {
    "S3_CONFIG_FILE": "config.json",
    "S3_LOCATION_FILE": "locationConfig.json",
    "S3AUTH_CONFIG": "authdata.json",
}
#: Retries of the embedded engine: a failure is known within seconds, not within Backbeat's quarter of an hour.
_QUICK_RETRY = {
    "maxRetries": 5,
    "timeoutS": 30,
    "backoff": {"min": 100, "max": 2_000, "jitter": 0.1, "factor": 2},
}


@dataclasses.dataclass(frozen=True, slots=True)
class StackOptions:
    """What a user may choose.

    Attributes:
        dialect: ``design`` or ``release``.
        config_dir: folder with CloudServer's own config.json, locationConfig.json and authdata.json.
        host: where CloudServer, its journal, AWS and further CloudServers listen; the embedded Kafka too, unless it is
            a wildcard, of no use to clients. The API stays on the loopback interface: CloudServer leads to it.
        cloudserver_port, aws_port, kafka_port, bucketd_port, api_port: None or 0 takes a free one.
        kafka: ``host:port`` of a Kafka to use instead of the embedded one; several with commas.
        kafka_prefix: put before the names of all topics and groups there; topics of a stack with one are removed
            when it stops.
        engine: run one; without it the stack is a fake and its AWS, for an engine of one's own.
        engine_process: run the engine as a process of its own, which can be killed.
        engine_roles: run it as so many processes of each role (``{"populator": 1, "processor": 2, "status": 1}``).
        sites: names of further CloudServers, which replicas may go to.
        site_port: the first port of the first of them; 0 takes a free one.
        seed: of the faults that come by chance.
        data: a folder in which everything is kept across restarts; in memory without one.
        engine_overrides: merged over the engine's settings, in Backbeat's names.
    """

    dialect: str = "design"
    config_dir: Path | None = None
    host: str = LOOPBACK
    cloudserver_port: int | None = None
    aws_port: int | None = None
    kafka_port: int = 0
    bucketd_port: int = 0
    api_port: int = 0
    kafka: str | None = None
    kafka_prefix: str = ""
    engine: bool = True
    engine_process: bool = False
    engine_roles: Mapping[str, int] = dataclasses.field(default_factory=dict)
    sites: tuple[str, ...] = ()
    site_port: int = 0
    seed: int = 0
    data: Path | None = None
    engine_overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def in_processes(self) -> bool:
        """Whether the engine runs outside of this process."""
        return self.engine_process or bool(self.engine_roles)


@dataclasses.dataclass(frozen=True, slots=True)
class AwsPlan:
    """Where the stack's AWS listens and what it holds at the start."""

    host: str
    port: int
    buckets: tuple[str, ...]
    plain_buckets: tuple[str, ...]


def aws_plan(options: StackOptions) -> AwsPlan:
    """The AWS that the locations expect.

    With a configuration folder it is the loopback endpoint of the first ``aws_s3`` location, and every bucket that a
    location has there; those of locations without versioning are not versioned.
    """
    if options.config_dir is None:
        return AwsPlan(options.host, options.aws_port or 0, (AWS_BUCKET,), ())
    settings = load_settings(options, aws_endpoint=None)
    details = [location.details for location in settings.locations.values() if location.type == "aws_s3"]
    endpoints = [str(item.get("awsEndpoint", "")) for item in details]
    endpoint = next((item for item in endpoints if _is_loopback(item)), None)
    if endpoint is None:
        return AwsPlan(LOOPBACK, options.aws_port or 0, (AWS_BUCKET,), ())
    host, _, port = endpoint.partition(":")
    there = [item for item, at in zip(details, endpoints, strict=True) if at == endpoint and item.get("bucketName")]
    plain = {str(item["bucketName"]) for item in there if not item.get("supportsVersioning", True)}
    versioned = {str(item["bucketName"]) for item in there} - plain
    return AwsPlan(host, options.aws_port or int(port or 80), tuple(sorted(versioned)), tuple(sorted(plain)))


def load_settings(
    options: StackOptions,
    aws_endpoint: str | None,
    sites: Mapping[str, Sequence[str]] | None = None,
    api: tuple[str, int] | None = None,
) -> Settings:
    """CloudServer's settings: its own files, or built-in ones whose location is the stack's AWS.

    Args:
        sites: names of further CloudServers, and their servers.
        api: where the built-in ones pass ``/_/backbeat/api`` on to; files say themselves where that is.

    Raises:
        ConfigurationError: in CloudServer's own words.
        UsageError: the folder lacks one of the files.
    """
    from fake_cloudserver import Settings

    if options.config_dir is None:
        assert aws_endpoint is not None
        return Settings.default(
            aws_endpoint=aws_endpoint.removeprefix("http://"),
            aws_bucket=AWS_BUCKET,
            aws_access_key=ACCESS_KEY,
            aws_secret_key=SECRET_KEY,
            listen_on=((options.host, options.cloudserver_port or 0),),
            cloudserver_sites=sites,
            backbeat=api,
        )
    if sites:
        raise UsageError("further CloudServers go with the built-in configuration only, not with a folder of files")
    environ = dict(os.environ)
    for variable, name in _CONFIG_FILES.items():
        path = (options.config_dir / name).resolve()
        if not path.is_file():
            raise UsageError(f"{options.config_dir} has no {name}; a folder with {_listed()} is needed")
        environ[variable] = str(path)
    return Settings.load(environ)


def _listed() -> str:
    *first, last = _CONFIG_FILES.values()
    return f"{', '.join(first)} and {last}"


def _is_loopback(endpoint: str) -> bool:
    host = endpoint.partition(":")[0]
    return host == "localhost" or host.startswith("127.")


def engine_keys(settings: Settings) -> tuple[str, str]:
    """Access and secret key that the engine signs with: the replication service account's, else the first account's."""
    accounts = [account for account in settings.accounts if account.canonical_id.rpartition("/")[2] == "replication"]
    return (accounts or list(settings.accounts))[0].keys[0]


def api_address(options: StackOptions) -> tuple[str, int]:
    """Where the engine's API is to listen, port 0 for a free one: there, where CloudServer's own files expect it."""
    if options.config_dir is None or options.api_port:
        return LOOPBACK, options.api_port
    backbeat = load_settings(options, aws_endpoint=None).backbeat
    return backbeat if backbeat is not None and _is_loopback(backbeat[0]) else (LOOPBACK, 0)


def engine_settings(
    options: StackOptions,
    settings: Settings,
    *,
    cloudserver: tuple[str, int],
    bucketd: tuple[str, int],
    api: tuple[str, int],
    kafka: str,
    destination: Mapping[str, Any] | None = None,
) -> EngineSettings:
    """The engine's settings for this stack; UsageError for overrides that make no sense.

    ``destination``: how CloudServer sites are spoken to; None leaves them out.
    """
    import pydantic

    from harness.engine.settings import CLOUD_TYPES, EngineSettings
    from harness.engine.settings.reading import problems

    access_key, secret_key = engine_keys(settings)
    document: dict[str, Any] = {
        "source": {
            "host": cloudserver[0],
            "port": cloudserver[1],
            "auth": {"type": "service", "accessKey": access_key, "secretKey": secret_key},
        },
        "destination": destination,
        "bootstrapList": [
            {"site": endpoint.site, "type": endpoint.type, "servers": endpoint.servers}
            for endpoint in settings.replication_endpoints
            if endpoint.type in CLOUD_TYPES or (destination and endpoint.servers)
        ],
        "dialect": options.dialect,
        "coldLocations": [name for name in settings.locations if settings.is_cold(name)],
        "queuePopulator": {"logSource": "bucketd", "bucketd": {"host": bucketd[0], "port": bucketd[1]}},
        "queueProcessor": {"retry": dict.fromkeys(("aws_s3", "azure", "gcp", "scality"), _QUICK_RETRY)},
        "kafka": _kafka(options, kafka),
        "api": {"host": api[0], "port": api[1]},
    }
    try:
        return EngineSettings.model_validate(_merged(document, options.engine_overrides))
    except pydantic.ValidationError as error:
        raise UsageError(f"engine settings: {'; '.join(problems(error.errors()))}") from None


def _kafka(options: StackOptions, hosts: str) -> dict[str, Any]:
    if options.kafka is None:
        return {"hosts": hosts, "profile": "embedded"}
    return {
        "hosts": hosts,
        "topicPrefix": options.kafka_prefix,
        "groupPrefix": options.kafka_prefix,
        # as short as brokers allow by default: the stack's engine may be killed, and the next one has to wait so long
        "sessionTimeoutMs": 6_000,
    }


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        result[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
