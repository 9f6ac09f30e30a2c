"""Backbeat's own config.json is read unchanged."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from harness.engine.roles import ROLES, check_settings
from harness.engine.settings import EngineSettings, config_path, load_backbeat
from harness.errors import UsageError

RETRY = {"maxRetries": 5, "timeoutS": 900, "backoff": {"min": 60000, "max": 900000, "jitter": 0.1, "factor": 1.5}}
#: In the shape of the file that Backbeat ships, members that are none of ours included.
CONFIG: dict[str, Any] = {
    "replicationGroupId": "RG001  ",
    "zookeeper": {"connectionString": "127.0.0.1:2181/backbeat", "autoCreateNamespace": False},
    "kafka": {
        "hosts": "kafka-1:9092,kafka-2:9092",
        "backlogMetrics": {"zkPath": "/backbeat/run/kafka", "intervalS": 60},
    },
    "s3": {"host": "127.0.0.1", "port": 8000},
    "vaultAdmin": {"host": "127.0.0.1", "port": 8500},
    "queuePopulator": {
        "cronRule": "*/5 * * * * *",
        "batchMaxRead": 500,
        "batchTimeoutMs": 9000,
        "zookeeperPath": "/queue-populator",
        "logSource": "bucketd",
        "subscribeToLogSourceDispatcher": False,
        "bucketd": {"host": "bucketd", "port": 9000},
        "dmd": {"host": "127.0.0.1", "port": 9990},
        "mongo": {"replicaSetHosts": "localhost:27017", "database": "metadata"},
        "probeServer": {"bindAddress": "0.0.0.0", "port": 4042},
    },
    "metrics": {"topic": "their-metrics"},
    "extensions": {
        "replication": {
            "source": {
                "transport": "https",
                "s3": {"host": "source", "port": 8001},
                "auth": {"type": "service", "account": "service-replication"},
            },
            "destination": {
                "transport": "http",
                "auth": {"type": "account", "account": "bart"},
                "bootstrapList": [
                    {"site": "zenko", "servers": ["10.0.0.1:8000", "10.0.0.2"], "default": True, "echo": False},
                    {"site": "us-east-2", "type": "aws_s3"},
                ],
            },
            "topic": "their-replication",
            "dataMoverTopic": "their-data-mover",
            "replicationStatusTopic": "their-status",
            "replicationFailedTopic": "their-failed",
            "monitorReplicationFailures": False,
            "monitorReplicationFailureExpiryTimeS": 3600,
            "replayTopics": [{"topicName": "their-replay", "retries": 3}],
            "queueProcessor": {
                "groupId": "their-group",
                "retry": {"aws_s3": RETRY, "scality": {**RETRY, "timeoutS": 300}},
                "concurrency": 7,
                "mpuPartsConcurrency": 3,
                "minMPUSizeMB": 30,
                "probeServer": {"port": 4043},
                "circuitBreaker": {
                    "probes": [
                        {"type": "noop", "returnConstantValue": True},
                        {
                            "type": "kafkaConsumerLag",
                            "prometheus": {"endpoint": "http://prometheus:9090"},
                            "consumerGroupName": "g",
                            "wantTotalLagLessThan": 10,
                        },
                    ],
                    "stabilizeAfterNSuccesses": 4,
                },
            },
            "replicationStatusProcessor": {
                "groupId": "their-status-group",
                "retry": RETRY,
                "concurrency": 6,
                "probeServer": {"bindAddress": "localhost", "port": 4045},
            },
            "objectSizeMetrics": [10, 20],
        },
        "lifecycle": {"zookeeperPath": "/lifecycle", "bucketTasksTopic": "backbeat-lifecycle-bucket-tasks"},
        "gc": {"topic": "their-gc", "auth": {"type": "service"}, "consumer": {"groupId": "their-gc-group"}},
    },
    "log": {"logLevel": "info", "dumpLevel": "error"},
    "server": {"healthChecks": {"allowFrom": ["127.0.0.1/8", "::1"]}, "host": "0.0.0.0", "port": 8901},
    "redis": {"name": "backbeat", "password": "", "host": "localhost", "port": 6379},
    "certFilePaths": {"key": "", "cert": "", "ca": ""},
}
ACCOUNTS = {
    "accounts": [
        {
            "name": "bart",
            "arn": "arn:aws:iam::123456789012:root",
            "canonicalID": "bart-id",
            "displayName": "Bart",
            "keys": {"access": "bartKey", "secret": "bartSecret"},
        },
        {
            "name": "service-replication",
            "arn": "arn:aws:iam::123456789013:root",
            "canonicalID": "service/replication",
            "displayName": "replication",
            "keys": [{"access": "serviceKey", "secret": "serviceSecret"}],
        },
    ]
}


def changed(path: str, value: Any = None) -> dict[str, Any]:
    """The configuration with one member set, or left out where there is no value."""
    document = copy.deepcopy(CONFIG)
    *parents, last = path.split(".")
    parent = document
    for name in parents:
        parent = parent[name]
    parent.pop(last, None)
    if value is not None:
        parent[last] = value
    return document


class Files:
    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.json"
        self.accounts = folder / "authdata.json"
        self.accounts.write_text(json.dumps(ACCOUNTS))

    def load(self, document: Any = CONFIG, **environ: str) -> EngineSettings:
        self.config.write_text(json.dumps(document))
        return load_backbeat(self.config, environ)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_everything_that_concerns_replication_is_taken_over(files: Files) -> None:
    settings = files.load()
    assert settings.source.url == "https://source:8001"
    assert (settings.source.auth.access_key, settings.source.auth.secret_key) == ("serviceKey", "serviceSecret")
    assert settings.destination is not None
    target = settings.destination.auth
    assert (target.access_key, target.secret_key, target.canonical_id) == ("bartKey", "bartSecret", "bart-id")
    assert (target.arn, target.display_name) == ("arn:aws:iam::123456789012:root", "Bart")
    assert [(site.site, site.type, site.default) for site in settings.bootstrap_list] == [
        ("zenko", None, True),
        ("us-east-2", "aws_s3", False),
    ]
    assert settings.bootstrap_list[0].servers == ("10.0.0.1:8000", "10.0.0.2")
    assert settings.dialect == "release"
    topics = (settings.topic, settings.data_mover_topic, settings.replication_status_topic)
    assert topics == ("their-replication", "their-data-mover", "their-status")
    assert (settings.replication_failed_topic, settings.metrics_topic) == ("their-failed", "their-metrics")
    assert settings.metrics_group_id_prefix == "backbeat-metrics-group"
    assert (settings.gc.topic, settings.gc.group_id) == ("their-gc", "their-gc-group")
    assert not settings.monitor_replication_failures
    assert settings.monitor_replication_failure_expiry_time_s == 3600
    assert [(one.topic_name, one.retries) for one in settings.replay_topics] == [("their-replay", 3)]
    assert settings.object_size_metrics == (10, 20)


def test_what_each_process_is_told(files: Files) -> None:
    settings = files.load()
    processor, status = settings.queue_processor, settings.replication_status_processor
    assert (processor.group_id, processor.concurrency, processor.mpu_parts_concurrency) == ("their-group", 7, 3)
    assert processor.min_mpu_size_mb == 30
    assert processor.retry_for("aws_s3").timeout_s == 900
    assert processor.retry_for(None).timeout_s == 300
    assert processor.probe_server is not None
    assert (processor.probe_server.bind_address, processor.probe_server.port) == ("localhost", 4043)
    breaker = processor.circuit_breaker
    assert [probe.type for probe in breaker.probes] == ["noop", "kafkaConsumerLag"]
    assert (breaker.stabilize_after_n_successes, breaker.nominal_evaluate_interval_ms) == (4, 60_000)
    assert (status.group_id, status.concurrency) == ("their-status-group", 6)
    assert status.probe_server is not None
    populator = settings.queue_populator
    assert populator.bucketd is not None
    assert (populator.log_source, populator.bucketd.url) == ("bucketd", "http://bucketd:9000")
    assert populator.batch_max_read == 500
    assert populator.probe_server is not None
    assert (settings.api.host, settings.api.port) == ("0.0.0.0", 8901)
    assert settings.api.allow_from == ("127.0.0.1/8", "::1")
    assert settings.kafka.client_settings().bootstrap_servers == ("kafka-1:9092", "kafka-2:9092")


def test_what_is_left_out_has_backbeats_defaults(files: Files) -> None:
    document = copy.deepcopy(CONFIG)
    for name in ("metrics", "server", "redis", "zookeeper"):
        del document[name]
    replication = document["extensions"]["replication"]
    document["extensions"] = {"replication": replication}
    del replication["destination"]["bootstrapList"]
    replication["queueProcessor"] = {"groupId": "g"}
    for name in ("replayTopics", "monitorReplicationFailures", "objectSizeMetrics"):
        del replication[name]
    settings = files.load(document)
    assert settings.bootstrap_list == ()
    assert settings.replay_topics == ()
    assert settings.monitor_replication_failures
    assert settings.object_size_metrics == (66_560, 8_388_608, 68_157_440)
    processor = settings.queue_processor
    assert (processor.concurrency, processor.mpu_parts_concurrency, processor.min_mpu_size_mb) == (10, 10, 20)
    assert settings.api.port == 8900
    # Backbeat's tasks break without any retry configuration; here what it ships applies
    assert processor.retry_for("aws_s3").backoff.min == 60_000
    assert processor.retry_for(None).timeout_s == 300


def test_what_backbeat_has_no_name_for_is_said_under_a_key_of_ours(files: Files) -> None:
    own = {
        "dialect": "design",
        "kafka": {"partitions": 12},
        "queuePopulator": {"positionTopic": "positions"},
        "queueProcessor": {"verifyParts": False, "retry": {"aws_s3": {"maxRetries": 1}}},
        "stateTopic": "states",
    }
    settings = files.load(CONFIG | {"harness": own})
    assert settings.dialect == "design"
    assert (settings.kafka.partitions, settings.kafka.hosts) == (12, CONFIG["kafka"]["hosts"])
    assert (settings.queue_populator.position_topic, settings.queue_populator.batch_max_read) == ("positions", 500)
    assert not settings.queue_processor.verify_parts
    assert settings.queue_processor.retry_for("aws_s3").max_retries == 1
    assert settings.queue_processor.group_id == "their-group"
    assert settings.state_topic == "states"


def test_the_environment_counts_as_it_does_for_backbeat(files: Files, tmp_path: Path) -> None:
    other = tmp_path / "others.json"
    other.write_text(json.dumps(ACCOUNTS).replace("bartKey", "otherKey"))
    document = changed("queuePopulator.logSource", "mongo")
    environ = {
        "KAFKA_TOPIC_PREFIX": "prefix.",
        "BACKBEAT_QUEUEPOPULATOR_LOGSOURCE": "bucketd",
        "S3AUTH_CONFIG": str(other),
    }
    settings = files.load(document, **environ)
    assert settings.kafka.client_settings().topic_prefix == "prefix."
    assert settings.queue_populator.log_source == "bucketd"
    assert settings.destination is not None
    assert settings.destination.auth.access_key == "otherKey"


def test_where_the_file_is_looked_for() -> None:
    assert config_path({}) == Path("conf/config.json")
    assert config_path({"BACKBEAT_CONFIG_FILE": "/etc/backbeat.json"}) == Path("/etc/backbeat.json")


def test_an_engine_that_assumes_roles_needs_no_accounts(files: Files) -> None:
    files.accounts.unlink()
    document = copy.deepcopy(CONFIG)
    replication = document["extensions"]["replication"]
    replication["source"]["auth"] = {"type": "role", "vault": {"host": "vault", "port": 8500}}
    replication["destination"]["auth"] = {"type": "role"}
    settings = files.load(document)
    assert settings.source.auth.vault is not None
    assert settings.source.auth.vault.url == "http://vault:8500"
    assert settings.destination is not None
    assert settings.destination.auth.vault is None


def test_the_destinations_account_is_of_no_interest_where_everything_goes_to_clouds(files: Files) -> None:
    document = changed("extensions.replication.destination.bootstrapList", [{"site": "a", "type": "gcp"}])
    document["extensions"]["replication"]["destination"]["auth"]["account"] = "nobody"
    assert files.load(document).destination is None


_REPLICATION = "extensions.replication"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("kafka.hosts", None, "kafka.hosts: is missing"),
        ("extensions.replication", None, f"{_REPLICATION}: is missing"),
        (f"{_REPLICATION}.topic", None, f"{_REPLICATION}.topic: is missing"),
        (f"{_REPLICATION}.dataMoverTopic", None, f"{_REPLICATION}.dataMoverTopic: is missing"),
        (f"{_REPLICATION}.replicationStatusTopic", None, f"{_REPLICATION}.replicationStatusTopic: is missing"),
        (f"{_REPLICATION}.replicationFailedTopic", None, f"{_REPLICATION}.replicationFailedTopic: is missing"),
        (f"{_REPLICATION}.source.s3.port", 70000, f"{_REPLICATION}.source.s3.port: Input should be less than or equal"),
        (
            f"{_REPLICATION}.source.transport",
            "ftp",
            f"{_REPLICATION}.source.transport: Input should be 'http' or 'https', not 'ftp'",
        ),
        (
            f"{_REPLICATION}.source.auth.type",
            "magic",
            f"{_REPLICATION}.source.auth.type: Input should be 'account', 'role' or 'service', not 'magic'",
        ),
        (f"{_REPLICATION}.source.auth.account", None, f"{_REPLICATION}.source.auth: type service needs account"),
        (
            f"{_REPLICATION}.source.auth",
            {"type": "role"},
            f"{_REPLICATION}.source: auth.type role needs auth.vault.host and auth.vault.port",
        ),
        (f"{_REPLICATION}.queueProcessor.groupId", None, f"{_REPLICATION}.queueProcessor.groupId: is missing"),
        (f"{_REPLICATION}.queueProcessor.concurrency", 0, f"{_REPLICATION}.queueProcessor.concurrency: Input should"),
        (
            f"{_REPLICATION}.queueProcessor.probeServer",
            {"bindAddress": "localhost"},
            f"{_REPLICATION}.queueProcessor.probeServer.port: is missing",
        ),
        (
            f"{_REPLICATION}.queueProcessor.circuitBreaker.probes",
            [{"type": "hunch"}],
            f"{_REPLICATION}.queueProcessor.circuitBreaker.probes.0: Input tag 'hunch' found using 'type'",
        ),
        (
            f"{_REPLICATION}.destination.bootstrapList",
            [{"site": "a", "type": "floppy"}],
            f"{_REPLICATION}.destination.bootstrapList.0.type: Input should be 'aws_s3', 'azure' or 'gcp'",
        ),
        (
            f"{_REPLICATION}.destination.bootstrapList",
            [{"site": "a", "type": "gcp"}, {"site": "a", "type": "gcp"}],
            "bootstrapList names the site a more than once",
        ),
        ("queuePopulator.logSource", "carrier pigeon", "queuePopulator.logSource: Input should be 'bucketd', 'mongo'"),
        ("queuePopulator.bucketd", None, "queuePopulator: logSource is bucketd, but bucketd, with host and port,"),
        ("replicationGroupId", "RG1", "replicationGroupId: String should have at least 7 characters, not 'RG1'"),
        ("harness", {"dialect": "klingon"}, "harness.dialect: Input should be 'design' or 'release', not 'klingon'"),
        ("harness", {"kafka": {"partitions": 0}}, "harness.kafka.partitions: Input should be greater than or equal"),
    ],
)
def test_what_is_wrong_is_named(files: Files, path: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        files.load(changed(path, value))
    assert str(caught.value).startswith(f"{files.config}: {message}")
    assert "\n" not in str(caught.value)


def test_everything_that_is_wrong_is_named_at_once(files: Files) -> None:
    document = changed("kafka.hosts")
    document["queuePopulator"]["batchMaxRead"] = "many"
    with pytest.raises(UsageError) as caught:
        files.load(document)
    lines = str(caught.value).split("\n")
    assert [line.split(": ")[1] for line in lines] == ["kafka.hosts", "queuePopulator.batchMaxRead"]


def test_accounts_that_are_missing_or_incomplete_are_named(files: Files) -> None:
    with pytest.raises(UsageError) as caught:
        files.load(changed("extensions.replication.source.auth.account", "lisa"))
    assert str(caught.value) == (
        f"{files.accounts}: has no account lisa, which extensions.replication.source.auth.account names; "
        "it has bart, service-replication"
    )
    files.accounts.write_text(json.dumps({"accounts": [{"name": "x"}, {**ACCOUNTS["accounts"][1], "arn": None}]}))
    with pytest.raises(UsageError, match=r"authdata\.json: accounts\.1\.arn: Input should be a valid string"):
        files.load()
    files.accounts.unlink()
    with pytest.raises(UsageError, match=r"cannot read .*authdata\.json: No such file"):
        files.load()


@pytest.mark.parametrize("log_source", ["mongo", "kafka", "dmd"])
def test_a_journal_that_cannot_be_followed_stops_the_populator_only(files: Files, log_source: str) -> None:
    settings = files.load(changed("queuePopulator.logSource", log_source))
    with pytest.raises(UsageError, match=f"logSource is {log_source}, which this engine cannot follow; it follows"):
        check_settings(settings, ROLES, has_journal=False)
    check_settings(settings, ROLES - {"populator"}, has_journal=False)


def test_the_api_alone_needs_a_port(files: Files) -> None:
    settings = files.load(CONFIG | {"harness": {"api": {"port": None}}})
    check_settings(settings, frozenset({"processor", "api"}), has_journal=False)
    with pytest.raises(UsageError, match=r"the role api needs api\.port"):
        check_settings(settings, frozenset({"api"}), has_journal=False)


def test_no_object_is_refused(files: Files) -> None:
    with pytest.raises(UsageError, match="is no JSON object"):
        files.load([])
