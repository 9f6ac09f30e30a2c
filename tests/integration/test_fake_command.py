"""The command line of the fake: where it listens, what it says, how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import requests


@contextlib.contextmanager
def running(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """A fake in a process of its own, ready; yields what it said as JSON. It has to end by itself when asked to."""
    command = [sys.executable, "-m", "fake_cloudserver", "--port", "0", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
            process.terminate()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def test_all_its_ports() -> None:
    with running("--bucketd-port", "0", "--metrics-port", "0") as said:
        addresses = [said["endpoint"], said["bucketd"], said["metrics"]]
        assert all(address.startswith("http://127.0.0.1:") for address in addresses)
        assert requests.get(said["endpoint"], timeout=10).status_code == 403
        assert requests.get(f"{said['bucketd']}/_/raft_sessions", timeout=10).json()[0]["id"] == 1
        assert requests.get(f"{said['metrics']}/live", timeout=10).json() == {}
        text = requests.get(f"{said['metrics']}/metrics", timeout=10).text
        assert 's3_cloudserver_http_requests_total{action="serviceGet",code="403",method="GET"} 1.0' in text


def test_without_being_told_it_serves_s3_only(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"restEndpoints": {"localhost": "us-east-1"}, "port": 65535}), encoding="utf-8")
    with running(environ={"S3_CONFIG_FILE": str(config)}) as said:
        assert {"bucketd", "metrics"}.isdisjoint(said)
        assert said["endpoints"] == [said["endpoint"]]
        assert said["endpoint"].startswith("http://127.0.0.1:")


def test_file_locations_keep_their_bytes_where_s3datapath_says(tmp_path: Path) -> None:
    location = {"type": "file", "objectId": "us-east-1", "legacyAwsBehavior": True, "details": {}}
    locations = tmp_path / "locations.json"
    locations.write_text(json.dumps({"us-east-1": location}))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"listenOn": ["127.0.0.1:8000"], "restEndpoints": {"127.0.0.1": "us-east-1"}}))
    data = tmp_path / "data"
    environ = {"S3_LOCATION_FILE": str(locations), "S3_CONFIG_FILE": str(config), "S3DATAPATH": str(data)}
    with running(environ=environ) as ready:
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=ready["endpoint"],
            aws_access_key_id=ready["access_key"],
            aws_secret_access_key=ready["secret_key"],
            region_name="us-east-1",
        )
        client.create_bucket(Bucket="bucket")
        client.put_object(Bucket="bucket", Key="k", Body=b"on disk")
        stored = [file.read_bytes() for file in data.rglob("*") if file.is_file()]
    assert stored == [b"on disk"]


def test_a_typo_in_a_file_ends_the_start_with_cloudservers_words(tmp_path: Path) -> None:
    locations = tmp_path / "locations.json"
    locations.write_text('{"us-east-1": {"type": "mem", "objectId": "us-east-1", "legacyAwsBehaviour": true}}')
    result = subprocess.run(
        [sys.executable, "-m", "fake_cloudserver", "--port", "0"],
        env={**os.environ, "S3_LOCATION_FILE": str(locations)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        "bad config: locationConstraints[region].legacyAwsBehavior is mandatory and must be a boolean\n"
    )
