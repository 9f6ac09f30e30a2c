"""What ``harness up`` writes for people."""

from __future__ import annotations

import json
import re

import pytest

from harness.up import _show


def test_every_part_is_named_and_the_rule_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    part = {"endpoint": "http://127.0.0.1:1", "access_key": "key", "secret_key": "secret", "bucket": "target"}
    facts = {
        **dict.fromkeys(("cloudserver", "aws", "journal", "api", "faults"), part),
        "sites": {"lyon": {**part, "servers": ["127.0.0.1:1", "127.0.0.1:2"]}},
        "kafka": {"bootstrap_servers": "127.0.0.1:9"},
        "engine": {"state": "running", "dialect": "design", "sites": ["aws-us-east-1", "lyon"], "topic": "t"},
    }
    _show(facts)
    said = capsys.readouterr().out
    assert re.search(r"^lyon +http://127.0.0.1:1 .* also at 127.0.0.1:2$", said, re.MULTILINE)
    assert "engine       running, dialect design, sites aws-us-east-1, lyon" in said
    rule = re.search(r"--replication-configuration '(.*)'", said)
    assert rule is not None
    assert json.loads(rule[1])["Rules"][0]["Destination"]["StorageClass"] == "aws-us-east-1"
