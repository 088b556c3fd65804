"""Roles of the columns: from the profile, else the header, else the content of the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import InputError, did_you_mean
from genie_finance.insights.reading.arrangement import Arranged, around_empty, arrange, one_of_two
from genie_finance.insights.reading.currency_column import CurrencyColumn
from genie_finance.insights.reading.facts import column_facts
from genie_finance.insights.reading.header_words import Role
from genie_finance.insights.reading.headers import header_roles, is_number
from genie_finance.insights.reading.hypotheses import Chosen, Hypothesis, Named, choose, follows
from genie_finance.insights.reading.naming import Columns, NamedColumns, holds, named_columns
from genie_finance.insights.reading.order import put_sorted_first
from genie_finance.insights.reading.saying import say_no_fee, say_other_date, say_rival, say_rival_date
from genie_finance.insights.reading.vocabulary import MARKS, mark_of, plain

if TYPE_CHECKING:
    from decimal import Decimal

    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.amounts import DecimalMark
    from genie_finance.insights.reading.cells import Cells
    from genie_finance.insights.reading.choices import Choices
    from genie_finance.insights.reading.dialect import Record
    from genie_finance.insights.reading.table import Table

_SAMPLE = 300
_MOST_OF_A_KIND = 5
"""Maximum number of columns of one role that are compared; no bank's table has more."""
_MOST_GUESSED = 3
"""Maximum number of columns that are tried as a running balance if no header names one."""
_MOVEMENT = ("amount", "debit", "credit")


class ColumnFinder:
    """Finds the columns of one table.

    Raises:
        InputError: The profile names a column that is not there, or no column holds dates or amounts.
    """

    def __init__(self, name: str, table: Table, cells: Cells, profile: StatementProfile, choices: Choices) -> None:
        self._name = name
        self._table = table
        self._cells = cells
        self._profile = profile
        self._choices = choices
        self._sample: tuple[Record, ...] = tuple(row for row in table.rows[:_SAMPLE] if not row.problem)
        self._facts = column_facts(self._sample, cells)
        self._found: dict[str, int] = {}
        self._fee_factor = 0
        self._narration: list[int] = []
        self._from_profile()
        self._named: NamedColumns = {}
        self._names = table.header.cells[: len(self._facts)] if table.header else ()
        if table.header:
            taken = {*self._found.values(), *self._narration}
            self._named = named_columns(self._names, self._facts, taken, self._forbidden())
            put_sorted_first(self._named.get("date", []), self._names, self._sample, cells)
            self._from_header_alone()
            if not self._narration:
                self._narration = self._named.get("narration", [])

    def money_columns(self) -> tuple[int, ...]:
        """Return the columns that show the decimal mark: money columns, or possible ones if none is named."""
        named = {*self._fixed(*_MOVEMENT).values(), *self._of("amount", "debit", "credit", "net")}
        known = {*named, *self._fixed("balance").values(), *self._of("balance")}
        return tuple(sorted(known if named else known | set(self._candidates())))

    def find(self, decimal_mark: DecimalMark) -> Columns:
        """Return the columns; ambiguities are reported in the choices."""
        date = self._date()
        marks = self._marks()
        chosen = self._choose(decimal_mark, marks) if self._is_named() else None
        if chosen is not None:
            self._take_chosen(self._paired(chosen, decimal_mark) or chosen)
        else:
            self._refuse_garbled()
            mark = marks[0] if marks else None
            self._arrange(decimal_mark, mark)
            if not self._fixed(*_MOVEMENT):
                raise self._no_amounts()
            if "amount" in self._found and mark is not None:
                self._found.setdefault("mark", mark)
        if "balance" not in self._found:
            self._follow_balance(decimal_mark)
        if "currency" not in self._found:
            sample = [row for row in self._sample if self._cells.has_movement(row.cells)]
            finder = CurrencyColumn(self._table, sample, self._facts, self._named, self._choices)
            if (currency := finder.find(self._unnamed(), self._fixed(*_MOVEMENT).values())) is not None:
                self._found["currency"] = currency
            if accounts := self._of("account"):
                self._found["account"] = accounts[0]
        other = next(iter(() if self._of("other_currency") else self._of("other_amount")), None)
        if chosen is not None and not chosen.proven and "amount" in self._found:
            other = self._unnamed_rival(decimal_mark, other)
        found = {role: column for role, column in self._found.items() if role in Columns._fields and role != "date"}
        return Columns(
            date=date,
            narration=tuple(self._narration) if self._narration else self._texts(),
            fee_factor=self._fee_factor,
            other_amount=other,
            **found,
        )

    def _refuse_garbled(self) -> None:
        """Reject a table whose amount column has no amounts: guessing another could take references for amounts."""
        counters_alone = not any(self._facts[column].money for column in self._candidates())
        for column, name in enumerate(() if self._fixed(*_MOVEMENT) else self._names):
            facts, roles = self._facts[column], set(header_roles(name))
            called = "amount" in roles and (counters_alone or roles <= {*_MOVEMENT, "net", "balance"})
            if called and (facts.filled or counters_alone) and not (facts.amounts or facts.dates):
                raise InputError(
                    self._name, f"{self._table.name(column)} is called an amount but contains none",
                    "give a profile with `amount_column:`, or `debit_column:` and `credit_column:`",
                )  # fmt: skip

    def _of(self, *roles: Role) -> tuple[int, ...]:
        """Return the columns that the header gives these roles."""
        return tuple(column for role in roles for column in self._named.get(role, ()))

    def _known(self, role: Role) -> tuple[int, ...]:
        """Return the column that the profile gives a role, else those that the header does."""
        return (self._found[role],) if role in self._found else self._of(role)

    def _is_named(self) -> bool:
        return bool(self._known("amount") or self._of("net") or (self._known("debit") and self._known("credit")))

    def _marks(self) -> tuple[int, ...]:
        """Return the columns of debit and credit marks; one with the same mark in each row comes last."""
        guessed = None if (named := self._known("mark")) else self._mark_column()
        named = named if guessed is None else (guessed,)
        signed = any(self._facts[column].negative for column in self._known("amount"))
        telling = [
            c for c in named if "mark" in self._found or self._tells_both(c) or not (signed or self._of_kinds(c))
        ]
        return tuple(sorted(telling, key=lambda column: self._facts[column].constant))

    def _of_kinds(self, column: int) -> bool:
        """True if a column has one kind of payment in each row, such as ``Purchase``, also used for refunds."""
        return not any(value.lower() in MARKS for value in self._facts[column].values)

    def _tells_both(self, column: int) -> bool:
        """True if a column contains marks of debits and of credits: beside signed amounts, one alone is no evidence."""
        return len({mark_of(value) for value in self._facts[column].values} - {None}) > 1

    def _choose(self, decimal_mark: DecimalMark, marks: tuple[int, ...]) -> Chosen | None:
        """Return the reading that a balance proves, including one with a column that the header names otherwise."""
        balances = self._known("balance")
        if not balances and self._table.header is not None:
            others = [c for c in self._candidates() if self._facts[c].dense and c not in self._of("other_amount")]
            guessed = self._choose_among(decimal_mark, marks, tuple(others[:_MOST_GUESSED]))
            if guessed and guessed.strict:
                return guessed
        chosen = self._choose_among(decimal_mark, marks, balances)
        if chosen and balances and not chosen.strict and not self._of("fee"):
            # A fee under an unknown header: the balance shows it.
            charged = self._choose_among(decimal_mark, marks, balances, tuple(self._candidates()))
            return charged if charged and charged.strict else chosen
        return chosen

    def _choose_among(
        self, decimal_mark: DecimalMark, marks: tuple[int, ...], balances: tuple[int, ...], fees: tuple[int, ...] = ()
    ) -> Chosen | None:
        fees = fees or self._of("fee")
        known = (
            self._known("amount"), self._of("net"), fees, self._known("debit"), self._known("credit"),
            marks, balances, tuple(self._candidates()) if self._of("fee") else (),
        )  # fmt: skip
        named = Named(*(columns[:_MOST_OF_A_KIND] for columns in known))
        rows = [row.cells for row in self._sample if self._cells.has_movement(row.cells)]
        columns = {*named.amounts, *named.nets, *named.fees, *named.debits, *named.credits_, *named.balances}
        columns.update(named.others)
        values = {column: [self._signed(row, column, decimal_mark) for row in rows] for column in columns}
        signs = {"debit": -1, "credit": 1, None: 0}
        told = {c: [signs[mark_of(row[c])] if c < len(row) else 0 for row in rows] for c in marks}
        return choose(named, values, told)

    def _paired(self, chosen: Chosen, decimal_mark: DecimalMark) -> Chosen | None:
        """Return a debit and a credit column that together cover each row, if the named columns leave rows out."""
        rows = sum(self._cells.has_movement(row.cells) for row in self._sample)
        if chosen.read >= rows or "amount" in self._found:
            return None
        named = self._of("amount", "net", "debit", "credit", "balance")
        arranged = self._arranged(sorted({*self._candidates(), *named}), decimal_mark, None, {})
        way = arranged.arrangement if arranged else None
        taken = chosen.hypothesis
        if arranged is None or way is None or way.debit is None or way.credit is None:
            return None
        if not {way.debit, way.credit} & {taken.amount, taken.debit, taken.credit}:
            return None
        debit, credit = way.debit, way.credit
        if debit in self._of("credit") or credit in self._of("debit"):
            debit, credit = credit, debit
        pair = Hypothesis(debit=debit, credit=credit, balance=way.balance)
        if arranged.proven:
            return Chosen(pair, proven=True)
        if chosen.proven:
            return None
        return Chosen(pair, proven=False, rival=taken, differ=rows - chosen.read)

    def _take_chosen(self, chosen: Chosen) -> None:
        taken = chosen.hypothesis
        for role in (*_MOVEMENT, "fee", "mark"):
            self._found.pop(role, None)
            if (column := getattr(taken, role)) is not None:
                self._found[role] = column
        balance = taken.balance if taken.balance is not None else next(iter(self._known("balance")), None)
        if balance is not None:
            self._found["balance"] = balance
        self._fee_factor = taken.fee_factor
        if not chosen.proven:
            say_no_fee(self._table, self._facts, self._found, self._choices)
        if chosen.rival is not None:
            say_rival(self._table, taken, chosen.rival, chosen.differ, self._choices)

    def _unnamed_rival(self, decimal_mark: DecimalMark, other: int | None) -> int | None:
        """Return the column of the second amounts, if one without a known header equals the amount in some rows.

        The column next to the currencies has these currencies; the other has the account's.
        """
        taken, currency = self._found["amount"], self._found.get("currency")
        rows = [row.cells for row in self._sample if self._cells.has_movement(row.cells)]
        shown = [self._signed(row, taken, decimal_mark) for row in rows]
        for column in self._candidates():
            pairs = zip(shown, [self._signed(row, column, decimal_mark) for row in rows], strict=True)
            alike = [abs(a) == abs(b) for a, b in pairs if a and b]
            if all(alike) or not any(alike):
                continue
            if currency is not None and abs(currency - taken) == 1 < abs(currency - column):
                codes = {row[currency] for row, same in zip(rows, alike, strict=False) if same}
                if len(alike) == len(rows) and len(codes) == 1:
                    self._found["amount"] = column
                    return taken
            rival = Hypothesis(amount=column)
            say_rival(self._table, Hypothesis(amount=taken), rival, alike.count(False), self._choices)
        return other

    def _follow_balance(self, decimal_mark: DecimalMark) -> None:
        """Use a column without a role in the header as the running balance, if it follows from the movements."""
        if self._table.header is None or self._fixed("fee"):
            return
        rows = [row.cells for row in self._sample if self._cells.has_movement(row.cells)]
        fixed = self._fixed(*_MOVEMENT)
        values = {column: [self._signed(row, column, decimal_mark) for row in rows] for column in fixed.values()}
        if "amount" in fixed:
            moved = values[fixed["amount"]]
        elif "debit" in fixed and "credit" in fixed:
            moved = one_of_two(values[fixed["debit"]], values[fixed["credit"]])
        else:
            return
        for column in self._candidates():
            if self._facts[column].dense and column not in self._of("other_amount", "rate", "fee"):
                balances = [self._signed(row, column, decimal_mark) for row in rows]
                if follows(moved, balances):
                    self._found["balance"] = column
                    return

    # From the profile and the header

    def _from_profile(self) -> None:
        profile = self._profile
        for role in ("date", "amount", "debit", "credit", "mark", "balance", "currency"):
            column = getattr(profile, f"{role}_column")
            if column is not None:
                self._found[role] = self._position(column, f"{role}_column")
        for column in profile.narration_columns or ():
            self._narration.append(self._position(column, "narration_columns"))

    def _position(self, column: str | int, field: str) -> int:
        count = max(len(self._facts), len(self._table.header.cells) if self._table.header else 0)
        if isinstance(column, int):
            if 1 <= column <= count:
                return column - 1
            raise InputError(
                self._name, f"the profile's {field} is {column}, and the file has {count} columns",
                "columns are counted from 1",
            )  # fmt: skip
        names = self._table.header.cells if self._table.header else ()
        for fold in (str.casefold, plain):
            folded = [fold(name) for name in names]
            if fold(column.strip()) in folded:
                return folded.index(fold(column.strip()))
        if not names:
            raise InputError(
                self._name, f"the profile's {field} is {column!r}, and the file has no header that was recognised",
                f"give `header: true`, with `skip_rows:` if other lines precede it, or a position from 1 to {count}",
            )  # fmt: skip
        shown = ", ".join(repr(name[:40]) for name in names[:20] if name)
        raise InputError(
            self._name, f"the profile's {field} is {column!r}, which is not a column{did_you_mean(column, names)}",
            f"the columns are {shown}",
        )  # fmt: skip

    def _from_header_alone(self) -> None:
        """Trust the header for a date or an amount even if most rows lack it: those rows are then errors.

        The same applies to currencies: most may be outside ISO 4217 (``BTC``), and must not be added to the others.
        """
        missing: set[Role] = set()
        if not (self._known("date") or self._of("value_date")):
            missing.add("date")
        if not (self._fixed(*_MOVEMENT) or self._of("amount", "net", "debit", "credit")):
            missing.add("amount")
        taken = {*self._found.values(), *(column for columns in self._named.values() for column in columns)}
        for column, name in enumerate(self._names):
            facts = self._facts[column]
            for role in missing.intersection(header_roles(name)):
                if column not in taken and (facts.dates if role == "date" else facts.amounts):
                    self._named.setdefault(role, []).append(column)
            if "currency" in header_roles(name) and not self._known("currency") and facts.told_apart:
                self._named["currency"] = [column]

    def _forbidden(self) -> frozenset[str]:
        """Return the roles that the profile's columns exclude."""
        if "amount" in self._found:
            return frozenset({"debit", "credit", "net", "fee"})
        if "debit" in self._found or "credit" in self._found:
            return frozenset({"amount", "mark", "net", "fee"})
        return frozenset()

    def _fixed(self, *roles: str) -> dict[str, int]:
        return {role: self._found[role] for role in roles if role in self._found}

    # From the content of the columns

    def _unnamed(self) -> list[int]:
        """Return the free columns that the header does not describe: only their content shows their role."""
        names = self._names
        return [column for column in self._free() if column >= len(names) or not header_roles(names[column])]

    def _misnamed(self) -> list[int]:
        """Return the free columns whose cells do not match their header."""
        names = self._names
        return [
            column for column in self._free()
            if column < len(names) and not any(holds(role, self._facts[column]) for role in header_roles(names[column]))
        ]  # fmt: skip

    def _free(self) -> list[int]:
        taken = {*self._found.values(), *self._narration}
        taken.update(column for columns in self._named.values() for column in columns)
        return [column for column in range(len(self._facts)) if column not in taken]

    def _date(self) -> int:
        if "date" in self._found:
            return self._found["date"]
        if named := self._of("date"):
            self._found["date"] = named[0]
            say_rival_date(self._table, self._facts, named[0], self._of("value_date"), self._choices)
            say_other_date(self._table, self._facts, named[0], self._of("date"), self._choices)
            return named[0]
        dated = [column for column in self._free() if self._facts[column].dense and holds("date", self._facts[column])]
        dated += self._of("value_date")
        if not dated:
            raise InputError(
                self._name, f"none of its {len(self._facts)} columns contains dates in a known format",
                'give a profile with `date_column:` (a name or a position) and `date_format:` (such as "%d/%m/%Y")',
            )  # fmt: skip
        first = self._found["date"] = dated[0]
        if first in self._of("value_date") and len(self._names) > len(dated):
            self._choices.assume(
                "date_column", str(first + 1),
                f"{self._table.name(first)} is a value date, and no other column contains booking dates",
            )  # fmt: skip
        say_other_date(self._table, self._facts, first, self._of("date"), self._choices)
        if len(dated) > 1:
            self._found["value_date"] = dated[1]
            pairs = [(row.cells[first], row.cells[dated[1]]) for row in self._sample if len(row.cells) > dated[1]]
            differ = sum(bool(a) and bool(b) and a != b for a, b in pairs)
            if differ:
                self._choices.assume(
                    "date_column", str(first + 1),
                    f"columns {first + 1} and {dated[1] + 1} both contain dates, different in {differ} of {len(pairs)} "
                    "rows; the first is taken as the booking date",
                )  # fmt: skip
        return first

    def _candidates(self) -> list[int]:
        """Return the columns with amounts of money; counters and cheque numbers only if nothing else does."""
        free = [
            column for column in self._free()
            if self._facts[column].mostly(self._facts[column].amounts) and not holds("date", self._facts[column])
            and not (column < len(self._names) and is_number(self._names[column]))
        ]  # fmt: skip
        return [column for column in free if self._facts[column].money] or free

    def _mark_column(self) -> int | None:
        """Return the column in which each cell says debit or credit, unless it is the only text column."""
        signed = any(self._facts[column].negative for column in self._known("amount"))
        marked = [
            c for c in (*self._unnamed(), *self._misnamed(), *(() if signed else self._of("narration")))
            if self._facts[c].dense and self._facts[c].nearly_all(self._facts[c].marks) and self._tells_both(c)
        ]  # fmt: skip
        texts = [c for c in (*self._narration, *self._of("narration")) if c not in marked[:1]]
        texts += [c for c in self._free() if self._facts[c].mostly(self._facts[c].texts) and c not in marked[:1]]
        return marked[0] if marked and (texts or len(self._facts) <= 3) else None

    def _arrange(self, decimal_mark: DecimalMark, mark: int | None) -> None:
        for role in ("debit", "credit", "balance"):
            if role not in self._found and (named := self._of(role)):
                self._found[role] = named[0]
        fixed = self._fixed(*_MOVEMENT, "balance")
        columns = sorted({*self._candidates(), *fixed.values()})
        arranged = self._arranged(columns, decimal_mark, mark, fixed)
        counters = [c for c in self._counters() if c not in columns]
        if counters and arranged and (self._gaps(arranged) or not arranged.proven):
            # Whole amounts look like counters; a balance that follows, or a column that they complete, decides.
            wider = sorted({*columns, *counters})
            other = self._arranged(wider, decimal_mark, mark, fixed)
            completes = self._gaps(arranged) and other and other.arrangement.debit is not None
            if other and (completes or (other.proven and not arranged.proven)):
                arranged, columns = other, wider
            elif not arranged.proven and any(self._facts[column].dense for column in counters):
                arranged, columns = arranged._replace(certain=False), wider
        if arranged is None:
            if self._fixed(*_MOVEMENT):
                return
            raise self._no_amounts()
        if not arranged.proven and not fixed:
            arranged = around_empty(arranged, self._facts)
        self._take(arranged, columns, fixed)

    def _gaps(self, arranged: Arranged) -> bool:
        """True if a single amount column leaves rows without an amount, which another column may hold."""
        amount = arranged.arrangement.amount
        return amount is not None and self._facts[amount].filled < self._facts[amount].rows

    def _arranged(
        self, columns: list[int], decimal_mark: DecimalMark, mark: int | None, fixed: dict[str, int]
    ) -> Arranged | None:
        rows = [row.cells for row in self._sample if self._cells.has_movement(row.cells)]
        if not rows or not columns:
            return None
        values = {c: [self._signed(row, c, decimal_mark) for row in rows] for c in columns}
        signs = {"debit": -1, "credit": 1, None: 0}
        mark = self._found.get("mark", mark)
        marks = [signs[mark_of(row[mark])] if mark is not None and mark < len(row) else 0 for row in rows]
        return arrange(values, marks, fixed)

    def _counters(self) -> list[int]:
        """Return the columns of whole numbers, which may be serial numbers or whole amounts."""
        return [
            column for column in self._free()
            if self._facts[column].nearly_all(self._facts[column].amounts)
            and not holds("date", self._facts[column]) and not self._facts[column].account_number
        ]  # fmt: skip

    def _take(self, arranged: Arranged, columns: list[int], fixed: dict[str, int]) -> None:
        way = arranged.arrangement
        for role in (*_MOVEMENT, "balance"):
            column = getattr(way, role)
            if column is not None:
                self._found[role] = column
        if arranged.certain or self._fixed(*_MOVEMENT) == {k: v for k, v in fixed.items() if k in _MOVEMENT}:
            return
        if way.amount is not None:
            others = " and ".join(str(column + 1) for column in columns)
            last = "" if way.balance is None else f" and column {way.balance + 1} for the running balance"
            self._choices.assume(
                "amount_column", str(way.amount + 1),
                f"columns {others} contain amounts and nothing in the file proves their meaning; "
                f"column {way.amount + 1} is used as the movement{last}",
            )  # fmt: skip
        elif way.debit is not None and way.credit is not None:
            self._choices.assume(
                "debit_column", str(way.debit + 1),
                f"columns {way.debit + 1} and {way.credit + 1} are filled alternately and no balance proves their "
                f"meaning; column {way.debit + 1} is assumed to be outgoing money",
            )  # fmt: skip

    def _signed(self, row: tuple[str, ...], column: int, decimal_mark: DecimalMark) -> Decimal | None:
        amount = self._cells.amount(row[column]) if column < len(row) else None
        return amount.signed(decimal_mark) if amount else None

    def _no_amounts(self) -> InputError:
        return InputError(
            self._name, f"none of its {len(self._facts)} columns contains amounts",
            "give a profile with `amount_column:`, or `debit_column:` and `credit_column:` (names or positions)",
        )  # fmt: skip

    def _texts(self) -> tuple[int, ...]:
        """Return the text columns left of the money, or all of them if there are none; constant ones left out."""
        free = self._free()
        texts = [c for c in free if self._facts[c].mostly(self._facts[c].texts)]
        texts = texts or [c for c in free if self._facts[c].mostly(self._facts[c].lettered)]
        telling = [c for c in texts if len(self._facts[c].values) > 1 + (self._facts[c].filled > _MOST_OF_A_KIND)]
        telling = telling or [c for c in texts if not self._facts[c].constant] or texts[:1]
        first_money = min(self._found[role] for role in _MOVEMENT if role in self._found)
        chosen = [c for c in telling if c < first_money] or telling
        if len(chosen) < len(telling):
            shown = ", ".join(str(c + 1) for c in chosen)
            others = ", ".join(str(c + 1) for c in telling if c not in chosen)
            self._choices.assume(
                "narration_columns", f"[{shown}]",
                f"no header names the narration; the text left of the amount is taken, not that in column {others}",
            )  # fmt: skip
        return tuple(chosen)
