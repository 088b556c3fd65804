"""The column with the currency of each row's amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.insights.reading.header_words import Role
from genie_finance.insights.reading.headers import header_roles

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.facts import Facts
    from genie_finance.insights.reading.naming import NamedColumns
    from genie_finance.insights.reading.table import Table


class CurrencyColumn:
    """Finds the column of currencies of one table."""

    def __init__(
        self, table: Table, sample: Sequence[Record], facts: Sequence[Facts], named: NamedColumns, choices: Choices
    ) -> None:
        self._table = table
        self._sample = sample
        self._facts = facts
        self._named = named
        self._choices = choices
        self._names = table.header.cells[: len(facts)] if table.header else ()

    def find(self, unnamed: Sequence[int], money: Collection[int]) -> int | None:
        """Return the column, None if no column has the currency of the movements.

        Args:
            unnamed: Columns that the header does not describe.
            money: Columns of the movements.
        """
        named = self._of("currency")
        if not named:
            coded = [
                c for c in unnamed if self._facts[c].dense and self._facts[c].nearly_all(self._facts[c].currencies)
            ]
            named = tuple(coded[:1])
            if named and self._table.header is not None:
                self._choices.assume(
                    "currency_column", str(named[0] + 1),
                    f"{self._table.name(named[0])} contains currency codes, and no header names the account's currency",
                )  # fmt: skip
        named = tuple(column for column in named if not self._goes_with_another(column, money))
        if not named:
            return None
        # The account has one currency, so of several columns the one that never changes tells it.
        taken = min(named, key=lambda c: (len(self._facts[c].values) > 1, c))
        self._say_other(taken)
        second = any("other_amount" in header_roles(name) for name in self._names)
        held = any(self._facts[column].filled for column in self._of("other_amount"))
        if second and not held and len(self._facts[taken].values) > 1:
            self._choices.assume(
                "currency_column", str(taken + 1),
                f"{self._table.name(taken)} may be the currency of a second amount, whose column is empty",
            )  # fmt: skip
        return taken

    def _of(self, role: Role) -> tuple[int, ...]:
        return tuple(self._named.get(role, ()))

    def _goes_with_another(self, column: int, money: Collection[int]) -> bool:
        """True if exactly the rows with a second amount have codes, and these are not all rows."""
        moved = [row.cells for row in self._sample if any(row.cells[c : c + 1] > ("",) for c in money)]
        filled = [row[column : column + 1] > ("",) for row in moved]
        return not all(filled) and any(
            other.mostly(other.amounts) and [row[at : at + 1] > ("",) for row in moved] == filled
            for at, other in enumerate(self._facts)
            if at not in money
        )

    def _say_other(self, taken: int) -> None:
        """Report that the header names another column of currencies, which contains none.

        If it is empty and the used column has one code in every row, nothing is reported.
        """
        others = {*self._of("currency"), *self._of("other_currency")}
        for column, name in enumerate(self._names):
            facts, called = self._facts[column], column != taken and header_roles(name)[:1] == ("currency",)
            other = facts.mostly(facts.amounts) or facts.mostly(facts.dates)
            if not called or other or column in others:
                continue
            if facts.filled or len(self._facts[taken].values) > 1:
                self._choices.assume(
                    "currency_column", str(taken + 1),
                    f"{self._table.name(column)} is called a currency but contains none; {self._table.name(taken)} is "
                    "used",
                )  # fmt: skip
                return
