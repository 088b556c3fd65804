"""LCR projector: the liquidity coverage ratio of a day, line by line, and of future days."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.numbers import ZERO
from genie_finance.contracts.treasury import LcrProjection, LcrRequest, LcrResult, LcrWeighted
from genie_finance.domain.rulebook import edition
from genie_finance.treasury.amounts import money
from genie_finance.treasury.balances import Balances, balances_of, check_known, currency_of, held, moved
from genie_finance.treasury.explanation import grounds
from genie_finance.treasury.liquidity import Net, Stock, net, stock
from genie_finance.treasury.tables import LCR, LcrRules

ID = "lcr_projector"


def coverage(request: LcrRequest) -> LcrResult | InsufficientData:
    """Return the ratio of the day and of future days, or the missing data.

    Raises:
        InputError: No edition of the rules covers a day, amounts are in several currencies, a category is not in the
            rules or given twice, or a balance falls below 0.
    """
    currency = currency_of(request)
    found = edition(LCR, on=request.as_of)
    rules = found.rules
    outflows = balances_of(request.outflows, request.other_outflows, rules.outflows, "outflows")
    inflows = balances_of(request.inflows, request.other_inflows, rules.inflows, "inflows")
    flows = net(outflows, inflows, rules)
    if not flows.outflow:
        lack = Lack(what="outflows", needed="balances that may run off within thirty days, above 0", given="0")
        return InsufficientData(agent=ID, question="liquidity coverage ratio", missing=(lack,))
    assets = stock(*held(request), rules)
    projection = tuple(_ahead(request, outflows, inflows))
    compliant = assets.total >= rules.minimum * flows.total
    later = dict.fromkeys(day for one in request.ahead if (day := edition(LCR, on=one.on)) != found)
    short = [one.on for one in projection if not one.compliant]
    return LcrResult(
        as_of=request.as_of,
        hqla_after_haircut=money(assets.after_haircut, currency),
        cap_15_adjustment=money(assets.cap_15, currency),
        cap_40_adjustment=money(assets.cap_40, currency),
        total_hqla=money(assets.total, currency),
        total_outflow=money(flows.outflow, currency),
        total_inflow=money(flows.inflow, currency),
        total_inflow_capped=money(flows.capped, currency),
        net_cash_outflow=money(flows.total, currency),
        lcr_pct=ratio(assets, flows),
        minimum_pct=rules.minimum * 100,
        compliant=compliant,
        surplus=money(assets.total - rules.minimum * flows.total, currency),
        lines=tuple(_lines(outflows, inflows, rules, currency)),
        projection=projection,
        first_shortfall=request.as_of if not compliant else (short[0] if short else None),
        grounds=grounds(request, (found, *later), assets, flows, short),
    )


def ratio(assets: Stock, flows: Net) -> Decimal:
    """Return liquid assets over net outflows in per cent with two digits; coverage is judged on the unrounded ratio."""
    return (assets.total * 100 / flows.total).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _ahead(request: LcrRequest, outflows: Balances, inflows: Balances) -> Iterator[LcrProjection]:
    level1, level2a, level2b = held(request)
    currency = request.hqla.level1_cash_govsec.currency
    outflows, inflows = dict(outflows), dict(inflows)
    for day in request.ahead:
        rules = edition(LCR, on=day.on).rules
        level1 = moved("level1", level1, day.level1.amount, str(day.on))
        for changes, balances, factors, side in (
            (day.outflows, outflows, rules.outflows, "outflows"),
            (day.inflows, inflows, rules.inflows, "inflows"),
        ):
            for one in changes:
                check_known(one.category, factors, side)
                before = balances.get(one.category, ZERO)
                balances[one.category] = moved(one.category, before, one.change.amount, str(day.on))
        assets, flows = stock(level1, level2a, level2b, rules), net(outflows, inflows, rules)
        if not flows.outflow:
            raise InputError(f"ahead.{day.on}", "there are no outflows, so there is no ratio", "leave the day out")
        yield LcrProjection(
            on=day.on,
            hqla=money(assets.total, currency),
            net_cash_outflow=money(flows.total, currency),
            lcr_pct=ratio(assets, flows),
            compliant=assets.total >= rules.minimum * flows.total,
        )


def _lines(outflows: Balances, inflows: Balances, rules: LcrRules, currency: str) -> Iterator[LcrWeighted]:
    for balances, factors, out in ((outflows, rules.outflows, True), (inflows, rules.inflows, False)):
        for one in factors:
            if one.category in balances:
                amount = balances[one.category]
                yield LcrWeighted(
                    side="outflow" if out else "inflow",
                    category=one.category,
                    amount=money(amount, currency),
                    factor_pct=one.factor * 100,
                    weighted=money(amount * one.factor, currency),
                )


@agent(
    id=ID,
    capabilities=("project_lcr", "risk.liquidity_coverage"),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("lcr_in",),
)
async def lcr_projector(request: LcrRequest) -> LcrResult | InsufficientData:
    """Computes the liquidity coverage ratio with haircuts, caps and run-offs, today and on future days."""
    return coverage(request)
