"""Mutual fund screener: funds that pass a filter, scored on one scale; unknown figures never raise a score."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, unverified
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.markets import (
    Fund,
    FundFilter,
    FundScreenRequest,
    FundScreenResults,
    RankedFund,
    UnrankedFund,
)
from genie_finance.contracts.numbers import percent, rounded
from genie_finance.domain.rulebook import Edition, edition
from genie_finance.investing.ratios import ratios
from genie_finance.investing.tables import FUND_SCORING, FundScoringRules

ID = "mf_screener"
SCORED = ("five_year_cagr", "std_dev", "expense_ratio", "neg_quarters_last_5yr")
"""Fields that the score needs; a fund without one of them has no score."""
_ZERO = Decimal(0)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class _Scored:
    fund: Fund
    score: Decimal
    sharpe: Decimal


@dataclass(frozen=True, slots=True)
class _Peers:
    """Scores in ascending order, of all funds and by category, which avoids comparing all pairs."""

    every: Sequence[Decimal]
    by_category: Mapping[str, Sequence[Decimal]]

    @classmethod
    def of(cls, scored: Sequence[_Scored]) -> _Peers:
        categories: dict[str, list[Decimal]] = {}
        for one in scored:
            categories.setdefault(one.fund.category, []).append(one.score)
        return cls(sorted(one.score for one in scored), {name: sorted(found) for name, found in categories.items()})

    def rank(self, score: Decimal) -> int:
        return 1 + len(self.every) - bisect_right(self.every, score)

    def percentile(self, one: _Scored, fewest: int) -> Decimal | None:
        scores = self.by_category[one.fund.category]
        if len(scores) < fewest:
            return None
        worse, ties = bisect_left(scores, one.score), bisect_right(scores, one.score)
        return rounded((worse + Decimal(ties - worse - 1) / 2) / (len(scores) - 1) * 100, 1)


def screen(request: FundScreenRequest) -> FundScreenResults | InsufficientData:
    """Return the funds that meet the filter by score, best first, independent of their order.

    Raises:
        InputError: No edition of the rules covers the day.
    """
    if not request.funds:
        lack = Lack(what="funds", needed="at least one fund")
        return InsufficientData(agent=ID, question="screening of funds", missing=(lack,))
    found = edition(FUND_SCORING, on=request.as_of)
    scored: list[_Scored] = []
    unranked: list[UnrankedFund] = []
    for fund in sorted(request.funds, key=lambda one: one.scheme):
        refused = _refused(fund, request.filter)
        if refused is not None:
            unranked.append(refused)
        else:
            scored.append(_scored(fund, request.risk_free_rate, found.rules))
    scored.sort(key=lambda one: (-one.score, one.fund.scheme))
    peers = _Peers.of(scored)
    return FundScreenResults(
        ranked=tuple(_ranked(one, peers, request, found.rules) for one in scored),
        unranked=tuple(unranked),
        filtered_out=sum(one.why == "filtered_out" for one in unranked),
        grounds=_grounds(request, found, scored, unranked),
    )


def _refused(fund: Fund, wanted: FundFilter) -> UnrankedFund | None:
    """Return why a fund is not scored, or None: a known figure excludes it, or a required figure is missing."""
    if wanted.category is not None and fund.category.casefold() != wanted.category.casefold():
        return UnrankedFund(scheme=fund.scheme, why="filtered_out", reason=f"category {fund.category}")
    checks = (
        ("aum_crore", wanted.min_aum_crore, 1),
        ("expense_ratio", wanted.max_expense_ratio, -1),
        ("three_year_cagr", wanted.min_three_year_cagr, 1),
    )
    missing = [name for name in SCORED if getattr(fund, name) is None]
    for name, bound, sign in checks:
        value: Decimal | None = getattr(fund, name)
        if bound is not None and value is None:
            missing.append(name)
        elif bound is not None and value is not None and sign * (value - bound) < 0:
            side = "below" if sign > 0 else "above"
            return UnrankedFund(scheme=fund.scheme, why="filtered_out", reason=f"{name} {value} is {side} {bound}")
    if not missing:
        return None
    names = tuple(dict.fromkeys(missing))
    return UnrankedFund(
        scheme=fund.scheme, why="insufficient_data", reason=f"not known: {', '.join(names)}", missing=names
    )


def _scored(fund: Fund, risk_free: Decimal, rules: FundScoringRules) -> _Scored:
    weights, scale = rules.weights, rules.scales[fund.fund_class]
    cagr, deviation = fund.five_year_cagr or _ZERO, fund.std_dev or _ONE
    sharpe = (cagr - risk_free) / deviation
    score = (
        weights.cagr * _up(cagr, scale.cagr_best)
        + weights.sharpe * _up(sharpe, scale.sharpe_best)
        + weights.expense * _down(fund.expense_ratio or _ZERO, scale.expense_worst)
        + weights.negative_quarters * _down(Decimal(fund.neg_quarters_last_5yr or 0), scale.negative_quarters_worst)
    )
    return _Scored(fund, rounded(score * 100, 2), rounded(sharpe, 4))


def _up(value: Decimal, best: Decimal) -> Decimal:
    return min(max(value / best, _ZERO), _ONE)


def _down(value: Decimal, worst: Decimal) -> Decimal:
    return min(max(1 - value / worst, _ZERO), _ONE)


def _ranked(one: _Scored, peers: _Peers, request: FundScreenRequest, rules: FundScoringRules) -> RankedFund:
    fund = one.fund
    text = f"five years {percent(fund.five_year_cagr or _ZERO)} a year, deviation {percent(fund.std_dev or _ZERO)}"
    text += f", expenses {percent(fund.expense_ratio or _ZERO)}, {fund.neg_quarters_last_5yr} of 20 quarters lost"
    return RankedFund(
        rank=peers.rank(one.score),
        scheme=fund.scheme,
        category=fund.category,
        score=one.score,
        sharpe=one.sharpe,
        percentile_in_category=peers.percentile(one, rules.fewest_for_percentile),
        ratios=ratios(
            [float(value) for value in fund.monthly_returns],
            [float(value) for value in fund.benchmark_monthly_returns],
            float(request.risk_free_rate),
        ),
        reason=f"{text}; on the scale of {fund.fund_class}",
    )


def _grounds(
    request: FundScreenRequest,
    found: Edition[FundScoringRules],
    scored: Sequence[_Scored],
    unranked: Sequence[UnrankedFund],
) -> Grounds:
    unknown = [one.scheme for one in unranked if one.why == "insufficient_data"]
    reasons = [
        Reason(code="investing.screened", text=f"{len(scored)} of {len(request.funds)} funds are scored."),
    ]
    if unknown:
        text = f"Without a score, because of unknown figures: {', '.join(unknown[:20])}."
        reasons.append(Reason(code="investing.not_known", text=text))
    given = [Evidence(name="risk_free_rate", value=str(request.risk_free_rate))]
    given += [Evidence(name=f"filter.{name}", value=str(value)) for name, value in request.filter if value is not None]
    given.append(Evidence(name="funds", value=str(len(request.funds))))
    kinds = {one.fund.fund_class for one in scored}
    mixed = (
        ("Funds of different classes are scored on different scales; compare only within a class.",)
        if len(kinds) > 1
        else ()
    )
    return Grounds(
        reasons=tuple(reasons),
        inputs=tuple(given),
        editions=(found.said,),
        uncertainty="A score of past figures as given: not a forecast, and without manager, portfolio, exit load and "
        "tax.",
        caveats=(*unverified((found.said,)), *mixed),
    )


@agent(
    id=ID,
    capabilities=("investing.screen_funds",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="internal",
    concurrency=4,
    rules=("fund_scoring",),
)
async def mf_screener(request: FundScreenRequest) -> FundScreenResults | InsufficientData:
    """Screens mutual funds: filter, score, ratios of monthly returns, and the rank of each in its category."""
    return screen(request)
