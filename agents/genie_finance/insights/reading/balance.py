"""Checks whether the running balance follows from the amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


_DISTINCT = 3
"""Least number of steps, and of different amounts, for steps without signs to count as evidence."""


class Chain(NamedTuple):
    """How well balances follow from amounts, in the better of the two directions."""

    steps: int
    """Pairs of known balances that have only known amounts between them."""
    breaks: tuple[int, ...]
    """Positions of the rows whose balance does not follow from the one before it in time."""

    @property
    def fits(self) -> int:
        """Steps that do follow."""
        return self.steps - len(self.breaks)

    @property
    def proves(self) -> bool:
        """True if the balance supports these amounts: at least half the steps follow, and at least one."""
        return self.fits > 0 and self.fits * 2 >= self.steps


def follow(
    amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None], *, newest_first: bool | None = None
) -> Chain:
    """Return how the balances follow from the amounts, oldest first or newest first, whichever fits better.

    Args:
        amounts: Signed movement of each row, in file order; None where it could not be read; no step spans such a row.
        balances: Balance after each row; None where the row has none, for example if the bank prints one per day.
        newest_first: The order of the rows, if the dates show it. In the wrong order, balances before each row would
            follow from the negated amounts.
    """
    last = len(amounts) - 1
    forward = _walk(amounts, balances)
    back = _walk(amounts[::-1], balances[::-1])
    if newest_first is False or (newest_first is None and back.fits <= forward.fits):
        return forward
    return Chain(back.steps, tuple(sorted(last - position for position in back.breaks)))


def follow_unsigned(amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> int:
    """Return the number of steps of a balance if each is as large as its unsigned amount, else 0.

    Two steps or fewer, or equal amounts, are no evidence.
    """
    if len({abs(amount) for amount in amounts if amount}) < _DISTINCT:
        return 0
    found = [_unsigned_steps(amounts, balances), _unsigned_steps(amounts[::-1], balances[::-1])]
    return max(found)


def _unsigned_steps(amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> int:
    steps = 0
    before: Decimal | None = None
    for amount, balance in zip(amounts, balances, strict=True):
        if before is not None and balance is not None and amount is not None:
            if abs(balance - before) != abs(amount):
                return 0
            steps += 1
        before = balance
    return steps if steps >= _DISTINCT else 0


def _walk(amounts: Sequence[Decimal | None], balances: Sequence[Decimal | None]) -> Chain:
    steps, breaks = 0, []
    due: Decimal | None = None
    for position, (amount, balance) in enumerate(zip(amounts, balances, strict=True)):
        due = None if due is None or amount is None else due + amount
        if balance is None:
            continue
        if due is not None:
            steps += 1
            if due != balance:
                breaks.append(position)
        due = balance
    return Chain(steps, tuple(breaks))
