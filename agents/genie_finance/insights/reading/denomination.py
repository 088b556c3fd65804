"""The currency of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.contracts.money import UNKNOWN_CURRENCY
from genie_finance.insights.reading.choices import name_lines
from genie_finance.insights.reading.currencies import currency_named, header_code, header_sign, is_shared
from genie_finance.insights.reading.vocabulary import plain, words

if TYPE_CHECKING:
    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.naming import Columns
    from genie_finance.insights.reading.rows import Entry, Read
    from genie_finance.insights.reading.table import Table

_SAMPLE = 300
_PESOS = words("fecha monto importe concepto saldo cargo abono descripcion retiro deposito retrait depot solde montant")
"""Header words in the languages of countries that use this sign for pesos or for their own dollars."""
_DOLLARS_OR_CORDOBAS = "C$"
"""Canadian dollars; in a Spanish table, the currency of Nicaragua."""
_CROWNS = {
    "SEK": words("belopp insattning uttag bokforingsdag bokforingsdatum transaktionsdag mottagare meddelande"),
    "NOK": words("belop inn bokfort utfort forklaring rentedato innskudd kontonummer"),
    "DKK": words("belob bogfort bogforingsdato modtager ind hævet indsat haevet"),
    "ISK": words("upphaed dagsetning skyring stada"),
}
"""Header words in the languages of the countries that abbreviate their crowns as ``kr``."""
_SETTLE = "currency: EUR  # the ISO 4217 code of the account"


class Denomination:
    """Determines the currency of each entry of one reading; a choice is reported once.

    The profile decides; else the code in the header of the amounts, beside the amount, in the row, before the table, in
    the header of the balance, or the only code in all other rows and balances; else it is ``XXX``.
    """

    def __init__(
        self,
        table: Table,
        columns: Columns,
        read: Read,
        profile: StatementProfile,
        choices: Choices,
        *,
        day_first: bool = False,
    ) -> None:
        self._choices = choices
        self._day_first = day_first
        header = table.header.cells if table.header else ()
        self._of_pesos = any(not _PESOS.isdisjoint(plain(name).split()) for name in header)
        self._fractions = any(entry.number % 1 for entry in read.entries[:_SAMPLE])
        said = {word for name in header for word in plain(name).split()}
        spoken = [code for code, told in _CROWNS.items() if told & said]
        self._crowns = spoken[0] if len(spoken) == 1 else ""
        self._profile = profile
        self._columns = columns
        self._by_header = _header_currency(table, columns.money)
        home = None if self._by_header or profile.currency else _home_beside_other(table, columns)
        self._of_other = home is not None
        if home is not None:
            where = table.name(columns.currency or 0)
            choices.assume(
                "currency", home or UNKNOWN_CURRENCY,
                f"{where} changes where the second amount differs, so it is taken as the currency of the second "
                "amount", _SETTLE,
            )  # fmt: skip
        balance = () if columns.balance is None else (columns.balance,)
        self._named = self._by_header or home or table.currency or _header_currency(table, balance)
        signs = {entry.currency for entry in read.entries} | read.balance_signs
        codes = {code for sign in signs if sign and (code := currency_named(sign))}
        self._only = next(iter(sorted(signs - {""}, key=is_shared)), "") if len(codes) == 1 else ""
        if columns.currency is not None and sum(bool(one.currency) for one in read.entries) * 2 < len(read.entries):
            self._only = ""  # a column that few rows fill tells theirs, and not that of the account
        self._header_sign = _shared_sign(table, columns.money)
        self._seen = table.seen_currency
        self._chosen: dict[str, str] = {}
        if profile.currency is not None or self._by_header:
            self._note_others(read.entries, profile.currency or self._by_header)

    def of(self, entry: Entry) -> str | None:
        """Return the code of an entry's currency, None if its currency column contains something else."""
        if self._profile.currency is not None:
            return self._profile.currency
        if self._by_header or self._of_other:
            sign = entry.amount.currency
        else:
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
            if self._header_sign:
                return self._of_shared(self._header_sign)
            if self._seen:
                self._choices.assume(
                    "currency",
                    self._seen,
                    "only this currency occurs in the lines before the table",
                    f"currency: {self._seen}",
                )
                return self._seen
            self._choices.assume(
                "currency", UNKNOWN_CURRENCY, "nothing in the file names a currency, so the amounts have none", _SETTLE
            )
            return UNKNOWN_CURRENCY
        code = currency_named(sign)
        if sign.upper() == _DOLLARS_OR_CORDOBAS and self._of_pesos:
            return self._named or self._of_shared(sign)
        if code is None or not is_shared(sign):
            return code
        return self._named or self._of_shared(sign)

    def _of_shared(self, sign: str) -> str:
        code = currency_named(sign) or UNKNOWN_CURRENCY
        if sign.upper() == _DOLLARS_OR_CORDOBAS or (sign == "$" and (self._day_first or self._of_pesos)):
            code = UNKNOWN_CURRENCY  # of the countries with dollars and pesos, the United States write the month first
        if sign == "¥" and self._fractions:
            code = "CNY"  # yen have no parts
        if self._crowns and sign.upper().startswith("KR"):
            code = self._crowns
        settle = _SETTLE if code == UNKNOWN_CURRENCY else ""
        self._choices.assume("currency", code, f"several currencies are written {sign!r}", settle)
        return code

    def _note_others(self, entries: list[Entry], currency: str) -> None:
        usual = {currency, None}
        other = [
            entry.line for entry in entries
            if entry.currency and not is_shared(entry.currency) and currency_named(entry.currency) not in usual
        ]  # fmt: skip
        if other:
            whose = "the profile's" if self._profile.currency is not None else "that of the amount's header"
            self._choices.notice(f"{name_lines(other)}: the row has another currency; {whose} {currency} is used")


def _header_currency(table: Table, columns: tuple[int, ...]) -> str:
    """Return the one code that the headers of columns name, as in ``Amount (INR)`` or ``amount_usd``."""
    if table.header is None:
        return ""
    names = [table.header.cells[column] for column in columns if column < len(table.header.cells)]
    found = {code for name in names if (code := header_code(name))}
    return found.pop() if len(found) == 1 else ""


def _shared_sign(table: Table, columns: tuple[int, ...]) -> str:
    """Return an ambiguous currency sign in the headers of columns, as in ``Amount ($)``."""
    names = table.header.cells if table.header else ()
    return next((sign for column in columns if (sign := header_sign("".join(names[column : column + 1])))), "")


def _home_beside_other(table: Table, columns: Columns) -> str | None:
    """Return the account's currency if the column of currencies is that of a second amount, else None.

    Nordic card statements have this form: rows whose second amount differs have other codes than rows whose second
    amount is equal or missing. ``""`` where no row shows the account's currency.
    """
    currency, other = columns.currency, columns.other_amount
    if currency is None or other is None:
        return None
    same: set[str] = set()
    differing: set[str] = set()
    for record in table.rows[:_SAMPLE]:
        row = record.cells
        if len(row) <= max(currency, other, *columns.money) or not row[currency]:
            continue
        second = row[other].lstrip("+-")
        amounts = {row[column].lstrip("+-") for column in columns.money} - {""}
        if amounts:
            (same if not second or second in amounts else differing).add(row[currency].upper())
    if not differing or same & differing or len(same) > 1:
        return None
    return currency_named(next(iter(same))) or "" if same else ""
