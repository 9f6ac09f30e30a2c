"""Every special signature that a real CloudServer was shown, byte for byte, and what it answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from auth_helpers import build_request, server_at

from fake_cloudserver.auth.authenticate import authenticate
from fake_cloudserver.errors import S3Error

_LINES = (Path(__file__).parent / "recorded_signatures.jsonl").read_text().splitlines()
HEADER: dict[str, Any] = json.loads(_LINES[0])
CASES: list[dict[str, Any]] = [json.loads(line) for line in _LINES[1:]]
# Without the parameter that names the scheme nobody has signed; that the anonymous may not read is decided later.
ANONYMOUS = "presigned v4: without X-Amz-Algorithm"


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_authentication_answers_as_recorded(case: dict[str, Any]) -> None:
    url = f"{case['path']}?{case['query']}" if case["query"] else case["path"]
    request = build_request(case["method"], url, {**case["headers"], "host": HEADER["host"]})
    server = server_at(HEADER["at"])
    if case["code"] is None or case["case"] == ANONYMOUS:
        authenticate(server, request)
        assert request.requester.name == ("" if case["case"] == ANONYMOUS else "Bart")
        return
    with pytest.raises(S3Error) as caught:
        authenticate(server, request)
    assert (caught.value.status, caught.value.code, caught.value.message) == (
        case["status"],
        case["code"],
        case["message"],
    )


def test_the_recording_is_whole() -> None:
    assert len(CASES) == 58
    assert sum(case["status"] == 200 for case in CASES) == 10
