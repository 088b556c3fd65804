"""Of an answer that streams, only what can no longer change is shown, and it fits its field."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from genie.edges.llm.output.partial import Prefixes
from genie.edges.llm.output.pipeline import MalformedAnswerError


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    count: int


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    amount: Annotated[int, Field(le=5_000)]
    lines: tuple[Line, ...]
    open: bool
    note: str | None = None


TEXT = json.dumps(
    {
        "name": 'A "b", {c}\\', "amount": 1000, "lines": [{"what": "x,]", "count": 12}, {"what": "y", "count": 3}],
        "open": True, "note": None,
    }
)  # fmt: skip


def after(text: str) -> Any:
    return dict(Prefixes(Order).feed(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", {}),
        ("Here it is: ", {}),
        ('{"name": "A', {}),
        ('{"name": "A"', {}),
        ('{"name": "A",', {"name": "A"}),
        ('{"name": "A", "amount": 10', {"name": "A"}),
        ('{"name": "A", "amount": 1000,', {"name": "A", "amount": 1000}),
        ('{"open": tru', {}),
        ('{"open": true', {}),
        ('{"open": true}', {"open": True}),
        ('{"lines": [', {"lines": ()}),
        ('{"lines": [{"what": "x", "count": 1', {"lines": ()}),
        ('{"lines": [{"what": "x", "count": 1}', {"lines": ()}),
        ('{"lines": [{"what": "x", "count": 1},', {"lines": (Line(what="x", count=1),)}),
        ('{"lines": []', {"lines": ()}),
        ('{"lines": [{"what": "x", "count": 1}]', {"lines": (Line(what="x", count=1),)}),
    ],
)
def test_what_may_grow_is_withheld(text: str, shown: dict[str, Any]) -> None:
    assert after(text) == shown


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_any_cut_shows_the_same_and_never_takes_back(cuts: list[int]) -> None:
    whole = Order.model_validate_json(TEXT)
    prefixes, last = Prefixes(Order), {}
    places = [0, *sorted(cuts), len(TEXT)]
    for begin, end in zip(places, places[1:], strict=False):
        shown = dict(prefixes.feed(TEXT[begin:end]))
        assert shown.keys() >= last.keys()
        for name, value in shown.items():
            wanted = getattr(whole, name)
            assert value == (wanted[: len(value)] if name == "lines" else wanted)
        last = shown
    assert Order(**last) == whole


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"amount": 9000,', "schema"),
        ('{"amount": "10",', "schema"),
        ('{"else": 1,', "schema"),
        ('{"lines": [{"what": 1, "count": 1},', "schema"),
        ('{"amount": 1, "amount": 2,', "duplicate_key"),
        ('{"amount": NaN,', "not_finite"),
        ('{"lines": ' + "[" * 40, "too_deep"),
        ('{"name": ' + "x" * 300_000, "too_long"),
        ("{amount: 1,", "syntax"),
    ],
)
def test_what_cannot_become_right_is_said_at_once(text: str, code: str) -> None:
    with pytest.raises(MalformedAnswerError) as refused:
        after(text)
    assert refused.value.code == code
