"""Lump sum or instalments: both on the same simulated paths, with the regret of each."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.grounds import Grounds, Reason
from genie_finance.contracts.investing import SipLumpsumRequest, SipLumpsumResult
from genie_finance.contracts.numbers import percent, rounded
from genie_finance.domain.monte_carlo import monthly_growth, simulate, wilson
from genie_finance.investing.amounts import money
from genie_finance.investing.simulation import UNCERTAINTY, half_minor, inputs, market, outcomes

CLEAR = Decimal("0.7")
"""Minimum share of paths for recommending one of the two; between 30 and 70 percent neither is."""


def compare(request: SipLumpsumRequest) -> SipLumpsumResult:
    """Return the end values of both plans on the same paths.

    Both start with the whole amount: money not yet invested earns the cash rate, and instalments beyond the horizon
    remain in cash.

    Raises:
        InputError: The end value is too large for an answer.
    """
    currency, amount = request.amount.currency, float(request.amount.amount)
    invested = min(request.instalments, request.horizon_months)
    part = 1 / request.instalments
    cash = monthly_growth(float(request.waiting_cash_annual_return), request.compounding)
    earned, left = _cash(part, invested, request, cash)
    # Interest of waiting cash goes in with the last instalment, or stays with what was cut off.
    shares = [part] * invested + [0.0] * (request.horizon_months - invested)
    if invested == request.instalments:
        shares[invested - 1] += earned
    found = simulate(market(request), shares, paths=request.paths, seed=request.seed, timing=request.timing)
    lumpsum, sip = amount * found.of_corpus, amount * (found.of_contributions + left)
    ahead, same = lumpsum - sip, half_minor(currency)
    wins = float((ahead > same).sum()) + float((abs(ahead) <= same).sum()) / 2
    share, interval = Decimal(repr(wins)) / request.paths, wilson(wins, request.paths)
    answer = SipLumpsumResult(
        lumpsum=outcomes(lumpsum, currency),
        sip=outcomes(sip, currency),
        lumpsum_win_probability=rounded(share, 4),
        win_interval=(rounded(interval[0], 4), rounded(interval[1], 4)),
        lumpsum_expected_regret=money(float((-ahead).clip(min=0).mean()), currency),
        sip_expected_regret=money(float(ahead.clip(min=0).mean()), currency),
        uninvested=money(amount * left, currency),
        recommendation=_recommended(share),
        grounds=Grounds(
            reasons=(), inputs=inputs(request), editions=(), uncertainty=UNCERTAINTY, caveats=_caveats(request)
        ),
    )
    return answer.model_copy(
        update={"grounds": answer.grounds.model_copy(update={"reasons": _reasons(request, answer)})}
    )


def _cash(part: float, invested: int, request: SipLumpsumRequest, growth: float) -> tuple[float, float]:
    """Return the interest on uninvested cash up to the last instalment, and the cash at the end."""
    waiting, at_start = 1.0, request.timing == "start"
    for month in range(invested):
        if at_start:
            waiting -= part
        if not (at_start and month == request.instalments - 1):  # no cash waits after the last instalment
            waiting *= growth
        if not at_start:
            waiting -= part
    return (waiting, 0.0) if invested == request.instalments else (0.0, waiting)


def _recommended(share: Decimal) -> Literal["lumpsum", "sip", "toss_up"]:
    if share >= CLEAR:
        return "lumpsum"
    return "sip" if share <= 1 - CLEAR else "toss_up"


def _caveats(request: SipLumpsumRequest) -> tuple[str, ...]:
    found = []
    if not request.waiting_cash_annual_return:
        found.append("Cash not yet invested is assumed to earn nothing.")
    if request.horizon_months < request.instalments:
        beyond = request.instalments - request.horizon_months
        found.append(f"{beyond} of {request.instalments} instalments are beyond the horizon and remain in cash.")
    return tuple(found)


def _reasons(request: SipLumpsumRequest, answer: SipLumpsumResult) -> tuple[Reason, ...]:
    share, (low, high) = answer.lumpsum_win_probability, answer.win_interval
    text = (
        f"The lump sum ends higher on {percent(share)} of {request.paths:,} paths (interval {percent(low)} to "
        f"{percent(high)}); it is recommended from {percent(CLEAR)}, instalments up to {percent(1 - CLEAR)}."
    )
    regret = (
        f"Averaged over all paths, the regret of the lump sum is {answer.lumpsum_expected_regret}, that of the "
        f"instalments {answer.sip_expected_regret}."
    )
    worst = (
        f"In the worst twentieth of paths, the mean is {answer.lumpsum.worst_twentieth} and "
        f"{answer.sip.worst_twentieth}."
    )
    return (
        Reason(code=f"investing.{answer.recommendation}", text=text),
        Reason(code="investing.regret", text=regret),
        Reason(code="investing.worst_case", text=worst),
    )


@agent(
    id="sip_vs_lumpsum",
    capabilities=("investing.compare_sip_lumpsum",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=2,
    executor="thread",
    libraries={"numpy": "genie-bus[catalogue]"},
)
def sip_vs_lumpsum(request: SipLumpsumRequest) -> SipLumpsumResult:
    """Compares investing an amount at once with investing it in monthly instalments."""
    return compare(request)
