"""Attack: a payload class takes from a plain class beside it what it may not define itself, or a text with attributes.

A field is then read by an inspector as one value and by a recipient as another, or carries what nobody looks into.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pytest
from pydantic_core import core_schema

from genie import Payload
from genie.errors import PayloadDefinitionError


class Slotted:
    """A plain class without attributes of its own."""

    __slots__ = ()

    def shout(self) -> str:
        return str(getattr(self, "text", "")).upper()


class Open:
    """The same, whose instances take attributes."""

    def shout(self) -> str:
        return str(getattr(self, "text", "")).upper()


class Box(str):
    """A text to which anything can be attached."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls)


class Boxed(Box):
    """A text that adds no attributes, and has those of its base."""

    __slots__ = ()


@pytest.mark.filterwarnings("ignore:Field name")
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("__getattribute__", lambda self, name: f"{self}{name}"),
        ("__getattr__", lambda _self, _name: "other"),
        ("__class__", property(lambda _self: str)),
        ("__setstate__", lambda _self, _state: None),
        ("kept", cached_property(lambda self: self.text)),
        ("text", property(lambda _self: "other")),
    ],
)
def test_what_a_class_may_not_define_it_may_not_borrow(name: str, member: object, first: bool) -> None:
    borrowed = type("Borrowed", (Open,), {name: member})
    bases = (borrowed, Payload) if first else (Payload, borrowed)
    with pytest.raises(PayloadDefinitionError):
        type("Two", bases, {"__module__": __name__, "__annotations__": {"text": str}}, topic="attack.borrowed")


@pytest.mark.parametrize("beside", [Slotted, Open])
def test_methods_may_be_borrowed(beside: type) -> None:
    made: Any = type(
        "One", (beside, Payload), {"__module__": __name__, "__annotations__": {"text": str}}, topic="attack.m"
    )
    assert made(text="a").shout() == "A"


@pytest.mark.parametrize("kind", [Box, Boxed, tuple[Box, ...], Box | None])
def test_a_text_that_takes_attributes_is_no_field(kind: Any) -> None:
    with pytest.raises(PayloadDefinitionError):
        type("Three", (Payload,), {"__module__": __name__, "__annotations__": {"text": kind}}, topic="attack.boxed")
