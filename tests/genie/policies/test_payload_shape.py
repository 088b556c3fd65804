"""Depth and number of parts: known from the class, from a few lengths, or from a bounded walk; one answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from genie.contracts.card import AgentCard
from genie.contracts.message import Inspection, Payload, Value
from genie.policies._payload_shape import bound_of, shape_of, walk
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from genie.policy.policy import ALLOW, Deny, Route


class Money(Value):
    minor: int = 0
    currency: str = "EUR"


class Row(Value):
    text: str = ""
    amount: Money | None = None


class Flat(Payload, topic="shape.flat"):
    text: str = ""
    amount: Money = Money()
    pair: tuple[int, str] = (1, "x")


class Table(Payload, topic="shape.table"):
    title: str = ""
    rows: tuple[Row, ...] = ()
    more: tuple[Row, ...] | None = None
    tags: frozenset[str] = frozenset()


class Sheet(Value):
    rows: tuple[Row, ...] = ()


class Book(Payload, topic="shape.book"):
    sheets: tuple[Sheet, ...] = ()


class Tree(Payload, topic="shape.tree"):
    name: str = ""
    below: tuple[Tree, ...] = ()


MUCH = 10**9
ROWS = st.builds(Row, text=st.text(max_size=3), amount=st.none() | st.builds(Money))
TABLES = st.builds(Table, rows=st.lists(ROWS, max_size=5).map(tuple), more=st.none() | st.lists(ROWS).map(tuple),
                   tags=st.frozensets(st.text(max_size=2), max_size=3))  # fmt: skip
BOOKS = st.builds(Book, sheets=st.lists(st.builds(Sheet, rows=st.lists(ROWS, max_size=3).map(tuple))).map(tuple))
TREES = st.recursive(st.builds(Tree), lambda inner: st.builds(Tree, below=st.lists(inner, max_size=3).map(tuple)))
ANY = st.one_of(st.builds(Flat), TABLES, BOOKS, TREES)


def by_hand(value: Any) -> tuple[int, int]:
    """Return depth and parts of a value, counted without a thought for speed."""
    if isinstance(value, Value):
        inside = [getattr(value, name) for name in type(value).model_fields]
    elif isinstance(value, (tuple, frozenset)):
        inside = list(value)
    else:
        return 1, 0
    counted = [by_hand(one) for one in inside]
    return 1 + max((depth for depth, _ in counted), default=0), len(inside) + sum(parts for _, parts in counted)


def judged(settings: PayloadSizeSettings, payload: Payload) -> Any:
    from genie.contracts.classification import Classification
    from genie.contracts.headers import NO_HEADERS
    from genie.contracts.message import stamp

    judge = PayloadSize(settings).compile(Route(type(payload), AgentCard(id="reader")))
    return judge(
        stamp(1, payload, "s", None, None, 0, 0, NO_HEADERS, Classification.PUBLIC, Inspection(1)), AgentCard(id="s")
    )


@given(ANY)
def test_a_walk_counts_every_level_and_part(payload: Payload) -> None:
    assert walk(payload, MUCH, MUCH) == by_hand(payload)


@given(ANY)
def test_what_is_bounded_without_a_walk_is_never_more(payload: Payload) -> None:
    depth, parts = bound_of(payload, MUCH)
    real = by_hand(payload)
    assert depth >= real[0]
    assert parts >= real[1]


@given(ANY, st.integers(1, 8), st.integers(1, 30))
def test_what_is_measured_is_over_a_limit_exactly_when_it_is(payload: Payload, max_depth: int, max_parts: int) -> None:
    depth, parts = by_hand(payload)
    verdict = judged(PayloadSizeSettings(max_depth=max_depth, max_parts=max_parts), payload)

    if depth <= max_depth and parts <= max_parts:
        assert verdict is ALLOW
    else:
        assert isinstance(verdict, Deny)
        assert verdict.code in {"payload_depth", "payload_parts"}


def test_most_classes_need_no_walk() -> None:
    assert shape_of(Flat).most == by_hand(Flat())
    assert [name for name, _ in shape_of(Table).rows or ()] == ["rows", "more", "tags"]
    assert shape_of(Book).rows is None
    assert shape_of(Tree).rows is None


def test_a_payload_that_nests_itself_is_measured_without_recursion() -> None:
    tree = Tree()
    for _ in range(5_000):
        tree = Tree.model_construct(name="", below=(tree,))
    verdict = judged(PayloadSizeSettings(), tree)
    assert isinstance(verdict, Deny)
    assert verdict.code == "payload_depth"
    assert walk(tree, MUCH, MUCH)[0] == 10_002  # each is a tree and a tuple, the last with a name


def test_the_most_specific_rule_counts_and_what_it_leaves_out_is_as_for_every_topic() -> None:
    settings = PayloadSizeSettings.model_validate(
        {"max_depth": 3, "topics": {"shape.*": {"max_parts": 50}, "shape.flat": 100}}
    )
    assert judged(settings, Flat()) is ALLOW
    assert judged(settings, Table(rows=(Row(),))).code == "payload_depth"
    assert judged(settings, Tree()) is ALLOW


@pytest.mark.parametrize(
    "values", [{"max_depth": 0}, {"max_parts": -1}, {"topics": {"a.b": {"max_byte": 1}}}, {"topics": {"a.b": "1 MB"}}]
)
def test_limits_that_are_none_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PayloadSizeSettings.model_validate(values)
