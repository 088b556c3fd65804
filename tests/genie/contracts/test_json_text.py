"""Strings inside JSON text are read, found and masked by path, like any other string of a payload."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genie.contracts import json_text
from genie.contracts import text as fields
from genie.contracts.json_text import JsonText
from genie.contracts.maskable import is_maskable
from genie.contracts.message import Payload
from genie.contracts.model_call import ModelRequest, Role, Text, ToolCall, ToolSpec, Turn
from genie.policies.pii import Pii
from genie.policy.inspection import Inspectors

CARD = "4111 1111 1111 1111"


class Called(Payload, topic="tests.called"):
    arguments: JsonText
    maybe: JsonText | None = None


def read(payload: Payload) -> list[str]:
    into: list[str] = []
    fields.reader(type(payload)).read(payload, into)
    return into


def of(value: object) -> JsonText:
    return JsonText(json.dumps(value))


def test_strings_and_keys_are_read_without_the_numbers_of_amounts():
    payload = Called(arguments=of({"to": {"name": "Asha"}, "amount": 999999999999, "tags": ["a", "b"]}))
    assert read(payload) == ["to", "name", "Asha", "amount", "tags", "a", "b"]
    assert [found.path for found in fields.texts(payload)] == [
        ("arguments", "to"), ("arguments", "to", "name"), ("arguments", "to", "name"), ("arguments", "amount"),
        ("arguments", "tags"), ("arguments", "tags", 0), ("arguments", "tags", 1),
    ]  # fmt: skip


def test_a_long_number_that_may_be_of_a_person_is_read_by_its_name():
    (found,) = [one for one in fields.texts(Called(arguments=of({"card": 4111111111111111}))) if " " in one.text]
    assert (found.path, found.text, found.maskable) == (("arguments", "card"), "card 4111111111111111", False)


@pytest.mark.parametrize("text", ['{"a": "x"', '{"a": "x", "a": "y"}', "[" * 5000, "not json"])
def test_text_that_is_not_plain_json_is_read_as_it_stands(text):
    assert read(Called(arguments=JsonText(text))) == [text]


def test_masking_serialises_again_and_stays_json():
    payload = Called(arguments=of({"note": f"pay {CARD} now", "n": 3}), maybe=of(["x"]))
    masked = fields.masked(payload, {("arguments", "note"): ((4, 4 + len(CARD), "card"),)})
    assert json.loads(masked.arguments) == {"note": "pay [card] now", "n": 3}
    assert masked.maybe == payload.maybe


def test_a_key_or_a_number_is_not_masked():
    payload = Called(arguments=of({"n": 3}))
    with pytest.raises(LookupError):
        fields.masked(payload, {("arguments", "n"): ()})


NESTED = st.recursive(
    st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(NESTED)
def test_every_string_can_be_masked_where_it_was_read(value):
    payload = Called(arguments=of({"value": value}))
    for found in fields.texts(payload):
        if found.maskable and len(found.path) > 1:
            assert is_maskable(Called, found.path)
            masked = fields.masked(payload, {found.path: ()})
            assert "[masked]" in [one.text for one in fields.texts(masked)]


def test_what_a_model_is_asked_is_masked_in_every_kind_of_part():
    request = ModelRequest(
        turns=(
            Turn(role=Role.USER, parts=(Text(text=f"my card is {CARD}"),)),
            Turn(role=Role.ASSISTANT, parts=(ToolCall(id="c1", name="pay", arguments=of({"card": CARD})),)),
        ),
        tools=(ToolSpec(name="pay", description="pays", parameters=of({"type": "object"})),),
    )
    inspection = Inspectors(Pii().inspectors).inspect(request)
    assert inspection.failed is None
    paths = {finding.path for finding in inspection.findings}
    assert paths == {("turns", 0, "parts", 0, "text"), ("turns", 1, "parts", 0, "arguments", "card")}
    assert all(finding.maskable and is_maskable(ModelRequest, finding.path) for finding in inspection.findings)
    masked = fields.masked(request, dict.fromkeys(paths, ()))
    assert CARD not in masked.model_dump_json()
    assert ModelRequest.model_validate_json(masked.model_dump_json()) == masked


def test_a_mask_that_makes_a_string_too_long_is_refused():
    spec = ToolSpec(name="pay", description="d" * 4096, parameters=of({}))
    request = ModelRequest(turns=(Turn(role=Role.USER, parts=()),), tools=(spec,))
    with pytest.raises(LookupError):
        fields.masked(request, {("tools", 0, "description"): ((0, 1, "card"),)})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("a")
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)


@given(ANY)
def test_the_quick_reading_reads_what_the_one_with_paths_reads(value):
    text = of({"a": value})
    found = json_text.leaves(text)
    assert [(leaf.name, repr(leaf.value)) for leaf in found] == [
        (name, repr(value)) for name, value in json_text.words(text)
    ]
    payload = Called(arguments=text)
    assert read(payload) == [part.text for part in fields.texts(payload)]


PIECES = (
    "{", "}", "[", "]", ",", ":", '"a"', '"a":', '"b":', '"\\"":', '"\\u0061":', '"', "1", "-0", "1e400", "NaN", "-NaN",
    "-Infinity", "9" * 20, "9" * 4_301, "true", "null", " ", "\ufeff", "\x00", "\ud800", '"\ud800"', '"\x1f"', "'",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example('{"a":1,"b":{"a":[{"a":2,"\\u0061":3}]}}')
@example('{"a":"x","a":1}')
@example('[{"b":"","b":""}]')
@example('{"a":1,"\\u0061":1}')
def test_any_text_has_the_same_words_in_both_readings(text):
    found, words = json_text.leaves(text), json_text.words(text)
    assert (found is None) is (words is None)
    assert [(leaf.name, repr(leaf.value)) for leaf in found or ()] == [
        (name, repr(value)) for name, value in words or ()
    ]


@pytest.mark.parametrize("levels", range(json_text.MOST_DEPTH - 2, json_text.MOST_DEPTH + 3))
@pytest.mark.parametrize("inside", ["[]", '"x"', '{"k": 1}', "{}", ""])
def test_text_that_is_nested_too_deep_is_read_as_it_stands_by_both(levels, inside):
    for text in ("[" * levels + inside + "]" * levels, '{"a":' * levels + (inside or "1") + "}" * levels):
        assert (json_text.leaves(text) is None) is (json_text.words(text) is None)


@pytest.mark.parametrize("text", ['{"a": "x", "a": "y"}', '[{"a": 1, "a": 1}]', '{"a": {"b": 1, "b": 2}}', "{", ""])
def test_text_that_is_not_plain_json_has_no_words(text):
    assert json_text.leaves(text) is json_text.words(text) is None
