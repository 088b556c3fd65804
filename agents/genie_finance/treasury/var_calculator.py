"""VaR calculator: value at risk and expected shortfall of a portfolio, by history, normal and Cornish-Fisher."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.grounds import Evidence, Grounds, Reason
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import Money
from genie_finance.contracts.treasury import ComponentVar, VarBacktest, VarFigure, VarRequest, VarResult
from genie_finance.treasury.amounts import percent, share_of
from genie_finance.treasury.backtest import FEWEST_DAYS, REJECT_BELOW, WINDOW, christoffersen, exceptions, kupiec
from genie_finance.treasury.returns import (
    Moments,
    Tail,
    combined,
    component_shares,
    expansion_holds,
    historical,
    modified,
    parametric,
)

ID = "var_calculator"
FEWEST_RETURNS = 5
"""Minimum number of returns for estimating the spread: a week of trading days."""
MOST_CONFIDENCE = Decimal("99.999999")
_YEAR = 250
_DIGITS = Decimal("0.0001")


def value_at_risk(request: VarRequest) -> VarResult | InsufficientData:
    """Return value at risk and expected shortfall, or the missing data.

    Raises:
        InputError: The confidence is too high for a tail.
    """
    if request.confidence_pct > MOST_CONFIDENCE:
        raise InputError("confidence_pct", f"is above {MOST_CONFIDENCE}", "no history contains days that rare")
    histories = [[float(day) for day in one.daily_returns] for one in request.positions]
    whole = request.portfolio_value.minor
    weights = [one.value.minor / whole for one in request.positions]
    returns = combined(histories, weights) if histories else [float(day) for day in request.daily_returns]
    if len(returns) < FEWEST_RETURNS:
        needed = f"at least {FEWEST_RETURNS} daily returns; {_YEAR} for a reliable figure"
        lack = Lack(what="daily_returns", needed=needed, given=str(len(returns)))
        return InsufficientData(agent=ID, question="value at risk", missing=(lack,))
    alpha, days = float(1 - request.confidence_pct / 100), request.horizon_days
    moments = Moments.of(returns, request.deviation)
    by_history, by_normal = historical(returns, alpha, days), parametric(moments, alpha, days)
    by_expansion = modified(moments, alpha, days)
    tested = _backtest(returns, alpha)
    return VarResult(
        portfolio_value=request.portfolio_value,
        confidence_pct=request.confidence_pct,
        horizon_days=days,
        observations=len(returns),
        historical=_figure(by_history, request.portfolio_value),
        parametric=_figure(by_normal, request.portfolio_value),
        modified_var_pct=percent(by_expansion),
        modified_var=share_of(request.portfolio_value, by_expansion),
        components=_components(request, component_shares(histories, weights, moments, alpha, days))
        if histories
        else (),
        backtest=tested,
        grounds=_grounds(request, returns, moments, (by_history, by_normal), tested),
    )


def _figure(tail: Tail, value: Money) -> VarFigure:
    return VarFigure(
        var_pct=percent(tail.var), var=share_of(value, tail.var), es_pct=percent(tail.es), es=share_of(value, tail.es)
    )


def _components(request: VarRequest, parts: Sequence[float]) -> tuple[ComponentVar, ...]:
    """Return the parts; the rounding of all goes to the largest, so that they add up exactly."""
    whole = sum(parts)
    rounded = [share_of(request.portfolio_value, part) for part in parts]
    rest = share_of(request.portfolio_value, whole).minor - sum(one.minor for one in rounded)
    largest = max(range(len(parts)), key=lambda at: abs(rounded[at].minor))
    rounded[largest] = Money(minor=rounded[largest].minor + rest, currency=request.portfolio_value.currency)
    return tuple(
        ComponentVar(
            name=one.name, value=one.value, component_var=amount, share_pct=percent(part / whole if whole else 0.0)
        )
        for one, amount, part in zip(request.positions, rounded, parts, strict=True)
    )


def _backtest(returns: Sequence[float], alpha: float) -> VarBacktest | None:
    if len(returns) < WINDOW + FEWEST_DAYS:
        return None
    hits = exceptions(returns, alpha)
    share, apart = kupiec(len(hits), sum(hits), alpha), christoffersen(hits)
    return VarBacktest(
        window=WINDOW,
        days=len(hits),
        exceptions=sum(hits),
        expected=_short(len(hits) * alpha),
        kupiec_lr=_short(share.ratio),
        kupiec_p=_short(share.p),
        christoffersen_lr=None if apart is None else _short(apart.ratio),
        christoffersen_p=None if apart is None else _short(apart.p),
        rejected=share.p < REJECT_BELOW or (apart is not None and apart.p < REJECT_BELOW),
    )


def _short(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_DIGITS)


def _grounds(
    request: VarRequest,
    returns: Sequence[float],
    moments: Moments,
    tails: tuple[Tail, Tail],
    tested: VarBacktest | None,
) -> Grounds:
    alpha = float(1 - request.confidence_pct / 100)
    by_history, by_normal = (share_of(request.portfolio_value, tail.var) for tail in tails)
    over = "one day" if request.horizon_days == 1 else f"{request.horizon_days} days"
    chance = f"{request.confidence_pct} per cent confidence"
    reasons = [
        Reason(
            code="treasury.var",
            text=f"Over {over}, with {chance}, a loss of no more than {by_history} by history, {by_normal} by normal "
            f"returns.",
        )
    ]
    if not by_history.minor or not by_normal.minor:
        text = "In one of the models even the tail is a gain, so its loss is 0."
        reasons.append(Reason(code="treasury.no_loss", text=text))
    if tested is not None:
        word = "rejects" if tested.rejected else "does not reject"
        text = f"The backtest {word} the model: {tested.exceptions} exceptions in {tested.days} days, "
        reasons.append(Reason(code="treasury.backtest", text=f"{text}{tested.expected} expected."))
    caveats = []
    if len(returns) * alpha < 1:
        caveats.append(
            f"{len(returns)} returns are too few for {chance}: the historical figures are those of the worst day."
        )
    elif len(returns) < _YEAR:
        caveats.append(f"{len(returns)} returns are fewer than the {_YEAR} of a trading year.")
    if not moments.deviation:
        caveats.append("The returns do not vary at all: they may be stale, and show no risk.")
    if not expansion_holds(moments, alpha, request.horizon_days):
        caveats.append("The Cornish-Fisher expansion is not monotonic throughout for these returns.")
    if tested is None:
        caveats.append(f"Not backtested: that requires {WINDOW + FEWEST_DAYS} returns.")
    if request.horizon_days > 1:
        caveats.append(
            "Several days are scaled by the square root of time, which assumes independent and identically "
            "distributed days."
        )
    inputs = (
        Evidence(name="portfolio_value", value=str(request.portfolio_value)),
        Evidence(name="observations", value=str(len(returns))),
        Evidence(name="confidence_pct", value=str(request.confidence_pct)),
        Evidence(name="horizon_days", value=str(request.horizon_days)),
        Evidence(name="deviation", value=request.deviation),
    )
    uncertainty = "Past days are assumed to represent the future, with equal weights. Losses can exceed these figures."
    return Grounds(reasons=tuple(reasons), inputs=inputs, editions=(), uncertainty=uncertainty, caveats=tuple(caveats))


@agent(
    id=ID,
    capabilities=("compute_var", "risk.var"),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
)
async def var_calculator(request: VarRequest) -> VarResult | InsufficientData:
    """Computes value at risk and expected shortfall: historical, normal and Cornish-Fisher, components, a backtest."""
    return value_at_risk(request)
