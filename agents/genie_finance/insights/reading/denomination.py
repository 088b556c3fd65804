"""In which currency each row is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.contracts.money import UNKNOWN_CURRENCY
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.currencies import CODES, currency_of, is_shared

if TYPE_CHECKING:
    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.columns import Columns
    from genie_finance.insights.reading.rows import Entry, Read
    from genie_finance.insights.reading.table import Table

_SETTLE = "currency: EUR  # the ISO 4217 code of the account"


class Denomination:
    """Tells the currency of each entry of one reading; what it had to choose is said once.

    The profile decides; else what stands in the row, then in the header of the amounts, before the table, or alone in
    all other rows and balances; else it is ``XXX``.
    """

    def __init__(self, table: Table, columns: Columns, read: Read, profile: StatementProfile, choices: Choices) -> None:
        self._choices = choices
        self._profile = profile
        self._columns = columns
        self._named = _header_currency(table, columns) or table.currency
        signs = {entry.currency for entry in read.entries} | read.balance_signs
        codes = {code for sign in signs if sign and (code := currency_of(sign))}
        self._only = next(iter(sorted(signs - {""}, key=is_shared)), "") if len(codes) == 1 else ""
        self._chosen: dict[str, str] = {}
        if profile.currency is not None:
            self._note_others(read.entries, profile.currency)

    def of(self, entry: Entry) -> str | None:
        """Return the code of an entry's currency, None if its currency column holds something else."""
        if self._profile.currency is not None:
            return self._profile.currency
        sign = entry.currency or ("" if self._named else self._only)
        if sign not in self._chosen:
            code = self._choose(sign)
            if code is None:
                return None
            self._chosen[sign] = code
        return self._chosen[sign]

    def _choose(self, sign: str) -> str | None:
        if not sign:
            if self._named:
                return self._named
            self._choices.assume(
                "currency", UNKNOWN_CURRENCY, "nothing in the file names a currency, so none is stated", _SETTLE
            )
            return UNKNOWN_CURRENCY
        code = currency_of(sign)
        if code is None or not is_shared(sign):
            return code
        if self._named:
            return self._named
        settle = _SETTLE if code == UNKNOWN_CURRENCY else ""
        self._choices.assume("currency", code, f"several currencies are written {sign!r}", settle)
        return code

    def _note_others(self, entries: list[Entry], currency: str) -> None:
        other = [
            entry.line for entry in entries
            if entry.currency and not is_shared(entry.currency) and currency_of(entry.currency) not in {currency, None}
        ]  # fmt: skip
        if other:
            self._choices.notice(
                f"{name_lines(other)}: another currency stands in the row; the profile's {currency} is used"
            )


def _header_currency(table: Table, columns: Columns) -> str:
    """Return the one code that the amounts' headers name, as in ``Amount (INR)`` or ``Montant en euros``."""
    if table.header is None:
        return ""
    found = set()
    for column in columns.money:
        name = table.header.cells[column] if column < len(table.header.cells) else ""
        for word in "".join(c if c.isalnum() or not c.isascii() else " " for c in name).split():
            code = None if is_shared(word) else currency_of(word)
            # "Top" and "All" are codes too, so letters count only as a code is written, or in "euros".
            if code and (word in CODES or not word.isalnum() or word.lower().startswith("euro")):
                found.add(code)
    return found.pop() if len(found) == 1 else ""
