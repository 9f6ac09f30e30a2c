from __future__ import annotations

import concurrent.futures

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_cloudserver.clock import VirtualClock
from fake_cloudserver.metadata.version_id import VersionIdGenerator, decode, encode, infinite

VECTORS = [
    ("98376906954349999999RG001  ", "aJLWKz4Ko9Ij00000000001I4j3QKItW"),
    ("99999999999999999999RG001  ", "aUKYOzaUKYOz00000000001I4j3QKItW"),
    ("98505119639965999999RG001  ", "aKDK9daSsjRt00000000001I4j3QKItW"),
    ("98498980852335999999RG001  ", "aKBarX2y5Cjl00000000001I4j3QKItW"),
    ("00000000000000000000RG001  ", "00000000000000000000001I4j3QKItW"),
    ("98376906954349999999RG001  0", "39383337363930363935343334393939393939395247303031202030"),
    ("98500086134471999999RG001  0", "39383530303038363133343437313939393939395247303031202030"),
    (
        "98376906954349999999RG001  145.20.5",
        "3938333736393036393534333439393939393939524730303120203134352e32302e35",
    ),
]


class WanderingClock(VirtualClock):
    """A clock that may be set."""

    def set(self, seconds: float) -> None:
        self._now = seconds


@pytest.mark.parametrize(("internal", "encoded"), VECTORS)
def test_known_ids_encode_and_decode(internal: str, encoded: str) -> None:
    assert encode(internal) == encoded
    assert decode(encoded) == internal


@given(st.integers(0, 10**20 - 1), st.text("ABCdef019 ", min_size=7, max_size=7), st.text("0123456789.", max_size=9))
def test_decoding_undoes_encoding(digits: int, group: str, information: str) -> None:
    internal = f"{digits:020d}{group}{information}"
    assert decode(encode(internal)) == internal


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.sampled_from(["hex", "base62"]))
def test_each_id_is_newer_than_all_before_it_whatever_the_clock_does(steps: list[float], encoding: str) -> None:
    clock = WanderingClock(1000.0)
    generator = VersionIdGenerator(clock, "RG001", encoding)
    ids = []
    for step in steps:
        ids.append(generator.next())
        clock.set(clock.now() + step)
    assert ids == sorted(set(ids), reverse=True)
    assert all(made < generator.infinite for made in ids)


def test_more_ids_in_a_millisecond_than_there_are_sequences_go_on_into_the_next() -> None:
    generator = VersionIdGenerator(VirtualClock(1.0), "RG001", "base62")
    generator._milliseconds, generator._sequence = 1000, 999_998
    last, first = generator.next(), generator.next()
    assert last == "99999999998999000000RG001  "
    assert first == "99999999998998999999RG001  "


def test_hex_ids_carry_a_counter_and_base62_ids_do_not() -> None:
    clock = VirtualClock(0.0)
    with_counter = VersionIdGenerator(clock, "RG001")
    assert [with_counter.next(), with_counter.next()] == [
        "99999999999999999999RG001  0",
        "99999999999999999998RG001  1",
    ]
    assert VersionIdGenerator(clock, "RG001", "base62").next() == "99999999999999999999RG001  "


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown version id encoding: rot13"):
        VersionIdGenerator(VirtualClock(), "RG001", "rot13")


@pytest.mark.parametrize(("group", "shown"), [("RG001", "RG001  "), ("", "       "), ("PARISFRANCE", "PARISFR")])
def test_the_group_takes_seven_characters(group: str, shown: str) -> None:
    assert infinite(group) == "99999999999999999999" + shown


def test_threads_never_get_the_same_id() -> None:
    generator = VersionIdGenerator(VirtualClock(), "RG001", "base62")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: [generator.next() for _ in range(200)], range(4)))
    assert len({made for batch in batches for made in batch}) == 800
    assert all(batch == sorted(batch, reverse=True) for batch in batches)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "null",
        "x" * 31,
        "aJLWKz4Ko9Ij00000000001I4j3QKIt!",  # a character outside the alphabet
        "aJLWKz4Ko9Ij0000000000000000QKIt",  # a group that is too short
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "g" * 40,  # no hexadecimal at all
    ],
)
def test_what_is_no_id_is_refused_with_the_text_that_listings_show(encoded: str) -> None:
    with pytest.raises(ValueError, match=f"^cannot decode str {len(encoded)}$"):
        decode(encoded)


@pytest.mark.parametrize(
    ("encoded", "internal"),
    [
        ("39383337363930363935343334393939393939395247303031202030zz31", "98376906954349999999RG001  0"),
        ("393833373639303639353433343939393939393952473030312020303", "98376906954349999999RG001  0"),
        ("4A" * 17, "J" * 17),
        ("ff" * 17, "\ufffd" * 17),
    ],
)
def test_hexadecimal_is_read_leniently(encoded: str, internal: str) -> None:
    assert decode(encoded) == internal


def test_a_character_outside_the_alphabet_in_the_digits_may_still_give_an_id() -> None:
    # As the base62 library computes it: ":" counts -19, so that ":0" in the last two places is 1178 less.
    internal = decode("aJLWKz4Ko91:00000000001I4j3QKItW")
    assert internal[:10] == "9837690695"
    assert internal[20:] == "RG001  "
