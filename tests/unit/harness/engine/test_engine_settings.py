from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_helpers import settings

from harness.engine.settings import EngineSettings
from harness.errors import UsageError
from harness.queue.kafka_settings import KafkaSettings

MINIMAL: dict[str, Any] = {
    "source": {"host": "h", "port": 8000, "auth": {"accessKey": "a", "secretKey": "s"}},
    "bootstrapList": [],
}


def test_shipped_values() -> None:
    engine = EngineSettings.model_validate(MINIMAL)
    assert engine.topic == "backbeat-replication"
    assert engine.replication_status_topic == "backbeat-replication-status"
    assert engine.replication_failed_topic == "backbeat-replication-failed"
    processor = engine.queue_processor
    assert (processor.group_id, processor.concurrency, processor.mpu_parts_concurrency, processor.min_mpu_size_mb) == (
        "backbeat-replication-group",
        10,
        10,
        20,
    )
    assert processor.retry_for("aws_s3").backoff.min == 60_000
    assert engine.dialect == "design"
    assert engine.source.url == "http://h:8000"


def test_backbeats_spelling_and_ours() -> None:
    ours = EngineSettings.model_validate(
        MINIMAL | {"queue_processor": {"min_mpu_size_mb": 5, "mpu_parts_concurrency": 2}}
    )
    theirs = EngineSettings.model_validate(MINIMAL | {"queueProcessor": {"minMPUSizeMB": 5, "mpuPartsConcurrency": 2}})
    assert ours == theirs


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    engine = settings(queueProcessor={"minMPUSizeMB": 5, "retry": {"aws_s3": {"maxRetries": None}}})
    path = tmp_path / "engine.json"
    path.write_text(engine.to_json())
    assert EngineSettings.load(path) == engine


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is no JSON"),
        ("{}", r"engine\.json: source: is missing\n.*engine\.json: bootstrapList: is missing"),
        (MINIMAL | {"dialect": "klingon"}, "dialect: Input should be 'design' or 'release', not 'klingon'"),
        (MINIMAL | {"queueProcessor": {"concurrency": 0}}, r"queueProcessor\.concurrency: Input should be greater"),
        (MINIMAL | {"bootstrapList": [{"site": "a"}, {"site": "a"}]}, "names the site a more than once"),
        (
            MINIMAL | {"bootstrapList": [{"site": "a", "default": True}, {"site": "b", "default": True}]},
            "more than one default site",
        ),
        (MINIMAL | {"queuePopulator": {"logSource": "bucketd"}}, "does not say where it is"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: Any, message: str) -> None:
    path = tmp_path / "engine.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(UsageError, match=message):
        EngineSettings.load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nothing: No such file"):
        EngineSettings.load(tmp_path / "nothing")


def test_an_address_of_version_6() -> None:
    engine = EngineSettings.model_validate(MINIMAL | {"source": MINIMAL["source"] | {"host": "::1"}})
    assert engine.source.url == "http://[::1]:8000"


def test_kafka() -> None:
    with pytest.raises(UsageError, match=r"kafka\.hosts names no broker"):
        settings().kafka.client_settings()
    real = settings(kafka={"hosts": "a:1, b:2", "topicPrefix": "p-", "sessionTimeoutMs": 6000}).kafka.client_settings()
    assert real == KafkaSettings(("a:1", "b:2"), topic_prefix="p-", session_timeout_ms=6000, heartbeat_interval_ms=2000)
    embedded = settings(kafka={"hosts": "a:1", "profile": "embedded"}).kafka.client_settings()
    assert embedded == KafkaSettings.embedded("a:1")
    assert not embedded.broker_wakes
