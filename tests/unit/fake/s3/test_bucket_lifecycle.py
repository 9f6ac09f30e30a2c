"""``?lifecycle`` of a bucket, and the headers that it gives objects and uploads."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from bucket_client import DENIED, MALFORMED, NO_BUCKET, BucketClient

from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.s3.lifecycle_headers import abort_headers, expiration_headers
from fake_cloudserver.s3.lifecycle_rules import parse_lifecycle

NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
SITES = ["zenko", "us-east-2", "aws"]
EXPIRATION = "<Expiration><Days>1</Days></Expiration>"
TAG = "<Tag><Key>k</Key><Value>v</Value></Tag>"


def document(*rules: str) -> str:
    return f"<LifecycleConfiguration {NS}>{''.join(rules)}</LifecycleConfiguration>"


def rule(
    actions: str = EXPIRATION,
    *,
    rule_id: str = "<ID>r1</ID>",
    selection: str = "<Filter/>",
    status: str = "<Status>Enabled</Status>",
) -> str:
    return f"<Rule>{rule_id}{selection}{status}{actions}</Rule>"


def tag(key: str, value: str = "v") -> str:
    return f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"


def transition(time: str, site: str = "aws", name: str = "Transition") -> str:
    return f"<{name}>{time}<StorageClass>{site}</StorageClass></{name}>"


def noncurrent_transition(count: int, site: str = "aws") -> str:
    return transition(f"<NoncurrentDays>{count}</NoncurrentDays>", site, "NoncurrentVersionTransition")


def days(count: Any) -> str:
    return f"<Days>{count}</Days>"


def date(day: str) -> str:
    return f"<Date>{day}T00:00:00Z</Date>"


def parse(body: str) -> dict[str, Any]:
    numbers = itertools.count(1)
    return parse_lifecycle(body.encode(), SITES, lambda: f"generated-{next(numbers)}")


ROUND_TRIPS = [
    rule(),
    rule(status="<Status>Disabled</Status>"),
    rule(selection="<Prefix>docs/</Prefix>"),
    rule(selection="<Prefix></Prefix>"),
    rule(selection="<Filter><Prefix>docs/</Prefix></Filter>"),
    rule(selection=f"<Filter>{TAG}</Filter>"),
    rule(selection=f"<Filter><And><Prefix>x</Prefix>{TAG}</And></Filter>"),
    rule(selection=f"<Filter><And>{TAG}{tag('k2', '')}</And></Filter>"),
    rule("<Expiration><Date>2090-01-01T00:00:00Z</Date></Expiration>"),
    rule("<Expiration><Date>2090-01-01T02:00:00.000+02:00</Date></Expiration>"),
    rule("<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"),
    rule(
        "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
        "<NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
    ),
    rule(
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
    ),
    rule(transition(days(0)) + transition(days(1), "us-east-2")),
    rule(transition(date("2090-01-01")) + transition(date("2090-01-02"), "us-east-2")),
    rule(transition("<NoncurrentDays>5</NoncurrentDays>", name="NoncurrentVersionTransition")),
    rule(f"{EXPIRATION}{transition(days(9))}"),
    # equal days are no fault of these
    rule(noncurrent_transition(5) + noncurrent_transition(5, "us-east-2")),
]


@pytest.mark.parametrize("xml", ROUND_TRIPS)
def test_get_answers_what_was_put(xml: str) -> None:
    client = BucketClient()
    client.create()
    reply = client.call("bucket_put_lifecycle", body=document(xml))
    assert (reply.status, reply.headers, reply.body) == (200, {}, "")
    reply = client.call("bucket_get_lifecycle")
    assert reply.headers == {"Content-type": "application/xml"}
    shown = reply.body.removeprefix('<?xml version="1.0" encoding="UTF-8"?>')
    ordered = xml.replace("<Filter/>", "<Filter></Filter>")
    for status in ("<Status>Enabled</Status>", "<Status>Disabled</Status>"):
        if status in ordered:
            ordered = ordered.replace(status, "").replace("<ID>r1</ID>", f"<ID>r1</ID>{status}")
    assert shown == document(ordered)


def test_the_order_of_an_answer_and_what_is_escaped() -> None:
    client = BucketClient()
    client.create()
    abort = (
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
    )
    others = "".join(
        (
            transition(days(9)),
            noncurrent_transition(5),
            "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>",
        )
    )
    first = rule(f"{EXPIRATION}{abort}", rule_id="<ID>a&amp;b</ID>", selection="<Prefix>a&amp;b</Prefix>")
    tagged = f"<Filter>{tag('a&amp;b', 'c&amp;d')}</Filter>"
    second = rule(others + EXPIRATION, rule_id="", selection=tagged)
    client.call("bucket_put_lifecycle", body=document(first, second))
    shown = client.call("bucket_get_lifecycle").body
    assert f"<Rule><ID>a&amp;b</ID><Status>Enabled</Status><Prefix>a&b</Prefix>{abort}{EXPIRATION}</Rule>" in shown
    assert f"<Filter>{tag('a&b', 'c&d')}</Filter>" in shown
    actions = ("<Expiration>", "<NoncurrentVersionExpiration>", "<NoncurrentVersionTransition>", "<Transition>")
    places = [shown.index(action, shown.index("c&d")) for action in actions]
    assert places == sorted(places)
    configuration = client.stored().lifecycle_configuration
    assert configuration is not None
    assert len(configuration["rules"][1]["ruleID"]) == 48


def test_the_stored_form() -> None:
    combined = f"<Filter><And><Prefix>x</Prefix>{TAG}</And></Filter>"
    first = rule(EXPIRATION + transition(days(1)), selection=combined, rule_id="")
    assert parse(document(first, rule(selection="<Prefix>p</Prefix>"))) == {
        "rules": [
            {
                "ruleID": "generated-1",
                "ruleStatus": "Enabled",
                "actions": [
                    {"actionName": "Expiration", "days": 1},
                    {"actionName": "Transition", "transition": [{"storageClass": "aws", "days": 1}]},
                ],
                "filter": {"rulePrefix": "x", "tags": [{"key": "k", "val": "v"}]},
            },
            {
                "ruleID": "r1",
                "ruleStatus": "Enabled",
                "actions": [{"actionName": "Expiration", "days": 1}],
                "prefix": "p",
            },
        ]
    }


def expiration(inner: str) -> str:
    return rule(f"<Expiration>{inner}</Expiration>")


def abort(inner: str, selection: str = "<Filter/>") -> str:
    return rule(f"<AbortIncompleteMultipartUpload>{inner}</AbortIncompleteMultipartUpload>", selection=selection)


def noncurrent(inner: str) -> str:
    return rule(f"<NoncurrentVersionExpiration>{inner}</NoncurrentVersionExpiration>")


def combined(inner: str) -> str:
    return rule(selection=f"<Filter><And>{inner}</And></Filter>")


MARKER = "<ExpiredObjectDeleteMarker>{}</ExpiredObjectDeleteMarker>"
TWO_SITES = transition(days(1)) + transition(days(1), "us-east-2")
GAP = (
    "'{0}' in the 'Transition' action for StorageClass 'us-east-2' for {1} must be at least one day apart from {1} in "
    "the 'Transition' action for StorageClass 'aws'"
)
MIXED = "Found mixed 'Date' and 'Days' based {} actions in lifecycle rule for filter (all)"

REFUSED = [
    ("", MALFORMED),
    ("<a>", MALFORMED),
    ("<Foo/>", ("MalformedXML", "request xml does not include LifecycleConfiguration")),
    (
        document("<a/>"),
        ("MissingRequiredParameter", "missing required key 'Rules' in LifecycleConfiguration"),
    ),
    (document("<Rule/>" * 1001), ("MalformedXML", "request xml includes over max limit of 1000 rules")),
    (document("<Rule/>"), ("MalformedXML", "Rule xml does not include valid Filter or Prefix")),
    (
        document(rule(selection="<Filter/><Prefix/>")),
        ("MalformedXML", "Rule xml should not include both Filter and Prefix"),
    ),
    (document(rule(status="")), ("MissingRequiredParameter", "Rule xml does not include Status")),
    (
        document(rule(rule_id=f"<ID>{'i' * 256}</ID>", status="<Status>x</Status>")),
        ("InvalidArgument", "Rule ID is greater than 255 characters long"),
    ),
    (document(rule(), rule()), ("InvalidRequest", "Rule ID must be unique")),
    (document(rule("", status="<Status>x</Status>")), ("MalformedXML", "Status is not valid")),
    (
        document(rule("", selection=f"<Prefix>{'p' * 1025}</Prefix>")),
        ("InvalidRequest", "Rule does not include valid action"),
    ),
    (
        document(rule(selection=f"<Prefix>{'p' * 1025}</Prefix>")),
        ("InvalidRequest", "The maximum size of a prefix is 1024"),
    ),
    (
        document(rule(selection=f"<Filter><Prefix>p</Prefix>{TAG}</Filter>")),
        ("MalformedXML", "Filter should only include one of And, Prefix, or Tag key"),
    ),
    (
        document(combined("<Prefix>p</Prefix>")),
        ("MalformedXML", "And should include Prefix and Tags or more than one Tag"),
    ),
    (document(combined(TAG)), ("MalformedXML", "And should include Prefix and Tags or more than one Tag")),
    (
        document(combined(f"{TAG}<Tag><Key>x</Key></Tag>")),
        ("MissingRequiredParameter", "Tag XML does not contain both Key and Value"),
    ),
    (document(combined(TAG + tag(""))), ("InvalidRequest", "A Tag's Key must be a length between 1 and 128")),
    (document(combined(TAG + tag("x" * 129))), ("InvalidRequest", "A Tag's Key must be a length between 1 and 128")),
    (
        document(combined(TAG + tag("x", "v" * 257))),
        ("InvalidRequest", "A Tag's Value must be a length between 0 and 256"),
    ),
    (document(combined(TAG + TAG)), ("InvalidRequest", "Tag Keys must be unique")),
    (document(expiration("")), ("MalformedXML", "Expiration action does not include an action time")),
    (
        document(expiration(days(1) + date("2030-01-01"))),
        ("MalformedXML", "Expiration action includes more than one time"),
    ),
    (document(expiration(days(0))), ("InvalidArgument", "Expiration days is not a positive integer")),
    (document(expiration("<Date>tomorrow</Date>")), ("InvalidArgument", "Date must be in ISO 8601 format")),
    (document(expiration("<Date>2030-13-01T00:00:00Z</Date>")), ("InvalidArgument", "Date must be in ISO 8601 format")),
    (
        document(expiration("<Date>2030-01-01T10:00:00Z</Date>")),
        ("InvalidArgument", "'Date' must be at midnight GMT"),
    ),
    (
        document(expiration(MARKER.format("yes"))),
        ("MalformedXML", "ExpiredObjDeleteMarker is not true or false"),
    ),
    (
        document(rule(f"<Expiration>{MARKER.format('true')}</Expiration>", selection=f"<Filter>{TAG}</Filter>")),
        ("InvalidRequest", "Tag-based filter cannot be used with ExpiredObjectDeleteMarker action"),
    ),
    (
        document(noncurrent("<a/>")),
        ("MalformedXML", "NoncurrentVersionExpiration action does not include NoncurrentDays"),
    ),
    (
        document(noncurrent("<NoncurrentDays>0</NoncurrentDays>")),
        ("InvalidArgument", "NoncurrentDays is not a positive integer"),
    ),
    (
        document(noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>x</NewerNoncurrentVersions>")),
        ("InvalidArgument", "NewerNoncurrentVersions is not a positive integer"),
    ),
    (
        document(noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>0</NewerNoncurrentVersions>")),
        ("InvalidArgument", "NewerNoncurrentVersions is not a positive integer"),
    ),
    (
        document(abort("", f"<Filter><And><Prefix>x</Prefix>{TAG}</And></Filter>")),
        ("InvalidRequest", "Tag-based filter cannot be used with AbortIncompleteMultipartUpload action"),
    ),
    (
        document(abort("<a/>")),
        ("MalformedXML", "AbortIncompleteMultipartUpload action does not include DaysAfterInitiation"),
    ),
    (
        document(abort("<DaysAfterInitiation>0</DaysAfterInitiation>")),
        ("InvalidArgument", "DaysAfterInitiation is not a positive integer"),
    ),
    # the last faulty action wins
    (
        document(rule("<Expiration/><AbortIncompleteMultipartUpload><a/></AbortIncompleteMultipartUpload>")),
        ("MalformedXML", "Expiration action does not include an action time"),
    ),
    (document(rule(transition(""))), MALFORMED),
    (document(rule(transition(days("soon")))), MALFORMED),
    (document(rule(transition(days(1) + date("2030-01-01")))), MALFORMED),
    (document(rule(f"<Transition>{days(1)}</Transition>")), MALFORMED),
    (
        document(rule(transition(days(1), "STANDARD"))),
        ("MalformedXML", "'StorageClass' must be one of 'zenko', 'us-east-2', 'aws'"),
    ),
    (
        document(rule(transition(days(1)) + transition(days(2)), selection="<Prefix>p</Prefix>")),
        (
            "InvalidRequest",
            "'StorageClass' must be different for 'Transition' actions in same 'Rule' with prefix 'p'",
        ),
    ),
    (
        document(rule(transition(days(1)) + transition(date("2030-01-01"), "us-east-2"))),
        ("InvalidRequest", MIXED.format("Transition")),
    ),
    (
        document(rule(EXPIRATION + transition(date("2030-01-01")))),
        ("InvalidRequest", MIXED.format("Expiration and Transition")),
    ),
    (
        document(rule(transition(days(-1)))),
        ("InvalidArgument", "'Days' in Transition action must be nonnegative"),
    ),
    (
        document(rule(transition(days(2147483648)))),
        ("MalformedXML", "'Days' in Transition action must not exceed 2147483647"),
    ),
    (document(rule(TWO_SITES)), ("InvalidArgument", GAP.format("Days", "filter (all)"))),
    (
        document(rule(TWO_SITES, selection="<Filter><Prefix>p</Prefix></Filter>")),
        ("InvalidArgument", GAP.format("Days", "filter '(prefix=p)'")),
    ),
    (
        document(
            rule(
                transition(date("2030-01-01")) + transition(date("2030-01-01"), "us-east-2"),
                selection=f"<Filter><And><Prefix>p</Prefix>{TAG}</And></Filter>",
            )
        ),
        ("InvalidArgument", GAP.format("Date", "filter '(prefix=p and tag: key=k, value=v)'")),
    ),
    (
        document(rule(transition("", name="NoncurrentVersionTransition"))),
        MALFORMED,
    ),
    (
        document(rule(noncurrent_transition(1, "STANDARD"))),
        ("MalformedXML", "'StorageClass' must be one of 'zenko', 'us-east-2', 'aws'"),
    ),
    (
        document(rule(noncurrent_transition(1) + noncurrent_transition(2))),
        (
            "InvalidRequest",
            "'StorageClass' must be different for 'NoncurrentVersionTransition' actions in same 'Rule' with filter "
            "(all)",
        ),
    ),
    (
        document(rule(noncurrent_transition(2147483648))),
        ("MalformedXML", "'NoncurrentDays' in NoncurrentVersionTransition action must not exceed 2147483647"),
    ),
    (
        document(rule(transition("<NoncurrentDays>-1</NoncurrentDays>", name="NoncurrentVersionTransition"))),
        ("InvalidArgument", "'NoncurrentDays' in NoncurrentVersionTransition action must be nonnegative"),
    ),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_a_faulty_document_is_found_before_the_bucket(body: str, expected: tuple[str, str]) -> None:
    with pytest.raises(S3Error) as caught:
        parse(body)
    assert (caught.value.code, caught.value.message) == expected
    assert BucketClient().call("bucket_put_lifecycle", "missing", body).error == expected


def test_bucket_and_rights() -> None:
    client = BucketClient()
    client.create()
    assert client.call("bucket_put_lifecycle", "missing", document(rule())).error == NO_BUCKET
    assert client.call("bucket_put_lifecycle", body=document(rule()), requester=client.lisa).error == DENIED
    for operation in ("bucket_get_lifecycle", "bucket_delete_lifecycle"):
        assert client.call(operation, requester=client.lisa).error == DENIED


def test_delete() -> None:
    client = BucketClient()
    client.create()
    client.call("bucket_put_lifecycle", body=document(rule()))
    for _ in range(2):
        assert client.call("bucket_delete_lifecycle").status == 204
    reply = client.call("bucket_get_lifecycle")
    assert (reply.status, reply.error) == (
        404,
        ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist."),
    )


LAST_MODIFIED = "2026-01-01T10:20:30.456Z"


def bucket_with(*rules: str) -> BucketInfo:
    configuration = parse(document(*rules)) if rules else None
    return BucketInfo("b", "owner", "Owner", "date", "uid", lifecycle_configuration=configuration)


def named(name: str, actions: str, **options: str) -> str:
    return rule(actions, rule_id=f"<ID>{name}</ID>", **options)


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ([], None),
        ([named("a", EXPIRATION)], 'expiry-date="Fri, 02 Jan 2026 10:20:30 GMT", rule-id="a"'),
        ([named("a&amp;b", EXPIRATION)], 'expiry-date="Fri, 02 Jan 2026 10:20:30 GMT", rule-id="a%26b"'),
        (
            [named("a", f"<Expiration>{date('2090-01-01')}</Expiration>")],
            'expiry-date="2090-01-01T00:00:00Z", rule-id="a"',
        ),
        (
            [named("late", f"<Expiration>{days(3)}</Expiration>"), named("soon", EXPIRATION)],
            'expiry-date="Fri, 02 Jan 2026 10:20:30 GMT", rule-id="soon"',
        ),
        ([named("a", f"<Expiration>{MARKER.format('true')}</Expiration>")], None),
        ([named("a", EXPIRATION, status="<Status>Disabled</Status>")], None),
        ([named("a", EXPIRATION, selection="<Prefix>other/</Prefix>")], None),
        ([named("a", EXPIRATION, selection="<Filter><Tag><Key>k</Key><Value>w</Value></Tag></Filter>")], None),
        (
            [named("a", EXPIRATION, selection=f"<Filter><And><Prefix>docs/</Prefix>{TAG}</And></Filter>")],
            'expiry-date="Fri, 02 Jan 2026 10:20:30 GMT", rule-id="a"',
        ),
    ],
)
def test_the_expiration_of_an_object(rules: list[str], value: str | None) -> None:
    headers = expiration_headers(bucket_with(*rules), "docs/k", {"k": "v"}, LAST_MODIFIED)
    assert headers == ([] if value is None else [("x-amz-expiration", value)])


def test_the_end_of_an_upload() -> None:
    def ends(name: str, count: int) -> str:
        action = f"<DaysAfterInitiation>{count}</DaysAfterInitiation>"
        return named(name, f"<AbortIncompleteMultipartUpload>{action}</AbortIncompleteMultipartUpload>")

    assert abort_headers(bucket_with(named("a", EXPIRATION)), "k", LAST_MODIFIED) == []
    assert abort_headers(bucket_with(ends("late", 9), ends("so on", 2)), "k", LAST_MODIFIED) == [
        ("x-amz-abort-date", "Sat, 03 Jan 2026 10:20:30 GMT"),
        ("x-amz-abort-rule-id", "so%20on"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        document(*[rule(rule_id="")] * 1000),
        document(rule(rule_id=f"<ID>{'i' * 255}</ID>")),
        document(rule(selection=f"<Prefix>{'p' * 1024}</Prefix>")),
        document(rule(selection=f"<Filter>{tag('k' * 128, 'v' * 256)}</Filter>")),
        document(rule(transition(days(2147483647)))),
    ],
    ids=["rules", "id", "prefix", "tag", "days"],
)
def test_the_limits_themselves(body: str) -> None:
    assert parse(body)["rules"]
