"""Two CloudServers and the engine between them, on the twins: what a reader of the target sees in the end."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from vault_helpers import SmallVault, behind_front_end, wsgi_of

from harness.engine.status import COMPLETED, FAILED
from harness.engine.tasks.aws_replication import AWSReplicationTask
from harness.engine.tasks.cloudserver_replication import CloudServerReplicationTask
from support.in_process import Client, Reply
from support.two_cloudservers import LISA, OTHER_SITE, ROLES, SITE, Pair, configuration, pair, rule, servers_of


@pytest.fixture(params=["design", "release"])
def crr(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with pair(request.param) as started:
        yield started


def upload(crr: Pair, key: str, *parts: bytes) -> str:
    """A multipart upload; its version id."""
    begun = crr.source.request("POST", f"/src/{key}", "uploads")
    upload_id = begun.elements("UploadId")[0]
    listed = ""
    for number, body in enumerate(parts, start=1):
        crr.source.request("PUT", f"/src/{key}", f"partNumber={number}&uploadId={upload_id}", body=body)
        etag = hashlib.md5(body).hexdigest()
        listed += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    complete = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
    answer = crr.source.request("POST", f"/src/{key}", f"uploadId={upload_id}", body=complete)
    assert answer.status == 200, answer
    return answer.header("x-amz-version-id") or ""


def versions(client: Client, bucket: str) -> list[str]:
    """Version ids and delete markers, newest first."""
    return client.request("GET", f"/{bucket}", "versions").elements("VersionId")


def tagging(value: str) -> str:
    return f"<Tagging><TagSet><Tag><Key>a</Key><Value>{value}</Value></Tag></TagSet></Tagging>"


def versioning(status: str) -> str:
    return f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"


def put_older_object(crr: Pair, *, suspended: bool) -> None:
    """``older/k``, without a version id or with that of a null version, in a bucket that replicates from now on."""
    assert crr.source.request("PUT", "/older").status == 200
    if suspended:
        assert crr.source.request("PUT", "/older", "versioning", body=versioning("Suspended")).status == 200
    crr.source.request("PUT", "/older/k", body=b"from before versioning")
    crr.source.request("PUT", "/older", "versioning", body=versioning("Enabled"))
    crr.replicate(rule(), bucket="older")


def seen(reply: Reply, *names: str) -> list[str | None]:
    return [reply.header(name) for name in names]


def test_an_object_with_all_that_belongs_to_it(crr: Pair) -> None:
    headers = {
        "content-type": "text/plain",
        "cache-control": "max-age=7",
        "content-disposition": "inline",
        "x-amz-meta-color": "blue",
        "x-amz-tagging": "a=1&b=2",
        "x-amz-acl": "public-read",
    }
    version = crr.put("dir/k", b"hello world", headers)
    crr.run()
    original, replica = crr.source.request("GET", "/src/dir/k"), crr.replica("dir/k")
    assert replica.body == b"hello world"
    same = ["content-type", "cache-control", "content-disposition", "x-amz-meta-color", "etag", "last-modified"]
    assert seen(replica, *same) == seen(original, *same)
    assert replica.header("x-amz-version-id") == version
    assert replica.header("x-amz-replication-status") == "REPLICA"
    assert crr.target.request("GET", "/tgt/dir/k", "tagging").elements("Value") == ["1", "2"]
    document = crr.metadata(crr.target, "tgt", "dir/k")
    assert (document["owner-id"], document["owner-display-name"]) == (LISA, "Lisa")
    assert document["acl"]["Canned"] == "public-read"
    assert crr.status("dir/k") == COMPLETED
    assert crr.metadata(crr.source, "src", "dir/k")["owner-id"] != LISA


def test_a_multipart_object_keeps_its_parts(crr: Pair) -> None:
    parts = (b"a" * 5 * 1024 * 1024, b"b" * 7)
    version = upload(crr, "k", *parts)
    crr.run()
    replica = crr.replica("k", version)
    assert replica.body == b"".join(parts)
    assert re.fullmatch('"[0-9a-f]{32}-2"', replica.header("etag") or "")
    assert crr.target.request("GET", "/tgt/k", "partNumber=2").body == parts[1]
    assert crr.pieces_kept() == 2


def test_a_copy_and_a_copy_of_a_multipart_object(crr: Pair) -> None:
    upload(crr, "big", b"a" * 5 * 1024 * 1024, b"b")
    crr.put("small", b"small", {"x-amz-meta-a": "b"})
    for key in ("big", "small"):
        reply = crr.source.request("PUT", f"/src/copy-of-{key}", headers={"x-amz-copy-source": f"/src/{key}"})
        assert reply.status == 200, reply
    crr.run()
    assert crr.replica("copy-of-small").body == b"small"
    assert crr.replica("copy-of-small").header("x-amz-meta-a") == "b"
    assert crr.replica("copy-of-big").body == b"a" * 5 * 1024 * 1024 + b"b"
    assert crr.status("copy-of-big") == crr.status("copy-of-small") == COMPLETED


def test_a_part_that_was_copied_in_pieces(crr: Pair) -> None:
    upload(crr, "big", b"a" * 5 * 1024 * 1024, b"b")
    upload_id = crr.source.request("POST", "/src/k", "uploads").elements("UploadId")[0]
    copied = crr.source.request(
        "PUT", "/src/k", f"partNumber=1&uploadId={upload_id}", headers={"x-amz-copy-source": "/src/big"}
    )
    etag = copied.elements("ETag")[0].strip('"')
    complete = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{complete}</CompleteMultipartUpload>"
    assert crr.source.request("POST", "/src/k", f"uploadId={upload_id}", body=body).status == 200
    crr.run()
    assert crr.status("k") == COMPLETED
    assert crr.replica("k").body == b"a" * 5 * 1024 * 1024 + b"b"


def test_an_empty_object(crr: Pair) -> None:
    version = crr.put("k")
    crr.run()
    replica = crr.replica("k", version)
    assert (replica.status, replica.body, replica.header("x-amz-replication-status")) == (200, b"", "REPLICA")
    assert crr.pieces_kept() == 0
    assert crr.status("k") == COMPLETED


def test_tags_put_later_send_no_data(crr: Pair) -> None:
    crr.put("k", b"hello")
    crr.run()
    assert crr.source.request("PUT", "/src/k", "tagging", body=tagging("1")).status == 200
    crr.run()
    assert crr.target.request("GET", "/tgt/k", "tagging").elements("Value") == ["1"]
    assert crr.replica("k").body == b"hello"
    assert crr.source.request("DELETE", "/src/k", "tagging").status == 204
    crr.run()
    assert crr.target.request("GET", "/tgt/k", "tagging").elements("Value") == []
    assert crr.replica("k").body == b"hello"
    assert crr.status("k") == COMPLETED
    assert crr.pieces_kept() == 1


def test_tags_put_before_the_object_travelled_come_along(crr: Pair) -> None:
    crr.put("k", b"hello")
    crr.source.request("PUT", "/src/k", "tagging", body=tagging("1"))
    crr.run()
    assert crr.target.request("GET", "/tgt/k", "tagging").elements("Value") == ["1"]
    assert crr.replica("k").body == b"hello"
    assert crr.status("k") == COMPLETED
    assert crr.pieces_kept() == 1


def test_versions_and_delete_markers_are_the_sources_in_the_sources_order(crr: Pair) -> None:
    ids = [crr.put("k", body) for body in (b"1", b"22", b"333")]
    marker = crr.source.request("DELETE", "/src/k").header("x-amz-version-id")
    crr.put("other", b"x")
    crr.run()
    assert versions(crr.target, "tgt") == versions(crr.source, "src")
    assert crr.replica("k").status == 404
    for version, body in zip(ids, (b"1", b"22", b"333"), strict=True):
        assert crr.replica("k", version).body == body
    assert crr.metadata(crr.source, "src", "k", marker)["replicationInfo"]["status"] == COMPLETED
    assert crr.metadata(crr.target, "tgt", "k", marker)["isDeleteMarker"] is True


def test_removing_a_version_is_not_replicated(crr: Pair) -> None:
    version = crr.put("k", b"stays there")
    crr.run()
    crr.source.request("DELETE", "/src/k", f"versionId={version}")
    crr.run()
    assert crr.replica("k", version).body == b"stays there"


@pytest.mark.parametrize("suspended", [False, True])
def test_a_null_version_that_is_updated_comes_with_its_data(crr: Pair, suspended: bool) -> None:
    put_older_object(crr, suspended=suspended)
    crr.run()
    assert crr.replica("k").status == 404  # nobody changed it
    assert crr.source.request("PUT", "/older/k", "tagging", body=tagging("1")).status == 200
    crr.run()
    assert crr.replica("k").body == crr.replica("k", "null").body == b"from before versioning"
    version = crr.source.request("PUT", "/older/k", body=b"a real one").header("x-amz-version-id")
    crr.run()
    assert crr.source.request("PUT", "/older/k", "tagging&versionId=null", body=tagging("2")).status == 200
    crr.run()
    assert crr.replica("k").body == crr.replica("k", version).body == b"a real one"
    assert crr.replica("k", "null").body == b"from before versioning"
    assert crr.target.request("GET", "/tgt/k", "tagging&versionId=null").elements("Value") == ["2"]
    assert crr.pieces_kept() == 2
    for held in versions(crr.target, "tgt"):
        assert crr.target.request("DELETE", "/tgt/k", f"versionId={held}").status == 204
    assert versions(crr.target, "tgt") == []


@pytest.mark.parametrize("suspended", [False, True])
def test_a_null_version_that_comes_late_stays_below_what_is_current(crr: Pair, suspended: bool) -> None:
    put_older_object(crr, suspended=suspended)
    newer = [crr.source.request("PUT", "/older/k", body=body).header("x-amz-version-id") for body in (b"1", b"2")]
    crr.run()
    assert crr.source.request("PUT", "/older/k", "tagging&versionId=null", body=tagging("1")).status == 200
    crr.run()
    assert crr.replica("k", "null").body == b"from before versioning"
    assert crr.replica("k").body == b"2"
    listed = crr.target.request("GET", "/tgt", "versions")
    assert listed.elements("VersionId") == [newer[1], newer[0], "null"]
    assert listed.elements("IsLatest") == ["true", "false", "false"]


def test_keys_of_all_kinds(crr: Pair) -> None:
    for key in ("%C3%A9t%C3%A9/%20x", "a%252Fb", "plus%2Bplus", "dots/../up", "%21%27%28%29%2A"):
        crr.put(key, key.encode())
    crr.run()
    for key in ("%C3%A9t%C3%A9/%20x", "a%252Fb", "plus%2Bplus", "dots/../up", "%21%27%28%29%2A"):
        assert crr.replica(key).body == key.encode()
        assert crr.status(key) == COMPLETED


def test_a_replica_is_replicated_no_further(crr: Pair) -> None:
    chain = rule("next", bucket="further")
    assert crr.target.request("PUT", "/tgt", "replication", body=configuration(chain)).status == 200
    crr.put("k", b"hello")
    crr.run()
    info = crr.metadata(crr.target, "tgt", "k")["replicationInfo"]
    assert info["status"] == "REPLICA"
    assert info["storageClass"] == SITE
    journal = crr.fakes[SITE].journal
    written = [one for one in journal.read(1, journal.last_sequence) if one.db == "tgt" and one.key.startswith("k")]
    assert written
    assert not any('"status":"PENDING","backends"' in (one.value or "") for one in written)


def test_each_kind_of_site_has_its_kind_of_task(crr: Pair) -> None:
    context, entry = Mock(), Mock()
    target = next(processor for processor in crr.started().processors if processor.site.site == SITE)
    assert isinstance(target._task(context, entry), CloudServerReplicationTask)
    target._targets = None  # as for a site with a type
    assert isinstance(target._task(context, entry), AWSReplicationTask)


def test_a_site_that_the_object_does_not_name_does_nothing(crr: Pair) -> None:
    crr.replicate(rule(OTHER_SITE))
    crr.put("k", b"hello")
    crr.run()
    assert crr.replica("k").status == 404
    assert crr.replica("k", client=crr.other).body == b"hello"


def test_two_sites_at_once(crr: Pair) -> None:
    crr.replicate(rule(f"{SITE},{OTHER_SITE}"))
    crr.put("k", b"hello")
    crr.run()
    info = crr.metadata(crr.source, "src", "k")["replicationInfo"]
    assert [(one["site"], one["status"]) for one in info["backends"]] == [(SITE, COMPLETED), (OTHER_SITE, COMPLETED)]
    assert info["status"] == COMPLETED
    assert crr.replica("k").body == crr.replica("k", client=crr.other).body == b"hello"


def test_one_site_down_does_not_hold_up_the_other(crr: Pair) -> None:
    crr.replicate(rule(f"{SITE},{OTHER_SITE}"))
    for host in servers_of(OTHER_SITE):
        del crr.network[host]
    version = crr.put("k", b"hello")
    crr.run()
    info = crr.metadata(crr.source, "src", "k")["replicationInfo"]
    assert [(one["site"], one["status"]) for one in info["backends"]] == [(SITE, COMPLETED), (OTHER_SITE, FAILED)]
    assert crr.replica("k").body == b"hello"
    [failed] = [json.loads(message.value) for message in crr.queue.read("backbeat-replication-failed")]
    assert failed["key"].startswith(f"bb:crr:failed:{OTHER_SITE}:")
    assert failed["member"] == f"src:k:{version}"


@pytest.mark.parametrize("down", servers_of(SITE))
def test_one_server_down_does_not_show(crr: Pair, down: str) -> None:
    del crr.network[down]
    for number in range(5):
        crr.put(f"k{number}", b"hello")
    crr.run()
    assert {crr.status(f"k{number}") for number in range(5)} == {COMPLETED}


def test_rules_go_by_prefix(crr: Pair) -> None:
    crr.replicate(rule(prefix="a/"), rule(OTHER_SITE, prefix="b/"))
    for key in ("a/k", "b/k", "c/k"):
        crr.put(key, b"x")
    crr.run()
    assert [crr.replica(key).status for key in ("a/k", "b/k", "c/k")] == [200, 404, 404]
    assert [crr.replica(key, client=crr.other).status for key in ("a/k", "b/k", "c/k")] == [404, 200, 404]


def test_another_role_than_the_objects_leaves_it_pending(crr: Pair) -> None:
    crr.put("k", b"hello")
    crr.replicate(rule(), role="arn:aws:iam::123456789012:role/other,arn:aws:iam::123456789013:role/target")
    crr.run()
    assert crr.status("k") == "PENDING"
    assert crr.replica("k").status == 404


def test_a_role_of_an_account_that_is_not_the_engines_fails(crr: Pair) -> None:
    crr.replicate(rule(), role="arn:aws:iam::123456789012:role/source,arn:aws:iam::999999999999:role/target")
    crr.put("k", b"hello")
    crr.run()
    assert crr.status("k") == FAILED


def test_a_disabled_rule_fails_what_waited_for_it(crr: Pair) -> None:
    crr.put("k", b"hello")
    crr.replicate(rule(status="Disabled"))
    crr.run()
    assert crr.status("k") == FAILED
    assert crr.replica("k").status == 404


def test_a_missing_target_bucket_fails(crr: Pair) -> None:
    crr.replicate(rule(bucket="nowhere"))
    crr.put("k", b"hello")
    crr.run()
    assert crr.status("k") == FAILED


def test_a_bucket_of_somebody_else_fails(crr: Pair) -> None:
    Client(crr.fakes[SITE]).request("PUT", "/barts")
    crr.replicate(rule(bucket="barts"))
    crr.put("k", b"hello")
    crr.run()
    assert crr.status("k") == FAILED
    assert crr.pieces_kept() == 0


def test_the_next_engine_repeats_nothing_and_repeats_do_not_show(crr: Pair) -> None:
    crr.put("k", b"hello")
    crr.run()
    crr.engine.stop()
    asked = len(list(crr.fakes[SITE].journal.read(1, 1000)))
    crr.engine = crr.new_engine()
    crr.run()
    assert len(list(crr.fakes[SITE].journal.read(1, 1000))) == asked


def test_work_that_is_done_twice_does_not_show(crr: Pair) -> None:
    """As after a crash between the copy and the status: the version id is the source's, and old data go."""
    version = crr.put("k", b"hello")
    before = crr.metadata(crr.source, "src", "k")
    crr.run()
    crr.engine.stop()
    crr.engine = crr.new_engine()
    service = Client(crr.source_fake, "replicationKey1")
    put = service.request("PUT", "/_/backbeat/metadata/src/k", f"versionId={version}", body=json.dumps(before))
    assert put.status == 200
    crr.run()
    assert crr.status("k") == COMPLETED
    assert versions(crr.target, "tgt") == [version]
    assert crr.replica("k").body == b"hello"
    assert crr.pieces_kept() == 1


def test_a_clear_object_for_an_encrypted_bucket(crr: Pair) -> None:
    encryption = (
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
        "</ServerSideEncryptionConfiguration>"
    )
    assert crr.target.request("PUT", "/tgt", "encryption", body=encryption).status == 200
    crr.put("k", b"hello")
    crr.run()
    replica = crr.replica("k")
    assert (replica.body, replica.header("x-amz-server-side-encryption")) == (b"hello", "AES256")


def test_an_encrypted_object_for_a_clear_bucket(crr: Pair) -> None:
    crr.put("k", b"hello", {"x-amz-server-side-encryption": "AES256"})
    crr.run()
    replica = crr.replica("k")
    assert (replica.body, replica.header("x-amz-server-side-encryption")) == (b"hello", None)


def test_everybody_may_act_in_roles() -> None:
    """With Vaults that hand out the keys of service accounts, as these CloudServers know no temporary ones."""
    vaults = {name: SmallVault(owner=LISA) for name in ("source", "target")}
    for vault in vaults.values():
        vault.keys = ("replicationKey1", "replicationSecretKey1")
    auth = {"type": "role", "vault": {"host": "vault", "port": 8500}}
    source = {"host": "127.0.0.1", "port": 8000, "auth": auth}
    with pair("release", source=source, destination={"auth": {"type": "role"}}) as crr:
        crr.network["vault:8500"] = wsgi_of(vaults["source"])
        for host in servers_of(SITE):
            crr.network[host] = behind_front_end(crr.network[host], vaults["target"])
        crr.put("k", b"hello")
        crr.run()
        assert crr.status("k") == COMPLETED
        assert crr.replica("k").body == b"hello"
        assert crr.metadata(crr.target, "tgt", "k")["owner-id"] == LISA
    assert vaults["source"].names() == ["AssumeRoleBackbeat"]
    assert vaults["target"].names() == ["AccountsCanonicalIds", "AssumeRoleBackbeat"]
    assert {call.parameters["RoleArn"] for call in vaults["source"].calls} == {ROLES.split(",")[0]}
