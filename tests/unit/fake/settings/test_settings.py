"""config.json, and the three files together."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from fake_cloudserver.errors import ConfigurationError
from fake_cloudserver.settings import ReplicationEndpoint, Settings

LOCATIONS: dict[str, Any] = {
    "us-east-1": {"type": "mem", "objectId": "us-east-1", "legacyAwsBehavior": True, "details": {}},
    "cold": {"type": "dmf", "objectId": "cold", "legacyAwsBehavior": False, "isCold": True, "details": {}},
    "aws-us-east-1": {
        "type": "aws_s3",
        "objectId": "aws-us-east-1",
        "legacyAwsBehavior": True,
        "details": {
            "awsEndpoint": "127.0.0.1:5000",
            "bucketName": "crr-target",
            "bucketMatch": True,
            "https": False,
            "pathStyle": True,
            "credentials": {"accessKey": "motoAccess", "secretKey": "motoSecret"},
        },
    },
}
ACCOUNTS: dict[str, Any] = {
    "accounts": [
        {
            "name": "Bart",
            "email": "sampleaccount1@sampling.com",
            "arn": "arn:aws:iam::123456789012:root",
            "canonicalID": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
            "shortid": "123456789012",
            "keys": [{"access": "accessKey1", "secret": "verySecretKey1"}],
        }
    ]
}
# The keys of a configuration that a real CloudServer ran with; some are of no concern here.
CONFIG: dict[str, Any] = {
    "port": 8000,
    "listenOn": ["127.0.0.1:8000"],
    "replicationGroupId": "RG002",
    "restEndpoints": {"localhost": "us-east-1", "s3.docker.test": "aws-us-east-1"},
    "websiteEndpoints": ["s3-website.localhost", "s3-website.scality.test"],
    "replicationEndpoints": [
        {"site": "zenko", "servers": ["127.0.0.1:8000"], "default": True},
        {"site": "aws-us-east-1", "type": "aws_s3"},
    ],
    "backbeat": {"host": "localhost", "port": 8900},
    "workflowEngineOperator": {"host": "weo", "port": 3001.0},
    "bucketd": {"bootstrap": ["localhost:9000"]},
    "clusters": 1,
    "healthChecks": {"allowFrom": ["127.0.0.1/8", "10.0.0.0/8"]},
    "recordLog": {"enabled": True, "recordLogName": "s3-recordlog"},
    "requests": {"viaProxy": False, "trustedProxyCIDRs": [], "extractClientIPFromHeader": ""},
    "bucketNotificationDestinations": [{"resource": "target1", "type": "dummy", "host": "localhost:6000"}],
    "externalBackends": {"aws_s3": {"httpAgent": {"keepAlive": False, "maxSockets": None}}},
    "testingMode": True,
    "reportToken": "report",
}
MINIMAL: dict[str, Any] = {"restEndpoints": {"localhost": "us-east-1"}}


def settings_of(environ: dict[str, str] | None = None, **changes: Any) -> Settings:
    return Settings.from_documents({**MINIMAL, **changes}, LOCATIONS, ACCOUNTS, environ)


def refusal(config: Any, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_documents(config, LOCATIONS, ACCOUNTS, environ)
    return str(caught.value)


def test_a_whole_configuration() -> None:
    before = copy.deepcopy((CONFIG, LOCATIONS, ACCOUNTS))
    settings = Settings.from_documents(CONFIG, LOCATIONS, ACCOUNTS)
    assert before == (CONFIG, LOCATIONS, ACCOUNTS)
    assert settings.listen_on == (("127.0.0.1", 8000),)
    assert settings.metrics_listen_on == ()
    assert list(settings.locations) == ["us-east-1", "cold", "aws-us-east-1"]
    assert settings.locations["aws-us-east-1"].details["bucketName"] == "crr-target"
    assert settings.replication_endpoints == (
        ReplicationEndpoint(site="zenko", type=None, servers=("127.0.0.1:8000",), default=True),
        ReplicationEndpoint(site="aws-us-east-1", type="aws_s3", servers=(), default=False),
    )
    assert settings.rest_endpoints == {"localhost": "us-east-1", "s3.docker.test": "aws-us-east-1"}
    assert settings.website_endpoints == ("s3-website.localhost", "s3-website.scality.test")
    assert settings.replication_group_id == "RG002"
    assert settings.backbeat == ("localhost", 8900)
    assert settings.workflow_engine_operator == ("weo", 3001)
    assert [account.name for account in settings.accounts] == ["Bart"]
    assert settings.bucket_notification_destinations == ("target1",)
    assert settings.bucketd_bootstrap == ("localhost:9000",)
    assert settings.record_log_name == "s3-recordlog"
    assert settings.health_check_allow_from == ("127.0.0.1/8", "::1", "10.0.0.0/8")
    assert settings.testing_mode is True
    assert settings.report_token == "report"


def test_what_absent_keys_mean() -> None:
    settings = settings_of()
    assert settings.listen_on == (("127.0.0.1", 8000),)
    assert settings.replication_endpoints == ()
    assert settings.website_endpoints == ()
    assert settings.replication_group_id == "RG001"
    assert settings.backbeat is None
    assert settings.workflow_engine_operator is None
    assert settings.bucket_notification_destinations == ()
    assert settings.bucketd_bootstrap == ()
    assert settings.record_log_name is None
    assert settings.health_check_allow_from == ("127.0.0.1/8", "::1")
    assert settings.max_scanned_lifecycle_listing_entries == 10000
    assert settings.testing_mode is False
    assert settings.report_token is None
    assert settings.mpu_testing is False
    assert settings.version_id_encoding == "hex"


def test_is_cold() -> None:
    settings = settings_of()
    assert settings.is_cold("cold")
    assert not settings.is_cold("us-east-1")
    assert not settings.is_cold("unknown")


# -- the environment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "encoding"), [("", "hex"), ("hex", "hex"), ("base62", "base62"), ("x", "base62")])
def test_version_id_encoding(value: str, encoding: str) -> None:
    assert settings_of({"S3_VERSION_ID_ENCODING_TYPE": value}).version_id_encoding == encoding


@pytest.mark.parametrize(("value", "expected"), [("yes", True), ("true", False), ("", False)])
def test_mpu_testing(value: str, expected: bool) -> None:
    assert settings_of({"MPU_TESTING": value}).mpu_testing is expected


def test_the_report_token_of_the_environment_wins() -> None:
    assert settings_of({"REPORT_TOKEN": "b"}, reportToken="a").report_token == "b"


@pytest.mark.parametrize(
    ("variable", "values"),
    [("S3BACKEND", ["mem", "file", "scality", "cdmi"]), ("S3DATA", ["mem", "file", "scality", "multiple"])],
)
def test_back_ends(variable: str, values: list[str]) -> None:
    for value in ["", *values]:
        assert settings_of({variable: value}) == settings_of()
    assert refusal(MINIMAL, {variable: "disk"}) == (
        f"bad environment variable: {variable} environment variable should be one of {'/'.join(values)}"
    )


def test_the_account_of_the_environment_replaces_the_others() -> None:
    environ = {"SCALITY_ACCESS_KEY_ID": "a", "SCALITY_SECRET_ACCESS_KEY": "s"}
    settings = Settings.from_documents(MINIMAL, LOCATIONS, {"not": "looked at"}, environ)
    assert [(account.name, account.keys) for account in settings.accounts] == [("CustomAccount", (("a", "s"),))]


def test_locations_are_checked_with_the_environment() -> None:
    settings = settings_of({"CI_CEPH": "true"})
    assert settings.locations["us-east-1"].details["pathStyle"] is True


def test_a_remote_location_without_credentials() -> None:
    locations = copy.deepcopy(LOCATIONS)
    del locations["aws-us-east-1"]["details"]["credentials"]
    with pytest.raises(ConfigurationError, match=r'location "aws-us-east-1" of type aws_s3 needs details\.credentials'):
        Settings.from_documents(MINIMAL, locations, ACCOUNTS)


# -- files -------------------------------------------------------------------------------------------------------


def write(folder: Path, **documents: Any) -> dict[str, str]:
    """Files in the folder, and the environment that names them."""
    variables = {
        "config": "S3_CONFIG_FILE",
        "locations": "S3_LOCATION_FILE",
        "accounts": "S3AUTH_CONFIG",
        "replication": "S3_REPLICATION_FILE",
    }
    for name, document in documents.items():
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return {variables[name]: f"{name}.json" for name in documents}


def test_files(tmp_path: Path) -> None:
    environ = write(tmp_path, config=CONFIG, locations=LOCATIONS, accounts=ACCOUNTS)
    assert Settings.load(environ, tmp_path) == Settings.from_documents(CONFIG, LOCATIONS, ACCOUNTS)


def test_the_current_folder_is_where_names_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    environ = write(tmp_path / "conf", config={**MINIMAL, "port": 99})
    assert Settings.load(environ).listen_on == (("127.0.0.1", 99),)


def test_nothing_named_is_the_built_in_configuration(tmp_path: Path) -> None:
    write(tmp_path, config="not read")
    assert Settings.load({}, tmp_path) == Settings.default()


def test_extra_replication_endpoints_are_checked_with_the_others(tmp_path: Path) -> None:
    environ = write(tmp_path, replication=[{"site": "azure", "type": "azure"}])
    sites = [endpoint.site for endpoint in Settings.load(environ, tmp_path).replication_endpoints]
    assert sites == ["aws-us-east-1", "azure"]
    environ = write(tmp_path, replication=[{"site": ""}])
    with pytest.raises(ConfigurationError, match=r"must not be ''$"):
        Settings.load(environ, tmp_path)


def test_the_files_are_read_and_checked_in_cloudservers_order(tmp_path: Path) -> None:
    expected = ["could not parse location config file", "could not parse config file", "could not parse auth config"]
    documents: dict[str, Any] = {"locations": "{", "config": "{", "accounts": "{"}
    for good, message in zip([LOCATIONS, CONFIG, ACCOUNTS], expected, strict=True):
        with pytest.raises(ConfigurationError, match=rf"^{message}"):
            Settings.load(write(tmp_path, **documents), tmp_path)
        documents[next(name for name, document in documents.items() if document == "{")] = good
    assert Settings.load(write(tmp_path, **documents), tmp_path).replication_group_id == "RG002"


def test_the_accounts_file_is_not_read_when_the_environment_has_an_account(tmp_path: Path) -> None:
    environ = {"S3AUTH_CONFIG": "gone.json", "SCALITY_ACCESS_KEY_ID": "a", "SCALITY_SECRET_ACCESS_KEY": "s"}
    assert [account.name for account in Settings.load(environ, tmp_path).accounts] == ["CustomAccount"]


# -- the built-in configuration ----------------------------------------------------------------------------------


def test_built_in() -> None:
    settings = Settings.default()
    assert settings.listen_on == (("127.0.0.1", 8000),)
    assert {name: location.type for name, location in settings.locations.items()} == {
        "us-east-1": "mem",
        "aws-us-east-1": "aws_s3",
    }
    details = settings.locations["aws-us-east-1"].details
    assert details.items() >= {
        "awsEndpoint": "127.0.0.1:5000", "bucketMatch": False, "pathStyle": True, "https": False,
    }.items()  # fmt: skip
    assert settings.replication_endpoints == (ReplicationEndpoint("aws-us-east-1", "aws_s3", default=True),)
    assert settings.rest_endpoints == {"localhost": "us-east-1", "127.0.0.1": "us-east-1"}
    assert settings.backbeat is None


def test_built_in_accounts() -> None:
    accounts = [(a.name, a.email, a.canonical_id, a.short_id, a.keys) for a in Settings.default().accounts]
    person = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2b"
    service = "http://acs.zenko.io/accounts/service/"
    assert accounts == [
        ("Bart", "sampleaccount1@sampling.com", person + "e", "123456789012", (("accessKey1", "verySecretKey1"),)),
        ("Lisa", "sampleaccount2@sampling.com", person + "f", "123456789013", (("accessKey2", "verySecretKey2"),)),
        ("Clueso", "inspector@clueso.info", service + "clueso", "123456789014", (("cluesoKey1", "cluesoSecretKey1"),)),
        (
            "Replication", "inspector@replication.info", service + "replication", "123456789015",
            (("replicationKey1", "replicationSecretKey1"),),
        ),
        (
            "Lifecycle", "inspector@lifecycle.info", service + "lifecycle", "123456789016",
            (("lifecycleKey1", "lifecycleSecretKey1"),),
        ),
    ]  # fmt: skip
    assert [a.arn for a in Settings.default().accounts][2] == "arn:aws:iam::123456789014:root"


def test_built_in_with_changes() -> None:
    settings = Settings.default(
        aws_endpoint="127.0.0.1:41234",
        aws_bucket="bucket",
        aws_access_key="access",
        aws_secret_key="secret",
        listen_on=(("127.0.0.1", 0),),
        metrics_listen_on=(("::1", 0),),
        backbeat=("127.0.0.1", 8900),
        environ={"MPU_TESTING": "yes"},
    )
    details = settings.locations["aws-us-east-1"].details
    assert details["awsEndpoint"] == "127.0.0.1:41234"
    assert details["bucketName"] == "bucket"
    assert details["credentials"] == {"accessKey": "access", "secretKey": "secret"}
    assert settings.listen_on == (("127.0.0.1", 0),)
    assert settings.metrics_listen_on == (("::1", 0),)
    assert settings.backbeat == ("127.0.0.1", 8900)
    assert settings.mpu_testing
