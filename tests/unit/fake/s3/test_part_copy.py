"""Which bytes of which pieces a range of an object is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fake_cloudserver.s3.part_copy import SourceRange


@settings(deadline=None)  # a busy machine is no fault
@given(pieces=st.lists(st.binary(max_size=7), min_size=1, max_size=6), data=st.data())
def test_pieces_are_the_range(pieces: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(pieces)
    elements = [{"key": position, "size": len(piece)} for position, piece in enumerate(pieces)]
    md = {"content-length": len(whole), "location": elements}
    header, wanted = "", whole
    if whole:
        first = data.draw(st.integers(0, len(whole) - 1))
        last = data.draw(st.integers(first, len(whole) + 3))
        header, wanted = f"bytes={first}-{last}", whole[first : last + 1]
    source = SourceRange.of(md, header)
    found = [pieces[element["key"]][low : high + 1] for element, low, high in source.pieces()]
    assert b"".join(found) == wanted
    assert source.size == len(wanted)
    assert all(found)


def test_data_from_before_sizes_were_kept() -> None:
    source = SourceRange.of({"content-length": 9, "location": "key"}, "bytes=2-5")
    assert list(source.pieces()) == [({"key": "key"}, 2, 5)]
