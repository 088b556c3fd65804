"""A class that is said to be faithful reads what it wrote; what may differ is never said to be."""

from __future__ import annotations

import datetime
import enum
import math
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, field_serializer

from genie.contracts.message import Payload, Value, unvalidated
from genie.journal.faithful import faithful_text


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(Value):
    amount: Decimal
    at: datetime.datetime | None = None
    share: float = 0.5


class Plain(Payload, topic="faithful.plain"):
    text: str
    count: Annotated[int, Field(ge=-(10**20))]
    ratio: float
    colour: Colour
    kind: Literal["a", "b"]
    inner: tuple[Inner, ...] = ()
    words: frozenset[str] = frozenset()
    maybe: Inner | None = None


inners = st.builds(
    Inner, amount=st.decimals(allow_nan=False, allow_infinity=False),
    at=st.none() | st.datetimes(timezones=st.none() | st.just(datetime.UTC)), share=st.floats(),
)  # fmt: skip
plains = st.builds(
    Plain, text=st.text(), count=st.integers(-(10**20), 10**30), ratio=st.floats(), colour=st.sampled_from(Colour),
    kind=st.sampled_from(["a", "b"]), inner=st.lists(inners, max_size=3).map(tuple), words=st.frozensets(st.text()),
    maybe=st.none() | inners,
)  # fmt: skip


@given(plains)
def test_what_is_faithful_comes_back(payload: Plain) -> None:
    text = faithful_text(payload)
    if text is not None:
        assert Plain.model_validate_json(text) == payload


def example(**more: Any) -> Plain:
    given: dict[str, Any] = {"text": "null?", "count": 1, "ratio": 1.0, "colour": Colour.RED, "kind": "a"}
    return Plain(**given | more)


def test_an_ordinary_payload_is_faithful() -> None:
    class Ordinary(Payload, topic="faithful.ordinary"):
        text: str
        amounts: tuple[Decimal, ...] = ()
        note: str | None = None

    assert faithful_text(Ordinary(text="x", amounts=(Decimal("1.50"),))) is not None


@pytest.mark.parametrize("ratio", [math.nan, math.inf, -math.inf])
def test_a_float_that_is_no_number_is_not(ratio: float) -> None:
    assert faithful_text(example(ratio=ratio)) is None


def test_a_value_that_is_not_of_its_fields_type_is_not() -> None:
    for wrong in ({"count": "one"}, {"text": 5}):
        assert faithful_text(unvalidated(Plain, example().__dict__ | wrong)) is None


class Bytes(Payload, topic="faithful.bytes"):
    content: bytes = b"x"


class Either(Payload, topic="faithful.either"):
    value: Decimal | str = "5"


class Cut(Payload, topic="faithful.cut"):
    text: Annotated[str, AfterValidator(lambda text: text[:-1])] = "ab"


class Rounded(Payload, topic="faithful.rounded"):
    value: Annotated[float, PlainSerializer(round)] = 1.5


class Told(Payload, topic="faithful.told"):
    text: str = "x"

    @field_serializer("text")
    def _told(self, text: str) -> str:
        return text * 2


class Named(Payload, topic="faithful.named"):
    text: str = Field(default="x", alias="words")


class Left(Payload, topic="faithful.left"):
    text: str = Field(default="x", exclude=True)


class Stripped(Payload, topic="faithful.stripped"):
    model_config = ConfigDict(str_strip_whitespace=True)
    text: str = " x"


class Outer(Payload, topic="faithful.outer"):
    inside: Bytes | None = None


@pytest.mark.parametrize("kind", [Bytes, Either, Cut, Rounded, Told, Named, Left, Stripped, Outer])
def test_a_class_that_may_read_something_else_is_never_said_to_be(kind: type[Payload]) -> None:
    assert faithful_text(kind()) is None
