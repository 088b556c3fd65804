"""The roles of several money columns that no header names."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.insights.reading.balance import follow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from genie_finance.insights.reading.facts import Facts

_MOST_COLUMNS = 6
_EXCLUSIVE_PERCENT = 95
_FEWEST = 3
"""Number of rows from which equal amounts count as a price or a unit."""

Values = dict[int, list["Decimal | None"]]


class Arrangement(NamedTuple):
    """Roles of money columns: one amount, or a debit and a credit column; perhaps a balance."""

    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    balance: int | None = None

    def agrees(self, fixed: Mapping[str, int]) -> bool:
        """True if it assigns the fixed roles to the fixed columns."""
        return all(getattr(self, role) == column for role, column in fixed.items())


class Arranged(NamedTuple):
    """The arrangement chosen, and whether the file determines it."""

    arrangement: Arrangement
    certain: bool
    proven: bool = False
    """True if the running balance follows from it."""


def arrange(values: Values, marks: Sequence[int], fixed: Mapping[str, int]) -> Arranged | None:
    """Return the role of each money column, or None if no arrangement fits.

    A running balance that follows from an arrangement proves it. Without one, two columns are debit and credit if each
    row uses exactly one of them; otherwise the column with negative amounts, else the first, is the amount.

    Args:
        values: Signed numbers of each money column, row by row; None where a cell is empty.
        marks: -1, 1 or 0 for each row: the meaning of its debit/credit mark, 0 if it has none.
        fixed: Roles already known, by column.
    """
    columns = sorted({*sorted(values)[:_MOST_COLUMNS], *fixed.values()})
    pairs = [pair for pair in combinations(columns, 2) if _exclusive(values[pair[0]], values[pair[1]])]
    if {"debit", "credit"} <= fixed.keys():
        pairs = [(fixed["debit"], fixed["credit"])]
    ranked = [a for a in _ranked(values, columns, pairs) if a.agrees(fixed)]
    if not ranked:
        return None
    # The first of equals wins, and the ranking puts the likelier first.
    proven = max(ranked, key=lambda a: _fits(a, values, marks))
    if _fits(proven, values, marks):
        return Arranged(proven, certain=True, proven=True)
    # A reading that leaves rows out loses against one that reads them all; a balance that never follows is none.
    sided = [a for a in ranked if a.amount is not None or not _has_both_signs(a, values)]
    chosen = max(sided or ranked, key=lambda a: _read(a, values))
    if chosen.balance is not None and chosen.balance not in fixed.values() and _follows_nowhere(chosen, values, marks):
        chosen = chosen._replace(balance=None)
    # Credits of a card may have a minus as well as debits of an account, so signs alone make no pair certain.
    return Arranged(chosen, certain=len(columns) == 1)


def around_empty(arranged: Arranged, facts: Sequence[Facts]) -> Arranged:
    """Use an empty column between the amount and the balance as the side (debit or credit) without movements."""
    way = arranged.arrangement
    if way.amount is None or way.balance is None or facts[way.amount].negative:
        return arranged
    low, high = sorted((way.amount, way.balance))
    empty = [c for c in range(low + 1, high) if not facts[c].filled]
    if len(empty) != 1 or empty[0] not in {way.amount - 1, way.amount + 1}:
        return arranged
    pair = way._replace(amount=None, debit=min(way.amount, *empty), credit=max(way.amount, *empty))
    return Arranged(pair, certain=False)


def _has_both_signs(way: Arrangement, values: Values) -> bool:
    """True if a column of the pair contains both signs, unlike a column of debits or of credits."""
    columns = [values[column] for column in (way.debit, way.credit) if column is not None]
    return any(_has_negative(column) and any(v > 0 for v in column if v) for column in columns)


def _read(way: Arrangement, values: Values) -> int:
    """Return in how many rows an arrangement finds a movement."""
    if way.amount is not None:
        return sum(value is not None for value in values[way.amount])
    if way.debit is None or way.credit is None:
        return 0
    return sum(bool(a) != bool(b) for a, b in zip(values[way.debit], values[way.credit], strict=True))


def _follows_nowhere(way: Arrangement, values: Values, marks: Sequence[int]) -> bool:
    if way.balance is None:
        return False
    moved = movements(way, values, marks)
    chains = [follow(signed, values[way.balance]) for signed in (moved, [None if v is None else -v for v in moved])]
    return chains[0].steps > 0 and not any(chain.fits for chain in chains)


def _ranked(values: Values, columns: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[Arrangement]:
    found = []
    for pair in pairs:
        rest = [column for column in columns if column not in pair]
        # A column of negative amounts is the debit one in any order; otherwise the left one is, by convention.
        ways = sorted(permutations(pair), key=lambda way: (not _mostly_negative(values[way[0]]), way))
        found += [
            Arrangement(debit=debit, credit=credit, balance=balance)
            for debit, credit in ways
            for balance in (*reversed(rest), None)
        ]
    signed = sorted(
        columns, key=lambda column: (not _decimals(values[column]), not _has_negative(values[column]), column)
    )
    return found + [
        Arrangement(amount=amount, balance=balance)
        for amount in signed
        if any(values[amount]) or len(columns) == 1
        for balance in (*(c for c in reversed(columns) if c != amount and _dense(values[c])), None)
    ]


def _exclusive(left: list[Decimal | None], right: list[Decimal | None]) -> bool:
    """True if nearly every row uses one of the columns, no row uses both, and each column is used."""
    one = sum(bool(a) != bool(b) for a, b in zip(left, right, strict=True))
    return any(left) and any(right) and one * 100 >= _EXCLUSIVE_PERCENT * len(left)


def _has_negative(column: list[Decimal | None]) -> bool:
    return any(value < 0 for value in column if value is not None)


def _mostly_negative(column: Sequence[Decimal | None]) -> bool:
    used = [value for value in column if value]
    return sum(value < 0 for value in used) * 2 > len(used)


def _decimals(column: list[Decimal | None]) -> bool:
    """True if each row has the column and most values have decimals, which counters do not have."""
    written = sum(value is not None and int(value.as_tuple().exponent) < 0 for value in column)
    return written * 2 > len(column) and all(value is not None for value in column)


def _dense(column: list[Decimal | None]) -> bool:
    return sum(value is not None for value in column) * 2 >= len(column)


def _fits(way: Arrangement, values: Values, marks: Sequence[int]) -> int:
    """Return how many steps of the balance follow from the amounts, 0 if they are no evidence."""
    if way.balance is None:
        return 0
    moved = movements(way, values, marks)
    if counts(moved):
        return 0
    chain = follow(moved, values[way.balance])
    if way.amount is not None and not chain.proves:
        chain = follow([None if v is None else -v for v in moved], values[way.balance])
    return chain.fits if chain.proves else 0


def counts(moved: Sequence[Decimal | None]) -> bool:
    """True if a matching balance is no evidence for these movements: all are zero, or one amount beside a counter."""
    sizes = [abs(value) for value in moved if value]
    return not sizes or (len(sizes) >= _FEWEST and len(set(sizes)) == 1)


def movements(way: Arrangement, values: Values, marks: Sequence[int]) -> list[Decimal | None]:
    """Return the signed movement of each row under an arrangement."""
    if way.amount is not None:
        signed = values[way.amount]
        if _has_negative(signed):
            return signed
        return [None if v is None else v * (mark or 1) for v, mark in zip(signed, marks, strict=True)]
    if way.debit is None or way.credit is None:
        return []
    return one_of_two(values[way.debit], values[way.credit])


def one_of_two(debits: Sequence[Decimal | None], credits_: Sequence[Decimal | None]) -> list[Decimal | None]:
    """Return the movements of a column of debits and one of credits; the written signs are ignored."""
    out = 1 if _mostly_negative(debits) else -1
    into = -1 if _mostly_negative(credits_) else 1
    return [_one(debit, credit, out, into) for debit, credit in zip(debits, credits_, strict=True)]


def _one(debit: Decimal | None, credit: Decimal | None, out: int, into: int) -> Decimal | None:
    if bool(debit) == bool(credit):
        return None
    return debit * out if debit else credit * into if credit else None
