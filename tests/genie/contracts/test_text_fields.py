"""Reading a payload's strings by path, and masking some in a copy."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import StringConstraints

from genie.contracts import text as fields
from genie.contracts.maskable import is_maskable
from genie.contracts.message import Path, Payload, Value


class Colour(enum.StrEnum):
    RED = "red"


class Line(Value):
    text: str
    code: Annotated[str, StringConstraints(max_length=8)] = "c"
    amount: Decimal = Decimal(1)


class Inner(Value):
    name: str
    tags: tuple[str, ...] = ()


class Everything(Payload, topic="test.everything"):
    plain: str = "plain text"
    maybe: str | None = None
    kind: Literal["a", "b"] = "a"
    colour: Colour = Colour.RED
    limited: Annotated[str, StringConstraints(max_length=20)] = "limited"
    raw: bytes = b"caf\xc3\xa9"
    day: datetime.date = datetime.date(2024, 1, 31)
    numbers: tuple[float, ...] = (1.0, 2.0)
    words: tuple[str, ...] = ("one", "two")
    pair: tuple[str, int] = ("left", 1)
    labels: frozenset[str] = frozenset({"label"})
    line: Line = Line(text="single")
    lines: tuple[Line, ...] = (Line(text="first"), Line(text="second"))
    inner: Inner = Inner(name="in", tags=("t",))
    option: Inner | None = None


def texts(payload: Value) -> dict[Path, tuple[str, bool]]:
    return {part.path: (part.text, part.maskable) for part in fields.texts(payload)}


def test_every_string_is_listed_with_its_path_and_whether_it_can_be_masked() -> None:
    assert texts(Everything(maybe="here", option=Inner(name="opt"))) == {
        ("plain",): ("plain text", True),
        ("maybe",): ("here", True),
        ("limited",): ("limited", False),
        ("raw",): ("caf\u00c3\u00a9", False),
        ("words", 0): ("one", True),
        ("words", 1): ("two", True),
        ("pair", 0): ("left", False),
        ("labels", 0): ("label", False),
        ("line", "text"): ("single", True),
        ("line", "code"): ("c", False),
        ("lines", 0, "text"): ("first", True),
        ("lines", 0, "code"): ("c", False),
        ("lines", 1, "text"): ("second", True),
        ("lines", 1, "code"): ("c", False),
        ("inner", "name"): ("in", True),
        ("inner", "tags", 0): ("t", True),
        ("option", "name"): ("opt", True),
    }


def test_the_quick_reader_sees_the_same_strings_but_literals() -> None:
    payload = Everything(maybe="here", option=Inner(name="opt", tags=("x",)))
    reader = fields.reader(Everything)
    parts: list[str] = []
    reader.read(payload, parts)
    for name in reader.bulky:
        fields.reader(type(getattr(payload, name))).read(getattr(payload, name), parts)

    listed = [text for path, (text, _) in texts(payload).items() if path != ("kind",)]

    assert sorted(parts) == sorted(listed)


def test_bytes_are_read_as_latin_1() -> None:
    assert texts(Everything(raw=bytes(range(256))))[("raw",)] == ("".join(map(chr, range(256))), False)


@pytest.mark.parametrize(
    "path",
    [
        ("kind",), ("colour",), ("limited",), ("raw",), ("day",), ("numbers", 0), ("pair", 0), ("labels", 0), ("line",),
        ("line", "code"), ("lines", "text"), ("lines", 0), ("lines", 0, "amount"), ("plain", 0), ("nowhere",),
        ("inner", "nowhere"), ("words",), (),
    ],
)  # fmt: skip
def test_masking_anything_but_a_plain_string_field_is_refused(path: Path) -> None:
    assert not is_maskable(Everything, path)
    with pytest.raises(LookupError):
        fields.masked(Everything(), {path: ()})


@pytest.mark.parametrize(
    "path",
    [
        ("plain",),
        ("maybe",),
        ("words", 7),
        ("line", "text"),
        ("lines", 3, "text"),
        ("inner", "tags", 0),
        ("option", "name"),
    ],
)
def test_plain_string_fields_can_be_masked_wherever_they_are(path: Path) -> None:
    assert is_maskable(Everything, path)


def test_one_path_that_cannot_be_masked_refuses_all() -> None:
    with pytest.raises(LookupError):
        fields.masked(Everything(), {("plain",): (), ("kind",): ()})


def test_paths_in_tuples_and_values_are_masked_and_the_rest_is_shared() -> None:
    payload = Everything()

    copy = fields.masked(
        payload,
        {("lines", 1, "text"): ((0, 3, "pii"),), ("words", 0): (), ("inner", "tags", 0): (), ("option", "name"): ()},
    )

    assert isinstance(copy, Everything)
    assert copy.lines[1].text == "[pii]ond"
    assert copy.words == ("[masked]", "two")
    assert copy.inner.tags == ("[masked]",)
    assert copy.option is None
    assert copy.lines[0] is payload.lines[0]
    assert copy.line is payload.line
    assert payload == Everything()
    assert Everything.model_validate(copy.model_dump()) == copy


def test_overlapping_and_touching_spans_leave_nothing_of_either() -> None:
    spans = ((2, 5, "a"), (4, 8, "b"), (8, 9, "c"), (2, 3, "d"))

    assert fields.masked(Everything(plain="0123456789"), {("plain",): spans}).plain == "01[d][c]9"  # type: ignore[attr-defined] - typed as Payload


WORDS = st.text(st.characters(blacklist_characters="[]", blacklist_categories=("Cs",)), max_size=20)


@given(st.lists(WORDS, max_size=5), WORDS, st.data())
def test_masking_removes_exactly_the_spans_and_shares_the_rest(
    words: list[str], plain: str, data: st.DataObject
) -> None:
    payload = Everything(words=tuple(words), plain=plain)
    spots = [("plain",), *(("words", at) for at in range(len(words)))]
    chosen = data.draw(st.lists(st.sampled_from(spots), unique=True))
    spans: dict[Path, tuple[tuple[int, int, str], ...]] = {}
    for path in chosen:
        text = texts(payload)[path][0]
        if text:
            ends = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
            drawn = data.draw(st.lists(ends.filter(lambda pair: pair[0] < pair[1]), min_size=1, max_size=4))
            spans[path] = tuple((start, end, "x") for start, end in drawn)

    copy = fields.masked(payload, spans)

    for path, (text, _) in texts(payload).items():
        after = texts(copy)[path][0]
        if path not in spans:
            assert after is text or path[0] in {"raw", "labels"}
            continue
        gone = {at for start, end, _ in spans[path] for at in range(start, end)}
        assert after.replace("[x]", "") == "".join(char for at, char in enumerate(text) if at not in gone)
    assert copy.lines is payload.lines
    assert copy.inner is payload.inner
