"""Broken JSON is mended to the value that was meant, or refused by name; never to another value."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.model_call import MOST_JSON, Stop
from genie.edges.llm.output.pipeline import LOOP_CHARACTERS, MalformedAnswerError, Read, answer, answer_now, json_of
from genie.edges.llm.output.repair import MOST_REPAIRED, repaired
from genie.edges.llm.output.strict import JsonTextError, parsed

MEANT = {"name": "Asha", "amount": 1000, "open": True, "tags": ["a", "b"], "note": None}
PLAIN = json.dumps(MEANT)

# kind -> text, what it means, what was mended; None where it must be refused
CORPUS: dict[str, tuple[str, Any, tuple[str, ...] | None]] = {
    "fence": (f"```json\n{PLAIN}\n```", MEANT, ()),
    "fence and words": (f"Here you are {{as asked}}:\n```\n{PLAIN}\n```\nAnything else?", MEANT, ()),
    "words around": (f"Sure! It's this: {PLAIN} Let me know.", MEANT, ()),
    "trailing comma in an object": (PLAIN[:-1] + ",}", MEANT, ("trailing_comma",)),
    "trailing comma in a list": (PLAIN.replace('"b"]', '"b" , ]'), MEANT, ("trailing_comma",)),
    "single quotes": (
        "{'name': 'Asha', 'amount': 1000, 'open': true, 'tags': ['a', 'b'], 'note': null}", MEANT, ("quotes",)
    ),
    "curly quotes": (PLAIN.replace('"Asha"', "“Asha”"), MEANT, ("quotes",)),
    "keys without quotes": (
        '{name: "Asha", amount: 1000, open: true, tags: ["a", "b"], note: null}', MEANT, ("key_without_quotes",)
    ),
    "words of Python": (PLAIN.replace("true", "True").replace("null", "None"), MEANT, ("word",)),
    "comment to the end of a line": (PLAIN.replace("1000,", "1000, // whole\n"), MEANT, ("comment",)),
    "comment between": (PLAIN.replace("1000,", "/* sum: { */ 1000, # yes\n"), MEANT, ("comment",)),
    "forgotten comma between lines": (PLAIN.replace('"Asha", ', '"Asha"\n'), MEANT, ("missing_comma",)),
    "forgotten comma behind a number": (PLAIN.replace("1000, ", "1000 "), MEANT, ("missing_comma",)),
    "line break in a string": ('{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}, ("control_letter",)),
    "escaped apostrophe": ('{"a": "it\\\'s"}', {"a": "it's"}, ("escape",)),
    "quotes in single quotes": ("""{'a': 'say "x"'}""", {"a": 'say "x"'}, ("quotes",)),
    "byte-order mark and hard spaces": ("\ufeff" + PLAIN.replace(": ", ":\u00a0"), MEANT, ("space",)),
    "plus sign and bare point": ('{"a": +1, "b": .5, "c": 5., "d": -.25}',
                                 {"a": 1, "b": 0.5, "c": 5, "d": -0.25}, ("number",)),
    "windows lines": (PLAIN.replace(", ", ",\r\n  ").replace("null", "None"), MEANT, ("word",)),
    "several at once": (
        "```json\n{name: 'Asha', // her\n amount: 1000,\n open: True, tags: ['a', 'b',], note: None,}\n```", MEANT,
        ("comment", "key_without_quotes", "quotes", "trailing_comma", "word"),
    ),
    # What would take a guess.
    "cut number": ('{"amount": 10', None, None),
    "cut string": ('{"name": "Ash', None, None),
    "cut word": ('{"open": tru', None, None),
    "cut word that was closed": ('{"open": tru}', None, None),
    "value that is missing": ('{"amount": , "name": "x"}', None, None),
    "value that may be missing": ('{"tags": ["a",, "b"]}', None, None),
    "two objects": ('{"a": 1} {"a": 2}', None, None),
    "object within an unfinished one": ('{"a": {"b": 1}, "c":', None, None),
    "NaN": ('{"amount": NaN,}', None, None),
    "infinity": ('{"amount": -Infinity}', None, None),
    "double key": ('{"amount": 1, "amount": 2,}', None, None),
    "quotes within quotes": ('{"name": "the "best" one"}', None, None),
    "leading zero": ('{"amount": 0100}', None, None),
    "hexadecimal": ('{"amount": 0x10}', None, None),
    "thousands": ('{"amount": 1,000}', None, None),
    "underscores": ('{"amount": 1_000}', None, None),
    "rounded": ('{"amount": 12345678901234567.89}', None, None),
    "too large": ('{"amount": 1e999}', None, None),
    "half a surrogate pair": ('{"name": "\\ud800"}', None, None),
    "prose": ("I cannot answer that.", None, None),
    "half a number": ("100", None, None),
    "nothing": ("", None, None),
    "deep": ("[" * 33 + "]" * 33, None, None),
    "very deep": ('{"a":' * 20_000, None, None),
    "two fences": (f"```\n{PLAIN}\n```\n```\n{PLAIN}\n```", None, None),
    "equals signs": ('{"amount" = 1}', None, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", CORPUS)
def test_the_corpus(kind: str) -> None:
    text, meant, mended = CORPUS[kind]
    if mended is None:
        with pytest.raises(MalformedAnswerError) as refused:
            json_of(text, stop=Stop.ANSWERED, exact=False)
        assert refused.value.code
        assert refused.value.report.mended == ()
        return
    made, report = json_of(text, stop=Stop.ANSWERED, exact=False)
    assert json.loads(made) == meant
    assert (report.strict, report.mended) == (False, mended)
    assert report.places >= len(mended)


SAMPLES = [text for text, _, mended in CORPUS.values() if mended is not None] + [
    PLAIN, json.dumps(MEANT, indent=2), json.dumps([MEANT, MEANT]),
    '{"amount":100000.25,"iban":"DE89370400440532013000"}',
    '{"a":{"b":{"c":[1,22,333]}}}', '{"a":"\\u00e9\\n\\"quoted\\""}', "[[],{},[{}]]", '{"n":-12.5e3}',
    *(f'{{"amount": {amount}, "to": "{to}"}}' for amount, to in ((1, "x"), (1_000_000, "AB12"), (12.34, "9-9"))),
]  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_text_cut_at_any_letter_is_refused_or_what_was_meant(sample: str) -> None:
    whole, _ = json_of(sample, stop=Stop.ANSWERED, exact=False)
    for end in range(len(sample)):
        try:
            made, _ = json_of(sample[:end], stop=Stop.ANSWERED, exact=False)
        except MalformedAnswerError:
            continue
        assert json.loads(made) == json.loads(whole), sample[:end]


@pytest.mark.parametrize("kind", [kind for kind, row in CORPUS.items() if row[2]])
def test_nothing_is_mended_after_a_limit_or_where_a_field_is_exact(kind: str) -> None:
    text = CORPUS[kind][0]
    for stop in (Stop.LENGTH, Stop.FILTERED, Stop.REFUSED):
        with pytest.raises(MalformedAnswerError) as refused:
            json_of(text, stop=stop, exact=False)
        assert refused.value.report.refused == "length_stop"
    with pytest.raises(MalformedAnswerError) as refused:
        json_of(text, stop=Stop.ANSWERED, exact=True)
    assert refused.value.report.refused == "exact_schema"


def test_an_exact_answer_may_be_unwrapped() -> None:
    made, report = json_of(CORPUS["fence"][0], stop=Stop.ANSWERED, exact=True)
    assert json.loads(made) == MEANT
    assert (report.extracted, report.mended) == (True, ())


def test_a_whole_answer_is_taken_at_its_limit() -> None:
    assert json_of(PLAIN, stop=Stop.LENGTH, exact=True)[0] == PLAIN


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.decimals(-1_000, 1_000, places=2).map(float),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=5))
def test_what_is_not_broken_stays_as_it_is(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert parsed(text) == value
    assert parsed(repaired(text).text) == value


@given(st.text(alphabet="{}[]:,\"'\\ \n/*#abtrue01.-+eN“”", max_size=60))
def test_nothing_crashes_and_what_is_made_is_json(text: str) -> None:
    try:
        made, _ = json_of(text, stop=Stop.ANSWERED, exact=False)
    except MalformedAnswerError:
        return
    assert isinstance(parsed(made), dict | list)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" + "1," * (MOST_JSON // 2) + "1]", "too_long"),
        ('{"k":1,' * 9_000, "too_deep"),
        ("{'a': '" + "\\'" * 30_000, "unfinished"),
        ("{" + "'a' " * 15_000 + "}", "syntax"),
        ("{/*" + "*" * 60_000, "unfinished"),
        ("```\n" + " " * 200_000, "unfinished"),
        ("{" + " " * 60_000, "unfinished"),
        ('{"a": "' + '\\"' * 32_000, "unfinished"),
    ],
)
def test_hostile_texts_end_soon(text: str, code: str) -> None:
    with pytest.raises(MalformedAnswerError) as refused:
        json_of(text, stop=Stop.ANSWERED, exact=False)
    assert refused.value.code == code


def test_a_long_text_is_refused_as_it_is() -> None:
    with pytest.raises(JsonTextError) as refused:
        repaired("[" + "1," * MOST_REPAIRED + "]")
    assert refused.value.code == "too_long"


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    lines: tuple[str, ...] = ()


class Transfer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Decimal = Field(json_schema_extra={"exact": True})


def test_a_payload_comes_with_its_report() -> None:
    found = answer_now("{name: 'Asha', lines: ['x',]}", Order, stop=Stop.ANSWERED)
    assert found.payload == Order(name="Asha", lines=("x",))
    assert found.report.mended == ("key_without_quotes", "quotes", "trailing_comma")


def test_fields_that_are_wrong_are_named_and_not_quoted() -> None:
    with pytest.raises(MalformedAnswerError) as refused:
        answer_now('{"name": 4711, "lines": ["x", 4712], "secret": 4713}', Order, stop=Stop.ANSWERED)
    assert refused.value.code == "schema"
    assert [(one.path, one.kind) for one in refused.value.problems] == [
        ("name", "string_type"), ("lines.1", "string_type"), ("secret", "extra_forbidden"),
    ]  # fmt: skip
    assert "471" not in repr(refused.value) + repr(refused.value.problems)


def test_an_amount_that_is_marked_is_never_mended() -> None:
    assert answer_now('```\n{"amount": "10.50"}\n```', Transfer, stop=Stop.ANSWERED).payload.amount == Decimal("10.50")
    with pytest.raises(MalformedAnswerError) as refused:
        answer_now("{amount: 10.50}", Transfer, stop=Stop.ANSWERED)
    assert refused.value.code == "exact_schema"


@pytest.mark.anyio
async def test_a_long_answer_is_mended_off_the_loop() -> None:
    text = "{name: 'x', lines: [" + "'abcdefgh'," * 3_000 + "]}"
    assert len(text) > LOOP_CHARACTERS
    found: list[Read[Order]] = []
    with anyio.fail_after(30):
        found.append(await answer(text, Order, stop=Stop.ANSWERED))
    assert len(found[0].payload.lines) == 3_000
