"""Which payloads are JSON as they are dumped, and that each writer makes the same of them."""

from __future__ import annotations

import datetime
import enum
import json
from decimal import Decimal
from typing import Annotated, Literal

import pytest
from pydantic import Field, PlainSerializer, field_serializer
from pydantic_core import to_json

from genie.contracts.message import Payload, Value
from genie.contracts.serialization import as_wire, is_json
from genie.server.messages import encoded


class Inner(Value):
    words: tuple[str, ...]
    level: Literal["low", "high"] = "low"


class Plain(Payload, topic="serialization.plain"):
    count: Annotated[int, Field(ge=0)]
    series: tuple[float, ...]
    inner: Inner | None
    table: tuple[tuple[str, tuple[Inner, ...]], ...]


class Colour(enum.StrEnum):
    RED = "red"


class Timed(Payload, topic="serialization.timed"):
    at: datetime.datetime


class Priced(Payload, topic="serialization.priced"):
    price: Decimal


class Packed(Payload, topic="serialization.packed"):
    one: bytes


class Coloured(Payload, topic="serialization.coloured"):
    one: Colour


class Outer(Payload, topic="serialization.outer"):
    timed: tuple[Timed, ...]


class Written(Payload, topic="serialization.written"):
    one: int

    @field_serializer("one")
    def wrapped(self, one: int) -> bytes:
        return bytes([one])


class Noted(Payload, topic="serialization.noted"):
    one: Annotated[int, PlainSerializer(lambda one: {one})]


PLAIN = Plain(count=1, series=(1.0, 2.5), inner=Inner(words=("a", "é")), table=(("x", (Inner(words=()),)),))


@pytest.mark.parametrize("kind", [Timed, Priced, Packed, Coloured, Outer, Written, Noted])
def test_what_json_has_several_forms_for_is_not_taken_as_it_is(kind: type[Payload]) -> None:
    assert not is_json(kind)


def test_a_plain_payload_is_the_same_in_every_way() -> None:
    assert is_json(Plain)
    assert json.loads(to_json(PLAIN.model_dump())) == as_wire(PLAIN) == json.loads(encoded(PLAIN.model_dump()))


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_not_finite_is_text(number: float) -> None:
    odd = PLAIN.model_copy(update={"series": (1.0, number)})
    text = encoded({"answer": odd.model_dump(), "said": "NaN is Infinity"})
    found = json.loads(text, parse_constant=pytest.fail)
    assert found == {"answer": as_wire(odd), "said": "NaN is Infinity"}
    assert found["answer"]["series"][1] == str(number)
