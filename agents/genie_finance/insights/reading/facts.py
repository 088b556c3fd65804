"""Content of each column of a table, counted over a sample of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genie_finance.insights.reading.currencies import CODES, currency_named, currency_of, is_shared
from genie_finance.insights.reading.vocabulary import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.dialect import Record

_MAX_DISTINCT = 50
BLANK = frozenset({"-", "--", "nil", "n/a", "na", "null", "none"})
"""Texts that mean an empty cell."""
_ACCOUNT_DIGITS = 8
_LONGEST_CURRENCY = 20
_LONGEST_CODE = 5
"""Letters of a currency that is not in ISO 4217: ``BTC``, ``USDT``, ``MATIC``."""


@dataclass(slots=True)
class Facts:
    """Counts of one column; every count except ``rows`` is of non-empty cells."""

    rows: int = 0
    filled: int = 0
    dates: int = 0
    amounts: int = 0
    money: int = 0
    """Amounts with a fraction, a sign, grouping or a currency."""
    negative: int = 0
    positive: int = 0
    """Amounts that are not zero, with and without a minus."""
    texts: int = 0
    """Cells with words, even with long references among them; not codes and account numbers."""
    lettered: int = 0
    """Cells with three letters or more."""
    marks: int = 0
    currencies: int = 0
    values: set[str] = field(default_factory=set)
    """Distinct cells, up to fifty."""

    def mostly(self, count: int) -> bool:
        """True if ``count`` is at least half of the non-empty cells."""
        return self.filled > 0 and count * 2 >= self.filled

    def nearly_all(self, count: int) -> bool:
        """True if ``count`` is at least nine tenths of the non-empty cells."""
        return self.filled > 0 and count * 10 >= self.filled * 9

    @property
    def both_signs(self) -> bool:
        """True if some amounts have a minus, and some have none."""
        return self.negative > 0 and self.positive > 0

    @property
    def dense(self) -> bool:
        """True if at least half of the rows have the column."""
        return self.filled * 2 >= self.rows

    @property
    def constant(self) -> bool:
        """True if three rows or more all have the same text, which then describes the file and not a movement."""
        return len(self.values) == 1 and self.filled >= 3

    @property
    def told_apart(self) -> bool:
        """True if some cells are ISO 4217 codes, or contain several words of the length of codes."""
        if self.amounts or self.dates or self.marks:
            return False
        short = len(self.values) > 1 and all(2 < len(value) <= _LONGEST_CODE for value in self.values)
        return self.currencies > 0 or short

    @property
    def account_number(self) -> bool:
        """True if each row has the same long number."""
        return len(self.values) == 1 and len(next(iter(self.values))) >= _ACCOUNT_DIGITS


def column_facts(rows: Iterable[Record], cells: Cells) -> list[Facts]:
    """Return the facts of each column over rows that contain a date or an amount."""
    sample = [row.cells for row in rows if any(cells.date(cell) or cells.amount(cell) for cell in row.cells)]
    facts = [Facts(rows=len(sample)) for _ in range(max(map(len, sample), default=0))]
    for row in sample:
        for cell, fact in zip(row, facts, strict=False):
            if cell and cell.lower() not in BLANK:
                _count(fact, cell, cells)
            elif cell:
                fact.values.add(cell)
    for fact in facts:
        if fact.values == {"+", "-"}:  # a minus alone means an empty cell
            fact.filled = fact.marks = len(sample)
    return facts


def _count(fact: Facts, cell: str, cells: Cells) -> None:
    fact.filled += 1
    if len(fact.values) < _MAX_DISTINCT:
        fact.values.add(cell)
    if cells.date(cell):
        fact.dates += 1
    if amount := cells.amount(cell):
        fact.amounts += 1
        fact.money += amount.money
        if amount.point or amount.comma:
            fact.negative += amount.sign < 0
            fact.positive += amount.sign >= 0
        return
    if mark_of(cell):
        fact.marks += 1
    if (
        cell in CODES
        or (
            len(cell) <= 3
            and (
                cell.upper() in CODES
                or (
                    (
                        len(cell) == 3
                        or not (cell.isalnum() and cell.isascii())
                        or (len(cell) == 2 and not is_shared(cell))
                    )
                    and currency_of(cell)
                )
            )
        )
        or (3 < len(cell) <= _LONGEST_CURRENCY and not cell[0].isdigit() and currency_named(cell))
    ):
        fact.currencies += 1
    letters, both = sum(map(str.isalpha, cell)), sum(map(str.isalnum, cell))
    is_iban = len(cell) >= 15 and cell[:2].isalpha() and cell[2:4].isdigit() and both <= 34 and letters <= 8
    fact.lettered += letters >= 3
    fact.texts += letters >= 3 and letters * 4 >= both and not is_iban
