"""Asset allocator: target weights from age, horizon and risk tolerance, and the trades to reach them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, unverified
from genie_finance.contracts.investing import (
    ASSET_CLASSES,
    AssetAllocationPlan,
    AssetAllocationRequest,
    AssetClass,
    AssetWeight,
)
from genie_finance.contracts.money import Money
from genie_finance.contracts.numbers import percent, rounded
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.investing.tables import ALLOCATION, AllocationRules

_ZERO = Decimal(0)
_ONE = Decimal(1)
Minor = dict[AssetClass, int]


def allocate(request: AssetAllocationRequest) -> AssetAllocationPlan:
    """Return the target and the trades.

    New money first goes to classes below their target. If a class is still out of its band afterwards, all classes are
    traded back to their targets.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    found = edition(ALLOCATION, on=request.as_of)
    rules = found.rules
    weights = targets(request, rules)
    currency = request.current.equity.currency
    held: Minor = {asset: getattr(request.current, asset).minor for asset in ASSET_CLASSES}
    fresh = request.new_money.minor if request.new_money else 0
    before, total = sum(held.values()), sum(held.values()) + fresh
    goal = spread(total, weights)
    trades = _placed(held, goal, fresh)
    drifts = {asset: _drift(held[asset] + trades[asset], total, weights[asset]) for asset in ASSET_CLASSES}
    bands = {asset: _band(weights[asset], rules) for asset in ASSET_CLASSES}
    out = tuple(asset for asset in ASSET_CLASSES if (drift := drifts[asset]) is not None and abs(drift) > bands[asset])
    if out:
        trades = {asset: goal[asset] - held[asset] for asset in ASSET_CLASSES}
    assets = tuple(
        AssetWeight(
            asset=asset,
            target=rounded(weights[asset], 4),
            current=rounded(Decimal(held[asset]) / before, 4) if before else None,
            drift=None if (drift := drifts[asset]) is None else rounded(drift, 4),
            band=rounded(bands[asset], 4),
            delta=Money(minor=trades[asset], currency=currency),
            action="buy" if trades[asset] > 0 else "sell" if trades[asset] < 0 else "hold",
        )
        for asset in ASSET_CLASSES
    )
    return AssetAllocationPlan(
        rebalance=bool(out),
        assets=assets,
        total=Money(minor=total, currency=currency),
        grounds=_grounds(request, found, weights["equity"], out),
    )


def targets(request: AssetAllocationRequest, rules: AllocationRules) -> Mapping[AssetClass, Decimal]:
    """Return the target weights; they add up to 1.

    Equity is ``(100 - age) / 100`` with a tilt for risk tolerance and a long horizon, kept within its bounds, and
    never above a tenth for each year of the horizon.
    """
    equity = min(max(Decimal(rules.age_base - request.age) / 100, _ZERO), _ONE) + rules.tilts[request.risk_tolerance]
    if request.horizon_years >= rules.long_horizon_years:
        equity += rules.long_horizon_tilt
    equity = min(max(equity, rules.equity_least), rules.equity_most)
    equity = min(equity, rules.equity_per_year * request.horizon_years)
    rest = _ONE - equity
    gold = rest * rules.gold_of_rest if request.horizon_years >= rules.gold_from_years else _ZERO
    debt = rest * rules.debt_of_rest
    return {"equity": equity, "debt": debt, "gold": gold, "cash": rest - debt - gold}


def spread(total: int, weights: Mapping[AssetClass, Decimal]) -> Minor:
    """Split a total in minor units by weights, which add up to 1; largest remainders get the rounding difference."""
    exact = {asset: total * weights[asset] for asset in ASSET_CLASSES}
    found: Minor = {asset: int(exact[asset]) for asset in ASSET_CLASSES}
    order = sorted(ASSET_CLASSES, key=lambda asset: found[asset] - exact[asset])
    for asset in order[: total - sum(found.values())]:
        found[asset] += 1
    return found


def _placed(held: Minor, goal: Minor, fresh: int) -> Minor:
    """Return the placement of new money: in proportion to each class's gap to its goal; nothing is sold."""
    short: Minor = {asset: max(goal[asset] - held[asset], 0) for asset in ASSET_CLASSES}
    needed = sum(short.values())
    if not fresh or not needed:
        return dict.fromkeys(ASSET_CLASSES, 0)
    return spread(fresh, {asset: Decimal(short[asset]) / needed for asset in ASSET_CLASSES})


def _drift(held: int, total: int, target: Decimal) -> Decimal | None:
    return Decimal(held) / total - target if total else None


def _band(target: Decimal, rules: AllocationRules) -> Decimal:
    return min(rules.band_points, rules.band_of_target * target)


def _grounds(
    request: AssetAllocationRequest, found: Edition[AllocationRules], equity: Decimal, out: tuple[AssetClass, ...]
) -> Grounds:
    text = (
        f"At {request.age}, {request.risk_tolerance}, over {request.horizon_years} years: {percent(equity)} equity; "
        f"the limit is {percent(found.rules.equity_per_year)} per year of horizon."
    )
    reasons = [Reason(code="investing.target", text=text)]
    if out:
        text = f"Out of band: {', '.join(out)}; so all classes return to their targets."
        reasons.append(Reason(code="investing.out_of_band", text=text))
    else:
        reasons.append(
            Reason(code="investing.within_bands", text="All classes are within their bands: nothing is sold.")
        )
    given = [
        Evidence(name=name, value=str(getattr(request, name))) for name in ("age", "horizon_years", "risk_tolerance")
    ]
    given += [Evidence(name=f"current.{asset}", value=str(getattr(request.current, asset))) for asset in ASSET_CLASSES]
    given.append(Evidence(name="new_money", value=str(request.new_money or "none")))
    return Grounds(
        reasons=tuple(reasons),
        inputs=tuple(given),
        editions=(found.said,),
        uncertainty="A starting point by age, horizon and tolerance. Income, debts, dependants, other goals, taxes and "
        "trading costs are not considered.",
        caveats=(*unverified((found.said,)), "Taxes and exit loads on sales are not considered."),
    )


@agent(
    id="asset_allocator",
    capabilities=("investing.allocate",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("asset_allocation",),
)
async def asset_allocator(request: AssetAllocationRequest) -> AssetAllocationPlan:
    """Spreads money over equity, debt, gold and cash by age, horizon and risk tolerance, and states the trades."""
    return allocate(request)
