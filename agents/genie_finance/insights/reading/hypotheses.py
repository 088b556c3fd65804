"""The columns with the movements: every interpretation of the header is tried, and the balance decides."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.insights.reading.arrangement import counts, one_of_two
from genie_finance.insights.reading.balance import follow, follow_unsigned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from genie_finance.insights.reading.arrangement import Values

_MOST = 64
"""Maximum number of readings that are tried; a header with more has too many amounts for a statement."""
_NEARLY_PERCENT = 90


class Named(NamedTuple):
    """Columns by the role that the header names, most likely first."""

    amounts: tuple[int, ...] = ()
    nets: tuple[int, ...] = ()
    fees: tuple[int, ...] = ()
    debits: tuple[int, ...] = ()
    credits_: tuple[int, ...] = ()
    marks: tuple[int, ...] = ()
    balances: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    """Columns of money that the header does not describe."""


class Hypothesis(NamedTuple):
    """One reading of the columns."""

    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    fee: int | None = None
    fee_factor: int = 0
    """Factor of a fee before it is added: -1 if fees are written without a minus."""
    mark: int | None = None
    balance: int | None = None

    @property
    def of_amounts(self) -> tuple[int | None, ...]:
        """Return what decides the movements."""
        return (self.amount, self.debit, self.credit, self.fee, self.fee_factor, self.mark)


class Chosen(NamedTuple):
    """The chosen reading, and the evidence for it."""

    hypothesis: Hypothesis
    proven: bool
    """True if a running balance follows from it, and from no other as well as from it."""
    rival: Hypothesis | None = None
    """Another reading with other movements, if nothing proves the chosen one."""
    differ: int = 0
    """Number of rows in which the chosen reading and its rival differ."""
    read: int = 0
    """Rows in which it finds a movement."""
    strict: bool = False
    """True if nearly every step of the balance follows; required if the header does not name the balance."""


def choose(named: Named, values: Values, marks: dict[int, list[int]]) -> Chosen | None:
    """Return the reading that fits a balance best; else the one that reads the most rows; else the most likely.

    Args:
        named: Columns of the header.
        values: Signed numbers of each column, row by row; None where a cell is empty.
        marks: -1, 1 or 0 for each row of a column of debit and credit marks.
    """
    found = _hypotheses(named, values)[:_MOST]
    if not found:
        return None
    scored = [(_proof(one, values, marks), _read(one, values), one) for one in found]
    best = max(range(len(scored)), key=lambda at: (scored[at][0], scored[at][1], -at))
    fits, read, taken = scored[best]
    if not fits and (signed := _against(taken, named, values)):
        return Chosen(signed, proven=False, read=_read(signed, values))
    shown = _movements(taken, values, marks)
    for proof, count, other in scored:
        if other.of_amounts == taken.of_amounts or count < read or proof < fits or _settled(taken, other, values):
            continue
        differ = sum(
            a is not None and b is not None and abs(a) != abs(b)
            for a, b in zip(shown, _movements(other, values, marks), strict=True)
        )
        if differ:
            return Chosen(taken, proven=False, rival=other, differ=differ, read=read)
    strict = fits > 0 and taken.balance is not None and follows(shown, values[taken.balance])
    return Chosen(taken, proven=fits > 0, read=read, strict=strict)


def _against(taken: Hypothesis, named: Named, values: Values) -> Hypothesis | None:
    """Return the signed amounts with debits and credits exchanged, as in bookkeeping.

    There, a debit of the bank account is incoming money.
    """
    if taken.amount is not None:
        return None
    paired = _movements(taken, values, {})
    for amount in (*named.amounts, *named.nets):
        if amount in {taken.debit, taken.credit}:
            continue
        both = [(a, b) for a, b in zip(paired, values[amount], strict=True) if a and b]
        if len({b > 0 for _, b in both}) > 1 and all(a == -b for a, b in both):
            return Hypothesis(amount=amount, balance=taken.balance)
    return None


def follows(amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> bool:
    """True if a column without a name is a running balance: nearly every step follows, and at least two do."""
    if counts(amounts):
        return False
    for signed in (amounts, [None if v is None else -v for v in amounts]):
        chain = follow(signed, balances)
        if chain.fits > 1 and chain.fits * 100 >= _NEARLY_PERCENT * chain.steps:
            return True
    return not any(v < 0 for v in amounts if v) and follow_unsigned(amounts, balances) > 0


def _hypotheses(named: Named, values: Values) -> list[Hypothesis]:
    balances = (*named.balances, None)
    marks = named.marks or (None,)
    found = [
        Hypothesis(debit=debit, credit=credit, balance=balance)
        for debit, credit in product(named.debits, named.credits_)
        if not (_one_sided(values[debit], values[credit]) or _one_sided(values[credit], values[debit]))
        for balance in balances
    ]
    fees = [fee for fee in named.fees if any(values[fee])]
    found += [
        one._replace(fee=fee, fee_factor=factor)
        for one in found
        for fee in fees
        for factor in ((1, -1) if any(v < 0 for v in values[fee] if v) else (-1, 1))
    ]
    after = [
        net for net in (*named.amounts, *named.others)
        if any(_is_after(net, amount, fees, values) for amount in named.amounts)
    ]  # fmt: skip
    nets = sorted((*named.nets, *after), key=lambda net: not _adds_up(net, named.amounts, fees, values))
    singles = [Hypothesis(amount=net) for net in nets]
    for amount in (one for one in named.amounts if one not in after):
        singles.append(Hypothesis(amount=amount))
        singles += [
            Hypothesis(amount=amount, fee=fee, fee_factor=factor)
            for fee in fees
            for factor in ((1, -1) if any(v < 0 for v in values[fee] if v) else (-1, 1))
        ]
    return found + [
        one._replace(mark=mark, balance=balance) for one in singles for mark in marks for balance in balances
    ]


def _one_sided(column: Sequence[Decimal | None], other: Sequence[Decimal | None]) -> bool:
    """True if a column contains both signs and the other is empty: it is then the amount, not debits or credits."""
    return not any(other) and any(v > 0 for v in column if v) and any(v < 0 for v in column if v)


def _adds_up(net: int, amounts: Sequence[int], fees: Sequence[int], values: Values) -> bool:
    """True if a net column is an amount less or plus a fee in nearly every row."""
    return any(
        _alike(values[net], _with_fee(values[amount], values[fee], factor))
        for amount, fee, factor in product(amounts, fees, (1, -1))
        if amount != net and any(values[fee])
    )


def _is_after(net: int, amount: int, fees: Sequence[int], values: Values) -> bool:
    """True if an amount is another one less a fee in nearly every row: the fee is paid out of the account."""
    charged = [[None if v is None else abs(v) for v in values[fee]] for fee in fees]
    return net != amount and any(_alike(values[net], _with_fee(values[amount], fee, -1)) for fee in charged if any(fee))


def _settled(taken: Hypothesis, other: Hypothesis, values: Values) -> bool:
    """True if arithmetic shows which of two columns is the movement: the net amount is the amount with the fee."""
    if taken.amount is None:
        # Two columns that repeat one signed column leave nothing open.
        return False
    if other.amount is None or taken.fee is not None:
        return False
    fees = [column for column in values if column not in {taken.amount, other.amount}]
    return _adds_up(taken.amount, (other.amount,), fees, values)


def _alike(left: Sequence[Decimal | None], right: Sequence[Decimal | None]) -> bool:
    both = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    return bool(both) and sum(a == b for a, b in both) * 100 >= _NEARLY_PERCENT * len(both)


def _with_fee(amounts: Sequence[Decimal | None], fees: Sequence[Decimal | None], factor: int) -> list[Decimal | None]:
    return [
        amount if amount is None or not fee else amount + factor * fee
        for amount, fee in zip(amounts, fees, strict=True)
    ]


def _movements(one: Hypothesis, values: Values, marks: dict[int, list[int]]) -> list[Decimal | None]:
    if one.amount is None:
        if one.debit is None or one.credit is None:
            return []
        paired = one_of_two(values[one.debit], values[one.credit])
        if one.fee is None:
            return paired
        charged = [None if not fee else fee * one.fee_factor for fee in values[one.fee]]
        return [fee if v is None else v + (fee or 0) for v, fee in zip(paired, charged, strict=True)]
    amounts = values[one.amount]
    if one.fee is not None:
        amounts = _with_fee(amounts, values[one.fee], one.fee_factor)
    if one.mark is not None and not any(v < 0 for v in amounts if v):
        return [None if v is None else v * (mark or 1) for v, mark in zip(amounts, marks[one.mark], strict=True)]
    return amounts


def _read(one: Hypothesis, values: Values) -> int:
    if one.amount is not None:
        return sum(v is not None for v in values[one.amount]) if any(values[one.amount]) else 0
    if one.debit is None or one.credit is None:
        return 0
    return sum(bool(a) != bool(b) for a, b in zip(values[one.debit], values[one.credit], strict=True))


def _proof(one: Hypothesis, values: Values, marks: dict[int, list[int]]) -> int:
    """Return how many steps of the balance follow, 0 if they are no evidence."""
    if one.balance is None:
        return 0
    movements = _movements(one, values, marks)
    if not any(movements):
        return 0
    ways = [movements]
    if one.amount is not None:
        ways.append([None if v is None else -v for v in movements])
        if one.mark is not None:
            ways.append(
                [
                    None if v is None or not mark else abs(v) * mark
                    for v, mark in zip(movements, marks[one.mark], strict=True)
                ]
            )
    chains = [follow(way, values[one.balance]) for way in ways]
    fits = max(chain.fits if chain.proves else 0 for chain in chains)
    if one.amount is None or any(v < 0 for v in values[one.amount] if v):
        return fits
    return max(fits, follow_unsigned(movements, values[one.balance]))
