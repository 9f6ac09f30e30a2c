from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tape.aliases import Bindings, Namer, escape, is_alias, unescape

INTERNAL = "98204619311460999999RG001  204"
ENCODED = INTERNAL.encode().hex()
OTHER_INTERNAL = "98204619311421999999RG001  205"
OTHER_ENCODED = OTHER_INTERNAL.encode().hex()
AWS_VERSION = "c158d319-5415-4abb-b817-3db12ccad730"


def test_a_value_has_one_name_wherever_it_comes() -> None:
    namer = Namer()

    names = [namer.of_answer("version", value) for value in (ENCODED, AWS_VERSION, ENCODED)]

    assert names == ["<version:1>", "<version:2>", "<version:1>"]
    assert namer.of_request("version", AWS_VERSION) == "<version:2>"


def test_both_forms_of_a_version_id_have_one_number() -> None:
    namer = Namer()

    assert namer.of_answer("version", ENCODED) == "<version:1>"
    assert namer.of_answer("version", INTERNAL) == "<version:1:internal>"
    assert namer.of_request("version", INTERNAL) == "<version:1:internal>"


def test_kinds_are_counted_apart() -> None:
    namer = Namer()

    assert namer.of_answer("version", AWS_VERSION) == "<version:1>"
    assert namer.of_answer("upload", AWS_VERSION) == "<upload:1>"


@pytest.mark.parametrize("value", ["null", "", "Error: cannot decode str 5", "r1"])
def test_constants_and_messages_stand_for_themselves(value: str) -> None:
    assert Namer().of_answer("version", value) == value


def test_what_a_client_made_up_stands_for_itself() -> None:
    namer = Namer()

    assert namer.of_request("upload", "0" * 32) == "0" * 32
    assert namer.of_answer("upload", "0" * 32) == "0" * 32


@pytest.mark.parametrize(("value", "name"), [(118, "<data:1>"), ("A0" * 20, "<data:1>"), ("docs/a key", "docs/a key")])
def test_keys_of_data_are_numbers_or_long_hex(value: object, name: str) -> None:
    assert Namer().of_answer("data", value) == name


def test_secrets_never_stand_in_a_tape() -> None:
    namer = Namer()

    assert namer.of_request("secret", "s") == "<secret:1>"
    assert namer.of_answer("secret", "t") == "<secret:2>"


def test_a_name_is_learnt_once_and_holds() -> None:
    bindings = Bindings()

    assert bindings.agrees("version", "<version:1>", OTHER_ENCODED)
    assert bindings.agrees("version", "<version:1>", OTHER_ENCODED)
    assert not bindings.agrees("version", "<version:1>", ENCODED)
    assert bindings.to_send("<version:1>") == OTHER_ENCODED
    assert bindings.alias_of("version", OTHER_ENCODED) == "<version:1>"
    assert "<version:1>" in bindings
    assert "<version:2>" not in bindings


@pytest.mark.parametrize(
    ("learnt", "value", "other", "other_value"),
    [
        ("<version:3>", ENCODED, "<version:3:internal>", INTERNAL),
        ("<version:3:internal>", INTERNAL, "<version:3>", ENCODED),
    ],
)
def test_one_form_of_a_version_id_tells_the_other(learnt: str, value: str, other: str, other_value: str) -> None:
    bindings = Bindings()
    bindings.agrees("version", learnt, value)

    assert bindings.to_send(other) == other_value
    assert bindings.agrees("version", other, other_value)
    assert not bindings.agrees("version", other, OTHER_INTERNAL)


def test_two_names_are_two_values() -> None:
    bindings = Bindings()
    bindings.agrees("version", "<version:1>", ENCODED)

    assert not bindings.agrees("version", "<version:2>", ENCODED)


@pytest.mark.parametrize("live", ["null", "", None, 7, "Error: cannot decode str 5"])
def test_a_name_stands_for_something_generated(live: object) -> None:
    assert not Bindings().agrees("version", "<version:1>", live)


def test_a_recorded_constant_is_that_constant() -> None:
    bindings = Bindings()

    assert bindings.agrees("version", "null", "null")
    assert not bindings.agrees("version", "null", ENCODED)


def test_an_unknown_name_is_sent_as_something_no_server_knows() -> None:
    bindings = Bindings()

    assert bindings.to_send("<version:4:internal>") == "unknown-version-4-internal"
    assert bindings.to_send("<secret:1>") == "secret1"


def test_data_keys_keep_their_type() -> None:
    bindings = Bindings()
    bindings.agrees("data", "<data:1>", 12)

    assert bindings.to_send("<data:1>") == 12


@given(st.text(max_size=20) | st.just("<version:1>") | st.just("<<version:1>"))
def test_any_value_can_stand_in_a_field_of_ids(value: str) -> None:
    written = escape(value)

    assert not is_alias(written)
    assert unescape(written) == value
    assert Bindings().to_send(written) == value
