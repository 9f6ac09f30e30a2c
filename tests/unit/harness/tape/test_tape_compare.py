from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from harness.tape import bodies
from harness.tape.aliases import Bindings
from harness.tape.compare import LiveResponse, compare
from harness.tape.model import Body, HeaderList, HttpResponse

ID = b"98204619311460999999RG001  204".hex()
OTHER_ID = b"98204619311421999999RG001  205".hex()
NO_HEADERS: HeaderList = ()


def differences(
    recorded: Body,
    live: str | bytes,
    bindings: Bindings | None = None,
    *,
    headers: HeaderList = NO_HEADERS,
    live_headers: HeaderList | None = None,
    exact: bool = False,
    foreign: bool = False,
) -> list[str]:
    answer = LiveResponse(
        200, headers if live_headers is None else live_headers, live.encode() if isinstance(live, str) else live
    )
    found = compare(HttpResponse(200, headers, recorded), answer, bindings or Bindings(), foreign=foreign)
    return [str(difference) for difference in found if exact or not difference.only_exact]


def of_headers(recorded: HeaderList, live: HeaderList, **options: Any) -> list[str]:
    return differences(Body(), "", headers=recorded, live_headers=live, **options)


@pytest.mark.parametrize("status", [400, 404, 500, 503, None])
def test_what_was_never_answered_may_be_an_error_or_nothing(status: int | None) -> None:
    live = None if status is None else LiveResponse(status, (), b"")

    assert compare(None, live, Bindings()) == []


@pytest.mark.parametrize("status", [200, 204, 307])
def test_what_was_never_answered_is_no_success(status: int) -> None:
    found = compare(None, LiveResponse(status, (), b""), Bindings())

    assert [str(difference) for difference in found] == [f"status: a request that was never answered; here {status}"]


def test_silence_is_a_difference() -> None:
    found = compare(HttpResponse(200), None, Bindings())

    assert [str(difference) for difference in found] == ["status: recorded 200, here no answer"]


def test_status_counts() -> None:
    found = compare(HttpResponse(200), LiveResponse(204, (), b""), Bindings())

    assert [str(difference) for difference in found] == ["status: recorded 200, here 204"]


@pytest.mark.parametrize(
    ("recorded", "live", "found"),
    [
        (Body("text", "a"), "a", []),
        (Body("text", "a"), "b", ['body: recorded "a", here "b"']),
        (Body("text", "a"), b"\xff", ["body: recorded text, here 1 bytes that are no text"]),
        (Body("repeat", ("ab", 3)), "ababab", []),
        (Body("repeat", ("ab", 3)), "abab", ['body: bytes differ; here "abab"']),
        (Body("base64", base64.b64encode(b"\xff").decode()), b"\xff", []),
        (Body("base64", base64.b64encode(b"\xff").decode()), b"\xfe", ['body: bytes differ; here "þ"']),
        (Body("sha256", hashlib.sha256(b"a").hexdigest(), 1), "a", []),
        (
            Body("sha256", hashlib.sha256(b"a").hexdigest(), 1),
            "bc",
            ["body: recorded 1 bytes, here 2, with another hash"],
        ),
    ],
)
def test_plain_bodies(recorded: Body, live: str | bytes, found: list[str]) -> None:
    assert differences(recorded, live) == found


@pytest.mark.parametrize(
    ("live", "found"),
    [
        ("<a><b>1</b><c/></a>", []),
        ("<a>\n  <b>1</b>\n  <c></c>\n</a>", []),
        ("<a><b>2</b><c/></a>", ['body/a/b: recorded "1", here "2"']),
        ("<a><b>1</b><c>x</c></a>", ['body/a/c: recorded "", here "x"']),
        ("<a><c/><b>1</b></a>", ['body/a children: recorded ["b", "c"], here ["c", "b"]']),
        ("<a><b>1</b></a>", ['body/a children: recorded ["b", "c"], here ["b"]']),
        ("<z/>", ['body/a: recorded "a", here "z"']),
        ("<a xmlns='urn:x'/>", ['body/a: recorded "a", here "{urn:x}a"']),
    ],
)
def test_xml_is_compared_by_structure(live: str, found: list[str]) -> None:
    assert differences(bodies.of_text("<a><b>1</b><c/></a>"), live) == found


def test_what_should_be_xml_and_is_not() -> None:
    assert differences(Body("xml", "<a/>"), "{}") == [
        'body: recorded "<a/>", here "{}": no XML: not well-formed (invalid token)'
    ]


@pytest.mark.parametrize(
    ("live", "found"),
    [
        ('{"a":1,"b":[true,"x"]}', []),
        ('{ "b": [true, "x"], "a": 1 }', []),
        ('{"a":2,"b":[true,"x"]}', ["body.a: recorded 1, here 2"]),
        ('{"a":true,"b":[true,"x"]}', ["body.a: recorded 1, here true"]),
        ('{"a":"1","b":[true,"x"]}', ['body.a: recorded 1, here "1"']),
        ('{"b":[true,"x"]}', ["body.a: recorded 1, missing here"]),
        ('{"a":1,"b":[true,"x"],"c":null}', ["body.c: not recorded, here null"]),
        ('{"a":1,"b":[true]}', ["body.b length: recorded 2, here 1"]),
        ('{"a":1,"b":[true,"y"]}', ['body.b[1]: recorded "x", here "y"']),
        ("[]", ['body: recorded {"a": 1, "b": [true, "x"]}, here []']),
    ],
)
def test_json_is_compared_by_structure(live: str, found: list[str]) -> None:
    assert differences(Body("json", {"a": 1, "b": [True, "x"]}), live) == found


def test_metadata_within_an_answer_is_compared_by_structure() -> None:
    recorded = Body("json", {"Body": '{"versionId":"<version:1:internal>","a":1,"last-modified":"2026"}'})
    live = '{"Body":"{\\"last-modified\\":\\"2027\\",\\"a\\":2,\\"versionId\\":\\"98204619311460999999RG001  204\\"}"}'

    assert differences(recorded, live) == ["body.Body.a: recorded 1, here 2"]


def test_ids_are_learnt_from_headers_and_known_again_in_bodies() -> None:
    bindings = Bindings()
    recorded = (("x-amz-version-id", "<version:1>"),)

    assert of_headers(recorded, (("x-amz-version-id", ID),), bindings=bindings) == []
    assert differences(Body("json", {"versionId": "<version:1>"}), f'{{"versionId":"{ID}"}}', bindings) == []
    assert differences(Body("json", {"versionId": "<version:1>"}), f'{{"versionId":"{OTHER_ID}"}}', bindings) == [
        f'body.versionId: recorded "<version:1>", here "{OTHER_ID}"'
    ]
    assert differences(Body("json", {"versionId": "<version:2>"}), f'{{"versionId":"{ID}"}}', bindings) == [
        'body.versionId: recorded "<version:2>", here "<version:1>"'
    ]


def test_an_id_is_learnt_even_from_a_list_that_differs() -> None:
    bindings = Bindings()
    recorded = Body("xml", "<A><VersionId>&lt;version:1&gt;</VersionId><B/></A>")

    assert differences(recorded, f"<A><VersionId>{ID}</VersionId></A>", bindings)
    assert bindings.to_send("<version:1>") == ID


def test_the_order_of_a_multi_delete_is_free_and_its_ids_are_not() -> None:
    bindings = Bindings()
    bindings.agrees("version", "<version:1>", ID)
    bindings.agrees("version", "<version:2>", OTHER_ID)
    entry = "<Deleted><Key>k</Key><VersionId>{}</VersionId></Deleted>"
    recorded = Body("xml", f"<DeleteResult>{entry.format('&lt;version:1&gt;')}{entry.format('null')}</DeleteResult>")

    def of(*ids: str) -> list[str]:
        return differences(recorded, f"<DeleteResult>{''.join(entry.format(i) for i in ids)}</DeleteResult>", bindings)

    assert of("null", ID) == of(ID, "null") == []
    assert of("null", OTHER_ID) != []


def test_times_are_free_but_for_their_form() -> None:
    recorded = Body("xml", "<A><LastModified>2026-11-22T20:51:28.000Z</LastModified></A>")

    assert differences(recorded, "<A><LastModified>2027-01-02T03:04:05.678Z</LastModified></A>", exact=True) == []
    assert differences(recorded, "<A><LastModified>now</LastModified></A>") == []
    assert differences(recorded, "<A><LastModified>now</LastModified></A>", exact=True) == [
        'body/A/LastModified: recorded "2026-11-22T20:51:28.000Z", here "now" (form only)'
    ]
    assert differences(recorded, "<A><LastModified/></A>") != []


@pytest.mark.parametrize(
    ("recorded", "live", "found"),
    [
        (("ETag", '"a"'), ("etag", '"a"'), []),
        (("ETag", '"a"'), ("ETag", '"b"'), ['header etag: recorded "\\"a\\"", here "\\"b\\""']),
        (("x-amz-meta-a", "b"), ("x-amz-meta-a", "B"), ['header x-amz-meta-a: recorded "b", here "B"']),
        (("Content-Type", "text/html; charset=UTF-8"), ("Content-Type", "text/html;charset=utf-8"), []),
        (("Content-Length", "1"), ("Content-Length", "2"), ['header content-length: recorded "1", here "2"']),
        (("x-other", "1"), ("x-other", "2"), []),
        (("Last-Modified", "Sun, 22 Nov 2026 20:51:28 GMT"), ("Last-Modified", "Mon, 01 Jan 2029 00:00:00 GMT"), []),
    ],
)
def test_headers_that_clients_act_on(recorded: tuple[str, str], live: tuple[str, str], found: list[str]) -> None:
    assert of_headers((recorded,), (live,)) == found


def test_a_header_that_is_missing_or_too_much() -> None:
    assert of_headers((("ETag", "a"),), (("Allow", "b"),)) == [
        'header allow: recorded null, here "b"',
        'header etag: recorded "a", here null',
    ]


def test_the_length_of_a_document_is_free() -> None:
    document = Body("xml", "<a/>")
    headers = (("Content-Length", "4"),)

    assert differences(document, "<a></a>", headers=headers, live_headers=(("Content-Length", "7"),)) == []
    assert differences(document, "<a/>", headers=headers, live_headers=(), exact=True) == [
        'header content-length: recorded "4", here null (form only)'
    ]


@pytest.mark.parametrize(
    ("recorded", "live", "found"),
    [
        (
            (("Content-type", "a"),),
            (("Content-Type", "a"),),
            "header case: recorded Content-type, here Content-Type (form only)",
        ),
        (
            (("a", "1"), ("b", "2"), ("c", "3")),
            (("a", "1"), ("c", "3"), ("b", "2")),
            'header order: recorded ["b", "c"], here ["c", "b"] (form only)',
        ),
        (
            (("Transfer-Encoding", "chunked"),),
            (),
            'header transfer-encoding: recorded "chunked", here null (form only)',
        ),
        ((("a", "1"), ("a", "2")), (("a", "1"),), 'header order: recorded ["a"], here [] (form only)'),
        (
            (("Content-Type", "text/html; charset=UTF-8"),),
            (("Content-Type", "text/html;charset=utf-8"),),
            'header content-type: recorded "text/html; charset=UTF-8", here "text/html;charset=utf-8" (form only)',
        ),
    ],
)
def test_an_exact_comparison_of_headers(recorded: HeaderList, live: HeaderList, found: str) -> None:
    assert of_headers(recorded, live, exact=True) == [found]
    assert of_headers(recorded, live) == []


def test_headers_of_the_connection_never_count() -> None:
    live = (("Date", "x"), ("Connection", "close"), ("x-amz-request-id", "1"), ("x-amz-id-2", "1"))

    assert of_headers((), live, exact=True) == []


@pytest.mark.parametrize(
    ("recorded", "live", "where"),
    [
        (Body("xml", "<a><b/></a>"), "<a><b></b></a>", "body text"),
        (Body("xml", "<a><b/></a>"), "<a>\n<b/></a>", "body text"),
        (Body("xml", '<a b="c"/>'), '<a b="d"/>', "body/a"),
        (Body("json", {"a": 1, "b": 2}), '{"b":2,"a":1}', "body text"),
        (Body("json", {"a": 1}), '{"a": 1}', "body text"),
    ],
)
def test_an_exact_comparison_of_bodies(recorded: Body, live: str, where: str) -> None:
    found = differences(recorded, live, exact=True)

    assert {line.partition(":")[0] for line in found} >= {where}
    assert all(line.endswith("(form only)") for line in found)
    assert differences(recorded, live) == []


def test_texts_agree_to_the_letter_whatever_their_ids_and_times() -> None:
    recorded = Body(
        "xml",
        "<?xml version='1.0'?><E><RequestId>&lt;request:1&gt;</RequestId><VersionId>null</VersionId>"
        "<LastModified>2026-01-01</LastModified></E>",
    )
    live = (
        "<?xml version='1.0'?><E><RequestId>a7bd5bdec443859c0423</RequestId><VersionId>null</VersionId>"
        "<LastModified>2031-12-31</LastModified></E>"
    )

    assert differences(recorded, live, exact=True) == []


def test_of_another_program_only_what_it_stored_counts() -> None:
    recorded = (("Server", "a"), ("ETag", "a"), ("x-amz-meta-a", "b"), ("x-amz-version-id", "<version:1>"))
    live = (("server", "b"), ("x-amz-meta-a", "c"), ("x-amz-version-id", ID))
    bindings = Bindings()

    assert of_headers(recorded, live, bindings=bindings, foreign=True, exact=True) == [
        'header x-amz-meta-a: recorded "b", here "c"'
    ]
    assert bindings.to_send("<version:1>") == ID
