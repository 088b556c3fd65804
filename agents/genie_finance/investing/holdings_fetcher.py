"""Holdings fetcher: fetches an account that the caller may see from the broker, as typed values."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.markets import HoldingsRequest, PortfolioRequest
from genie_finance.investing.brokerage import Brokerage

ID = "holdings_fetcher"


@agent(
    id=ID,
    capabilities=("investing.fetch_holdings",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    timeout_s=30.0,
    ports=(Brokerage,),
)
async def holdings_fetcher(request: HoldingsRequest, context: Context) -> PortfolioRequest | InsufficientData:
    """Fetches an account's holdings from a broker, for a review.

    Raises:
        EdgeError: The broker cannot be reached, or its answer cannot be used.
    """
    broker = context.port(Brokerage)
    user = context.headers.user
    found = await broker.snapshot(request.account, user) if user else None  # without a user nothing is fetched
    if found is None:
        lack = Lack(what="account", needed="an account that the broker knows and that this user may see")
        return InsufficientData(agent=ID, question="holdings of an account", missing=(lack,))
    return PortfolioRequest(snapshot=found, targets=request.targets)
