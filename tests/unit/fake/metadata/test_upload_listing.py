from __future__ import annotations

import pytest

from fake_cloudserver.metadata.store import MetadataStore
from fake_cloudserver.metadata.upload_listing import (
    UploadListing,
    list_parts,
    list_uploads,
    overview_key,
    part_key,
    shadow_bucket,
)

DB = shadow_bucket("bkt")
UPLOADS = [("la", "u5"), ("lb/1", "u4"), ("lb/1", "u9"), ("lb/2", "u1"), ("lc d", "u2")]


@pytest.fixture
def uploads(store: MetadataStore) -> MetadataStore:
    for key, upload_id in UPLOADS:
        store.put_object(DB, overview_key(key, upload_id), {"key": key, "uploadId": upload_id})
        store.put_object(DB, part_key(upload_id, 1), {"content-length": 1})
    return store


def listed(page: UploadListing) -> list[tuple[str, str]]:
    return [(overview["key"], overview["uploadId"]) for overview in page.uploads]


def test_keys_of_the_shadow_bucket() -> None:
    assert DB == "mpuShadowBucketbkt"
    assert overview_key("k", "u") == "overview..|..k..|..u"
    assert part_key("u", 17) == "u..|..00017"


def test_uploads_come_by_key_then_by_id_and_the_markers_are_those_of_the_last(uploads: MetadataStore) -> None:
    page = list_uploads(uploads, DB)
    assert listed(page) == UPLOADS
    assert (page.is_truncated, page.next_key_marker, page.next_upload_id_marker) == (False, "lc d", "u2")


def test_pages_of_uploads_join_to_the_whole(uploads: MetadataStore) -> None:
    first = list_uploads(uploads, DB, max_uploads=2)
    assert (listed(first), first.is_truncated) == (UPLOADS[:2], True)
    second = list_uploads(
        uploads,
        DB,
        max_uploads=3,
        key_marker=first.next_key_marker,
        upload_id_marker=first.next_upload_id_marker,
    )
    assert (listed(second), second.is_truncated) == (UPLOADS[2:], False)


def test_a_key_marker_alone_passes_all_uploads_of_the_key(uploads: MetadataStore) -> None:
    assert listed(list_uploads(uploads, DB, key_marker="lb/1")) == UPLOADS[3:]


def test_a_prefix_chooses_keys(uploads: MetadataStore) -> None:
    assert listed(list_uploads(uploads, DB, prefix="lb/")) == UPLOADS[1:4]
    assert listed(list_uploads(uploads, DB, prefix="lb/", key_marker="a")) == UPLOADS[1:4]
    assert listed(list_uploads(uploads, DB, prefix="lb/", key_marker="z")) == []


def test_a_delimiter_rolls_keys_up_into_common_prefixes(uploads: MetadataStore) -> None:
    page = list_uploads(uploads, DB, delimiter="/")
    assert listed(page) == [UPLOADS[0], UPLOADS[4]]
    assert page.common_prefixes == ["lb/"]


def test_a_page_that_ends_with_a_common_prefix_goes_on_after_it(uploads: MetadataStore) -> None:
    first = list_uploads(uploads, DB, delimiter="/", max_uploads=2)
    assert (first.is_truncated, first.next_key_marker, first.next_upload_id_marker) == (True, "lb/", "")
    second = list_uploads(uploads, DB, delimiter="/", key_marker=first.next_key_marker)
    assert (listed(second), second.common_prefixes) == ([UPLOADS[4]], [])


def test_no_uploads_asked_for_is_an_empty_page_and_not_truncated(uploads: MetadataStore) -> None:
    assert list_uploads(uploads, DB, max_uploads=0) == UploadListing()
    assert list_uploads(uploads, "mpuShadowBucketnone") == UploadListing()


def test_parts_come_by_number(store: MetadataStore) -> None:
    for number in (9, 1, 7, 10_000, 3):
        store.put_object(DB, part_key("u", number), {"n": number})
    store.put_object(DB, part_key("v", 2), {"n": 2})
    whole = list_parts(store, DB, "u")
    assert whole.parts == [(number, {"n": number}) for number in (1, 3, 7, 9, 10_000)]
    assert (whole.is_truncated, whole.next_part_number_marker) == (False, 10_000)
    first = list_parts(store, DB, "u", max_parts=2)
    assert ([number for number, _ in first.parts], first.is_truncated, first.next_part_number_marker) == (
        [1, 3],
        True,
        3,
    )
    second = list_parts(store, DB, "u", max_parts=3, marker=3)
    assert ([number for number, _ in second.parts], second.is_truncated) == ([7, 9, 10_000], False)
    assert list_parts(store, DB, "w").parts == []
