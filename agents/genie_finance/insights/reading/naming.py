"""Column roles from a table's header, accepted if the cells fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie_finance.insights.reading.books import paired
from genie_finance.insights.reading.currencies import NUMBERED, header_code
from genie_finance.insights.reading.header_words import Role
from genie_finance.insights.reading.headers import (
    TYPE_WORDS,
    amount_rank,
    date_rank,
    header_roles,
    is_of_transaction,
)
from genie_finance.insights.reading.vocabulary import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from genie_finance.insights.reading.facts import Facts

NamedColumns = dict[Role, list[int]]


class Columns(NamedTuple):
    """Positions of the columns that are read, from 0."""

    date: int
    narration: tuple[int, ...] = ()
    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    mark: int | None = None
    balance: int | None = None
    currency: int | None = None
    account: int | None = None
    fee: int | None = None
    fee_factor: int = 0
    """Factor of a fee before it is added to the amount."""
    other_amount: int | None = None
    """Column of the same movements in another currency."""

    @property
    def sides(self) -> tuple[int, ...]:
        """Columns of debits and of credits."""
        return tuple(c for c in (self.debit, self.credit) if c is not None)

    @property
    def money(self) -> tuple[int, ...]:
        """Columns of movements, without the balance."""
        return self.sides if self.amount is None else (self.amount, *self.sides)


def named_columns(
    names: Sequence[str], facts: Sequence[Facts], taken: Collection[int], forbidden: Collection[str]
) -> NamedColumns:
    """Return the columns of each role that the header names, likeliest first.

    Args:
        names: Cells of the header.
        facts: Content of the columns.
        taken: Columns whose roles are already known.
        forbidden: Roles that must not be assigned.
    """
    found: NamedColumns = {}
    together = paired(names)
    for column, (name, fact) in enumerate(zip(names, facts, strict=False)):
        if column in taken or not name:
            continue
        roles = (together[column],) if column in together else header_roles(name)
        # "Details" and "Type" are words of the narration unless each cell is a debit or credit mark.
        for role in sorted(roles, key=lambda role: role != "mark"):
            if role in forbidden or not holds(role, fact):
                continue
            if role == "mark" and plain(name) in TYPE_WORDS and not fact.nearly_all(fact.marks):
                continue
            found.setdefault(role, []).append(column)
            if role in {"debit", "credit"} and fact.both_signs and "amount" not in forbidden:
                found.setdefault("amount", []).append(column)  # with both signs it may be the amount itself
            break
    _settle_others(found, names)
    for role in ("debit", "credit"):
        if role in found:
            found[role].sort(key=lambda column: not facts[column].filled)
    if "date" in found:
        found["date"].sort(key=lambda column: (facts[column].constant, date_rank(names[column])))
    if "amount" in found:
        held = _constant_code(found, facts)
        found["amount"].sort(key=lambda column: (_code_rank(names[column], held), amount_rank(names[column])))
    if "balance" in found:
        found["balance"].sort(key=lambda column: "disponi" in plain(names[column]) or "availab" in plain(names[column]))
    return found


def _constant_code(found: NamedColumns, facts: Sequence[Facts]) -> str:
    """Return the code that every row of a column of currencies has, ``""`` if they differ."""
    held = [facts[column] for column in found.get("currency", ()) if facts[column].constant]
    return next(iter(held[0].values)).upper() if held else ""


def _code_rank(name: str, held: str) -> int:
    """Rank an amount by the currency in its header: the account's currency first, one that no row has last."""
    code = header_code(name)
    return 1 if not code else 2 if held and code != held else 0


def _settle_others(found: NamedColumns, names: Sequence[str]) -> None:
    """Use an amount called original, foreign or local as the amount only if there is no other.

    Of two amounts, the one whose header names the transaction is the second amount; the same applies to currencies. A
    debit without a credit beside an amount is a charge.
    """
    pairs: tuple[tuple[Role, Role], ...] = (("amount", "other_amount"), ("currency", "other_currency"))
    for main, other in pairs:
        mains = found.get(main, [])
        weak = [column for column in mains if is_of_transaction(names[column])]
        if weak and len(weak) < len(mains):
            mains[:] = [column for column in mains if column not in weak]
            found.setdefault(other, []).extend(weak)
    if "balance" in found and "amount" in found and "credit" not in found:
        charges = [column for column in found.pop("debit", ()) if column not in found["amount"]]
        found.setdefault("fee", []).extend(charges)  # the balance tells if they count
    second = any("other_amount" in header_roles(name) for name in names)
    if "currency" not in found and not second and "other_currency" in found:
        found["currency"] = found.pop("other_currency")  # with one amount there is one currency
    named = any(header_roles(name)[:1] == ("amount",) for name in names)
    if not {"amount", "debit", "credit", "net"} & found.keys() and "other_amount" in found and not named:
        found["amount"] = found.pop("other_amount")
        if "currency" not in found and "other_currency" in found:
            found["currency"] = found.pop("other_currency")


def holds(role: Role, facts: Facts) -> bool:
    """True if a column's cells fit a role."""
    if role in {"date", "value_date"}:
        return facts.mostly(facts.dates)
    if role in {"debit", "credit", "balance", "fee", "other_amount"}:
        return facts.filled == 0 or facts.mostly(facts.amounts)  # a month without deposits has an empty column
    if role in {"amount", "net"}:
        return facts.mostly(facts.amounts)
    if role == "mark":
        return facts.mostly(facts.marks)
    if role in {"currency", "other_currency"}:
        return facts.mostly(facts.currencies) or (bool(facts.values) and facts.values <= NUMBERED.keys())
    if role == "narration":
        return facts.filled > 0 and not facts.mostly(facts.dates) and not facts.nearly_all(facts.money)
    return facts.filled > 0
