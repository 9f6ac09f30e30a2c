"""?retention and ?legal-hold of objects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from object_client import AWS, FOREIGN_VERSION, REPLICATION, Client, Reply

from fake_cloudserver.clock import from_milliseconds
from fake_cloudserver.s3.object_lock_rules import ObjectLock

NOW = 1_795_385_971_731
NEAR, LATE, PAST = "2080-01-01T00:00:00.000Z", "2090-01-01T00:00:00.000Z", "2020-01-01T00:00:00.000Z"
NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@pytest.fixture
def client() -> Client:
    client = Client()
    client.create_bucket("plain")
    client.create_bucket("locked", versioning="Enabled", object_lock_enabled=True)
    client.put("plain/k")
    client.put("locked/k")
    return client


def retention(mode: str = "GOVERNANCE", date: str = LATE) -> bytes:
    return f"<Retention><Mode>{mode}</Mode><RetainUntilDate>{date}</RetainUntilDate></Retention>".encode()


def put_retention(client: Client, path: str, body: bytes, **options: Any) -> Reply:
    return client.ask("object_put_retention", path, body, **options)


def put_hold(client: Client, path: str, status: str = "ON", **options: Any) -> Reply:
    body = f"<LegalHold><Status>{status}</Status></LegalHold>".encode()
    return client.ask("object_put_legal_hold", path, body, **options)


def test_retention(client: Client) -> None:
    version_id = client.head("locked/k").version_id
    assert client.ask("object_get_retention", "locked/k").code == "NoSuchObjectLockConfiguration"
    reply = put_retention(client, "locked/k", retention())
    assert (reply.status, reply.headers, reply.body) == (200, [("x-amz-version-id", version_id)], b"")
    reply = client.ask("object_get_retention", "locked/k", versionId=version_id)
    assert reply.body.decode() == (
        f"<Retention {NS}><Mode>GOVERNANCE</Mode><RetainUntilDate>{LATE}</RetainUntilDate></Retention>"
    )
    md = client.md("locked/k")
    assert (md["retentionMode"], md["retentionDate"], md["originOp"]) == ("GOVERNANCE", LATE, "s3:ObjectCreated:Put")
    assert client.get("locked/k").headers[-2:] == [
        ("x-amz-object-lock-retain-until-date", LATE),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
    ]


def test_legal_hold(client: Client) -> None:
    version_id = client.head("locked/k").version_id
    assert client.ask("object_get_legal_hold", "locked/k").code == "NoSuchObjectLockConfiguration"
    assert put_hold(client, "locked/k").headers == [("x-amz-version-id", version_id)]
    reply = client.ask("object_get_legal_hold", "locked/k")
    assert reply.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><LegalHold><Status>ON</Status></LegalHold>'
    )
    assert client.head("locked/k").headers[-1] == ("x-amz-object-lock-legal-hold", "ON")
    assert client.delete("locked/k", versionId=version_id).code == "AccessDenied"
    put_hold(client, "locked/k", "OFF")
    assert client.head("locked/k").headers[-1] == ("x-amz-object-lock-legal-hold", "OFF")
    assert client.delete("locked/k", versionId=version_id).status == 204


OPERATIONS = ("object_put_retention", "object_get_retention", "object_put_legal_hold", "object_get_legal_hold")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_common_checks(client: Client, operation: str) -> None:
    body = retention()
    assert client.ask(operation, "missing/k", body, versionId="badid").code == "InvalidArgument"
    assert client.ask(operation, "missing/k", body).code == "NoSuchBucket"
    assert client.ask(operation, "locked/k", body, as_="Lisa").code == "AccessDenied"
    assert client.ask(operation, "plain/nokey", body).code == "NoSuchKey"
    assert client.ask(operation, "plain/k", body, versionId=FOREIGN_VERSION).code == "NoSuchVersion"
    reply = client.ask(operation, "plain/k", body)
    assert (reply.code, reply.message) == ("InvalidRequest", "Bucket is missing Object Lock Configuration")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_delete_marker(client: Client, operation: str) -> None:
    marker = client.delete("locked/k").version_id
    expected = "NoSuchKey" if "_get_" in operation else "MethodNotAllowed"
    assert client.ask(operation, "locked/k", retention()).code == expected
    assert client.ask(operation, "locked/k", retention(), versionId=marker).code == "MethodNotAllowed"


def test_retention_checks_its_document_first_and_legal_hold_last(client: Client) -> None:
    assert put_retention(client, "missing/k", b"").code == "MalformedXML"
    assert client.ask("object_put_legal_hold", "missing/k", b"").code == "NoSuchBucket"
    assert client.ask("object_put_legal_hold", "plain/k", b"").code == "InvalidRequest"


MODES = 'Mode request xml must be one of "GOVERNANCE", "COMPLIANCE"'


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "MalformedXML", "request xml is undefined or empty"),
        (b"<Retention/>", "MalformedXML", "request xml does not contain Retention"),
        (b"<Other><Mode>x</Mode></Other>", "MalformedXML", "request xml does not contain Retention"),
        (b"<Retention><X>1</X></Retention>", "MalformedXML", "request xml does not contain Mode"),
        (
            b"<Retention><Mode>GOVERNANCE</Mode><Mode>GOVERNANCE</Mode></Retention>",
            "MalformedXML",
            "request xml contains more than one Mode",
        ),
        (retention("governance"), "MalformedXML", MODES),
        (
            b"<Retention><Mode>GOVERNANCE</Mode></Retention>",
            "MalformedXML",
            "request xml does not contain RetainUntilDate",
        ),
        (retention(date="x"), "InvalidRequest", "RetainUntilDate is not a valid timestamp"),
        (retention(date=PAST), "InvalidRequest", "RetainUntilDate must be in the future"),
    ],
)
def test_retention_document(client: Client, body: bytes, code: str, message: str) -> None:
    reply = put_retention(client, "locked/k", body)
    assert (reply.code, reply.message) == (code, message)


def test_malformed_retention(client: Client) -> None:
    assert put_retention(client, "locked/k", b"hello").code == "MalformedXML"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "request xml is undefined or empty"),
        (b"hello", "The XML you provided was not well-formed or did not validate against our published schema."),
        (b"<Other/>", "request xml does not contain LegalHold"),
        (b"<LegalHold><X/></LegalHold>", "request xml does not contain Status"),
        (
            b"<LegalHold><Status>ON</Status><Status>ON</Status></LegalHold>",
            "request xml contains more than one Status",
        ),
        (b"<LegalHold><Status>on</Status></LegalHold>", 'Status request xml must be one of "ON", "OFF"'),
    ],
)
def test_legal_hold_document(client: Client, body: bytes, message: str) -> None:
    reply = client.ask("object_put_legal_hold", "locked/k", body)
    assert (reply.code, reply.message) == ("MalformedXML", message)


def change(mode: str, date: str) -> dict[str, Any]:
    return {"retentionMode": mode, "retentionDate": date}


@pytest.mark.parametrize(
    ("current", "wanted", "plain", "bypassed"),
    [
        ({}, ("GOVERNANCE", NEAR), True, True),
        (change("COMPLIANCE", PAST), ("GOVERNANCE", NEAR), True, True),
        (change("GOVERNANCE", NEAR), ("GOVERNANCE", LATE), True, True),
        (change("GOVERNANCE", NEAR), ("GOVERNANCE", NEAR), True, True),
        (change("GOVERNANCE", LATE), ("GOVERNANCE", NEAR), False, True),
        (change("GOVERNANCE", NEAR), ("COMPLIANCE", LATE), False, True),
        (change("COMPLIANCE", NEAR), ("COMPLIANCE", LATE), True, True),
        (change("COMPLIANCE", LATE), ("COMPLIANCE", NEAR), False, False),
        (change("COMPLIANCE", NEAR), ("GOVERNANCE", LATE), False, False),
        ({"legalHold": True}, ("GOVERNANCE", LATE), False, False),
    ],
)
def test_changing_a_retention(
    client: Client, current: dict[str, Any], wanted: tuple[str, str], plain: bool, bypassed: bool
) -> None:
    for headers, allowed in (({}, plain), ({"x-amz-bypass-governance-retention": "True"}, bypassed)):
        md = {k: v for k, v in client.md("locked/k").items() if not k.startswith("retention")} | current
        client.server.metadata.put_object("locked", "k", md, version_id=md["versionId"])
        reply = put_retention(client, "locked/k", retention(*wanted), headers=headers)
        assert reply.code == ("" if allowed else "AccessDenied")


@pytest.mark.parametrize("operation", ["PUT_RETENTION", "PUT_LEGAL_HOLD"])
def test_replication(client: Client, operation: str) -> None:
    client.change_bucket("locked", replication_configuration=REPLICATION)
    if operation == "PUT_RETENTION":
        put_retention(client, "locked/k", retention())
    else:
        put_hold(client, "locked/k")
    info = client.md("locked/k")["replicationInfo"]
    assert (info["status"], info["content"]) == ("PENDING", ["METADATA", operation])
    assert info["backends"] == [{"site": AWS, "status": "PENDING", "dataStoreVersionId": ""}]


DATES = st.integers(NOW - 10**6, NOW + 10**6).map(from_milliseconds)
LOCKS = st.builds(
    ObjectLock, st.sampled_from([None, "GOVERNANCE", "COMPLIANCE"]), st.one_of(st.none(), DATES), st.booleans()
)


@given(LOCKS, st.booleans())
def test_what_is_not_locked_may_be_deleted(lock: ObjectLock, bypass: bool) -> None:
    if not lock.is_locked(NOW):
        assert lock.may_delete(NOW, bypass=bypass)
    elif lock.legal_hold or lock.mode == "COMPLIANCE":
        assert not lock.may_delete(NOW, bypass=bypass)
    else:
        assert lock.may_delete(NOW, bypass=bypass) is bypass


@given(LOCKS, st.sampled_from(["GOVERNANCE", "COMPLIANCE"]), DATES)
def test_an_active_retention_never_gets_shorter(lock: ObjectLock, mode: str, date: str) -> None:
    if lock.is_locked(NOW) and lock.may_become(mode, date, NOW, bypass=False):
        assert mode == lock.mode
        assert date >= (lock.date or "")


def test_what_has_expired_is_shown_all_the_same(client: Client) -> None:
    md = client.md("locked/k") | change("COMPLIANCE", PAST)
    client.server.metadata.put_object("locked", "k", md, version_id=md["versionId"])
    for ask in (client.get, client.head):
        reply = ask("locked/k")
        assert reply.header("x-amz-object-lock-mode") == "COMPLIANCE"
        assert reply.header("x-amz-object-lock-retain-until-date") == PAST
