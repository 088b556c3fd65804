"""Tax harvester: losses on listed equity that can be realised against this year's taxed gains."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import rupees
from genie_finance.contracts.tax import Harvest, HarvestPlan, HarvestRequest, Lot
from genie_finance.domain.months import month_of, shift
from genie_finance.domain.rulebook import edition
from genie_finance.tax.liability import ZERO
from genie_finance.tax.tables import CAPITAL_GAINS, INCOME_TAX, CapitalGainsRules

ID = "tax_harvester"
GRANDFATHERED = datetime.date(2018, 2, 1)
"""Gains up to 31 January 2018 on earlier purchases are not taxed (section 55(2)(ac))."""

_THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class _Loss:
    lot: Lot
    long: bool
    loss: Decimal
    """Gain or loss of the whole lot, above 0."""


@dataclass(slots=True)
class _Open:
    """Gains that are still taxed, in rupees; harvesting reduces them."""

    short: Decimal
    long: Decimal

    def take(self, amount: Decimal, *, long: bool) -> tuple[Decimal, Decimal]:
        """Return the gains that a loss offsets, short-term and long-term.

        A long-term loss only offsets long-term gains.
        """
        of_short = ZERO if long else min(self.short, amount)
        of_long = min(self.long, amount - of_short)
        self.short -= of_short
        self.long -= of_long
        return of_short, of_long


def harvest(request: HarvestRequest) -> HarvestPlan | InsufficientData:
    """Return the units to sell: the smallest loss that offsets every taxed gain, or all losses.

    Long-term losses come first, since they offset only long-term gains; short-term losses then offset short-term gains,
    which are taxed higher, and the rest of the long-term ones.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    found = edition(CAPITAL_GAINS, on=request.as_of)
    cess = edition(INCOME_TAX, on=request.as_of)
    lacking = tuple(
        Lack(what=f"lots.{lot.symbol}.bought", needed="a day before the sale", given=str(lot.bought))
        for lot in request.lots
        if lot.bought > request.as_of
    )
    if lacking:
        return InsufficientData(agent=ID, question="losses worth realising", missing=lacking)
    rules = found.rules
    left = _open(request, rules)
    exempt = max(rules.exemption - max(_net_long(request), ZERO), ZERO)
    known = [lot for lot in request.lots if not _unknown(lot)]
    skipped = tuple(f"{lot.symbol}: its price on 31 January 2018 is needed" for lot in request.lots if _unknown(lot))
    chosen, before_cess = [], ZERO
    for one in _losses(known, request.as_of, rules):
        wanted = left.long if one.long else left.short + left.long
        units = min(one.lot.units, (wanted * one.lot.units / one.loss).quantize(_step(one.lot), ROUND_CEILING))
        if units:
            loss = one.loss * units / one.lot.units
            of_short, of_long = left.take(loss, long=one.long)
            saved = of_short * rules.short_listed + of_long * rules.long_listed
            before_cess += saved
            chosen.append(_harvest(one, units, loss, saved * (1 + cess.rules.cess)))
    editions = (found.said, cess.said)
    return HarvestPlan(
        as_of=request.as_of,
        saves=rupees(before_cess * (1 + cess.rules.cess)),
        saves_before_cess=rupees(before_cess),
        harvests=tuple(chosen),
        open_short_gains=rupees(left.short),
        open_long_gains=rupees(left.long),
        unused_exemption=rupees(exempt),
        skipped=skipped,
        grounds=_grounds(request, chosen, exempt, editions),
    )


def _step(lot: Lot) -> Decimal:
    """Return the smallest quantity of a lot that can be sold: a share, or a thousandth of a fund's unit."""
    return Decimal(1) if lot.units == lot.units.to_integral_value() else _THOUSANDTH


def _net_long(request: HarvestRequest) -> Decimal:
    """Return the long-term gains after a short-term loss of the year is set off."""
    return request.realised_long.amount + min(request.realised_short.amount, ZERO)


def _open(request: HarvestRequest, rules: CapitalGainsRules) -> _Open:
    return _Open(max(request.realised_short.amount, ZERO), max(_net_long(request) - rules.exemption, ZERO))


def _unknown(lot: Lot) -> bool:
    return lot.bought < GRANDFATHERED and lot.price_on_31_january_2018 is None


def is_long(bought: datetime.date, sold: datetime.date, months: int) -> bool:
    """Return whether the holding period exceeds that many months: the sale is after the same day of the month."""
    month = shift(month_of(bought), months)
    year, number = int(month[:4]), int(month[5:])
    return (sold.year, sold.month, sold.day) > (year, number, bought.day)


def _losses(lots: Sequence[Lot], sold: datetime.date, rules: CapitalGainsRules) -> list[_Loss]:
    found = []
    for lot in lots:
        long, cost, value = (
            is_long(lot.bought, sold, rules.holding_months),
            lot.cost.amount,
            lot.price * lot.units,
        )
        if long and lot.bought < GRANDFATHERED and lot.price_on_31_january_2018 is not None:
            cost = max(cost, min(lot.price_on_31_january_2018 * lot.units, value))
        if cost > value:
            found.append(_Loss(lot, long, cost - value))
    # Within a term every rupee of loss saves the same; what lost most per rupee of value ties up the least in a sale.
    found.sort(key=lambda one: (not one.long, one.lot.price * one.lot.units / one.loss, one.lot.symbol, one.lot.bought))
    return found


def _harvest(one: _Loss, units: Decimal, loss: Decimal, saves: Decimal) -> Harvest:
    return Harvest(
        symbol=one.lot.symbol, units=units, term="long" if one.long else "short", bought=one.lot.bought,
        loss=rupees(loss), saves=rupees(saves),
    )  # fmt: skip


def _grounds(
    request: HarvestRequest, chosen: list[Harvest], exempt: Decimal, editions: tuple[RuleEdition, ...]
) -> Grounds:
    reasons = [
        Reason(
            code=f"tax.harvest_{one.term}",
            text=f"Selling {one.units} {one.symbol}: a {one.term}-term loss of {one.loss}, which saves {one.saves}.",
        )
        for one in chosen
    ] or [Reason(code="tax.nothing_to_harvest", text="No loss on a holding can be set off against a taxed gain.")]
    if exempt:
        text = f"A further {rupees(exempt)} of long-term gains would be exempt this year."
        reasons.append(Reason(code="tax.exemption_left", text=text))
    return Grounds(
        reasons=tuple(reasons),
        inputs=(
            Evidence(name="as_of", value=str(request.as_of)),
            Evidence(name="realised_short", value=str(request.realised_short)),
            Evidence(name="realised_long", value=str(request.realised_long)),
            Evidence(name="lots", value=str(len(request.lots))),
        ),
        editions=editions,
        uncertainty="Surcharge, which would raise the saving, and brokerage, exit loads and securities transaction "
        "tax, which lower it, are not included. Gains are assumed to be taxed at today's rates: below the "
        "basic exemption, with the rebate of section 87A, or for sales before a change of rates, the "
        "saving is lower or zero.",
        caveats=(
            *caveats_of(editions),
            "Shares are sold first in, first out within a demat account, regardless of the intended lot.",
        ),
    )


@agent(
    id=ID,
    capabilities=("tax.harvest_losses",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("capital_gains_in", "income_tax_in"),
)
async def tax_harvester(request: HarvestRequest) -> HarvestPlan | InsufficientData:
    """Finds losses on listed equity in India that are worth realising before the tax year ends."""
    return harvest(request)
