"""Shared parts of the insurance answers: amounts, lines of a computation, grounds with their caveats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insurance import AmountLine

ZERO = Decimal(0)
PAISA = Decimal("0.01")


def paise(amount: Decimal) -> Decimal:
    """Return rupees rounded half up to the paisa."""
    return amount.quantize(PAISA, rounding=ROUND_HALF_UP)


def line(code: str, text: str, amount: Decimal) -> AmountLine:
    """Return one step of a computation."""
    return AmountLine(code=code, text=text, amount=str(paise(amount)))


def total(lines: Iterable[AmountLine]) -> Decimal:
    """Return the sum of steps, in rupees."""
    return sum((Decimal(one.amount) for one in lines), ZERO)


def grounds(
    reasons: Iterable[tuple[str, str]],
    inputs: Mapping[str, object],
    editions: tuple[RuleEdition, ...],
    uncertainty: str,
    *caveats: str,
) -> Grounds:
    """Return the grounds of an answer; unverified parts and notes of its editions become caveats."""
    return Grounds(
        reasons=tuple(Reason(code=code, text=text) for code, text in reasons),
        inputs=tuple(Evidence(name=name, value=str(value)) for name, value in inputs.items()),
        editions=editions,
        uncertainty=uncertainty,
        caveats=(*caveats_of(editions), *caveats),
    )
