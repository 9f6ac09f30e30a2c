"""The documents that stand in for the three files when none is named: enough to replicate to one AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

#: Location and replication site of the built-in configuration.
AWS_SITE = "aws-us-east-1"

AWS_ENDPOINT = "127.0.0.1:5000"
AWS_BUCKET = "aws-target"
AWS_ACCESS_KEY = "awsAccessKey"
AWS_SECRET_KEY = "awsSecretKey"  # noqa: S105  (no secret: the endpoint is on this machine)

_PERSON = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2b"
_SERVICE = "http://acs.zenko.io/accounts/service/"


def default_config(cloudserver_sites: Mapping[str, Sequence[str]] = MappingProxyType({})) -> dict[str, Any]:
    """What config.json would hold, with these CloudServers (name and servers) as further replication sites."""
    return {
        "listenOn": ["127.0.0.1:8000"],
        "restEndpoints": {"localhost": "us-east-1", "127.0.0.1": "us-east-1"},
        "websiteEndpoints": ["s3-website.localhost"],
        "replicationEndpoints": [
            {"site": AWS_SITE, "type": "aws_s3", "default": True},
            *({"site": site, "servers": list(servers)} for site, servers in cloudserver_sites.items()),
        ],
        "recordLog": {"enabled": True, "recordLogName": "s3-recordlog"},
    }


def default_locations(
    *,
    aws_endpoint: str = AWS_ENDPOINT,
    aws_bucket: str = AWS_BUCKET,
    aws_access_key: str = AWS_ACCESS_KEY,
    aws_secret_key: str = AWS_SECRET_KEY,
) -> dict[str, Any]:
    """What locationConfig.json would hold."""
    return {
        "us-east-1": {"type": "mem", "objectId": "us-east-1", "legacyAwsBehavior": True, "details": {}},
        AWS_SITE: {
            "type": "aws_s3",
            "objectId": AWS_SITE,
            "legacyAwsBehavior": True,
            "details": {
                "awsEndpoint": aws_endpoint,
                "bucketName": aws_bucket,
                "bucketMatch": False,
                "https": False,
                "pathStyle": True,
                "credentials": {"accessKey": aws_access_key, "secretKey": aws_secret_key},
            },
        },
    }


def default_accounts() -> dict[str, Any]:
    """The shipped authdata.json (cloudserver conf/authdata.json)."""
    return {
        "accounts": [
            _account(
                "Bart", "sampleaccount1@sampling.com", f"{_PERSON}e", "123456789012", "accessKey1", "verySecretKey1"
            ),
            _account(
                "Lisa", "sampleaccount2@sampling.com", f"{_PERSON}f", "123456789013", "accessKey2", "verySecretKey2"
            ),
            _service_account("Clueso", "123456789014"),
            _service_account("Replication", "123456789015"),
            _service_account("Lifecycle", "123456789016"),
        ]
    }


def _service_account(name: str, short_id: str) -> dict[str, Any]:
    service = name.lower()
    return _account(
        name,
        f"inspector@{service}.info",
        f"{_SERVICE}{service}",
        short_id,
        f"{service}Key1",
        f"{service}SecretKey1",
    )


def _account(name: str, email: str, canonical_id: str, short_id: str, access: str, secret: str) -> dict[str, Any]:
    return {
        "name": name,
        "email": email,
        "arn": f"arn:aws:iam::{short_id}:root",
        "canonicalID": canonical_id,
        "shortid": short_id,
        "keys": [{"access": access, "secret": secret}],
    }
