"""The aws_s3 location against moto's S3 in another process, and against remotes that do as they are told."""

from __future__ import annotations

import base64
import hashlib
import io
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import boto3
import pytest
from botocore.config import Config

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.errors import S3Error
from fake_cloudserver.locations.aws_s3 import AwsS3Location
from fake_cloudserver.locations.base import CompletedPart, LocationError, NoSuchData, Stored, Upload
from fake_cloudserver.settings import LocationSettings
from support.aws import ACCESS_KEY, SECRET_KEY, Reply, ScriptedRemote, Seen, make_certificate, moto_s3

MEBIBYTE = 1024 * 1024
PART = 5 * MEBIBYTE
PLAIN = "plain-target"
BUCKET = "versioned-target"


def aws_location(endpoint: str, bucket: str = BUCKET, **details: Any) -> AwsS3Location:
    settings = {
        "awsEndpoint": endpoint,
        "bucketName": bucket,
        "bucketMatch": True,
        "https": False,
        "pathStyle": True,
        "supportsVersioning": True,
        "credentials": {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY},
        **details,
    }
    return AwsS3Location(LocationSettings("aws", "aws_s3", "aws", details=settings), VirtualClock())


def put(location: AwsS3Location, content: bytes, key: str = "key", **fields: Any) -> Stored:
    upload = Upload(**{"bucket": "source", "key": key, "size": len(content), **fields})
    return location.put(io.BytesIO(content), upload)


def error_of(call: Callable[[], Any]) -> LocationError:
    with pytest.raises(LocationError) as caught:
        call()
    return caught.value


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_s3([BUCKET], plain_buckets=[PLAIN]) as endpoint:
        yield endpoint


@pytest.fixture
def aws(moto: str) -> Iterator[AwsS3Location]:
    location = aws_location(moto)
    yield location
    location.close()


@pytest.fixture(scope="module")
def s3(moto: str) -> Iterator[Any]:
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0})
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{moto}",
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=config,
    )
    yield client
    client.close()


@pytest.fixture
def remote() -> Iterator[ScriptedRemote]:
    with ScriptedRemote() as remote:
        yield remote


@pytest.fixture
def scripted(remote: ScriptedRemote) -> Iterator[AwsS3Location]:
    location = aws_location(remote.endpoint)
    yield location
    location.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "remote.pem")


@pytest.fixture
def secure_remote(certificate: Path) -> Iterator[ScriptedRemote]:
    with ScriptedRemote(certificate) as remote:
        yield remote


class TestObjects:
    def test_put_head_get(self, aws: AwsS3Location, s3: Any) -> None:
        key = "a/b c+d(1)'!*~é☃?#%20//./../x"
        stored = put(
            aws,
            b"hello",
            key,
            content_type="text/plain",
            cache_control="no-cache",
            content_disposition="attachment",
            content_encoding="gzip",
            metadata={"x-amz-meta-Colour": "blue", "x-amz-meta-under_score": "ü"},
            tags="k%201=v%2F1&k2=",
            replica=True,
            source_version_id="3938",
        )
        assert stored.element == {
            "key": key,
            "size": 5,
            "dataStoreName": "aws",
            "dataStoreType": "aws_s3",
            "dataStoreETag": "1:5d41402abc4b2a76b9719d911017c592",
            "dataStoreVersionId": stored.version_id,
        }
        seen = s3.head_object(Bucket=BUCKET, Key=key)
        assert stored.version_id == seen["VersionId"]
        assert [seen[name] for name in ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding")] == [
            "text/plain",
            "no-cache",
            "attachment",
            "gzip",
        ]
        assert seen["Metadata"]["scal-replication-status"] == "REPLICA"
        assert seen["Metadata"]["scal-version-id"] == "3938"
        assert seen["Metadata"]["colour"] == "blue"
        assert s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] == [
            {"Key": "k 1", "Value": "v/1"},
            {"Key": "k2", "Value": ""},
        ]
        head = aws.head(stored.element)
        assert (head.size, head.etag, head.version_id) == (5, stored.md5, stored.version_id)
        assert head.last_modified == seen["LastModified"].timestamp()
        assert (head.metadata["scal-version-id"], head.metadata["colour"]) == ("3938", "blue")
        assert b"".join(aws.get(stored.element, 0, 4)) == b"hello"
        assert b"".join(aws.get(stored.element, 1, 3)) == b"ell"
        assert b"".join(aws.get(stored.element, 2, None)) == b"llo"
        assert b"".join(aws.get(stored.element, 3, 2)) == b""

    def test_versions_stand_side_by_side(self, aws: AwsS3Location) -> None:
        old, new = put(aws, b"old", "versions"), put(aws, b"newer", "versions")
        assert old.version_id != new.version_id
        assert b"".join(aws.get(old.element, 0, 2)) == b"old"
        assert b"".join(aws.get(new.element, 0, 4)) == b"newer"
        aws.delete(old.element, with_version=True)
        assert error_of(lambda: aws.head(old.element)).code == "NotFound"
        assert aws.head({"key": "versions"}).version_id == new.version_id

    def test_an_empty_object(self, aws: AwsS3Location) -> None:
        stored = put(aws, b"", "empty")
        assert aws.head(stored.element).size == 0
        assert stored.element["dataStoreETag"] == "1:d41d8cd98f00b204e9800998ecf8427e"

    def test_eleven_mebibytes_go_in_three_parts(self, aws: AwsS3Location, s3: Any) -> None:
        content = hashlib.sha512(b"seed").digest() * (11 * MEBIBYTE // 64)
        stored = put(aws, content, "big", metadata={"x-amz-meta-a": "b"}, tags="t=u", content_type="image/png")
        assert stored.element["dataStoreETag"] == f"1:{hashlib.md5(content).hexdigest()}"
        seen = s3.head_object(Bucket=BUCKET, Key="big")
        assert seen["ETag"].endswith('-3"')
        assert (seen["VersionId"], seen["ContentLength"]) == (stored.version_id, len(content))
        assert (seen["Metadata"], seen["ContentType"]) == ({"a": "b"}, "image/png")
        assert s3.get_object_tagging(Bucket=BUCKET, Key="big")["TagSet"] == [{"Key": "t", "Value": "u"}]
        assert b"".join(aws.get(stored.element, 0, len(content) - 1)) == content
        assert b"".join(aws.get(stored.element, PART - 1, PART)) == content[PART - 1 : PART + 1]

    def test_delete_markers(self, aws: AwsS3Location, s3: Any) -> None:
        put(aws, b"x", "marked")
        marker = aws.delete_marker("source", "marked")
        versions = s3.list_object_versions(Bucket=BUCKET, Prefix="marked")
        assert [entry["VersionId"] for entry in versions["DeleteMarkers"]] == [marker]
        assert isinstance(error_of(lambda: aws.head({"key": "marked"})), NoSuchData)

    def test_tags(self, aws: AwsS3Location, s3: Any) -> None:
        old, new = put(aws, b"1", "tagged"), put(aws, b"2", "tagged")
        aws.put_tags("source", "tagged", old.version_id, {"a b": "c/d", "e": ""})
        aws.put_tags("source", "tagged", "", {"latest": "1"})

        def tags(stored: Stored) -> Any:
            return s3.get_object_tagging(Bucket=BUCKET, Key="tagged", VersionId=stored.version_id)["TagSet"]

        assert tags(old) == [{"Key": "a b", "Value": "c/d"}, {"Key": "e", "Value": ""}]
        assert tags(new) == [{"Key": "latest", "Value": "1"}]
        aws.delete_tags("source", "tagged", "")
        assert (tags(new), len(tags(old))) == ([], 2)
        aws.delete_tags("source", "tagged", old.version_id)
        assert tags(old) == []

    def test_copy_of_a_version(self, aws: AwsS3Location) -> None:
        old = put(aws, b"old", "copy me +1")
        put(aws, b"new", "copy me +1")
        key, version_id = aws.copy(old.element, BUCKET, Upload("source", "the copy"), "COPY")
        copied = {"key": key, "dataStoreVersionId": version_id}
        assert b"".join(aws.get(copied, 0, None)) == b"old"

    def test_keys_without_bucket_match(self, moto: str) -> None:
        location = aws_location(moto, bucketMatch=False)
        assert put(location, b"x", "a/b").element["key"] == "source/a/b"
        assert location.head({"key": "source/a/b"}).size == 1

    def test_healthcheck(self, moto: str) -> None:
        owned = "Congrats! You own the bucket"
        assert aws_location(moto).healthcheck() == {"versioningStatus": "Enabled", "message": owned}
        assert aws_location(moto, PLAIN, supportsVersioning=False).healthcheck() == {"message": owned}
        assert aws_location(moto, PLAIN).healthcheck() == {"error": "Versioning must be enabled", "external": True}
        assert aws_location(moto, "absent").healthcheck() == {"error": "null", "external": True}


class TestUploads:
    def test_create_put_list_complete(self, aws: AwsS3Location, s3: Any) -> None:
        upload = Upload(
            "source", "mpu", metadata={"x-amz-meta-a": "b", "odd": "c"}, tags="t=u", replica=True, content_type="a/b"
        )
        upload_id = aws.create_upload(upload)
        contents = {"1": bytes(PART), "2": b"tail"}
        etags = {
            number: aws.put_part("source", "mpu", upload_id, number, io.BytesIO(content), len(content))
            for number, content in contents.items()
        }
        assert etags == {number: hashlib.md5(content).hexdigest() for number, content in contents.items()}
        listed = aws.list_parts("source", "mpu", upload_id, 1, 1000)
        assert [(part.number, part.etag, part.size) for part in listed.parts] == [(2, etags["2"], 4)]
        completed = aws.complete_upload(
            "source", "mpu", upload_id, [CompletedPart(number, etag) for number, etag in etags.items()]
        )
        assert completed.element == {
            "key": "mpu",
            "size": PART + 4,
            "dataStoreName": "aws",
            "dataStoreType": "aws_s3",
            "dataStoreETag": completed.etag,
            "dataStoreVersionId": completed.version_id,
        }
        seen = s3.head_object(Bucket=BUCKET, Key="mpu")
        assert seen["ETag"] == f'"{completed.etag}"'
        assert seen["Metadata"] == {"scal-replication-status": "REPLICA", "a": "b"}
        assert seen["ContentType"] == "a/b"

    def test_abort(self, aws: AwsS3Location) -> None:
        upload_id = aws.create_upload(Upload("source", "aborted"))
        aws.abort_upload("source", "aborted", upload_id)
        error = error_of(lambda: aws.abort_upload("source", "aborted", upload_id))
        assert error.message == (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or"
            " completed."
        )

    def test_a_html_page_for_an_answer(self, aws: AwsS3Location) -> None:
        error = error_of(lambda: aws.complete_upload("source", "k", "unknown", [CompletedPart("1", "x")]))
        assert error.message == "Unquoted attribute value\nLine: 1\nColumn: 12\nChar: e"

    def test_a_wrong_part(self, aws: AwsS3Location) -> None:
        upload_id = aws.create_upload(Upload("source", "wrong"))
        aws.put_part("source", "wrong", upload_id, "1", io.BytesIO(b"x"), 1)
        error = error_of(lambda: aws.complete_upload("source", "wrong", upload_id, [CompletedPart(1, "0" * 32)]))
        assert error.code == "InvalidPart"

    @pytest.mark.parametrize("number", ["01", "abc", "", "1e3", " 1", "+1"])
    def test_part_numbers_that_the_client_library_refuses(self, scripted: AwsS3Location, number: str) -> None:
        error = error_of(lambda: scripted.put_part("b", "k", "u", number, io.BytesIO(b"x"), 1))
        assert error.message == "Expected params.PartNumber to be a number"

    def test_a_part_of_unknown_length(self, scripted: AwsS3Location) -> None:
        error = error_of(lambda: scripted.put_part("b", "k", "u", "1", io.BytesIO(b"x"), None))
        assert error.message == "Cannot determine length of [object Object]"


class TestVersions:
    def test_a_remote_without_versions_is_refused(self, moto: str) -> None:
        location = aws_location(moto, PLAIN)
        for call in (
            lambda: put(location, b"x"),
            lambda: location.copy({"key": "key"}, PLAIN, Upload("source", "copy"), None),
            lambda: location.delete_marker("source", "key"),
        ):
            assert error_of(call).code == "MissingVersionId"

    def test_a_completed_upload_without_a_version_is_refused(
        self, scripted: AwsS3Location, remote: ScriptedRemote
    ) -> None:
        remote.reply = lambda _: Reply(body=b"<R><ETag>e</ETag></R>")
        error = error_of(lambda: scripted.complete_upload("b", "k", "u", [CompletedPart(1, "e")]))
        assert error.code == "MissingVersionId"
        assert methods(remote) == ["POST"], "nothing is asked of an object that is refused"

    def test_unless_the_location_says_so(self, moto: str) -> None:
        location = aws_location(moto, PLAIN, supportsVersioning=False)
        stored = put(location, b"hello", "unversioned")
        assert stored.version_id == ""
        assert "dataStoreVersionId" not in stored.element
        assert location.copy(stored.element, PLAIN, Upload("source", "copy"), None) == ("copy", "")


class TestWhatTheRemoteSees:
    """Requests as aws-sdk 2 for JavaScript was seen to send them."""

    def test_put(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        put(scripted, b"hello", "a/b c+d(1)'!*~é", tags="t1=v%201", metadata={"x-amz-meta-a": "b"})
        (seen,) = remote.seen
        assert (seen.method, seen.body) == ("PUT", b"hello")
        assert seen.target == f"/{BUCKET}/a/b%20c%2Bd%281%29%27%21%2A~%C3%A9"
        headers = dict(seen.headers)
        assert headers.pop("authorization").startswith(f"AWS {ACCESS_KEY}:")
        assert headers.pop("user-agent").endswith(" APN/1.0 Scality/1.0 Scality CloudServer for Zenko")
        assert headers == {
            "host": remote.endpoint,
            "content-length": "5",
            "content-type": "application/octet-stream",
            "x-amz-date": "Thu, 01 Jan 2026 00:00:00 GMT",
            "x-amz-meta-a": "b",
            "x-amz-tagging": "t1=v%201",
        }

    @pytest.mark.parametrize(
        ("size", "parts"), [(PART - 1, None), (PART, [PART]), (2 * PART, [PART, PART]), (PART + 1, [PART, 1])]
    )
    def test_from_five_mebibytes_on_it_is_an_upload(
        self, scripted: AwsS3Location, remote: ScriptedRemote, size: int, parts: list[int] | None
    ) -> None:
        remote.reply = answer_uploads
        put(scripted, bytes(size), metadata={"x-amz-meta-a": "b"}, tags="t=u")
        if parts is None:
            assert [(seen.method, len(seen.body)) for seen in remote.seen] == [("PUT", size)]
            return
        first, *middle, last = remote.seen
        assert (first.method, first.target) == ("POST", f"/{BUCKET}/key?uploads")
        assert (first.headers["x-amz-meta-a"], first.headers["x-amz-tagging"]) == ("b", "t=u")
        assert [(seen.target, len(seen.body)) for seen in middle] == [
            (f"/{BUCKET}/key?partNumber={number}&uploadId=UP%2F1", length) for number, length in enumerate(parts, 1)
        ]
        assert not any("x-amz-meta-a" in seen.headers for seen in middle)
        assert (last.method, last.target) == ("POST", f"/{BUCKET}/key?uploadId=UP%2F1")
        listed = "".join(
            f'<Part><ETag>"e{number}"</ETag><PartNumber>{number}</PartNumber></Part>'
            for number in range(1, len(parts) + 1)
        )
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        assert last.body.decode() == (
            f'<CompleteMultipartUpload xmlns="{namespace}">{listed}</CompleteMultipartUpload>'
        )

    def test_tags(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        scripted.put_tags("b", "k", "DV", {"a&b": "<c>\n"})
        scripted.delete_tags("b", "k", "")
        put_request, delete_request = remote.seen
        assert (put_request.method, put_request.target) == ("PUT", f"/{BUCKET}/k?tagging&versionId=DV")
        assert put_request.body.decode() == (
            '<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>a&amp;b</Key>'
            "<Value>&lt;c&gt;&#x0A;</Value></Tag></TagSet></Tagging>"
        )
        digest = base64.b64encode(hashlib.md5(put_request.body).digest()).decode()
        assert put_request.headers["content-md5"] == digest
        assert (delete_request.method, delete_request.target) == ("DELETE", f"/{BUCKET}/k?tagging")

    def test_deletes_and_heads(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        element = {"key": "k", "dataStoreVersionId": "D V"}
        scripted.delete(element, with_version=True)
        scripted.delete(element, with_version=False)
        scripted.head(element)
        scripted.head({"key": "k"})
        assert [(seen.method, seen.target) for seen in remote.seen] == [
            ("DELETE", f"/{BUCKET}/k?versionId=D%20V"),
            ("DELETE", f"/{BUCKET}/k"),
            ("HEAD", f"/{BUCKET}/k?versionId=D%20V"),
            ("HEAD", f"/{BUCKET}/k"),
        ]

    def test_ranges_are_asked_for_only_when_needed(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = lambda seen: Reply(206 if "range" in seen.headers else 200, b"abc")
        element = {"key": "k", "size": 3}
        for first, last in ((0, 2), (0, None), (1, 2), (1, None)):
            list(scripted.get(element, first, last))
        assert [seen.headers.get("range") for seen in remote.seen] == [None, None, "bytes=1-2", "bytes=1-"]

    def test_encryption_is_asked_for_by_put_and_copy_only(self, remote: ScriptedRemote) -> None:
        location = aws_location(remote.endpoint, serverSideEncryption=True)
        put(location, b"x")
        remote.reply = answer_uploads
        location.create_upload(Upload("b", "k"))
        remote.reply = lambda _: Reply(body=b"<CopyObjectResult/>", headers={"x-amz-version-id": "v1"})
        location.copy({"key": "ü"}, "other", Upload("b", "k", metadata={"x-amz-meta-a": "b"}), "REPLACE")
        asked = [seen.headers.get("x-amz-server-side-encryption") for seen in remote.seen]
        assert asked == ["AES256", None, "AES256"]
        headers = remote.seen[-1].headers
        assert (headers["x-amz-copy-source"], headers["x-amz-metadata-directive"]) == ("other/%C3%BC", "REPLACE")
        assert headers["x-amz-meta-a"] == "b"

    def test_connections_are_kept(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        for _ in range(5):
            put(scripted, b"x")
        assert scripted._client._pool.num_connections == 1
        assert len(remote.seen) == 5

    def test_metadata_names_lose_eleven_characters(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        put(scripted, b"x", metadata={"y-amz-xxxx-colour": "blue"})
        assert remote.seen[0].headers["x-amz-meta-colour"] == "blue"

    def test_marks_can_be_overridden(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        metadata = {"x-amz-meta-scal-replication-status": "MINE"}
        put(scripted, b"x", replica=True, metadata=metadata)
        headers = remote.seen[0].headers
        assert headers["x-amz-meta-scal-replication-status"] == "MINE"
        assert "x-amz-meta-scal-version-id" not in headers

    def test_a_client_put_bears_no_marks(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        put(scripted, b"x", source_version_id="ignored")
        assert not [name for name in remote.seen[0].headers if "scal-" in name]


class TestAddresses:
    def test_virtual_host_style(self, remote: ScriptedRemote, monkeypatch: pytest.MonkeyPatch) -> None:
        port = remote.endpoint.rpartition(":")[2]
        location = aws_location(f"s3.example:{port}", "remote-bucket", pathStyle=False)
        names: list[str] = []
        resolve = socket.getaddrinfo

        def getaddrinfo(host: str, *arguments: Any) -> Any:
            names.append(host)
            return resolve("127.0.0.1", *arguments)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        put(location, b"x", "a b")
        assert names == ["remote-bucket.s3.example"]
        (seen,) = remote.seen
        assert (seen.target, seen.headers["host"]) == ("/a%20b", f"remote-bucket.s3.example:{port}")

    @pytest.mark.parametrize("bucket", ["Upper-Case", "a..b", "10.0.0.1", "ab_c"])
    def test_names_that_are_no_host_names(self, scripted: AwsS3Location, remote: ScriptedRemote, bucket: str) -> None:
        put(aws_location(remote.endpoint, bucket, pathStyle=False), b"x")
        assert remote.seen[0].target == f"/{bucket}/key"

    def test_setup_asks_where_the_bucket_is(self, remote: ScriptedRemote) -> None:
        remote.reply = lambda _: Reply(body=b"<LocationConstraint>eu-west-3</LocationConstraint>")
        location = aws_location(remote.endpoint)
        location.setup()
        assert [(seen.method, seen.target) for seen in remote.seen] == [("GET", f"/{BUCKET}?location")]
        assert location._client._region == "eu-west-3"

    def test_setup_learns_from_a_wrong_region(self, remote: ScriptedRemote) -> None:
        body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"
        remote.reply = lambda _: Reply(400, body)
        location = aws_location(remote.endpoint)
        location.setup()
        assert location._client._region == "eu-west-3"

    def test_setup_that_fails_is_only_logged(
        self, scripted: AwsS3Location, remote: ScriptedRemote, caplog: pytest.LogCaptureFixture
    ) -> None:
        remote.reply = lambda _: Reply(403)
        scripted.setup()
        assert "error during setup: Forbidden" in caplog.text
        assert scripted._client._region == "us-east-1"

    def test_over_https_the_first_request_sets_up(self) -> None:
        with dead_port() as endpoint:
            location = aws_location(endpoint, https=True, region="eu-west-1")
            assert not location._is_set_up
            assert "Inaccessible host" in error_of(lambda: put(location, b"x")).text
            assert location._is_set_up

    def test_an_endpoint_of_aws_follows_the_region(self) -> None:
        location = aws_location("s3.amazonaws.com", https=True)
        location._client.move_to("eu-west-3")
        assert location._client._origin == "https://s3.eu-west-3.amazonaws.com"

    def test_a_profile_wins_over_a_key_pair(
        self, remote: ScriptedRemote, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "credentials"
        path.write_text("[somebody]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = s\n")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
        put(aws_location(remote.endpoint, credentialsProfile="somebody"), b"x")
        assert remote.seen[0].headers["authorization"].startswith("AWS PROFILEKEY:")
        unknown = aws_location(remote.endpoint, credentialsProfile="nobody")
        assert error_of(lambda: put(unknown, b"x")).code == "CredentialsError"


class TestHttps:
    def test_requests_are_signed_with_version_4(
        self, secure_remote: ScriptedRemote, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        secure_remote.reply = lambda seen: (
            Reply(body=b"<LocationConstraint>eu-west-3</LocationConstraint>")
            if seen.target.endswith("?location")
            else answer_uploads(seen)
        )
        location = aws_location(secure_remote.endpoint, https=True, region="eu-west-1")
        put(location, b"hello", "a b")
        put(location, bytes(PART + 1))
        location.put_part("b", "k", "u", "1", io.BytesIO(b"x"), 1)
        location.close()
        scopes = [seen.headers["authorization"].split("/")[2] for seen in secure_remote.seen]
        assert scopes[0] == "us-east-1", "the bucket is looked for there"
        assert set(scopes[1:]) == {"eu-west-3"}
        assert {seen.headers["x-amz-content-sha256"] for seen in secure_remote.seen} == {"UNSIGNED-PAYLOAD"}
        assert secure_remote.seen[1].headers["content-md5"] == "XUFAKrxLKna5cZ2REBfFkg=="
        digests = ["content-md5" in seen.headers for seen in secure_remote.seen]
        assert digests == [False, True, False, True, True, False, False]

    def test_a_certificate_that_nobody_vouches_for(self, secure_remote: ScriptedRemote) -> None:
        location = aws_location(secure_remote.endpoint, https=True)
        error = error_of(lambda: put(location, b"x"))
        assert (error.code, error.message) == ("NetworkingError", "self-signed certificate")


class TestFailures:
    def test_no_such_bucket(self, moto: str) -> None:
        error = error_of(lambda: put(aws_location(moto, "absent"), b"x"))
        assert (error.code, error.message) == ("NoSuchBucket", "The specified bucket does not exist")

    def test_missing_objects(self, aws: AwsS3Location) -> None:
        element = {"key": "never", "dataStoreVersionId": "never"}
        assert isinstance(error_of(lambda: aws.head({"key": "never"})), NoSuchData)
        assert isinstance(error_of(lambda: list(aws.get({"key": "never"}, 0, None))), NoSuchData)
        aws.delete(element, with_version=True)

    def test_a_refused_connection(self) -> None:
        with dead_port() as endpoint:
            error = error_of(lambda: put(aws_location(endpoint), b"x"))
            port = endpoint.rpartition(":")[2]
            assert error.message == (
                f"Inaccessible host: `127.0.0.1' at port `{port}'. This service may not be available in the `us-east-1'"
                " region."
            )

    def test_a_host_that_does_not_exist(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def getaddrinfo(*_: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        error = error_of(lambda: put(aws_location("nowhere.example:80"), b"x"))
        assert (error.message or "").startswith("Inaccessible host: `nowhere.example' at port `undefined'.")

    def test_a_connection_closed_without_an_answer(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = lambda _: Reply(None)
        assert error_of(lambda: put(scripted, b"x")).message == "socket hang up"
        assert len(remote.seen) == 1, "nothing is sent twice"

    def test_an_answer_cut_off_in_its_body(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = lambda _: Reply(None, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        received: list[bytes] = []

        def get() -> None:
            received.extend(scripted.get({"key": "k", "size": 10}, 0, 9))

        assert error_of(get).message == "socket hang up"

    def test_an_error_that_comes_with_status_200(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = lambda _: Reply(body=b"<Error><Code>InternalError</Code><Message>oops</Message></Error>")
        parts = [CompletedPart(1, "e")]
        for call in (
            lambda: scripted.complete_upload("b", "k", "u", parts),
            lambda: scripted.copy({"key": "k"}, "o", Upload("b", "k"), None),
            lambda: scripted.create_upload(Upload("b", "k")),
        ):
            assert error_of(call).message == "oops"
        remote.reply = lambda _: Reply()
        for call in (
            lambda: scripted.complete_upload("b", "k", "u", parts),
            lambda: scripted.copy({"key": "k"}, "o", Upload("b", "k"), None),
        ):
            assert error_of(call).message == "S3 aborted request"
        assert error_of(lambda: scripted.create_upload(Upload("b", "k"))).code == "InternalError"

    def test_a_range_that_the_remote_ignores(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = lambda _: Reply(200, b"whole")
        assert (
            error_of(lambda: list(scripted.get({"key": "k", "size": 5}, 1, 2))).text == "the remote ignored the range"
        )

    @pytest.mark.parametrize(
        ("metadata", "message"),
        [
            ({"x-amz-meta-a": "☃"}, 'Invalid character in header content ["x-amz-meta-a"]'),
            ({"x-amz-meta-a": "b\nc"}, 'Invalid character in header content ["x-amz-meta-a"]'),
            ({"x-amz-meta-a b": "c"}, 'Header name must be a valid HTTP token ["x-amz-meta-a b"]'),
            ({"x-amz-meta-a": 1}, "Expected params.Metadata['a'] to be a string"),
        ],
    )
    def test_metadata_that_cannot_be_sent(
        self, scripted: AwsS3Location, remote: ScriptedRemote, metadata: dict[str, Any], message: str
    ) -> None:
        assert error_of(lambda: put(scripted, b"x", metadata=metadata)).message == message
        assert error_of(lambda: scripted.create_upload(Upload("b", "k", metadata=metadata))).message == message
        assert remote.seen == []

    def test_an_element_without_a_key(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        assert error_of(lambda: scripted.delete({}, with_version=True)).code == "UriParameterError"
        assert remote.seen == []


class TestBrokenBodies:
    @pytest.mark.parametrize(("announced", "code"), [(6, "IncompleteBody"), (4, "InternalError")])
    def test_a_small_body_of_another_length_is_not_sent(
        self, scripted: AwsS3Location, remote: ScriptedRemote, announced: int, code: str
    ) -> None:
        assert error_of(lambda: put(scripted, b"hello", size=announced)).code == code
        assert remote.seen == []

    def test_a_big_body_that_ends_early_is_aborted(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = answer_uploads
        assert error_of(lambda: put(scripted, bytes(PART + 9), size=PART + 10)).code == "IncompleteBody"
        assert methods(remote) == ["POST", "PUT", "PUT", "DELETE"]
        assert remote.seen[-1].target == f"/{BUCKET}/key?uploadId=UP%2F1"

    def test_a_client_cut_off_in_the_middle_is_aborted(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = answer_uploads
        body = cast("IO[bytes]", Breaking(bytes(PART + 9)))
        with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
            scripted.put(body, Upload("source", "key", 2 * PART))
        assert methods(remote) == ["POST", "PUT", "DELETE"]

    @pytest.mark.parametrize(("failing", "expected"), [("PUT", ["POST", "PUT", "DELETE"]), ("POST", ["POST"])])
    def test_a_remote_that_fails_in_the_middle_is_told_to_abort(
        self, scripted: AwsS3Location, remote: ScriptedRemote, failing: str, expected: list[str]
    ) -> None:
        remote.reply = lambda seen: Reply(503, SLOW_DOWN) if seen.method == failing else answer_uploads(seen)
        assert error_of(lambda: put(scripted, bytes(PART))).message == "slow down"
        assert methods(remote) == expected

    def test_the_first_error_counts_when_the_abort_fails_too(
        self, scripted: AwsS3Location, remote: ScriptedRemote, caplog: pytest.LogCaptureFixture
    ) -> None:
        remote.reply = lambda seen: answer_uploads(seen) if seen.target.endswith("?uploads") else Reply(None)
        assert error_of(lambda: put(scripted, bytes(PART))).message == "socket hang up"
        assert "could not be aborted" in caplog.text

    def test_a_completion_that_fails_is_aborted(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        remote.reply = lambda seen: Reply() if "<Complete" in seen.body[:10].decode() else answer_uploads(seen)
        assert error_of(lambda: put(scripted, bytes(PART))).message == "S3 aborted request"
        assert methods(remote) == ["POST", "PUT", "POST", "DELETE"]

    def test_a_short_part_breaks_its_connection(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        error = error_of(lambda: scripted.put_part("b", "k", "u", "1", io.BytesIO(b"abc"), 5))
        assert error.code == "IncompleteBody"
        put(scripted, b"next request on a fresh connection")
        # the broken connection may be noticed after the next one was served
        assert b"next request on a fresh connection" in [request.body for request in remote.seen]

    def test_no_more_than_a_part_is_read_ahead(self, scripted: AwsS3Location, remote: ScriptedRemote) -> None:
        body = Breaking(bytes(2 * PART))
        ahead: list[int] = []

        def reply(seen: Seen) -> Reply:
            sent = sum(len(request.body) for request in remote.seen if request.method == "PUT")
            ahead.append(body.given - sent)
            return answer_uploads(seen)

        remote.reply = reply
        with pytest.raises(S3Error):
            scripted.put(cast("IO[bytes]", body), Upload("source", "key", None))
        assert ahead[:3] == [PART, 0, 0]


SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>slow down</Message></Error>"


def answer_uploads(seen: Seen) -> Reply:
    """What a remote answers to the requests of a managed upload."""
    query = urllib.parse.parse_qs(seen.target.partition("?")[2], keep_blank_values=True)
    if "uploads" in query:
        return Reply(body=b"<R><UploadId>UP/1</UploadId></R>")
    if seen.method == "POST":
        return Reply(body=b'<R><ETag>"abc-1"</ETag></R>', headers={"x-amz-version-id": "v2"})
    return Reply(headers={"ETag": f'"e{query.get("partNumber", ["0"])[0]}"', "x-amz-version-id": "v1"})


def methods(remote: ScriptedRemote) -> list[str]:
    return [seen.method for seen in remote.seen]


class Breaking:
    """A body that breaks off with a client's error where it should go on; counts what it gave."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)
        self.given = 0

    def read(self, limit: int) -> bytes:
        piece = self._stream.read(limit)
        self.given += len(piece)
        if not piece:
            raise S3Error("SignatureDoesNotMatch")
        return piece


class dead_port:  # noqa: N801  (reads as a function)
    """An address where nobody listens while the block lasts."""

    def __enter__(self) -> str:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.close()
