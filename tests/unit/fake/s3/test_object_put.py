"""PUT object: order of checks, what is stored, what is answered."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from typing import Any

import pytest
from object_client import AWS, FOREIGN_VERSION, LOCAL, REPLICATION, Client

from fake_cloudserver.settings import Settings

MD5 = "644be06dfc54061fd1e67f5ebbabcd58"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
BART = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
NO_REPLICATION = {
    "status": "",
    "backends": [],
    "content": [],
    "destination": "",
    "storageClass": "",
    "role": "",
    "storageType": "",
    "dataStoreVersionId": "",
    "isNFS": None,
}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("replicated", versioning="Enabled", replication_configuration=REPLICATION)
    return client


def test_answer_has_etag_only(client: Client) -> None:
    reply = client.put("plain/k")
    assert (reply.status, reply.headers, reply.body) == (200, [("ETag", f'"{MD5}"')], b"")


def test_answer_in_a_versioned_bucket(client: Client) -> None:
    reply = client.put("versioned/k")
    version_id = client.md("versioned/k")["versionId"]
    assert reply.headers == [("ETag", f'"{MD5}"'), ("x-amz-version-id", version_id.encode().hex())]


def test_stored_document(client: Client) -> None:
    headers = {"content-type": "text/plain", "x-amz-meta-a": "b", "content-language": "de", "x-amz-tagging": "t=v"}
    client.put("plain/k", headers=headers)
    md = client.md("plain/k")
    key = md["location"][0].pop("key")
    assert isinstance(key, int)
    assert md == {
        "owner-display-name": "Bart",
        "owner-id": BART,
        "content-length": 20,
        "content-type": "text/plain",
        "content-md5": MD5,
        "content-language": "",
        "x-amz-version-id": "null",
        "x-amz-server-version-id": "",
        "x-amz-storage-class": "STANDARD",
        "x-amz-server-side-encryption": "",
        "x-amz-server-side-encryption-aws-kms-key-id": "",
        "x-amz-server-side-encryption-customer-algorithm": "",
        "x-amz-website-redirect-location": "",
        "x-amz-scal-transition-in-progress": False,
        "acl": {"Canned": "private", "FULL_CONTROL": [], "WRITE_ACP": [], "READ": [], "READ_ACP": []},
        "key": "k",
        "location": [{"size": 20, "start": 0, "dataStoreName": LOCAL, "dataStoreETag": f"1:{MD5}"}],
        "isDeleteMarker": False,
        "tags": {"t": "v"},
        "replicationInfo": NO_REPLICATION,
        "dataStoreName": LOCAL,
        "originOp": "s3:ObjectCreated:Put",
        "deleted": False,
        "isPHD": False,
        "last-modified": "2026-11-22T22:19:31.731Z",
        "md-model-version": 6,
        "x-amz-meta-a": "b",
    }


def test_empty_body_has_no_location(client: Client) -> None:
    reply = client.put("plain/k", b"")
    assert reply.header("ETag") == f'"{EMPTY_MD5}"'
    assert client.md("plain/k")["location"] is None


def test_content_md5_of_an_empty_body_is_not_compared(client: Client) -> None:
    assert client.put("plain/k", b"", md5="0" * 32).status == 200


def test_replication_info(client: Client) -> None:
    client.put("replicated/k")
    info = client.md("replicated/k")["replicationInfo"]
    assert info == {
        "status": "PENDING",
        "backends": [{"site": AWS, "status": "PENDING", "dataStoreVersionId": ""}],
        "content": ["DATA", "METADATA"],
        "destination": "arn:aws:s3:::crr-target",
        "storageClass": AWS,
        "role": "arn:aws:iam::123456789012:role/crr",
        "storageType": "aws_s3",
        "dataStoreVersionId": "",
        "isNFS": None,
    }


def test_replication_info_of_an_empty_object(client: Client) -> None:
    client.put("replicated/k", b"")
    assert client.md("replicated/k")["replicationInfo"]["content"] == ["METADATA"]


@pytest.mark.parametrize("service", ["Replication", "Lifecycle"])
def test_service_accounts_do_not_replicate(client: Client, service: str) -> None:
    assert client.put("replicated/k", as_=service).status == 200
    md = client.md("replicated/k")
    assert md["replicationInfo"] == NO_REPLICATION
    assert md["owner-display-name"] == service


def test_anonymous_owner_has_no_name(client: Client) -> None:
    client.create_bucket("open", acl={"Canned": "public-read-write"})
    assert client.put("open/k", as_=None).status == 200
    md = client.md("open/k")
    assert md["owner-id"] == "http://acs.amazonaws.com/groups/global/AllUsers"
    assert "owner-display-name" not in md


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("gzip", "gzip"),
        ("aws-chunked,gzip", "gzip"),
        ("gzip,aws-chunked", "gzip,"),
        ("aws-chunked", ""),
        ("aws-chunked,aws-chunked", "aws-chunked"),
    ],
)
def test_content_encoding(client: Client, sent: str, kept: str) -> None:
    client.put("plain/k", headers={"content-encoding": sent})
    assert client.md("plain/k")["content-encoding"] == kept


def test_creation_time_is_kept_from_the_first_write(client: Client) -> None:
    client.put("versioned/k")
    first = client.md("versioned/k")
    assert "creation-time" not in first
    client.put("versioned/k")
    client.put("versioned/k")
    assert client.md("versioned/k")["creation-time"] == first["last-modified"]
    client.delete("versioned/k")
    client.put("versioned/k")
    assert client.md("versioned/k")["creation-time"] == first["last-modified"]


def test_overwriting_deletes_the_old_data(client: Client) -> None:
    client.put("plain/k", b"old")
    old = client.md("plain/k")["location"][0]
    client.put("plain/k", b"new")
    assert client.data_of(old) is None
    assert client.get("plain/k").body == b"new"


def test_journal_has_one_record_for_a_plain_put_and_two_for_a_version(client: Client) -> None:
    start = client.journal.last_sequence
    client.put("plain/k")
    client.put("versioned/k")
    records = client.journal.read(start + 1, 10)
    version_id = client.md("versioned/k")["versionId"]
    keys = [(record.db, record.key) for record in records]
    assert keys == [("plain", "k"), ("versioned", "k"), ("versioned", f"k\0{version_id}")]


def big_metadata(length: int) -> dict[str, str]:
    return {"x-amz-meta-a": "m" * (length - len("x-amz-meta-a"))}


CHECKS: list[tuple[str, dict[str, Any], str, str | None]] = [
    (
        "restore header",
        {"headers": {"x-scal-s3-version-id": "badid"}},
        "InvalidArgument",
        "Invalid version id specified",
    ),
    ("storage class", {"headers": {"x-amz-storage-class": "GLACIER"}}, "InvalidStorageClass", None),
    ("grant", {"headers": {"x-amz-grant-read": "nonsense"}}, "InvalidArgument", "Invalid Argument"),
    ("version id", {"versionId": ""}, "InvalidArgument", "This operation does not accept a version-id."),
    ("size", {"headers": {"content-length": str(5 * 1024**3 + 1)}}, "EntityTooLarge", None),
    ("trailer", {"headers": {"x-amz-trailer": "x"}}, "BadRequest", "trailing checksum is not supported"),
    ("hash", {"headers": {"x-amz-content-sha256": "word"}}, "BadRequest", "unsupported checksum algorithm"),
    ("rights", {"as_": "Lisa"}, "AccessDenied", None),
    ("restore of nothing", {"headers": {"x-scal-s3-version-id": ""}}, "NoSuchKey", None),
    (
        "encryption",
        {"headers": {"x-amz-server-side-encryption": "rot13"}},
        "InvalidArgument",
        "The encryption method specified is not supported",
    ),
    (
        "lock",
        {"headers": {"x-amz-object-lock-legal-hold": "ON"}},
        "InvalidRequest",
        "Bucket is missing ObjectLockConfiguration",
    ),
    ("redirect", {"headers": {"x-amz-website-redirect-location": "ftp://x"}}, "InvalidRedirectLocation", None),
    ("metadata", {"headers": big_metadata(2137)}, "MetadataTooLarge", None),
    (
        "location",
        {"headers": {"x-amz-meta-scal-location-constraint": "nowhere"}},
        "InvalidArgument",
        'Object Location Error - Your object location "nowhere"is not in your location config - Please update.',
    ),
    ("body tags", {"headers": {"x-amz-tagging": "a"}}, "ServiceUnavailable", None),
    ("digest", {"md5": "0" * 32}, "BadDigest", None),
    ("acl", {"headers": {"x-amz-acl": "nope"}}, "InvalidArgument", "Invalid Argument"),
]


@pytest.mark.parametrize(("options", "code", "message"), [check[1:] for check in CHECKS], ids=[c[0] for c in CHECKS])
def test_check(client: Client, options: dict[str, Any], code: str, message: str | None) -> None:
    client.clock.advance(1)
    reply = client.put("plain/k", **options)
    assert reply.code == code
    assert message is None or reply.message == message
    assert client.stored("plain") == {}


@pytest.mark.parametrize("earlier", range(len(CHECKS) - 1))
def test_order_of_checks(client: Client, earlier: int) -> None:
    """Two faults at once: the one that is checked first is answered."""
    first, second = CHECKS[earlier][1], CHECKS[earlier + 1][1]
    headers = {**second.get("headers", {}), **first.get("headers", {})}
    reply = client.put("plain/k", **{**second, **first, "headers": headers})
    assert reply.code == CHECKS[earlier][2]


@pytest.mark.parametrize("key", ["a\x1fb", "a\x7f", "\n"])
def test_unprintable_keys(client: Client, key: str) -> None:
    reply = client.put(f"plain/{key}")
    assert (reply.code, reply.message) == ("InvalidInput", "object keys cannot contain non-printable characters")


def test_bad_tags_of_an_empty_body_are_named(client: Client) -> None:
    reply = client.put("plain/k", b"", headers={"x-amz-tagging": "a=1&a=2"})
    assert reply.code == "InvalidArgument"
    assert "x-amz-tagging" in reply.message


def test_a_refused_put_leaves_the_old_object(client: Client) -> None:
    client.put("plain/k", b"old")
    assert client.put("plain/k", b"new", md5="0" * 32).code == "BadDigest"
    assert client.put("plain/k", b"new", headers={"x-amz-acl": "nope"}).code == "InvalidArgument"
    assert client.get("plain/k").body == b"old"


def test_metadata_of_exactly_the_limit(client: Client) -> None:
    assert client.put("plain/k", headers=big_metadata(2136)).status == 200


def test_empty_metadata_counts_for_nothing(client: Client) -> None:
    assert client.put("plain/k", headers={**big_metadata(2136), "x-amz-meta-empty": ""}).status == 200
    assert client.md("plain/k")["x-amz-meta-empty"] == ""


@pytest.mark.parametrize(("decoded", "code"), [(str(5 * 1024**3 + 1), "EntityTooLarge"), ("20", "")])
def test_the_decoded_length_goes_first(client: Client, decoded: str, code: str) -> None:
    other = "20" if code else str(5 * 1024**3 + 1)
    headers = {"content-length": other, "x-amz-decoded-content-length": decoded}
    assert client.put("plain/k", headers=headers).code == code


def test_right_content_md5(client: Client) -> None:
    assert client.put("plain/k", md5=MD5).status == 200


def test_missing_bucket_comes_before_rights(client: Client) -> None:
    assert client.put("missing/k", as_=None).code == "NoSuchBucket"


def test_canned_acl_of_the_query_counts(client: Client) -> None:
    client.put("plain/k", headers={"x-amz-acl": "private"}, x_amz_acl="public-read")
    assert client.md("plain/k")["acl"]["Canned"] == "public-read"


def test_encryption_asked_for(client: Client) -> None:
    reply = client.put("plain/k", headers={"x-amz-server-side-encryption": "AES256"})
    assert reply.header("x-amz-server-side-encryption") is None
    assert client.get("plain/k").header("x-amz-server-side-encryption") == "AES256"
    bucket = client.server.metadata.find_bucket("plain")
    assert bucket is not None
    assert bucket.server_side_encryption is not None
    assert bucket.server_side_encryption["mandatory"] is False
    assert client.put("plain/l").status == 200
    assert client.get("plain/l").header("x-amz-server-side-encryption") is None


def test_encryption_of_the_bucket(client: Client) -> None:
    configured = {"cryptoScheme": 1, "algorithm": "aws:kms", "masterKeyId": "key", "mandatory": True}
    client.change_bucket("plain", server_side_encryption=configured)
    client.put("plain/k")
    reply = client.head("plain/k")
    assert reply.header("x-amz-server-side-encryption") == "aws:kms"
    assert reply.header("x-amz-server-side-encryption-aws-kms-key-id") == "key"


def test_encryption_under_a_named_key(client: Client) -> None:
    name = "x-amz-server-side-encryption"
    client.put("plain/k", headers={name: "aws:kms", f"{name}-aws-kms-key-id": "mine"})
    assert client.head("plain/k").header(f"{name}-aws-kms-key-id") == "mine"
    bucket = client.server.metadata.find_bucket("plain")
    assert bucket is not None
    assert bucket.server_side_encryption is None
    reply = client.put("plain/k", headers={name: "AES256", f"{name}-aws-kms-key-id": "mine"})
    assert reply.message == "The encryption method specified is not supported"


def lock_bucket(client: Client, **fields: Any) -> None:
    client.create_bucket("locked", versioning="Enabled", object_lock_enabled=True, **fields)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            {"mode": "GOVERNANCE"},
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
        ),
        (
            {"retain-until-date": "2020-01-01T00:00:00Z", "legal-hold": "MAYBE"},
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
        ),
        ({"mode": "X", "retain-until-date": "2090-01-01T00:00:00Z"}, "Unknown wormMode directive"),
        (
            {"mode": "X", "retain-until-date": "2020-01-01T00:00:00Z", "legal-hold": "MAYBE"},
            "Unknown wormMode directive",
        ),
        ({"legal-hold": "MAYBE"}, 'Legal hold status must be one of "ON", "OFF"'),
        (
            {"mode": "GOVERNANCE", "retain-until-date": "2020-01-01T00:00:00Z", "legal-hold": "MAYBE"},
            'Legal hold status must be one of "ON", "OFF"',
        ),
        (
            {"mode": "GOVERNANCE", "retain-until-date": "2020-01-01T00:00:00Z"},
            "The retain until date must be in the future!",
        ),
    ],
)
def test_lock_headers(client: Client, headers: dict[str, str], message: str) -> None:
    lock_bucket(client)
    reply = client.put("locked/k", headers={f"x-amz-object-lock-{name}": value for name, value in headers.items()})
    assert (reply.code, reply.message) == ("InvalidArgument", message)


@pytest.mark.parametrize("name", ["mode", "retain-until-date", "legal-hold"])
@pytest.mark.parametrize("operation", ["object_put", "initiate_multipart_upload"])
def test_lock_headers_need_a_lock_bucket(client: Client, operation: str, name: str) -> None:
    reply = client.ask(operation, "plain/k", headers={f"x-amz-object-lock-{name}": "x"})
    assert (reply.code, reply.message) == ("InvalidRequest", "Bucket is missing ObjectLockConfiguration")


def test_lock_dates_are_compared_as_texts(client: Client) -> None:
    lock_bucket(client)
    headers = {"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "zz"}
    assert client.put("locked/k", headers=headers).status == 200
    assert client.head("locked/k").header("x-amz-object-lock-retain-until-date") == "zz"


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        ({"mode": "GOVERNANCE", "days": 2}, "2026-11-24T22:19:31.731Z"),
        ({"mode": "GOVERNANCE", "years": 1}, "2027-11-22T22:19:31.731Z"),
    ],
)
def test_default_retention(client: Client, rule: dict[str, Any], until: str) -> None:
    lock_bucket(client, object_lock_configuration={"rule": rule})
    client.put("locked/k", headers={"x-amz-object-lock-legal-hold": "OFF"})
    reply = client.get("locked/k")
    assert reply.headers[-3:] == [
        ("x-amz-object-lock-retain-until-date", until),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-object-lock-legal-hold", "OFF"),
    ]


def test_external_location(client: Client) -> None:
    client.create_bucket("remote", versioning="Enabled", location_constraint=AWS)
    client.put("remote/k", headers={"content-type": "a/b", "x-amz-meta-a": "b", "x-amz-tagging": "t=v"})
    element = client.md("remote/k")["location"][0]
    assert element == {
        "key": "remote/k",
        "size": 20,
        "start": 0,
        "dataStoreName": AWS,
        "dataStoreType": "aws_s3",
        "dataStoreETag": f"1:{MD5}",
        "dataStoreVersionId": "v1",
    }
    upload = client.remote.calls[0][1]
    assert (upload.content_type, upload.metadata, upload.tags) == ("a/b", {"x-amz-meta-a": "b"}, "t=v")
    assert not upload.replica


def test_external_location_keeps_empty_objects_too(client: Client) -> None:
    client.create_bucket("remote", location_constraint=AWS)
    client.put("remote/k", b"")
    assert client.md("remote/k")["location"][0]["dataStoreVersionId"] == "v1"


def test_overwriting_on_the_same_external_location_deletes_nothing(client: Client) -> None:
    client.create_bucket("remote", location_constraint=AWS)
    client.put("remote/k", b"old")
    client.put("remote/k", b"new")
    assert [call[0] for call in client.remote.calls] == ["put", "put"]


def test_location_named_by_the_object(client: Client) -> None:
    client.put("plain/k", headers={"x-amz-meta-scal-location-constraint": AWS})
    md = client.md("plain/k")
    assert (md["dataStoreName"], md["location"][0]["dataStoreName"]) == (AWS, AWS)
    assert md["x-amz-meta-scal-location-constraint"] == AWS


@pytest.mark.parametrize("operation", ["object_put", "initiate_multipart_upload", "object_copy"])
def test_a_bucket_whose_location_is_gone(client: Client, operation: str) -> None:
    client.create_bucket("lost", location_constraint="nowhere")
    client.put("plain/source")
    headers = {"x-amz-copy-source": "/plain/source"} if operation == "object_copy" else {}
    reply = client.ask(operation, "lost/k", headers=headers)
    assert (reply.code, reply.message) == (
        "InvalidArgument",
        'Bucket Location Error - Your object location "nowhere"is not in your location config - Please update.',
    )


@pytest.mark.parametrize("kind", ["azure", "gcp"])
def test_no_versions_in_azure_and_gcp(kind: str) -> None:
    settings = Settings.default()
    locations = {**settings.locations, "far": dataclasses.replace(settings.locations[AWS], name="far", type=kind)}
    client = Client(dataclasses.replace(settings, locations=locations))
    client.create_bucket("far", versioning="Enabled", location_constraint="far")
    reply = client.put("far/k")
    assert (reply.code, reply.message) == (
        "NotImplemented",
        "We do not currently support putting a versioned object to a location-constraint of type Azure or GCP.",
    )


def test_external_failure_is_masked(client: Client) -> None:
    client.create_bucket("remote", location_constraint=AWS)
    client.remote.broken = True
    reply = client.put("remote/k")
    assert (reply.code, reply.message) == (
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
    )


def archived(client: Client, **archive: Any) -> str:
    """An archived version, as Backbeat's lifecycle leaves it; its encoded version id."""
    client.put("versioned/k")
    md = client.md("versioned/k")
    md |= {"archive": {"archiveInfo": {"id": 1}, **archive}, "x-amz-storage-class": "cold", "location": None}
    client.server.metadata.put_object("versioned", "k", md, version_id=md["versionId"])
    encoded: str = md["versionId"].encode().hex()
    return encoded


def test_restore_write(client: Client) -> None:
    version_id = archived(client, restoreRequestedAt="2026-11-22T22:19:00.000Z", restoreRequestedDays=2)
    before = client.md("versioned/k")
    reply = client.put("versioned/k", b"restored", headers={"x-scal-s3-version-id": version_id})
    assert reply.version_id == version_id
    md = client.md("versioned/k")
    assert md["archive"]["restoreCompletedAt"] == "2026-11-22T22:19:31.741Z"
    assert md["archive"]["restoreWillExpireAt"] == "2026-11-24T22:19:31.741Z"
    assert (md["originOp"], md["last-modified"]) == ("s3:ObjectRestore:Completed", before["last-modified"])
    assert len(md["microVersionId"]) == 16
    assert len(client.stored("versioned")) == 2
    reply = client.get("versioned/k")
    assert reply.body == b"restored"
    assert reply.header("x-amz-restore") == 'ongoing-request="false", expiry-date="Tue, 24 Nov 2026 22:19:31 GMT"'
    assert reply.header("x-amz-storage-class") == "cold"


def test_restore_write_needs_an_ongoing_restore(client: Client) -> None:
    version_id = archived(client)
    assert client.put("versioned/k", headers={"x-scal-s3-version-id": version_id}).code == "InvalidObjectState"
    assert client.get("versioned/k").code == "InvalidObjectState"
    client.delete("versioned/k")
    assert client.put("versioned/k", headers={"x-scal-s3-version-id": ""}).code == "MethodNotAllowed"
    assert client.put("plain/k", headers={"x-scal-s3-version-id": FOREIGN_VERSION}).code == "NoSuchVersion"
    client.put("plain/k")
    assert client.put("plain/k", headers={"x-scal-s3-version-id": ""}).code == "InvalidObjectState"


def test_base64_md5_is_the_same_digest() -> None:
    assert base64.b64decode("ZEvgbfxUBh/R5n9eu6vNWA==").hex() == hashlib.md5(b"0123456789abcdefghij").hexdigest() == MD5


EXPIRATION = {
    "rules": [
        {
            "ruleID": "a&b",
            "ruleStatus": "Enabled",
            "prefix": "docs/",
            "actions": [{"actionName": "Expiration", "days": 1}],
        }
    ]
}


def test_expiration_header(client: Client) -> None:
    client.change_bucket("versioned", lifecycle_configuration=EXPIRATION)
    expiration = ("x-amz-expiration", 'expiry-date="Mon, 23 Nov 2026 22:19:31 GMT", rule-id="a%26b"')
    reply = client.put("versioned/docs/k")
    assert reply.headers[0] == expiration
    assert client.put("versioned/other").header("x-amz-expiration") is None
    for ask in (client.get, client.head):
        assert ask("versioned/docs/k").headers[-1] == expiration
        assert ask("versioned/docs/k", versionId=reply.version_id).header("x-amz-expiration") is None
    headers = {"x-amz-copy-source": "versioned/other"}
    assert client.ask("object_copy", "versioned/docs/c", headers=headers).header("x-amz-expiration") is not None
