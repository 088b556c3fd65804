"""Grounds of a liquidity coverage ratio: reasons, inputs, editions and caveats."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from genie.contracts.report_parts import words_of
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, caveats_of
from genie_finance.contracts.treasury import LcrInflows, LcrOutflows, LcrRequest
from genie_finance.domain.rulebook import Edition
from genie_finance.treasury.amounts import money
from genie_finance.treasury.liquidity import Net, Stock
from genie_finance.treasury.tables import LcrRules


def grounds(
    request: LcrRequest,
    editions: Sequence[Edition[LcrRules]],
    assets: Stock,
    flows: Net,
    short_on: Sequence[datetime.date],
) -> Grounds:
    """Return the grounds of the day's ratio; ``editions`` are those of the day and of future days."""
    found = editions[0]
    rules, currency = found.rules, request.hqla.level1_cash_govsec.currency
    covered = assets.total >= rules.minimum * flows.total
    word = "cover" if covered else "do not cover"
    text = f"Liquid assets of {money(assets.total, currency)} {word} net outflows of {money(flows.total, currency)}."
    reasons = [Reason(code="treasury.lcr_met" if covered else "treasury.lcr_breach", text=text)]
    for code, cut, cap in (("cap_15", assets.cap_15, rules.level2b_cap), ("cap_40", assets.cap_40, rules.level2_cap)):
        if cut:
            level = "level 2B" if code == "cap_15" else "level 2"
            text = (
                f"{money(cut, currency)} of {level} assets does not count, since their limit is {cap:.0%} of the stock."
            )
            reasons.append(Reason(code=f"treasury.lcr_{code}", text=text))
    if flows.capped < flows.inflow:
        text = f"Of inflows of {money(flows.inflow, currency)} at most {rules.inflow_cap:.0%} of outflows counts."
        reasons.append(Reason(code="treasury.lcr_inflow_cap", text=text))
    if covered and short_on:
        reasons.append(Reason(code="treasury.lcr_ahead", text=f"Below the minimum from {short_on[0]} on."))
    given = {**_nonzero(request.outflows), **_nonzero(request.inflows)}
    own = [one.category for one in (*rules.outflows, *rules.inflows) if one.paragraph is None and one.category in given]
    caveats = [caveat for one in editions for caveat in caveats_of((one.said,))]
    caveats += [
        f"The factor of {words_of(name)} is a convention of this catalogue, not a category of the circular."
        for name in own
    ]
    named = {*type(request.outflows).model_fields, *(one.category for one in request.other_outflows)}
    absent = [one.category for one in rules.outflows if one.category not in named]
    if absent:
        caveats.append(f"Not given, so assumed to be 0: {', '.join(map(words_of, absent))}.")
    others = (*request.other_outflows, *request.other_inflows)
    inputs = (
        Evidence(name="as_of", value=str(request.as_of)),
        *(Evidence(name=name, value=str(getattr(request.hqla, name))) for name in type(request.hqla).model_fields),
        *(Evidence(name=name, value=value) for name, value in given.items()),
        *(Evidence(name=one.category, value=str(one.amount)) for one in others),
    )
    uncertainty = (
        "Only as accurate as the balances and their categories. Unwinding of secured transactions within thirty days, "
        "operational requirements of liquid assets, and limits by currency, are not considered."
    )
    return Grounds(
        reasons=tuple(reasons),
        inputs=inputs,
        editions=tuple(one.said for one in editions),
        uncertainty=uncertainty,
        caveats=tuple(caveats),
    )


def _nonzero(part: LcrOutflows | LcrInflows) -> dict[str, str]:
    return {name: str(amount) for name in type(part).model_fields if (amount := getattr(part, name)).minor}
