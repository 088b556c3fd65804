"""The credit guarantee fund: eligibility of a loan, and the fee."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genie_finance.contracts.numbers import ZERO
from genie_finance.contracts.sme import SmeApplication
from genie_finance.lending.tables import GuaranteeRules


def uncovered(application: SmeApplication, amount: Decimal) -> Decimal:
    """Return the part of an amount without collateral."""
    return max(amount - application.collateral.amount, ZERO)


def obstacles(application: SmeApplication, amount: Decimal, rules: GuaranteeRules) -> Iterator[str]:
    """Yield why the fund does not cover a loan of that amount; nothing if it does."""
    if not application.udyam_registered:
        yield "there is no Udyam registration"
    if application.enterprise not in rules.enterprises:
        yield f"a {application.enterprise} enterprise is not covered"
    if application.sector not in rules.sectors:
        yield f"{application.sector} is not covered"
    open_part = uncovered(application, amount)
    if not open_part:
        yield "collateral secures all of it"
    elif open_part > rules.ceiling:
        yield f"{open_part:,.0f} without collateral is above the ceiling of {rules.ceiling:,.0f}"


def fee_percent(amount: Decimal, rules: GuaranteeRules) -> Decimal:
    """Return the yearly fee for a guarantee of that size, in percent of the outstanding amount."""
    return next((band.percent for band in rules.fees if amount <= band.up_to), rules.fees[-1].percent)
