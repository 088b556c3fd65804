"""Laws of reading tables, held on every layout of the corpus: order of columns, unknown columns, garbled columns."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from genie.errors import InputError
from genie_finance.contracts.statements import StatementReading
from genie_finance.insights.reader import read_statement
from genie_finance.insights.reading.headers import header_roles
from tests.agents.insights.layouts import CORPUS, Layout, compare, expected, layouts, movements, write

WITH_HEADER = [layout for path in sorted(CORPUS.glob("*.toml")) for layout in layouts(path.name) if layout.header]
_DEFAULT_EACH = 13
"""The default run takes one layout of so many; the others are slow only together."""
_AT_ONCE = 25
"""A test of its own for each of 2,500 layouts and three laws costs more than reading the smaller ones."""
_FEW, _MANY = WITH_HEADER[::_DEFAULT_EACH], [one for at, one in enumerate(WITH_HEADER) if at % _DEFAULT_EACH]
SOME = [
    *(pytest.param(_FEW[at : at + _AT_ONCE], id=f"few-{at}") for at in range(0, len(_FEW), _AT_ONCE)),
    *(
        pytest.param(_MANY[at : at + _AT_ONCE], id=f"many-{at}", marks=pytest.mark.slow)
        for at in range(0, len(_MANY), _AT_ONCE)
    ),
]
Sums = tuple[int, dict[str, tuple[int, int]]]
_GARBLED = ("", "###", "n/a", "99/99/9999", "USD", "pending", "12.5.3")
"""What none of the cells may hold, but for a currency in a column of currencies."""
_OF_CURRENCIES = frozenset({"currency", "other_currency"})
"""Roles beside which a code is no garbling: ``Valuta`` is a day in Germany and a currency in Denmark."""


def read(layout: Layout) -> StatementReading | None:
    try:
        return read_statement("s.csv", write(layout, movements(layout)))
    except InputError:
        return None


def sums(reading: StatementReading | None) -> Sums | None:
    if reading is None:
        return None
    found: dict[str, tuple[int, int]] = {}
    for one in reading.statement.transactions:
        money_in, money_out = found.get(one.amount.currency, (0, 0))
        minor = one.amount.minor
        found[one.amount.currency] = (money_in + max(minor, 0), money_out + max(-minor, 0))
    return len(reading.statement.transactions), found


def without_twins(layout: Layout) -> bool:
    """Headers that stand twice in one table tell their columns apart by their places alone.

    So do amounts of which the one beside the currency is in it.
    """
    if layout.id == "by_priorbank":
        return False
    names = [name.strip().lower() for name, _ in layout.cols]
    return len(set(names)) == len(names)


@pytest.mark.parametrize("some", SOME)
def test_columns_in_any_order_read_the_same(some: list[Layout]) -> None:
    def in_any_order(layout: Layout) -> Layout:
        shuffled = list(layout.cols)
        random.Random(layout.id).shuffle(shuffled)
        return replace(layout, cols=shuffled, seed=layout.seed or layout.id, pre="", foot="")

    held = [one for one in some if without_twins(one)]
    plain = {one.id: sums(read(replace(one, pre="", foot=""))) for one in held}
    assert plain
    assert {one.id: sums(read(in_any_order(one))) for one in held} == plain


@pytest.mark.parametrize("some", SOME)
def test_a_column_that_nobody_knows_changes_nothing(some: list[Layout]) -> None:
    def wider(layout: Layout) -> Layout:
        chance = random.Random(layout.id)
        at, cell = chance.randrange(len(layout.cols) + 1), chance.choice(["'x7'", "n", "'-'"])
        cols = [*layout.cols[:at], ("Zqx", cell), *layout.cols[at:]]
        return replace(layout, cols=cols, seed=layout.seed or layout.id)

    assert {one.id: sums(read(wider(one))) for one in some} == {one.id: sums(read(one)) for one in some}


def garbled(layout: Layout) -> Iterator[Layout]:
    """Each column in turn with another content: the same in every row."""
    chance = random.Random(layout.id)
    for at, (name, what) in enumerate(layout.cols):
        if what:
            legitimate = not _OF_CURRENCIES.isdisjoint(header_roles(name))
            word = chance.choice([one for one in _GARBLED if not (legitimate and one == "USD")])
            bad = "'###'" if what in {"cur", "ocur", "curlow"} else f"'{word}'"
            yield replace(
                layout, cols=[*layout.cols[:at], (name, bad), *layout.cols[at + 1 :]], seed=layout.seed or layout.id
            )


@pytest.mark.parametrize("some", SOME)
def test_garbling_a_column_never_makes_a_wrong_sum_without_a_notice(some: list[Layout]) -> None:
    wrong = [f"{layout.id}: {told}" for layout in some for told in wrong_when_garbled(layout)]
    assert wrong == []


def wrong_when_garbled(layout: Layout) -> Iterator[str]:
    rows = movements(layout)
    due = expected(layout, rows)
    due.closing = None
    for other in garbled(layout):
        try:
            reading = read_statement("s.csv", write(other, rows))
        except InputError:
            continue
        verdict = compare(layout.id, due, reading)
        if verdict.kind == "wrong":
            changed = next(new for new, before in zip(other.cols, layout.cols, strict=True) if new != before)
            yield f"{changed} {verdict.why}"
