"""Asset-liability manager: gaps by maturity against the tolerances, and the effect of a rate change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import Money
from genie_finance.contracts.numbers import ZERO
from genie_finance.contracts.treasury import AlmRequest, AlmResult, GapRow, Valuation
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.treasury.amounts import money, percent
from genie_finance.treasury.tables import ALM, AlmRules

ID = "alm"
_BP = Decimal(10_000)
_YEARS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Value:
    """Change of economic value in major units, and durations in years; None if a side is empty."""

    change: Decimal
    assets: Decimal | None
    liabilities: Decimal | None
    gap: Decimal | None


def gaps(request: AlmRequest) -> AlmResult | InsufficientData:
    """Return the statement of gaps, or the missing data.

    Raises:
        InputError: No edition of the tolerances covers the day.
    """
    assets, liabilities = request.assets.amounts(), request.liabilities.amounts()
    if not any(one.minor for one in (*assets, *liabilities)):
        lack = Lack(what="assets, liabilities", needed="balances by residual maturity, at least one above 0", given="0")
        return InsufficientData(agent=ID, question="gaps by maturity", missing=(lack,))
    found = edition(ALM, on=request.as_of)
    rows = tuple(_rows(request, found.rules))
    repricing = request.repricing or request
    priced = _differences(repricing.assets.amounts(), repricing.liabilities.amounts())
    simple, weighted = nii_sensitivity(priced, request.rate_shock_bp, found.rules)
    value = None if request.valuation is None else economic_value(request, request.valuation, found.rules)
    currency = request.total_assets.currency
    breached = any(row.breach for row in rows) or _next_day_breach(request, found.rules) is not None
    return AlmResult(
        as_of=request.as_of,
        gaps=rows,
        has_breach=breached or (False if request.next_day is not None else None),
        unchecked=() if request.next_day is not None else ("next_day_limit",),
        nii_sensitivity=money(simple, currency),
        nii_sensitivity_time_weighted=money(weighted, currency),
        eve_change=None if value is None else money(value.change, currency),
        duration_assets_years=_rounded(value.assets if value else None),
        duration_liabilities_years=_rounded(value.liabilities if value else None),
        duration_gap_years=_rounded(value.gap if value else None),
        grounds=_grounds(request, rows, found),
    )


def _rounded(years: Decimal | None) -> Decimal | None:
    return None if years is None else years.quantize(_YEARS)


def _differences(assets: Sequence[Money], liabilities: Sequence[Money]) -> list[Decimal]:
    return [a.amount - b.amount for a, b in zip(assets, liabilities, strict=True)]


def _rows(request: AlmRequest, rules: AlmRules) -> Iterator[GapRow]:
    whole, own = request.total_assets, request.internal_limit_pct_of_assets
    sides = zip(request.assets.amounts(), request.liabilities.amounts(), rules.buckets, strict=True)
    sums = Money(minor=0, currency=whole.currency), Money(minor=0, currency=whole.currency)
    for assets, liabilities, bucket in sides:
        sums = sums[0] + assets, sums[1] + liabilities
        cumulative = sums[0] - sums[1]
        of_assets = percent(Decimal(cumulative.minor) / whole.minor)
        breach = bucket.limit is not None and exceeds(cumulative, sums[1], bucket.limit)
        yield GapRow(
            bucket=bucket.bucket,
            assets=assets,
            liabilities=liabilities,
            gap=assets - liabilities,
            cumulative=cumulative,
            cumulative_pct_of_assets=of_assets,
            cumulative_pct_of_outflows=percent(Decimal(cumulative.minor) / sums[1].minor) if sums[1].minor else None,
            limit_pct=None if bucket.limit is None else bucket.limit * 100,
            breach=breach or (own is not None and abs(cumulative.minor) * 100 > own * whole.minor),
        )


def exceeds(gap: Money, outflows: Money, limit: Decimal) -> bool:
    """Return True when a negative gap is more than a share of the outflows; exactly that share is within the limit."""
    return -gap.minor > limit * outflows.minor


def _next_day_breach(request: AlmRequest, rules: AlmRules) -> Reason | None:
    if request.next_day is None:
        return None
    gap, outflows = request.next_day.assets - request.next_day.liabilities, request.next_day.liabilities
    if not exceeds(gap, outflows, rules.next_day_limit):
        return None
    text = f"Next day: a gap of {gap} is more than {rules.next_day_limit:.0%} of outflows of {outflows}."
    return Reason(code="treasury.next_day_breach", text=text)


def nii_sensitivity(priced: Sequence[Decimal], shock_bp: Decimal, rules: AlmRules) -> tuple[Decimal, Decimal]:
    """Return the change of a year's net interest income: unweighted, and weighted by time.

    A gap that reprices after t years earns the shock for the remaining 1 - t.
    """
    simple = weighted = ZERO
    for gap, bucket in zip(priced, rules.buckets, strict=True):
        if bucket.to_day is not None and bucket.to_day <= rules.horizon_days:
            simple += gap
            weighted += gap * (1 - bucket.midpoint_years(ZERO))
    return simple * shock_bp / _BP, weighted * shock_bp / _BP


def economic_value(request: AlmRequest, valuation: Valuation, rules: AlmRules) -> Value:
    """Return the change in value of repricing amounts, each bucket at its midpoint, at one continuous yield."""
    sides = request.repricing or request
    before = valuation.flat_yield_pct / 100
    after = before + request.rate_shock_bp / _BP
    totals: list[tuple[Decimal, Decimal | None, Decimal]] = []
    for side in (sides.assets, sides.liabilities):
        timing = (bucket.midpoint_years(valuation.last_bucket_years) for bucket in rules.buckets)
        flows = [(one.amount, years) for one, years in zip(side.amounts(), timing, strict=True)]
        present = sum((amount * _discount(before, years) for amount, years in flows), ZERO)
        shocked = sum((amount * _discount(after, years) for amount, years in flows), ZERO)
        timed = sum((amount * years * _discount(before, years) for amount, years in flows), ZERO)
        totals.append((present, timed / present if present else None, shocked - present))
    (assets, long, up), (owed, short, down) = totals
    gap = None if long is None or short is None or not assets else long - short * owed / assets
    return Value(up - down, long, short, gap)


def _discount(rate: Decimal, years: Decimal) -> Decimal:
    return Decimal(repr(math.exp(-float(rate) * float(years))))


def _grounds(request: AlmRequest, rows: tuple[GapRow, ...], found: Edition[AlmRules]) -> Grounds:
    reasons = list(_breaches(rows, request))
    first = _next_day_breach(request, found.rules)
    reasons = [first, *reasons] if first else reasons
    if not reasons and request.next_day is None:
        text = "No checked gap exceeds its tolerance; the next day's limit could not be checked."
        reasons = [Reason(code="treasury.next_day_unknown", text=text)]
    elif not reasons:
        text = "No cumulative gap exceeds its tolerance."
        reasons = [Reason(code="treasury.within_tolerance", text=text)]
    caveats = [*caveats_of((found.said,))]
    if request.next_day is None:
        caveats.append("The limit of the next day was not checked: the part of day_1_7 that is due then is unknown.")
    if request.repricing is None:
        caveats.append(
            "Sensitivities use residual maturity as the time to repricing; give the repricing for better results."
        )
    if request.internal_limit_pct_of_assets is None:
        caveats.append("Beyond 30 days, the board sets the limits; none was given.")
    if request.valuation is None:
        caveats.append("No yield was given, so no change of economic value is stated.")
    inputs = (
        Evidence(name="as_of", value=str(request.as_of)),
        Evidence(name="total_assets", value=str(request.total_assets)),
        Evidence(name="rate_shock_bp", value=str(request.rate_shock_bp)),
    )
    uncertainty = (
        "Buckets are as given, including deposits without maturity. One parallel shock is passed on in full to every "
        "rate; options and prepayment are not considered."
    )
    return Grounds(
        reasons=tuple(reasons), inputs=inputs, editions=(found.said,), uncertainty=uncertainty, caveats=tuple(caveats)
    )


def bucket_name(bucket: str) -> str:
    """Return the name of a bucket in words: ``day_1_7`` is ``days 1 to 7``."""
    unit, *numbers = bucket.split("_")
    return f"{unit}s {' to '.join(numbers)}" if len(numbers) == 2 and all(map(str.isdecimal, numbers)) else bucket


def _breaches(rows: tuple[GapRow, ...], request: AlmRequest) -> Iterator[Reason]:
    for row in rows:
        if not row.breach:
            continue
        limit = f"{row.limit_pct} per cent of outflows" if row.limit_pct is not None else "no limit in the rules"
        own = request.internal_limit_pct_of_assets
        said = f", and {own} per cent of assets by the bank's own limit" if own is not None else ""
        text = f"{bucket_name(row.bucket)}: a cumulative gap of {row.cumulative} against {limit}{said}."
        yield Reason(code="treasury.gap_breach", text=text)


@agent(
    id=ID,
    capabilities=("compute_alm_gap", "risk.liquidity_gap"),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("alm_in",),
)
async def alm(request: AlmRequest) -> AlmResult | InsufficientData:
    """Computes gaps by maturity against regulatory tolerances, and the sensitivity of income and economic value."""
    return gaps(request)
