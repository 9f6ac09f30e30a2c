"""Who may do what, request by request: ACLs, policies and ownership through the whole application."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.in_process import BART, LISA, Client, Reply, start_fake

TAGGING = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
VERSIONING = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


class Cast:
    """Bart, who owns the bucket; Lisa and Clueso, two other accounts; a service; nobody."""

    def __init__(self, bart: Client) -> None:
        fake = bart.fake
        self.bart, self.lisa, self.clueso = bart, Client(fake, "accessKey2"), Client(fake, "cluesoKey1")
        self.service, self.nobody = Client(fake, "replicationKey1"), Client(fake, None)

    def who(self, name: str) -> Client:
        found: Client = getattr(self, name)
        return found

    def bucket(self, acl: str | dict[str, str] = "private") -> None:
        headers = {"x-amz-acl": acl} if isinstance(acl, str) else acl
        assert self.bart.request("PUT", "/bkt", "acl", headers).status == 200

    def put(self, owner: str = "bart", acl: str = "private", key: str = "k") -> Reply:
        """An object of that owner; the bucket's own ACL stays as it is."""
        before = self.bart.request("GET", "/bkt", "acl").text
        self.bucket("public-read-write")
        reply = self.who(owner).request("PUT", f"/bkt/{key}", "", {}, "hello")
        assert reply.status == 200
        assert self.who(owner).request("PUT", f"/bkt/{key}", "acl", {"x-amz-acl": acl}).status == 200
        assert self.bart.request("PUT", "/bkt", "acl", body=before).status == 200
        return reply

    def policy(
        self,
        effect: str = "Allow",
        action: str | list[str] = "s3:GetObject",
        resource: str = "arn:aws:s3:::bkt/*",
    ) -> None:
        """Everybody's, in one statement."""
        statement = {"Effect": effect, "Principal": "*", "Action": action, "Resource": resource}
        body = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        assert self.bart.request("PUT", "/bkt", "policy", body=body).status == 200


@pytest.fixture
def cast() -> Iterator[Cast]:
    with start_fake() as fake:
        bart = Client(fake)
        assert bart.request("PUT", "/bkt").status == 200
        yield Cast(bart)


@pytest.mark.parametrize(("who", "get", "get_version", "head"), [("nobody", 200, 403, 200), ("lisa", 200, 403, 200)])
def test_a_public_object_of_the_owner(cast: Cast, who: str, get: int, get_version: int, head: int) -> None:
    assert cast.bart.request("PUT", "/bkt", "versioning", body=VERSIONING).status == 200
    query = f"versionId={cast.put(acl='public-read').header('x-amz-version-id')}"
    client = cast.who(who)
    assert client.request("GET", "/bkt/k").status == get
    assert client.request("GET", "/bkt/k", query).status == get_version
    assert client.request("HEAD", "/bkt/k").status == client.request("HEAD", "/bkt/k", query).status == head


@pytest.mark.parametrize(
    ("acl", "status", "code"), [("public-read", 404, "NoSuchKey"), ("private", 403, "AccessDenied")]
)
@pytest.mark.parametrize("who", ["lisa", "nobody"])
def test_a_missing_key(cast: Cast, who: str, acl: str, status: int, code: str) -> None:
    cast.bucket(acl)
    assert cast.who(who).request("GET", "/bkt/none").error == (status, code)
    assert cast.who(who).request("HEAD", "/bkt/none").status == status
    assert cast.who(who).request("GET", "/missing/none").error == (404, "NoSuchBucket")


def test_a_missing_key_and_a_policy_that_lets_list(cast: Cast) -> None:
    cast.policy(action="s3:ListBucket", resource="arn:aws:s3:::bkt")
    assert cast.lisa.request("GET", "/bkt").status == 200
    for method in ("GET", "HEAD"):  # the list right is asked for the key, which the statement does not name
        assert cast.lisa.request(method, "/bkt/none").status == 403


def test_the_owner_of_the_bucket_and_a_private_object_of_another(cast: Cast) -> None:
    cast.put("lisa")
    bart = cast.bart
    for method, query, body, status in (
        ("GET", "", "", 403),
        ("HEAD", "", "", 403),
        ("GET", "acl", "", 403),
        ("PUT", "acl", "", 403),
        ("GET", "tagging", "", 200),
        ("PUT", "tagging", TAGGING, 200),
        ("DELETE", "tagging", "", 204),
        ("PUT", "", "mine", 200),
    ):
        headers = {"x-amz-acl": "private"} if (method, query) == ("PUT", "acl") else {}
        assert (method, query, bart.request(method, "/bkt/k", query, headers, body).status) == (method, query, status)
    cast.put("lisa", key="other")
    assert bart.request("DELETE", "/bkt/other").status == 204


def test_a_policy_of_any_kind_opens_it(cast: Cast) -> None:
    cast.put("lisa")
    cast.policy("Deny", "s3:PutObject")
    assert cast.bart.request("GET", "/bkt/k").status == 200


@pytest.mark.parametrize(("who", "get", "head"), [("clueso", 403, 200), ("nobody", 200, 200), ("lisa", 200, 200)])
def test_a_public_object_of_another(cast: Cast, who: str, get: int, head: int) -> None:
    cast.put("lisa", "public-read")
    assert cast.who(who).request("GET", "/bkt/k").status == get
    assert cast.who(who).request("HEAD", "/bkt/k").status == head


def test_overwriting_what_another_wrote(cast: Cast) -> None:
    cast.put("bart")
    cast.bucket("public-read-write")
    for headers in ({"x-amz-acl": "private"}, {"x-amz-grant-read": f"id={BART}"}, {"x-amz-tagging": "a=b"}):
        assert cast.lisa.request("PUT", "/bkt/k", "", headers, "hers").status == 403
    assert cast.lisa.request("PUT", "/bkt/k", body="hers").status == 200
    assert cast.lisa.request("GET", "/bkt/k").text == "hers"
    assert cast.bart.request("GET", "/bkt/k").status == 403


def test_no_acl_of_an_object_lets_overwrite_it(cast: Cast) -> None:
    cast.put("bart", "public-read-write")
    for client in (cast.lisa, cast.nobody):
        assert client.request("PUT", "/bkt/k", body="theirs").error == (403, "AccessDenied")
        assert client.request("DELETE", "/bkt/k").error == (403, "AccessDenied")


def test_new_keys_where_one_may_write_but_not_list(cast: Cast) -> None:
    cast.bucket({"x-amz-grant-write": f"id={LISA}"})
    lisa = cast.lisa
    assert lisa.request("PUT", "/bkt/a", "", {"x-amz-acl": "private"}, "x").status == 403
    assert lisa.request("PUT", "/bkt/a", "", {"x-amz-tagging": "a=b"}, "x").status == 403
    assert lisa.request("POST", "/bkt/a", "uploads", {"x-amz-acl": "private"}).status == 403
    assert lisa.request("PUT", "/bkt/a", body="x").status == 200
    assert lisa.request("POST", "/bkt/b", "uploads", {"x-amz-tagging": "a=b"}).status == 200


def test_an_object_of_ones_own_in_the_bucket_of_another(cast: Cast) -> None:
    cast.put("lisa")
    lisa = cast.lisa
    assert lisa.request("GET", "/bkt/k", "acl").status == 200
    assert lisa.request("PUT", "/bkt/k", "acl", {"x-amz-acl": "public-read"}).status == 200
    for method, body in (("GET", ""), ("PUT", TAGGING), ("DELETE", "")):
        assert lisa.request(method, "/bkt/k", "tagging", body=body).error == (403, "AccessDenied")


def test_deleting_a_version_of_another(cast: Cast) -> None:
    cast.bart.request("PUT", "/bkt", "versioning", body=VERSIONING)
    version_id = cast.put("bart").header("x-amz-version-id")
    cast.bucket({"x-amz-grant-write": f"id={LISA}"})
    assert cast.lisa.request("DELETE", "/bkt/k", f"versionId={version_id}").status == 204
    assert cast.clueso.request("DELETE", "/bkt/k").status == 403


def test_what_nobody_writes_is_nobodys(cast: Cast) -> None:
    cast.bucket("public-read-write")
    assert cast.nobody.request("PUT", "/bkt/k", body="x").status == 200
    assert "<DisplayName>undefined</DisplayName>" in cast.bart.request("GET", "/bkt").text
    assert cast.nobody.request("GET", "/bkt/k").status == 200
    assert cast.bart.request("GET", "/bkt/k").status == cast.lisa.request("GET", "/bkt/k").status == 403


def test_what_nobody_may(cast: Cast) -> None:
    cast.bucket("public-read-write")
    cast.policy(action="s3:*", resource="arn:aws:s3:::bkt/*")
    cast.put("bart")
    for method, path in (("DELETE", "/bkt/k"), ("GET", "/"), ("PUT", "/new"), ("DELETE", "/bkt")):
        assert cast.nobody.request(method, path).error == (403, "AccessDenied")


def test_copying_what_one_may_not_read(cast: Cast) -> None:
    cast.put("bart")
    assert cast.lisa.request("PUT", "/hers").status == 200
    refused = cast.lisa.request("PUT", "/hers/k", headers={"x-amz-copy-source": "/bkt/k"})
    assert refused.error == (403, "AccessDenied")
    cast.put("bart", "public-read")
    assert cast.lisa.request("PUT", "/hers/k", headers={"x-amz-copy-source": "/bkt/k"}).status == 200


def test_a_policy_on_the_source_is_asked_for_the_destination(cast: Cast) -> None:
    cast.put("bart")
    assert cast.lisa.request("PUT", "/hers").status == 200
    headers = {"x-amz-copy-source": "/bkt/k"}
    cast.policy()  # on objects of the source's bucket: the request's own resource is another
    assert cast.lisa.request("GET", "/bkt/k").status == 200
    assert cast.lisa.request("PUT", "/hers/k", headers=headers).status == 403


OWNERS_ALONE: list[tuple[str, str, str]] = [
    ("GET", "/bkt", query)
    for query in (
        "replication",
        "cors",
        "versioning",
        "website",
        "tagging",
        "lifecycle",
        "uploads",
        "location",
        "object-lock",
        "notification",
        "encryption",
        "quota",
    )
]
DELETED = ("website", "cors", "replication", "lifecycle", "encryption", "tagging", "quota")
OWNERS_ALONE += [("DELETE", "/bkt", query) for query in DELETED]
OWNERS_ALONE += [("DELETE", "/bkt", ""), ("GET", "/bkt/k", "uploadId=u"), ("DELETE", "/bkt/k", "uploadId=u")]
OWNERS_ALONE += [("GET", "/bkt/k", "tagging"), ("GET", "/bkt/k", "retention"), ("GET", "/bkt/k", "legal-hold")]


@pytest.mark.parametrize(("method", "path", "query"), OWNERS_ALONE)
def test_what_no_acl_opens(cast: Cast, method: str, path: str, query: str) -> None:
    everything = f"id={LISA},uri=http://acs.amazonaws.com/groups/global/AllUsers"
    cast.put("bart", "public-read-write")
    cast.bucket({"x-amz-grant-full-control": everything})
    for client in (cast.lisa, cast.nobody, cast.clueso):
        assert client.request(method, path, query).error == (403, "AccessDenied")
    assert cast.service.request(method, path, query).code != "AccessDenied"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_policies_are_for_the_owner(cast: Cast, method: str) -> None:
    for client in (cast.lisa, cast.nobody):
        assert client.request(method, "/bkt", "policy").error == (405, "MethodNotAllowed")


def test_a_deny_does_not_bind_the_owner_and_services(cast: Cast) -> None:
    cast.put("bart", "public-read")
    cast.policy("Deny", "s3:*")
    for client in (cast.bart, cast.service):
        assert client.request("GET", "/bkt/k").status == 200
    for client in (cast.lisa, cast.nobody):
        assert client.request("GET", "/bkt/k").error == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("action", "method", "path", "query"),
    [
        ("s3:GetBucketLocation", "GET", "/bkt", "location"),
        ("s3:GetBucketVersioning", "GET", "/bkt", "versioning"),
        ("s3:ListBucketMultipartUploads", "GET", "/bkt", "uploads"),
        ("s3:ListBucket", "HEAD", "/bkt", ""),
        ("s3:ListBucket", "GET", "/bkt", "versions"),
        ("s3:DeleteBucket", "DELETE", "/bkt", ""),
        ("s3:PutBucketCORS", "DELETE", "/bkt", "cors"),
        ("s3:GetBucketAcl", "GET", "/bkt", "acl"),
        ("s3:DeleteBucketWebsite", "DELETE", "/bkt", "website"),
        ("s3:PutLifecycleConfiguration", "DELETE", "/bkt", "lifecycle"),
        ("s3:PutEncryptionConfiguration", "DELETE", "/bkt", "encryption"),
        ("s3:GetBucketNotification", "GET", "/bkt", "notification"),
    ],
)
def test_what_a_policy_opens(cast: Cast, action: str, method: str, path: str, query: str) -> None:
    assert cast.lisa.request(method, path, query).status == 403
    cast.policy(action=action, resource="arn:aws:s3:::bkt")
    assert cast.lisa.request(method, path, query).status in (200, 204)


@pytest.mark.parametrize(
    ("action", "query"),
    [
        ("s3:GetBucketCORS", "cors"),
        ("s3:GetBucketWebsite", "website"),
        ("s3:GetBucketTagging", "tagging"),
        ("s3:GetLifecycleConfiguration", "lifecycle"),
        ("s3:GetReplicationConfiguration", "replication"),
        ("s3:GetEncryptionConfiguration", "encryption"),
        # one that is named in full is taken for an action on objects
        ("s3:*", "object-lock"),
    ],
)
def test_configurations_that_a_policy_opens(cast: Cast, action: str, query: str) -> None:
    assert cast.lisa.request("GET", "/bkt", query).error == (403, "AccessDenied")
    cast.policy(action=action, resource="arn:aws:s3:::bkt")
    assert cast.lisa.request("GET", "/bkt", query).status == 404  # there is none to show


@pytest.mark.parametrize(
    ("action", "method", "query"),
    [
        ("s3:GetObject", "HEAD", ""),
        ("s3:GetObject", "HEAD", "versionId=null"),
        ("s3:PutObject", "PUT", ""),
        ("s3:DeleteObject", "DELETE", ""),
        ("s3:DeleteObjectVersion", "DELETE", "versionId=null"),
        ("s3:GetObjectAcl", "GET", "acl"),
        ("s3:GetObjectVersionAcl", "GET", "acl&versionId=null"),
        ("s3:PutObjectAcl", "PUT", "acl"),
        ("s3:PutObjectVersionAcl", "PUT", "acl&versionId=null"),
        ("s3:GetObjectTagging", "GET", "tagging"),
        ("s3:GetObjectVersionTagging", "GET", "tagging&versionId=null"),
        ("s3:PutObjectTagging", "PUT", "tagging"),
        ("s3:PutObjectVersionTagging", "PUT", "tagging&versionId=null"),
        ("s3:DeleteObjectTagging", "DELETE", "tagging"),
        ("s3:DeleteObjectVersionTagging", "DELETE", "tagging&versionId=null"),
        ("s3:GetObjectRetention", "GET", "retention"),
        ("s3:GetObjectRetention", "GET", "retention&versionId=null"),
        ("s3:GetObjectLegalHold", "GET", "legal-hold"),
        ("s3:PutObjectLegalHold", "PUT", "legal-hold&versionId=null"),
        ("s3:RestoreObject", "POST", "restore"),
    ],
)
def test_objects_that_a_policy_opens(cast: Cast, action: str, method: str, query: str) -> None:
    cast.put("bart")
    cast.policy("Allow", ["s3:GetObjectTorrent", "s3:ListBucket"])
    headers = {"x-amz-acl": "private"} if query.startswith("acl") and method == "PUT" else {}
    body = TAGGING if query.startswith("tagging") and method == "PUT" else ""
    assert cast.lisa.request(method, "/bkt/k", query, headers, body).status == 403
    cast.policy(action=action)
    reply = cast.lisa.request(method, "/bkt/k", query, headers, body)
    # objects of this bucket are neither locked nor archived
    without = {"retention": "InvalidRequest", "legal-hold": "InvalidRequest", "restore": "MalformedXML"}
    assert reply.code == without.get(query.partition("&")[0], "")


def test_a_version_is_opened_with_its_tags(cast: Cast) -> None:
    cast.put("bart")
    for actions, status in (
        ("s3:GetObjectVersion", 403),
        ("s3:GetObjectVersionTagging", 403),
        (["s3:GetObjectVersion", "s3:GetObjectVersionTagging"], 200),
    ):
        cast.policy(action=actions)
        assert cast.lisa.request("GET", "/bkt/k", "versionId=null").status == status


def test_many_deletions_are_asked_for_the_bucket(cast: Cast) -> None:
    body = "<Delete><Object><Key>k</Key></Object></Delete>"
    md5 = {"content-md5": base64.b64encode(hashlib.md5(body.encode()).digest()).decode()}
    cast.put("bart")
    for resource, shown in (("arn:aws:s3:::bkt/*", "AccessDenied"), ("arn:aws:s3:::bkt", "<Deleted>")):
        cast.policy(action="s3:*", resource=resource)
        reply = cast.lisa.request("POST", "/bkt", "delete", md5, body)
        assert reply.status == 200
        assert shown in reply.text


@pytest.mark.parametrize("headers", [{"x-amz-acl": "private"}, {"x-amz-tagging-directive": "REPLACE"}])
def test_headers_of_a_copy_take_no_right_of_their_own(cast: Cast, headers: dict[str, str]) -> None:
    cast.bucket({"x-amz-grant-write": f"id={LISA}"})
    assert cast.lisa.request("PUT", "/hers").status == 200
    assert cast.lisa.request("PUT", "/hers/k", body="x").status == 200
    sent = {"x-amz-copy-source": "/hers/k", "x-amz-tagging": "a=b", **headers}
    assert cast.lisa.request("PUT", "/bkt/new", headers=sent).status == 200


@pytest.mark.parametrize(
    ("action", "method", "query"),
    [("s3:ListMultipartUploadParts", "GET", ""), ("s3:AbortMultipartUpload", "DELETE", "")],
)
def test_uploads_that_a_policy_opens(cast: Cast, action: str, method: str, query: str) -> None:
    upload_id = cast.bart.request("POST", "/bkt/k", "uploads").elements("UploadId")[0]
    assert cast.lisa.request(method, "/bkt/k", f"uploadId={upload_id}").status == 403
    cast.policy(action=action)  # no object is there yet: that takes the right to list as well
    assert cast.lisa.request(method, "/bkt/k", f"uploadId={upload_id}").status == 403
    cast.policy(action=[action, "s3:ListBucket"])
    assert cast.lisa.request(method, "/bkt/k", f"uploadId={upload_id}").status in (200, 204)


BAD_BODY: list[tuple[str, str, bool]] = [
    ("versioning", "MalformedXML", True),
    ("website", "MalformedXML", True),
    ("policy", "MalformedPolicy", True),
    ("lifecycle", "MalformedXML", True),
    ("notification", "MalformedXML", True),
    ("object-lock", "MalformedXML", True),
    ("replication", "MalformedXML", True),
    ("acl", "MalformedXML", False),
    ("tagging", "MalformedXML", False),
    ("encryption", "MalformedXML", False),
    ("quota", "InvalidArgument", False),
]


@pytest.mark.parametrize(("query", "code", "body_first"), BAD_BODY, ids=[row[0] for row in BAD_BODY])
def test_whether_the_body_comes_before_bucket_and_rights(cast: Cast, query: str, code: str, body_first: bool) -> None:
    assert cast.bart.request("PUT", "/bkt", query, body="<a").code == code
    missing = cast.bart.request("PUT", "/missing", query, body="<a").code
    foreign = cast.lisa.request("PUT", "/bkt", query, body="<a").code
    assert (missing, foreign) == ((code, code) if body_first else ("NoSuchBucket", "AccessDenied"))


@pytest.mark.parametrize(("query", "body_first"), [("retention", True), ("legal-hold", False), ("tagging", False)])
def test_the_same_for_objects(cast: Cast, query: str, body_first: bool) -> None:
    codes = (
        cast.bart.request("PUT", "/missing/k", query, body="<a").code,
        cast.lisa.request("PUT", "/bkt/k", query, body="<a").code,
        cast.bart.request("PUT", "/bkt/none", query, body="<a").code,
    )
    expected: Any = ("NoSuchBucket", "AccessDenied", "NoSuchKey")
    assert codes == (("MalformedXML",) * 3 if body_first else expected)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cors", "NoSuchCORSConfiguration"),
        ("website", "NoSuchWebsiteConfiguration"),
        ("policy", "NoSuchBucketPolicy"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
        ("tagging", "NoSuchTagSet"),
        ("quota", "NoSuchQuota"),
        ("replication", "ReplicationConfigurationNotFoundError"),
    ],
)
def test_deleting_a_configuration_that_is_not_there(cast: Cast, query: str, found: str) -> None:
    reply = cast.bart.request("DELETE", "/bkt", query)
    assert (reply.status, reply.body, reply.header("content-length")) == (204, b"", None)
    assert cast.bart.request("GET", "/bkt", query).error == (404, found)
    assert cast.bart.request("DELETE", "/missing", query).error == (404, "NoSuchBucket")
    foreign = (405, "MethodNotAllowed") if query == "policy" else (403, "AccessDenied")
    assert cast.lisa.request("DELETE", "/bkt", query).error == foreign
    assert cast.bart.request("HEAD", "/bkt").status == 200
