from __future__ import annotations

import base64
import hashlib
import hmac

from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.locations.aws_signing import SignerV2, SignerV4

CREDENTIALS = Credentials("AK", "SK")
CLOCK = VirtualClock(1_795_388_583.0)


def test_version_2_signs_what_the_real_client_signs() -> None:
    request = AWSRequest(
        method="PUT",
        url="http://127.0.0.1:5000/b/a%20b?partNumber=1&uploadId=UP%2B1&max-parts=3",
        headers={"Content-Type": "text/plain", "Content-MD5": "md5", "X-Amz-Meta-B": " 2 ", "x-amz-meta-a": "1"},
    )
    request.auth_path = "/b/a%20b"
    SignerV2(CREDENTIALS, CLOCK).add_auth(request)
    text = (
        "PUT\nmd5\ntext/plain\n\nx-amz-date:Sun, 22 Nov 2026 23:03:03 GMT\nx-amz-meta-a:1\nx-amz-meta-b:2\n"
        "/b/a%20b?partNumber=1&uploadId=UP+1"
    )
    signature = base64.b64encode(hmac.digest(b"SK", text.encode(), "sha1")).decode()
    assert request.headers["Authorization"] == f"AWS AK:{signature}"
    assert "Date" not in request.headers


def test_version_2_agrees_with_the_real_client() -> None:
    # aws-sdk 2 for JavaScript sent this date and this signature for DELETE /b/k
    request = AWSRequest(
        method="DELETE", url="http://127.0.0.1:44571/b/k?tagging", headers={"Content-Type": "application/octet-stream"}
    )
    request.auth_path = "/b/k"
    SignerV2(CREDENTIALS, VirtualClock(CLOCK.now() + 1)).add_auth(request)
    assert request.headers["X-Amz-Date"] == "Sun, 22 Nov 2026 23:03:04 GMT"
    assert request.headers["Authorization"] == "AWS AK:MMB51KrM/XsXHPwRyzKLUswZ09s="


def test_version_4_leaves_the_body_out() -> None:
    request = AWSRequest(method="PUT", url="https://127.0.0.1:5001/b/k?tagging", headers={"Content-MD5": "md5"})
    SignerV4(CREDENTIALS, "eu-west-1", CLOCK).add_auth(request)
    assert request.headers["X-Amz-Date"] == "20261122T230303Z"
    assert request.headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    signed = "content-md5;host;x-amz-content-sha256;x-amz-date"
    canonical = (
        "PUT\n/b/k\ntagging=\ncontent-md5:md5\nhost:127.0.0.1:5001\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"
        f"x-amz-date:20261122T230303Z\n\n{signed}\nUNSIGNED-PAYLOAD"
    )
    scope = "20261122/eu-west-1/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = b"AWS4SK"
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n20261122T230303Z\n{scope}\n{digest}".encode(), "sha256").hex()
    assert request.headers["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AK/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
