"""Listings against what a real CloudServer answered for the same buckets."""

from __future__ import annotations

import io
import re
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.auth.accounts import Accounts
from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.cloudserver import CloudServer
from fake_cloudserver.errors import S3Error
from fake_cloudserver.metadata.bucket_info import BucketInfo
from fake_cloudserver.metadata.journal import Journal
from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.version_id import VersionIdGenerator, encode
from fake_cloudserver.randomness import SeededRandomness
from fake_cloudserver.request import Request, Requester, parse_query
from fake_cloudserver.s3.bucket_listing import bucket_get, decode_token, encode_token
from fake_cloudserver.settings import Settings

KEYS = ["a", "b/1", "b/2", "b/c/3", "d e", "f+g", "h&i<j", "z", "ä", "€", "\uff21"]
MD = {
    "owner-id": "79a59df9",
    "owner-display-name": "B&rt",
    "content-length": 3,
    "content-md5": "900150983cd24fb0d6963f7d28e17f72",
    "last-modified": "2026-11-22T22:19:31.740Z",
    "x-amz-storage-class": "STANDARD",
}
MODIFIED = (
    "<LastModified>2026-11-22T22:19:31.740Z</LastModified>"
    "<ETag>&quot;900150983cd24fb0d6963f7d28e17f72&quot;</ETag><Size>3</Size>"
)
OWNER = "<Owner><ID>79a59df9</ID><DisplayName>B&rt</DisplayName></Owner>"
CLASS = "<StorageClass>STANDARD</StorageClass>"
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@pytest.fixture
def server() -> CloudServer:
    clock = VirtualClock()
    settings = Settings.default()
    store = MetadataStore(clock, VersionIdGenerator(clock, "RG001"), Journal(clock))
    store.create_bucket(BucketInfo("bkt", "owner", "Owner", "2026-11-22T20:51:28.538Z", "1d2f5b0c"))
    gateway = cast(Any, None)  # listings touch no data
    return CloudServer(settings, Accounts(settings.accounts), store, gateway, clock, SeededRandomness(1))


@pytest.fixture
def plain(server: CloudServer) -> CloudServer:
    for key in KEYS:
        server.metadata.put_object("bkt", key, MD)
    return server


def ask(server: CloudServer, raw_query: str, *, bucket: str = "bkt", requester: str = "owner") -> str:
    """The answer's document without what all have in common: the declaration and the namespace."""
    query, repeated = parse_query(raw_query)
    request = Request("GET", f"/{bucket}", raw_query, query, repeated, {}, [], io.BytesIO(), "0", bucket=bucket)
    request.requester = Requester(requester)
    answer = bucket_get(server, request)
    assert answer.headers == [("Content-type", "application/xml")]
    assert isinstance(answer.body, bytes)
    declaration, _, document = answer.body.decode().partition(f" {NAMESPACE}")
    assert declaration.startswith('<?xml version="1.0" encoding="UTF-8"?><List')
    return declaration.removeprefix('<?xml version="1.0" encoding="UTF-8"?>') + document


def split(document: str) -> tuple[str, list[str], list[str]]:
    """Header elements; keys; common prefixes."""
    header = re.split(r"<Contents>|<Version>|<DeleteMarker>|<CommonPrefixes>|</List", document)[0]
    return (
        header.partition(">")[2],
        re.findall("<Key>(.*?)</Key>", document),
        re.findall("<CommonPrefixes><Prefix>(.*?)</Prefix></CommonPrefixes>", document),
    )


def test_the_first_form_shows_the_owner_of_each_object(plain: CloudServer) -> None:
    assert ask(plain, "max-keys=1&prefix=h") == (
        "<ListBucketResult><Name>bkt</Name><Prefix>h</Prefix><MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated>"
        f"<Marker/><Contents><Key>h&amp;i&lt;j</Key>{MODIFIED}{OWNER}{CLASS}</Contents></ListBucketResult>"
    )


def test_the_second_form_shows_the_owner_when_asked(plain: CloudServer) -> None:
    header = (
        "<ListBucketResult><Name>bkt</Name><Prefix>a</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
    )
    for fetch, shown in (("true", OWNER), ("yes", "")):
        assert ask(plain, f"list-type=2&prefix=a&fetch-owner={fetch}") == (
            f"{header}<FetchOwner>{'true' if shown else 'false'}</FetchOwner><ContinuationToken/><KeyCount>1</KeyCount>"
            f"<Contents><Key>a</Key>{MODIFIED}{shown}{CLASS}</Contents></ListBucketResult>"
        )


@pytest.mark.parametrize(
    ("query", "header", "keys", "prefixes"),
    [
        pytest.param(
            "",
            "<Prefix/><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Marker/>",
            ["a", "b/1", "b/2", "b/c/3", "d e", "f+g", "h&amp;i&lt;j", "z", "ä", "€", "\uff21"],
            [],
            id="all",
        ),
        pytest.param(
            "max-keys=0",
            "<Prefix/><MaxKeys>0</MaxKeys><IsTruncated>false</IsTruncated><Marker/>",
            [],
            [],
            id="none wanted",
        ),
        pytest.param(
            "max-keys=5000&prefix=a",
            "<Prefix>a</Prefix><MaxKeys>5000</MaxKeys><IsTruncated>false</IsTruncated><Marker/>",
            ["a"],
            [],
            id="more than 1000 wanted",
        ),
        pytest.param(
            "max-keys=2x&delimiter&prefix",
            "<Prefix/><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated><Marker/>",
            ["a", "b/1"],
            [],
            id="truncated, no delimiter: no next marker",
        ),
        pytest.param(
            "marker=b%2F1&delimiter=%2F&max-keys=2",
            "<Prefix/><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated>"
            "<Marker>b/1</Marker><NextMarker>f+g</NextMarker>",
            ["d e", "f+g"],
            [],
            id="marker inside a common prefix",
        ),
        pytest.param(
            "max-keys=&prefix=a",
            "<Prefix>a</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Marker/>",
            ["a"],
            [],
            id="an empty number is none",
        ),
        pytest.param(
            "prefix=h%26i%3C&delimiter=%26&marker=%22%27%3E",
            "<Prefix>h&amp;i&lt;</Prefix><MaxKeys>1000</MaxKeys><Delimiter>&amp;</Delimiter>"
            "<IsTruncated>false</IsTruncated><Marker>&quot;&apos;&gt;</Marker>",
            ["h&amp;i&lt;j"],
            [],
            id="escaping",
        ),
        pytest.param(
            "delimiter=%26&marker=f%2Bg&max-keys=1",
            "<Prefix/><MaxKeys>1</MaxKeys><Delimiter>&amp;</Delimiter><IsTruncated>true</IsTruncated>"
            "<Marker>f+g</Marker><NextMarker>h&amp;</NextMarker>",
            [],
            ["h&amp;"],
            id="escaping of a common prefix",
        ),
        pytest.param(
            "encoding-type=url&delimiter=%2F&marker=a&max-keys=1",
            "<Prefix/><MaxKeys>1</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>"
            "<IsTruncated>true</IsTruncated><Marker>a</Marker><NextMarker>b%2F</NextMarker>",
            [],
            ["b%2F"],
            id="url encoding of the next marker",
        ),
        pytest.param(
            "list-type=2&encoding-type=url&delimiter=%2F&start-after=b%2F0&prefix=b%2F&max-keys=1&fetch-owner=true",
            "<Prefix>b%2F</Prefix><MaxKeys>1</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>"
            "<IsTruncated>true</IsTruncated><StartAfter>b%2F0</StartAfter><FetchOwner>true</FetchOwner>"
            "<ContinuationToken/><NextContinuationToken>Yi8x</NextContinuationToken><KeyCount>1</KeyCount>",
            ["b%2F1"],
            [],
            id="all elements of the second form",
        ),
        pytest.param(
            "list-type=2&prefix=b%2Fc&delimiter=c",
            "<Prefix>b/c</Prefix><MaxKeys>1000</MaxKeys><Delimiter>c</Delimiter><IsTruncated>false</IsTruncated>"
            "<FetchOwner>false</FetchOwner><ContinuationToken/><KeyCount>1</KeyCount>",
            ["b/c/3"],
            [],
            id="a delimiter within the prefix does not count",
        ),
        pytest.param(
            "encoding-type=url&prefix=b%2F&delimiter=%2F",
            "<Prefix>b%2F</Prefix><MaxKeys>1000</MaxKeys><Delimiter>%2F</Delimiter><EncodingType>url</EncodingType>"
            "<IsTruncated>false</IsTruncated><Marker/>",
            ["b%2F1", "b%2F2"],
            ["b%2Fc%2F"],
            id="url encoding",
        ),
        pytest.param(
            "list-type=2&max-keys=2&delimiter=%2F",
            "<Prefix/><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated>"
            "<FetchOwner>false</FetchOwner><ContinuationToken/><NextContinuationToken>Yi8=</NextContinuationToken>"
            "<KeyCount>1</KeyCount>",
            ["a"],
            ["b/"],
            id="second form: common prefixes are no keys",
        ),
        pytest.param(
            "list-type=2&max-keys=3&continuation-token=Yi8y&start-after=z",
            "<Prefix/><MaxKeys>3</MaxKeys><IsTruncated>true</IsTruncated><StartAfter>z</StartAfter>"
            "<FetchOwner>false</FetchOwner><ContinuationToken>Yi8y</ContinuationToken>"
            "<NextContinuationToken>Zitn</NextContinuationToken><KeyCount>3</KeyCount>",
            ["b/c/3", "d e", "f+g"],
            [],
            id="the token has priority over start-after",
        ),
        pytest.param(
            "list-type=2abc&max-keys=3&continuation-token=%21%21%21&marker=z",
            "<Prefix/><MaxKeys>3</MaxKeys><IsTruncated>true</IsTruncated><FetchOwner>false</FetchOwner>"
            "<ContinuationToken/><NextContinuationToken>Yi8y</NextContinuationToken><KeyCount>3</KeyCount>",
            ["a", "b/1", "b/2"],
            [],
            id="a token that is none",
        ),
        pytest.param(
            "start-after=z&continuation-token=Yi8y&max-keys=1",
            "<Prefix/><MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated><Marker/>",
            ["a"],
            [],
            id="the first form knows neither",
        ),
    ],
)
def test_pages_of_objects(plain: CloudServer, query: str, header: str, keys: list[str], prefixes: list[str]) -> None:
    assert split(ask(plain, query)) == (f"<Name>bkt</Name>{header}", keys, prefixes)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("list-type=1&encoding-type=x", "Invalid List Type specified in Request"),
        ("list-type=", "Invalid List Type specified in Request"),
        ("versions&list-type=x", "Invalid List Type specified in Request"),
        ("encoding-type=gzip&max-keys=-1", "Invalid Encoding Method specified in Request"),
        ("encoding-type=", "Invalid Encoding Method specified in Request"),
        ("max-keys=-1", "Invalid Argument"),
        ("max-keys=abc", "Invalid Argument"),
    ],
)
def test_bad_parameters_are_refused_before_the_bucket_is_looked_for(
    server: CloudServer, query: str, message: str
) -> None:
    with pytest.raises(S3Error, match=f"^InvalidArgument: {message}$"):
        ask(server, query, bucket="no-such-bucket")


def test_the_bucket_must_be_there_and_readable(server: CloudServer) -> None:
    with pytest.raises(S3Error, match="NoSuchBucket"):
        ask(server, "", bucket="no-such-bucket")
    with pytest.raises(S3Error, match="AccessDenied"):
        ask(server, "versions", requester="somebody else")


def test_an_owner_without_name_is_shown_as_javascript_would(server: CloudServer) -> None:
    server.metadata.put_object("bkt", "k", {"owner-id": "anonymous"})
    assert "<DisplayName>undefined</DisplayName>" in ask(server, "")


# Versions


class Versions:
    """Two versions of a; b deleted above one version; two of dir/x; a null version of z under another."""

    def __init__(self, server: CloudServer) -> None:
        self.server = server
        self._store = server.metadata
        self.ids: dict[str, str] = {}
        for name in ("a1", "a2", "b1", "b2", "dir/x1", "dir/x2"):
            md = {**MD, "isDeleteMarker": name == "b2"}
            self.ids[name] = str(self._store.put_object("bkt", name[:-1], md, versioning=True))
        self.ids["z0"] = str(self._store.put_object("bkt", "z", {**MD, "isNull": True}, version_id=""))

    def encoded(self, name: str) -> str:
        return encode(self.ids[name])


@pytest.fixture
def versions(server: CloudServer) -> Versions:
    return Versions(server)


def test_versions_and_delete_markers_have_the_same_children(versions: Versions) -> None:
    assert ask(versions.server, "versions&prefix=b") == (
        "<ListVersionsResult><Name>bkt</Name><Prefix>b</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
        f"<DeleteMarker><Key>b</Key><VersionId>{versions.encoded('b2')}</VersionId><IsLatest>true</IsLatest>"
        f"{MODIFIED}{OWNER}{CLASS}</DeleteMarker>"
        f"<Version><Key>b</Key><VersionId>{versions.encoded('b1')}</VersionId><IsLatest>false</IsLatest>"
        f"{MODIFIED}{OWNER}{CLASS}</Version></ListVersionsResult>"
    )


def test_a_page_of_versions_names_the_last_one(versions: Versions) -> None:
    header, keys, _ = split(ask(versions.server, "versions&max-keys=3"))
    assert keys == ["a", "a", "b"]
    assert header == (
        f"<Name>bkt</Name><NextKeyMarker>b</NextKeyMarker>"
        f"<NextVersionIdMarker>{versions.encoded('b2')}</NextVersionIdMarker><MaxKeys>3</MaxKeys>"
        "<IsTruncated>true</IsTruncated>"
    )


def test_the_next_page_shows_the_marker_in_its_internal_form(versions: Versions) -> None:
    document = ask(versions.server, f"versions&max-keys=1&key-marker=b&version-id-marker={versions.encoded('b2')}")
    header, keys, _ = split(document)
    assert keys == ["b"]
    assert header.startswith(
        f"<Name>bkt</Name><KeyMarker>b</KeyMarker><VersionIdMarker>{versions.ids['b2']}</VersionIdMarker>"
    )
    assert "<IsLatest>false</IsLatest>" in document


def test_a_null_version_is_shown_as_null_but_named_by_its_id_as_marker(versions: Versions) -> None:
    versions.server.metadata.put_object("bkt", "zz", {})
    document = ask(versions.server, "versions&prefix=z&max-keys=1")
    assert "<VersionId>null</VersionId><IsLatest>true</IsLatest>" in document
    assert f"<NextVersionIdMarker>{versions.encoded('z0')}</NextVersionIdMarker>" in document


def test_an_object_without_id_is_named_null_as_marker(plain: CloudServer) -> None:
    document = ask(plain, "versions&max-keys=1")
    assert "<NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>" in document
    assert "<Version><Key>a</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>" in document


@pytest.mark.parametrize(("marker", "shown"), [("badid", 5), ("null", 4)])
def test_a_marker_that_is_no_id_passes_all_versions_of_the_key(versions: Versions, marker: str, shown: int) -> None:
    header, keys, _ = split(ask(versions.server, f"versions&key-marker=b&version-id-marker={marker}"))
    assert f"<VersionIdMarker>Error: cannot decode str {shown}</VersionIdMarker>" in header
    assert keys == ["dir/x", "dir/x", "z"]


def test_a_common_prefix_as_last_entry_has_no_version_marker(versions: Versions) -> None:
    header, keys, prefixes = split(ask(versions.server, "versions&delimiter=%2F&max-keys=5"))
    assert header == (
        "<Name>bkt</Name><NextKeyMarker>dir/</NextKeyMarker><MaxKeys>5</MaxKeys><Delimiter>/</Delimiter>"
        "<IsTruncated>true</IsTruncated>"
    )
    assert (keys, prefixes) == (["a", "a", "b", "b"], ["dir/"])
    assert split(ask(versions.server, "versions&delimiter=%2F&key-marker=dir%2F"))[1:] == (["z"], [])


def test_no_versions_wanted_leaves_max_keys_out(versions: Versions) -> None:
    expected = "<ListVersionsResult><Name>bkt</Name><IsTruncated>false</IsTruncated></ListVersionsResult>"
    assert ask(versions.server, "versions&max-keys=0") == expected


def test_url_encoding_of_versions(versions: Versions) -> None:
    header, keys, _ = split(ask(versions.server, "versions&encoding-type=url&prefix=dir%2F&delimiter=%2F"))
    assert header == (
        "<Name>bkt</Name><Prefix>dir%2F</Prefix><MaxKeys>1000</MaxKeys><Delimiter>%2F</Delimiter>"
        "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
    )
    assert keys == ["dir%2Fx", "dir%2Fx"]


# Continuation tokens


@given(st.text())
def test_a_token_decodes_to_its_key(key: str) -> None:
    assert decode_token(encode_token(key)) == key


@pytest.mark.parametrize(
    ("token", "key"), [("", ""), ("Yi8", "b/"), ("Yi8=", "b/"), ("Y i\n8", "b/"), ("Y", ""), ("_-8=", "\ufffd\ufffd")]
)
def test_tokens_are_read_leniently(token: str, key: str) -> None:
    assert decode_token(token) == key
