"""GET and HEAD object."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from object_client import AWS, FOREIGN_VERSION, LAST_MODIFIED, REPLICATION, RULE, Client, Reply

from fake_cloudserver.settings import Settings

MD5 = "644be06dfc54061fd1e67f5ebbabcd58"
ALL_HEADERS = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "max-age=60",
    "content-disposition": 'attachment; filename="a.txt"',
    "content-encoding": "gzip",
    "content-language": "de",
    "expires": "Thu, 01 Dec 2044 16:00:00 GMT",
    "x-amz-meta-color": "Blue",
    "x-amz-meta-empty": "",
    "x-amz-storage-class": "STANDARD",
    "x-amz-website-redirect-location": "/other",
    "x-amz-tagging": "t1=v1&t2=a%20b+c",
}
SHOWN = [
    ("x-amz-meta-color", "Blue"),
    ("x-amz-meta-empty", ""),
    ("x-amz-website-redirect-location", "/other"),
    ("Accept-Ranges", "bytes"),
    ("Cache-Control", "max-age=60"),
    ("Content-Disposition", 'attachment; filename="a.txt"'),
    ("Content-Encoding", "gzip"),
    ("Expires", "Thu, 01 Dec 2044 16:00:00 GMT"),
    ("Content-Length", "20"),
    ("ETag", f'"{MD5}"'),
    ("Last-Modified", LAST_MODIFIED),
    ("Content-Type", "text/plain; charset=utf-8"),
]
PARTS = [("1:a", b"aaaaa"), ("2:b", b"bbb"), ("3:c", b"cc")]


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("versioned", versioning="Enabled")
    client.create_bucket("replicated", versioning="Enabled", replication_configuration=REPLICATION)
    client.put("plain/k")
    return client


def put_parts(client: Client) -> None:
    """An object in three pieces, as the completion of an upload leaves it."""
    client.put("plain/mpu")
    md = client.md("plain/mpu")
    elements: list[dict[str, Any]] = []
    start = 0
    for etag, data in PARTS:
        client.put("plain/part", data)
        element = client.md("plain/part")["location"][0]
        client.server.metadata.delete_object("plain", "part")
        elements.append({**element, "start": start, "dataStoreETag": etag})
        start += len(data)
    md |= {"location": elements, "content-length": start, "content-md5": "abc-3"}
    client.server.metadata.put_object("plain", "mpu", md)


def test_all_headers(client: Client) -> None:
    client.put("plain/hdrs", headers=ALL_HEADERS)
    reply = client.get("plain/hdrs")
    assert reply.headers == [*SHOWN, ("x-amz-tagging-count", "2")]
    assert reply.body == b"0123456789abcdefghij"
    assert client.head("plain/hdrs").headers == SHOWN


def test_object_without_content_type(client: Client) -> None:
    reply = client.get("plain/k")
    assert [name for name, _ in reply.headers] == ["Accept-Ranges", "Content-Length", "ETag", "Last-Modified"]


def test_empty_object(client: Client) -> None:
    client.put("plain/e", b"")
    reply = client.get("plain/e")
    assert (reply.status, reply.body, reply.header("Content-Length")) == (200, b"", "0")


def test_missing(client: Client) -> None:
    for ask in (client.get, client.head):
        assert ask("plain/nokey").code == "NoSuchKey"
        assert ask("plain/k", versionId=FOREIGN_VERSION).code == "NoSuchVersion"
        assert ask("missing/k").code == "NoSuchBucket"
        assert ask("plain/nokey", as_="Lisa").code == "AccessDenied"


def test_bad_version_id_comes_before_the_bucket(client: Client) -> None:
    for ask in (client.get, client.head):
        reply = ask("missing/k", versionId="badid")
        assert (reply.code, reply.message) == ("InvalidArgument", "Invalid version id specified")


def test_unknown_location_comes_first_in_get(client: Client) -> None:
    headers = {"x-amz-location-constraint": "nowhere"}
    reply = client.get("missing/k", headers=headers, versionId="badid")
    assert (reply.code, reply.message) == (
        "InvalidLocationConstraint",
        "Invalid location constraint specified in header",
    )
    assert client.head("plain/k", headers=headers).status == 200


def test_versions(client: Client) -> None:
    first = client.put("versioned/k", b"one").version_id
    second = client.put("versioned/k", b"two").version_id
    for version_id, body, expected in ((None, b"two", second), (first, b"one", first), ("", b"two", second)):
        query = {} if version_id is None else {"versionId": version_id}
        reply = client.get("versioned/k", **query)
        assert (reply.body, reply.version_id) == (body, expected)
        assert client.head("versioned/k", **query).version_id == expected


def test_null_of_a_bucket_without_versioning_has_no_version_header(client: Client) -> None:
    reply = client.get("plain/k", versionId="null")
    assert (reply.status, reply.header("x-amz-version-id")) == (200, None)


def test_object_from_before_versioning_is_null(client: Client) -> None:
    client.set_versioning("plain", "Enabled")
    assert client.get("plain/k").version_id == "null"


def test_delete_marker(client: Client) -> None:
    client.put("versioned/k")
    marker = client.delete("versioned/k").version_id
    for ask in (client.get, client.head):
        reply = ask("versioned/k")
        assert (reply.code, reply.headers) == ("NoSuchKey", [("x-amz-delete-marker", "true")])
        reply = ask("versioned/k", versionId=marker)
        assert reply.code == "MethodNotAllowed"
        assert reply.headers == [("x-amz-delete-marker", "true"), ("x-amz-version-id", marker)]


@pytest.mark.parametrize(
    ("header", "status", "body", "content_range"),
    [
        ("bytes=5-", 206, b"56789abcdefghij", "bytes 5-19/20"),
        ("bytes=0-0", 206, b"0", "bytes 0-0/20"),
        ("bytes=-3", 206, b"hij", "bytes 17-19/20"),
        ("bytes=5-2", 200, b"0123456789abcdefghij", None),
        ("bytes=0-1,3-4", 200, b"0123456789abcdefghij", None),
    ],
)
def test_get_range(client: Client, header: str, status: int, body: bytes, content_range: str | None) -> None:
    reply = client.get("plain/k", headers={"range": header, "if-range": '"other"'})
    assert (reply.status, reply.body, reply.header("Content-Range")) == (status, body, content_range)
    assert reply.header("Content-Length") == str(len(body))


def test_unsatisfiable_range(client: Client) -> None:
    for ask in (client.get, client.head):
        reply = ask("plain/k", headers={"range": "bytes=20-"})
        assert (reply.status, reply.code, reply.headers) == (416, "InvalidRange", [])


def test_head_range_is_200_and_lower_case(client: Client) -> None:
    reply = client.head("plain/k", headers={"range": "bytes=0-4"})
    assert reply.status == 200
    assert reply.headers == [
        ("accept-ranges", "bytes"),
        ("content-length", "5"),
        ("ETag", f'"{MD5}"'),
        ("Last-Modified", LAST_MODIFIED),
        ("content-range", "bytes 0-4/20"),
    ]


def test_head_with_an_ignored_range(client: Client) -> None:
    reply = client.head("plain/k", headers={"range": "bytes=5-2"})
    assert reply.headers[:2] == [("accept-ranges", "bytes"), ("Content-Length", "20")]


def test_range_over_pieces(client: Client) -> None:
    put_parts(client)
    reply = client.get("plain/mpu", headers={"range": "bytes=3-8"})
    assert (reply.body, reply.header("Content-Range")) == (b"aabbbc", "bytes 3-8/10")


@pytest.mark.parametrize(("number", "data"), list(enumerate([data for _, data in PARTS], 1)))
def test_part_number(client: Client, number: int, data: bytes) -> None:
    put_parts(client)
    reply = client.get("plain/mpu", partNumber=str(number))
    assert (reply.status, reply.body, reply.header("Content-Range")) == (200, data, None)
    assert reply.headers[-1] == ("x-amz-mp-parts-count", "3")
    reply = client.head("plain/mpu", partNumber=str(number))
    assert ("content-length", str(len(data))) in reply.headers
    assert reply.headers[-1] == ("x-amz-mp-parts-count", "3")


def part(reply: Reply) -> tuple[int, str, str]:
    return reply.status, reply.code, reply.message


@pytest.mark.parametrize(
    ("number", "get", "head"),
    [
        ("1", (200, "", ""), (200, "", "")),
        ("1x", (200, "", ""), (200, "", "")),
        (
            "2",
            (416, "InvalidPartNumber", "The requested partnumber is not satisfiable."),
            (416, "InvalidRange", "The requested range cannot be satisfied."),
        ),
        (
            "x",
            (400, "InvalidArgument", "Part number must be a number."),
            (400, "InvalidArgument", "Part number must be a number."),
        ),
        (
            "0",
            (400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive."),
            (400, "BadRequest", "BadRequest"),
        ),
        (
            "10001",
            (400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive."),
            (400, "BadRequest", "BadRequest"),
        ),
    ],
)
def test_part_number_of_a_plain_object(client: Client, number: str, get: Any, head: Any) -> None:
    assert part(client.get("plain/k", partNumber=number)) == get
    assert part(client.head("plain/k", partNumber=number)) == head


def test_part_number_of_an_empty_object(client: Client) -> None:
    client.put("plain/e", b"")
    assert client.get("plain/e", partNumber="7").status == 200
    assert client.head("plain/e", partNumber="1").code == "InvalidRange"


def test_part_number_and_range(client: Client) -> None:
    for ask in (client.get, client.head):
        reply = ask("plain/k", partNumber="1", headers={"range": "bytes=0-1"})
        assert reply.message == "Cannot specify both Range header and partNumber query parameter."
        assert ask("plain/k", partNumber="1", headers={"range": "bytes=5-2"}).status == 200


def test_conditions_come_before_ranges(client: Client) -> None:
    for ask in (client.get, client.head):
        assert ask("plain/k", headers={"if-none-match": "*", "range": "bytes=99-"}).code == "NotModified"
        assert ask("plain/k", headers={"if-match": '"x"'}).code == "PreconditionFailed"
        assert ask("plain/nokey", headers={"if-none-match": "*"}).code == "NoSuchKey"


def test_response_overrides(client: Client) -> None:
    client.put("plain/hdrs", headers=ALL_HEADERS)
    overrides = {"response_content_type": "x/y", "response_expires": "soon", "response_content_language": "fr"}
    reply = client.get("plain/hdrs", **overrides, response_cache_control="")
    assert [(name, value) for name, value in reply.headers if name in {"Content-Type", "Expires", "Cache-Control"}] == [
        ("Cache-Control", "max-age=60"),
        ("Expires", "soon"),
        ("Content-Type", "x/y"),
    ]
    assert reply.headers[-1] == ("Content-Language", "fr")
    assert client.head("plain/hdrs", **overrides).headers == SHOWN


@pytest.mark.parametrize(
    "name", ["Content-Type", "Content-Language", "Expires", "Cache-Control", "Content-Disposition", "Content-Encoding"]
)
@pytest.mark.parametrize("who", ["Bart", None])
def test_every_override(client: Client, name: str, who: str | None) -> None:
    client.put("plain/hdrs", headers={**ALL_HEADERS, "x-amz-acl": "public-read"})
    override = {f"response_{name.lower().replace('-', '_')}": "any"}
    assert client.get("plain/hdrs", as_=who, **override).header(name) == "any"


def test_user_metadata_beyond_the_limit_is_counted_only(client: Client) -> None:
    md = client.md("plain/k") | {"x-amz-meta-a": "x" * 3000, "x-amz-meta-b": "y"}
    client.server.metadata.put_object("plain", "k", md)
    assert client.head("plain/k").headers[0] == ("x-amz-missing-meta", "2")


def test_values_that_cannot_be_headers_are_left_out(client: Client) -> None:
    md = client.md("plain/k") | {
        "x-amz-meta-snow": "☃",
        "x-amz-meta-line": "a\nb",
        "x-amz-meta-ü": "a",
        "x-amz-meta-ok": "ü",
    }
    client.server.metadata.put_object("plain", "k", md)
    assert [header for header in client.head("plain/k").headers if header[0].startswith("x-amz-meta")] == [
        ("x-amz-meta-ok", "ü")
    ]


@pytest.mark.parametrize(
    ("status", "version_id", "headers"),
    [
        ("PENDING", "", [("status", "PENDING")]),
        ("COMPLETED", "v9", [("status", "COMPLETED"), ("version-id", "v9")]),
        ("COMPLETED", "", [("status", "COMPLETED")]),
        ("FAILED", "v9", [("status", "FAILED")]),
    ],
)
def test_replication_headers(client: Client, status: str, version_id: str, headers: list[tuple[str, str]]) -> None:
    client.put("replicated/k")
    md = client.md("replicated/k")
    md["replicationInfo"]["status"] = status
    md["replicationInfo"]["backends"][0] |= {"status": status, "dataStoreVersionId": version_id}
    client.server.metadata.put_object("replicated", "k", md, version_id=md["versionId"])
    names = {"status": f"x-amz-meta-{AWS}-replication-status", "version-id": f"x-amz-meta-{AWS}-version-id"}
    expected = [("x-amz-replication-status", status), *((names[name], value) for name, value in headers)]
    for ask in (client.get, client.head):
        shown = [(name, value) for name, value in ask("replicated/k").headers if "replic" in name or AWS in name]
        assert shown == expected


def test_a_replica_between_cloudservers_shows_the_status_only(client: Client) -> None:
    md = client.md("plain/k")
    md["replicationInfo"] |= {"status": "REPLICA", "backends": [{"site": "zenko", "status": "REPLICA"}]}
    client.server.metadata.put_object("plain", "k", md)
    assert client.head("plain/k").headers[-1] == ("x-amz-replication-status", "REPLICA")


def replicate(client: Client, status: str) -> None:
    """The object ``replicated/k``, with other bytes at AWS, so that the reader's choice shows."""
    client.put("replicated/k", b"hello")
    md = client.md("replicated/k")
    md["replicationInfo"]["backends"][0] |= {"status": status, "dataStoreVersionId": "v7"}
    client.remote.versions["replicated/k", "v7"] = b"HELLO"
    client.remote.versions["k", "v7"] = b"HELLO"
    client.server.metadata.put_object("replicated", "k", md, version_id=md["versionId"])


@pytest.mark.parametrize(
    ("status", "body"),
    [("PENDING", b"hello"), ("FAILED", b"hello"), ("PROCESSING", b"HELLO"), ("COMPLETED", b"HELLO")],
)
def test_reading_from_a_replica(client: Client, status: str, body: bytes) -> None:
    replicate(client, status)
    reply = client.get("replicated/k", headers={"x-amz-location-constraint": AWS})
    assert reply.body == body


@pytest.mark.parametrize(("bucket_match", "remote_key"), [(True, "k"), (False, "replicated/k")])
def test_reading_from_a_replica_asks_the_remote_first(bucket_match: bool, remote_key: str) -> None:
    settings = Settings.default()
    aws = settings.locations[AWS]
    aws = dataclasses.replace(aws, details={**aws.details, "bucketMatch": bucket_match})
    client = Client(dataclasses.replace(settings, locations={**settings.locations, AWS: aws}))
    client.create_bucket("replicated", versioning="Enabled", replication_configuration=REPLICATION)
    replicate(client, "COMPLETED")
    headers = {"x-amz-location-constraint": AWS, "range": "bytes=1-2"}
    assert client.get("replicated/k", headers=headers).body == b"EL"
    assert client.remote.calls == [("head", remote_key, "v7"), ("get", remote_key, "v7")]


def test_reading_from_a_replica_that_is_gone(client: Client) -> None:
    replicate(client, "COMPLETED")
    client.remote.versions.clear()
    reply = client.get("replicated/k", headers={"x-amz-location-constraint": AWS})
    assert (reply.status, reply.code) == (424, "LocationNotFound")
    assert client.last_request is not None
    assert client.last_request.bucket_info is None  # so that no CORS headers come with it


def test_reading_from_where_it_is_not_replicated(client: Client) -> None:
    reply = client.get("plain/k", headers={"x-amz-location-constraint": AWS})
    assert (reply.code, reply.message) == (
        "InvalidLocationConstraint",
        "Object is not replicated to location passed in location header",
    )
    assert client.get("plain/k", headers={"x-amz-location-constraint": "us-east-1"}).status == 200
    client.put("plain/e", b"")
    assert client.get("plain/e", headers={"x-amz-location-constraint": AWS}).status == 200


def test_preferred_read_location(client: Client) -> None:
    rule = {**RULE, "storageClass": f"{AWS}:preferred_read"}
    configuration = {**REPLICATION, "rules": [rule], "preferredReadLocation": AWS}
    client.change_bucket("replicated", replication_configuration=configuration)
    replicate(client, "COMPLETED")
    assert client.get("replicated/k").body == b"HELLO"
    assert client.get("replicated/k", headers={"x-amz-location-constraint": "us-east-1"}).body == b"hello"
    client.change_bucket("plain", replication_configuration=configuration)
    assert client.get("plain/k").code == "InvalidLocationConstraint"
    assert client.head("plain/k").status == 200


def test_external_object(client: Client) -> None:
    client.create_bucket("remote", location_constraint=AWS)
    client.put("remote/k", b"far away")
    assert client.get("remote/k").body == b"far away"
    client.remote.broken = True
    reply = client.get("remote/k")
    assert (reply.code, reply.message) == ("ServiceUnavailable", "Error returned from AWS: out of order")
    assert client.head("remote/k").status == 200


@pytest.mark.parametrize(
    ("who", "acl", "get", "get_version", "head"),
    [
        ("Bart", "private", 200, 200, 200),
        ("Lisa", "private", 403, 403, 403),
        ("Lisa", "public-read", 200, 403, 200),
        (None, "public-read", 200, 403, 200),
        (None, "authenticated-read", 403, 403, 403),
        ("Lisa", "authenticated-read", 200, 403, 200),
        ("Replication", "private", 200, 200, 200),
    ],
)
def test_rights(client: Client, who: str | None, acl: str, get: int, get_version: int, head: int) -> None:
    version_id = client.put("versioned/k", headers={"x-amz-acl": acl}).version_id
    assert client.get("versioned/k", as_=who).status == get
    assert client.get("versioned/k", as_=who, versionId=version_id).status == get_version
    assert client.head("versioned/k", as_=who, versionId=version_id).status == head


def test_archive_information(client: Client) -> None:
    asked = {"x-amz-scal-archive-info": "true"}
    owner = ("x-amz-scal-owner-id", client.requester("Bart").canonical_id)
    assert client.head("plain/k", headers=asked).headers[-2:] == [("x-amz-storage-class", "STANDARD"), owner]
    archive = {"archiveInfo": {"id": 7}, "restoreRequestedAt": "2026-11-22T22:19:31.000Z", "restoreRequestedDays": 3}
    md = client.md("plain/k") | {"archive": archive, "x-amz-storage-class": "cold"}
    client.server.metadata.put_object("plain", "k", md)
    reply = client.head("plain/k", headers=asked)
    assert [header for header in reply.headers if "scal" in header[0] or "class" in header[0]] == [
        ("x-amz-storage-class", "cold"),
        ("x-amz-scal-archive-info", '{"id":7}'),
        ("x-amz-scal-restore-requested-at", LAST_MODIFIED),
        ("x-amz-scal-restore-requested-days", "3"),
        owner,
    ]
    archive |= {"restoreCompletedAt": "2026-11-22T22:19:31.000Z", "restoreWillExpireAt": "?"}
    md |= {"archive": archive, "x-amz-scal-transition-in-progress": True, "x-amz-scal-transition-time": "2026"}
    client.server.metadata.put_object("plain", "k", md)
    reply = client.head("plain/k", headers=asked)
    assert reply.header("x-amz-scal-restore-completed-at") == LAST_MODIFIED
    assert reply.header("x-amz-scal-restore-will-expire-at") == "Invalid Date"
    assert reply.header("x-amz-scal-transition-time") == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert reply.header("x-amz-meta-scal-s3-transition-in-progress") == "true"
