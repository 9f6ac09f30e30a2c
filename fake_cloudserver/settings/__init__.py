"""What a CloudServer is told before it starts: config.json, locationConfig.json and authdata.json, as CloudServer
reads them.

Source: cloudserver lib/Config.js.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fake_cloudserver.addresses import is_in_network
from fake_cloudserver.settings import defaults as built_in
from fake_cloudserver.settings import main as main
from fake_cloudserver.settings.accounts import AccountSettings, account_of_environment, parse_accounts
from fake_cloudserver.settings.files import append_replication_endpoints, read_named
from fake_cloudserver.settings.locations import LocationSettings, check_against_main_config, parse_locations
from fake_cloudserver.settings.main import Address
from fake_cloudserver.settings.replication_endpoints import ReplicationEndpoint, parse_replication_endpoints
from fake_cloudserver.settings.values import is_truthy, properties_of

__all__ = ["AccountSettings", "Address", "LocationSettings", "ReplicationEndpoint", "Settings"]


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one CloudServer, complete and checked.

    Attributes:
        listen_on: address and port pairs of the S3 API and the internal routes.
        metrics_listen_on: the same for ``/live``, ``/ready`` and ``/metrics``; empty when nothing is configured.
        locations: by name, in the order of the file.
        replication_endpoints: in the order of the file.
        rest_endpoints: host name to location name.
        website_endpoints: host names of website requests.
        replication_group_id: what version ids end in, as configured: neither padded nor cut.
        backbeat: host and port that ``/_/backbeat/api`` is passed on to; None when there is none.
        workflow_engine_operator: the same for ``/_/workflow-engine-operator/api``.
        version_id_encoding: ``hex`` or ``base62``.
        mpu_testing: parts of a multipart upload may be of any size.
        bucket_notification_destinations: names of the resources that notifications may go to.
        bucketd_bootstrap: ``host:port`` of each bucketd; empty when metadata is not there.
        record_log_name: name of the log that Backbeat reads; None when it is not enabled.
        health_check_allow_from: address ranges that may ask for the server's health.
        max_scanned_lifecycle_listing_entries: the most that a lifecycle listing may be told to look at.
        testing_mode: a PUT may set its object's last-modified date.
        report_token: what ``x-scal-report-token`` must be; None when nobody knows it.
    """

    listen_on: tuple[Address, ...]
    metrics_listen_on: tuple[Address, ...]
    locations: Mapping[str, LocationSettings]
    replication_endpoints: tuple[ReplicationEndpoint, ...]
    rest_endpoints: Mapping[str, str]
    website_endpoints: tuple[str, ...]
    replication_group_id: str
    backbeat: Address | None
    workflow_engine_operator: Address | None
    accounts: tuple[AccountSettings, ...]
    version_id_encoding: str
    mpu_testing: bool
    bucket_notification_destinations: tuple[str, ...]
    bucketd_bootstrap: tuple[str, ...]
    record_log_name: str | None
    health_check_allow_from: tuple[str, ...]
    max_scanned_lifecycle_listing_entries: int
    testing_mode: bool
    report_token: str | None

    @property
    def default_replication_endpoint(self) -> ReplicationEndpoint | None:
        """The site of rules that name none (cloudserver lib/api/apiUtils/bucket/getReplicationConfiguration.js)."""
        for endpoint in self.replication_endpoints:
            if endpoint.default:
                return endpoint
        return self.replication_endpoints[0] if self.replication_endpoints else None

    def may_ask_for_health(self, address: str) -> bool:
        """Whether an IP address is in one of the ranges that may; False for what is no address."""
        # Arsenal lib/ipCheck.ts (ipMatchCidrList)
        return any(is_in_network(address, source) for source in self.health_check_allow_from)

    def is_cold(self, location_name: str) -> bool:
        """Whether it is a location that data cannot be written to directly; False for an unknown one."""
        location = self.locations.get(location_name)
        return location is not None and location.is_cold

    @classmethod
    def load(cls, environ: Mapping[str, str], folder: Path | None = None) -> Settings:
        """The settings that the environment names files for; a file it does not name is the built-in one.

        ``S3_CONFIG_FILE``, ``S3_LOCATION_FILE``, ``S3AUTH_CONFIG`` and ``S3_REPLICATION_FILE`` name them; a name that
        does not start with ``/`` is looked for in ``conf``, then in the folder itself.

        Args:
            environ: the environment, names and values.
            folder: what relative names start from; the current folder by default.

        Raises:
            ConfigurationError: CloudServer's text for the first thing it would refuse, read in its order: locations,
                main configuration, accounts.
        """
        folder = folder or Path()
        location_document = read_named(environ, "S3_LOCATION_FILE", folder)
        if location_document is None:
            location_document = built_in.default_locations()
        locations = parse_locations(location_document, environ)
        config = read_named(environ, "S3_CONFIG_FILE", folder)
        if config is None:
            config = built_in.default_config()
        settings = _parse_main_config(append_replication_endpoints(config, environ, folder), locations, environ)
        if account_of_environment(environ) is None:
            account_document = read_named(environ, "S3AUTH_CONFIG", folder)
        else:
            account_document = None
        if account_document is None:
            account_document = built_in.default_accounts()
        return _with_accounts(settings, account_document, environ)

    @classmethod
    def from_documents(
        cls, config: Any, locations: Any, accounts: Any, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """The settings that the three documents make; they are not changed.

        Args:
            config, locations, accounts: what config.json, locationConfig.json and authdata.json would hold.
            environ: overrides (keys of an account, azure fields, ``MPU_TESTING`` ...); its file names are not read.

        Raises:
            ConfigurationError: as :meth:`load`.
        """
        environ = environ or {}
        settings = _parse_main_config(config, parse_locations(locations, environ), environ)
        return _with_accounts(settings, accounts, environ)

    @classmethod
    def default(
        cls,
        *,
        aws_endpoint: str = built_in.AWS_ENDPOINT,
        aws_bucket: str = built_in.AWS_BUCKET,
        aws_access_key: str = built_in.AWS_ACCESS_KEY,
        aws_secret_key: str = built_in.AWS_SECRET_KEY,
        listen_on: tuple[Address, ...] | None = None,
        metrics_listen_on: tuple[Address, ...] | None = None,
        backbeat: Address | None = None,
        cloudserver_sites: Mapping[str, Sequence[str]] | None = None,
        replication_group_id: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Settings:
        """The built-in settings: a ``mem`` location, an ``aws_s3`` location that is a replication site as well, and
        the accounts that CloudServer ships with.

        Args:
            aws_endpoint: ``host:port``, reached over HTTP.
            aws_bucket: the bucket there.
            aws_access_key, aws_secret_key: what signs the requests to it.
            listen_on, metrics_listen_on: here a port may be 0: any free one.
            backbeat: host and port of Backbeat's API.
            cloudserver_sites: further replication sites, which are CloudServers: name and servers (``host:port``).
            replication_group_id: what version ids end in; two CloudServers that replicate should differ in it.
            environ: as in :meth:`from_documents`.
        """
        locations = built_in.default_locations(
            aws_endpoint=aws_endpoint,
            aws_bucket=aws_bucket,
            aws_access_key=aws_access_key,
            aws_secret_key=aws_secret_key,
        )
        config = built_in.default_config(cloudserver_sites or {})
        if replication_group_id is not None:
            config["replicationGroupId"] = replication_group_id
        settings = cls.from_documents(config, locations, built_in.default_accounts(), environ)
        return dataclasses.replace(
            settings,
            listen_on=listen_on or settings.listen_on,
            metrics_listen_on=metrics_listen_on or settings.metrics_listen_on,
            backbeat=backbeat,
        )


def _parse_main_config(
    document: Any, locations: Mapping[str, LocationSettings], environ: Mapping[str, str]
) -> Settings:
    """Everything but the accounts; the order of the arguments is the order of CloudServer's checks."""
    config = properties_of(document, "bad config: config.json must hold an object")
    settings = Settings(
        listen_on=main.parse_listen_on(config, "listenOn", "port", 8000),
        metrics_listen_on=main.parse_metrics_listen_on(config),
        locations=locations,
        replication_group_id=main.parse_replication_group_id(config),
        replication_endpoints=parse_replication_endpoints(config.get("replicationEndpoints", [])),
        backbeat=main.parse_service(config, "backbeat"),
        workflow_engine_operator=main.parse_service(config, "workflowEngineOperator"),
        rest_endpoints=main.parse_rest_endpoints(config, locations),
        website_endpoints=main.parse_website_endpoints(config),
        bucketd_bootstrap=main.parse_bucketd_bootstrap(config),
        record_log_name=main.parse_record_log(config),
        health_check_allow_from=main.parse_health_check_sources(config),
        max_scanned_lifecycle_listing_entries=main.parse_lifecycle_scan_limit(config),
        bucket_notification_destinations=main.parse_notification_destinations(config),
        testing_mode=is_truthy(config.get("testingMode")),
        report_token=main.parse_report_token(config, environ),
        # Arsenal lib/versioning/VersionID.ts
        version_id_encoding="hex" if environ.get("S3_VERSION_ID_ENCODING_TYPE", "") in ("", "hex") else "base62",
        mpu_testing=environ.get("MPU_TESTING") == "yes",
        accounts=(),
    )
    check_against_main_config(locations, config)
    return settings


def _with_accounts(settings: Settings, document: Any, environ: Mapping[str, str]) -> Settings:
    main.check_back_end(environ, "S3BACKEND", ("mem", "file", "scality", "cdmi"))
    account = account_of_environment(environ)
    accounts = parse_accounts(document) if account is None else (account,)
    main.check_back_end(environ, "S3DATA", ("mem", "file", "scality", "multiple"))
    return dataclasses.replace(settings, accounts=accounts)
