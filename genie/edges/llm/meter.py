"""Usage of one attempt, checked against its budgets while it streams, and charged exactly at its end."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from genie.contracts.model_call import FailureClass, Usage
from genie.contracts.ports.provider import ProviderError
from genie.edges.llm.tokens import tokens_of
from genie.errors import BudgetExceededError

if TYPE_CHECKING:
    from decimal import Decimal

    from genie.contracts.context import Context
    from genie.edges.llm.price import Pricing

STEP = 256
"""Maximum characters of a reply between two checks of the budgets."""
AHEAD = 64
"""Tokens reserved in advance once a reply is near its limit, so that text is paid for before it arrives."""
NEAR = 8
"""Tokens below the reservation at which more is reserved, or the reply is cut off."""
RUNAWAY = 4
"""Multiple of its limit, by our count, at which a reply is cut off regardless of budgets."""
SLACK = 1_024
"""Tokens by which a reply may exceed its limit by our count, which is an estimate."""
BILLED = frozenset({FailureClass.TIMEOUT, FailureClass.TRUNCATED, FailureClass.MALFORMED})
"""Failures after which a provider may bill its partial output without reporting its amount."""


class Meter:
    """One attempt's use.

    Args:
        context: Context of the handling, which reserves and charges.
        price: Price of the model; None if nothing is charged.
        bound: Maximum tokens of the request.
        max_output: Maximum tokens of the reply.
    """

    __slots__ = (
        "_bound", "_context", "_counted", "_held", "_look", "_max_output", "_price", "_said", "_since", "_uncounted",
        "settled",
    )  # fmt: skip

    def __init__(self, context: Context, price: Pricing | None, bound: int, max_output: int) -> None:
        self._context = context
        self._price = price
        self._bound = bound
        self._max_output = max_output
        self._said: Usage | None = None
        self._counted = 0.0
        self._uncounted: list[str] = []
        """Text since the last check of the budgets."""
        self._since = 0
        self._held = max_output
        """Tokens reserved for the reply."""
        self._look = min(STEP, max_output)
        """Characters until the next check of the budgets."""
        self.settled = False

    def _count(self) -> float:
        """Return the tokens of the reply so far, by our count."""
        if self._uncounted:
            self._counted += tokens_of("".join(self._uncounted))
            self._uncounted.clear()
            self._since = 0
        return self._counted

    def hold(self) -> None:
        """Reserve the possible usage of the attempt; raises ``BudgetExceededError`` if less is left."""
        known = self._said.input if self._said is not None and self._said.input else self._bound
        output = self._held
        cost = 0 if self._price is None else self._price.most(known, output)
        self._context.reserve(cost=cost, tokens=known + output)

    def wrote(self, text: str) -> None:
        """A piece of the reply has arrived; raises ``BudgetExceededError`` if too few tokens are left."""
        if text:
            self._since += len(text)
            self._uncounted.append(text)
        if self._since >= self._look:
            counted = math.ceil(self._count())
            if counted > RUNAWAY * self._max_output + SLACK:
                raise ProviderError(FailureClass.MALFORMED, code="endless")
            if counted > self._held - NEAR:
                self._held = counted + AHEAD
                self.hold()
            self._look = min(STEP, self._held - counted)  # no text has one token for each character

    def stated(self, usage: Usage) -> None:
        """The provider has reported usage so far."""
        self._said = usage
        self._held = max(self._held, math.ceil(self._count()), usage.output)
        self.hold()

    def usage(self, final: Usage | None) -> Usage:
        """Return the usage of the attempt: as the provider reports at its end, else the best estimate."""
        if final is not None:
            return final
        said = self._said or Usage()
        counted = max(said.output, -(-round(self._count() * 100) // 100))
        return said.model_copy(update={"input": said.input or self._bound, "output": counted, "estimated": True})

    def settle(self, final: Usage | None) -> tuple[Usage, Decimal | None]:
        """Charge the attempt, once.

        Usage above what is left also counts, as overrun, and the next attempt finds nothing left.
        """
        usage = self.usage(final)
        cost = None if self._price is None else self._price.cost(usage)
        if cost is None and self._price is not None:  # a part of it has no price, but that does not make it free
            cost = self._price.most(usage.input, usage.output)
        if not self.settled:
            self.settled = True
            with contextlib.suppress(BudgetExceededError):
                self._context.charge(cost=cost or 0, tokens=usage.input + usage.output)
        return usage, cost

    def failed(self, error: ProviderError) -> tuple[Usage, Decimal | None]:
        """Charge a failed attempt: as the provider reports, or what it may bill."""
        if error.usage is not None or self._count() or error.failure in BILLED:
            return self.settle(error.usage)
        self.settled = True
        return Usage(), None
