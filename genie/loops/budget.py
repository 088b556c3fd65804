"""Budgets of loops: reserved before a call, settled after it, and split over children before they start."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.limits import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO = Decimal(0)
SMALLEST = Decimal("1e-18")
"""Precision to which the parts of a cost are rounded down."""


class Amount(NamedTuple):
    """An amount used: tokens, cost in the operator's unit, and calls of models and tools."""

    tokens: int = 0
    cost: Decimal = ZERO
    calls: int = 0

    def plus(self, other: Amount) -> Amount:
        """Return the sum."""
        cost = EXACT.add(self.cost, other.cost) if other.cost else self.cost
        return Amount(self.tokens + other.tokens, cost, self.calls + other.calls)


def _whole(amount: Amount) -> Amount:
    """Return the amount; raise ``ValueError`` if a part of it is negative or not a number."""
    if amount.tokens < 0 or amount.calls < 0 or not amount.cost >= 0:
        raise ValueError("an amount has no negative parts")
    return amount


@dataclass(frozen=True, slots=True)
class Cap:
    """Limits of a budget; None means no limit."""

    tokens: int | None = None
    cost: Decimal | None = None
    calls: int | None = None

    def covers(self, amount: Amount) -> bool:
        """Return True if an amount is within the limits."""
        return (
            (self.tokens is None or amount.tokens <= self.tokens)
            and (self.cost is None or amount.cost <= self.cost)
            and (self.calls is None or amount.calls <= self.calls)
        )


UNBOUNDED = Cap()
NOTHING = Amount()


class Share:
    """The budget of one loop or node. All its methods are synchronous, so calls cannot race.

    Args:
        cap: Its limits.
    """

    __slots__ = ("_bounded", "_closed", "_reserved", "cap", "parent", "promised", "spent")

    def __init__(self, cap: Cap = UNBOUNDED) -> None:
        self.cap = cap
        self._bounded = cap != UNBOUNDED
        self.spent = NOTHING
        self._reserved: dict[int, Amount] = {}
        self.promised: dict[Share, Amount] = {}
        """Amount promised to open children."""
        self.parent: Share | None = None
        self._closed = False

    @property
    def committed(self) -> Amount:
        """Amount spent, reserved, or promised to children."""
        whole = self.spent
        for amount in (*self._reserved.values(), *self.promised.values()):
            whole = whole.plus(amount)
        return whole

    def reserve(self, amount: Amount) -> int | None:
        """Reserve an upper limit for a call; None if the budget has less left."""
        _whole(amount)
        # A budget without bounds need not be added up.
        if self._closed or (self._bounded and not self.cap.covers(self.committed.plus(amount))):
            return None
        ticket = max(self._reserved, default=0) + 1
        self._reserved[ticket] = amount
        return ticket

    def settle(self, ticket: int, used: Amount) -> None:
        """Replace a reservation by the actual usage. Usage above the reservation counts too."""
        del self._reserved[ticket]
        self.spent = self.spent.plus(_whole(used))

    def split(self, weights: Sequence[int]) -> tuple[Share, ...] | None:
        """Return a child for each weight, with its part of what is left; None if nothing is left for one of them.

        The unspent part of a child is returned when it is closed. Children have no limits that this budget lacks.
        """
        if not weights or any(weight < 1 for weight in weights):
            raise ValueError("a budget is split by weights from 1")
        taken, whole = self.committed, sum(weights)
        children = []
        for weight in weights:
            cap = Cap(
                None if self.cap.tokens is None else max(self.cap.tokens - taken.tokens, 0) * weight // whole,
                None if self.cap.cost is None else _part(self.cap.cost, taken.cost, weight, whole),
                None if self.cap.calls is None else max(self.cap.calls - taken.calls, 0) * weight // whole,
            )
            if cap.tokens == 0 or cap.calls == 0 or (cap.cost is not None and cap.cost <= 0):
                return None
            children.append(Share(cap))
        for child in children:
            child.parent = self
            self.promised[child] = Amount(child.cap.tokens or 0, child.cap.cost or ZERO, child.cap.calls or 0)
        return tuple(children)

    def close(self) -> None:
        """Close a child: its spending counts for the parent, and the rest is returned."""
        if self._closed:
            return
        self._closed = True
        parent = self.parent
        if parent is not None:
            parent.promised.pop(self, None)
            parent.spent = parent.spent.plus(self.committed)


def _part(cap: Decimal, taken: Decimal, weight: int, whole: int) -> Decimal:
    left = EXACT.subtract(cap, taken)
    if left <= 0:
        return ZERO
    # Rounded down, so that the parts never exceed the whole.
    part = EXACT.divide(EXACT.multiply(left, Decimal(weight)), Decimal(whole))
    return part.quantize(SMALLEST, rounding=ROUND_DOWN, context=EXACT)
