"""Rate watcher: the policy rates of a day, earlier changes, and the rates implied by swaps."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.research import (
    ImpliedRate,
    OisPoint,
    PolicyRate,
    RateOutlook,
    RateOutlookRequest,
    RateStep,
)
from genie_finance.domain.rulebook import editions
from genie_finance.research.tables import POLICY_RATES, PolicyRates

ID = "rate_watcher"
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Level:
    """Rates from a day on; ``said`` is None for the caller's rates."""

    since: datetime.date
    rates: tuple[PolicyRate, ...]
    source: str
    said: RuleEdition | None

    def of(self, name: str) -> Decimal | None:
        """Return a rate by name, None if there is none."""
        return next((one.pct for one in self.rates if one.name == name), None)


def bps(change_pct: Decimal) -> int:
    """Return percentage points as basis points, rounded half away from zero."""
    return int((change_pct * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def outlook(request: RateOutlookRequest, today: datetime.date) -> RateOutlook | InsufficientData:
    """Return the rates of a day and their changes, or the missing data."""
    day, table = request.as_of or today, POLICY_RATES.get(request.region)
    if table is None:
        known = ", ".join(POLICY_RATES)
        lack = Lack(what="region", needed=f"one of {known}", given=request.region)
        return InsufficientData(agent=ID, question="policy rates", missing=(lack,))
    shipped = editions(table)
    rules, ends = shipped[-1].rules, shipped[-1].said.effective_to
    levels = [one for one in _levels(request, table.name) if one.since <= day]
    brought = bool(levels) and levels[-1].said is None
    main = levels[-1].of(rules.main) if levels else None
    if main is None:
        covered = f"decisions of the {rules.central_bank} known here cover {shipped[0].said.effective_from} to {ends}"
        lack = Lack(what="decisions", needed=f"the {rules.main} rate in force on {day}", given=covered)
        return InsufficientData(agent=ID, question=f"policy rates of {request.region} on {day}", missing=(lack,))
    stale = ends if day > ends and not brought else None
    return _outlook(request, day, rules, levels, main, stale)


def _levels(request: RateOutlookRequest, table: str) -> list[Level]:
    """Return the packaged rates and the caller's rates by day; on the same day the caller's rate is used."""
    found = {
        one.said.effective_from: Level(
            one.said.effective_from,
            tuple(PolicyRate(name=rate.name, pct=rate.pct) for rate in one.rules.rates),
            one.said.source,
            one.said,
        )
        for one in editions(POLICY_RATES[table.removeprefix("policy_rates_")])
    }
    found |= {one.effective_from: Level(one.effective_from, one.rates, one.source, None) for one in request.decisions}
    return [found[day] for day in sorted(found)]


def _outlook(
    request: RateOutlookRequest,
    day: datetime.date,
    rules: PolicyRates,
    levels: Sequence[Level],
    main: Decimal,
    stale: datetime.date | None,
) -> RateOutlook:
    now = levels[-1]
    steps = tuple(_steps(levels, rules.main))
    since = steps[0].on if steps else levels[0].since
    year_ago = _before(levels, day - datetime.timedelta(days=_YEAR_DAYS), rules.main)
    floor, ceiling = now.of(rules.floor), now.of(rules.ceiling)
    implied = tuple(_implied(request.ois_curve, main))
    return RateOutlook(
        region=request.region,
        central_bank=rules.central_bank,
        as_of=day,
        stale=stale is not None,
        known_until=stale or day,
        main_rate=rules.main,
        main_pct=main,
        rates=now.rates,
        in_force_since=since,
        steps=steps,
        last_change_bps=steps[0].change_bps if steps else None,
        change_12_months_bps=None if year_ago is None else bps(main - year_ago),
        corridor_bps=None if floor is None or ceiling is None else bps(ceiling - floor),
        implied=implied,
        text=_text(rules, stale or day, main, steps, since, implied) + _aged(rules, stale),
        grounds=_grounds(request, day, levels, implied, stale),
    )


def _steps(levels: Sequence[Level], main: str) -> Iterator[RateStep]:
    rates = [(one.since, rate) for one in levels if (rate := one.of(main)) is not None]
    for (_, before), (on, after) in reversed(list(itertools.pairwise(rates))):
        if before != after:
            yield RateStep(on=on, from_pct=before, to_pct=after, change_bps=bps(after - before))


def _before(levels: Sequence[Level], day: datetime.date, main: str) -> Decimal | None:
    found = [one for one in levels if one.since <= day]
    return found[-1].of(main) if found else None


def _implied(curve: Sequence[OisPoint], main: Decimal) -> Iterator[ImpliedRate]:
    """Yield forward rates between terms: ``(r2 t2 - r1 t1) / (t2 - t1)``, ignoring compounding."""
    start, paid = 0, Decimal(0)
    for point in sorted(curve, key=lambda one: one.months):
        if point.months == start:
            continue
        forward = (point.rate_pct * point.months - paid) / (point.months - start)
        rate = forward.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        yield ImpliedRate(from_months=start, to_months=point.months, rate_pct=rate, change_bps=bps(forward - main))
        start, paid = point.months, point.rate_pct * point.months


def _text(
    rules: PolicyRates,
    day: datetime.date,
    main: Decimal,
    steps: Sequence[RateStep],
    since: datetime.date,
    implied: Sequence[ImpliedRate],
) -> str:
    name = rules.main.replace("_", " ")
    said = f"On {day} the {name} rate of the {rules.central_bank} is {main} per cent, since {since}"
    if steps:
        word = "cut" if steps[0].change_bps < 0 else "raised"
        said += f", when it was {word} by {abs(steps[0].change_bps)} basis points"
    said += "."
    if implied:
        last = implied[-1]
        said += f" Swaps imply {last.rate_pct} per cent on average over months {last.from_months} to {last.to_months}."
    return said


def _aged(rules: PolicyRates, stale: datetime.date | None) -> str:
    if stale is None:
        return ""
    return f" Later decisions of the {rules.central_bank} are unknown: this is the last known rate, of {stale}."


def _grounds(
    request: RateOutlookRequest,
    day: datetime.date,
    levels: Sequence[Level],
    implied: Sequence[ImpliedRate],
    stale: datetime.date | None,
) -> Grounds:
    now = levels[-1]
    shown = tuple(one.said for one in levels[-2:] if one.said is not None)
    brought = () if now.said is not None else ("The rates in force come from the caller and were not checked.",)
    aged = () if stale is None else (f"Stale: the rates are known up to {stale}, and a meeting has been held since.",)
    expected = () if implied else ("No swap curve was given, so the market's expectation is unknown.",)
    inputs = (
        Evidence(name="region", value=request.region),
        Evidence(name="as_of", value=str(day)),
        Evidence(name="source", value=now.source),
    )
    return Grounds(
        reasons=(
            Reason(
                code="research.policy_rate_stale" if stale else "research.policy_rate",
                text=f"In force since {now.since}, by {now.source}.",
            ),
        ),
        inputs=inputs,
        editions=shown,
        uncertainty="Decisions as announced. A decision between two scheduled meetings would be missing.",
        caveats=(*aged, *caveats_of(shown), *brought, *expected),
    )


@agent(
    id=ID,
    capabilities=("rate_outlook", "research.policy_rates"),
    risk=Risk.LOW,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=8,
    rules=("policy_rates_in", "policy_rates_us", "policy_rates_ea"),
)
async def rate_watcher(request: RateOutlookRequest, context: Context) -> RateOutlook | InsufficientData:
    """States a central bank's policy rates on a day, earlier changes, and the rates implied by swaps."""
    return outlook(request, context.now().date())
