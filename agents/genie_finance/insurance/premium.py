"""The premium of a motor policy: declared value, own damage with discounts and bonus, liability, tax."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from genie.errors import InputError
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import AmountLine, MotorQuote, MotorQuoteRequest, Vehicle
from genie_finance.contracts.money import rupees
from genie_finance.domain.months import add_months
from genie_finance.domain.rulebook import edition
from genie_finance.insurance.grounding import ZERO, grounds, line, paise, total
from genie_finance.insurance.tables import LIABILITY, MOTOR, AgeStep, LiabilityRules, MotorRules

AGENT = "auto_insurance"


def older(registered: datetime.date, months: int, on: datetime.date) -> bool:
    """Return whether a vehicle is older than so many months on a day."""
    return on > add_months(registered, months)


def rate_at(steps: Sequence[AgeStep], registered: datetime.date, on: datetime.date) -> Decimal:
    """Return the rate for a vehicle's age; the first step applies from the first day."""
    found = steps[0].rate
    for step in steps[1:]:
        if older(registered, step.above, on):
            found = step.rate
    return found


def capacity_class(vehicle: Vehicle, capacities: Sequence[int]) -> int:
    """Return the engine class of a vehicle; an electric one is in the middle class of cars."""
    if vehicle.cubic_capacity is None:
        return min(1, len(capacities) - 1)
    return max(place for place, above in enumerate(capacities) if vehicle.cubic_capacity > above)


def next_bonus(rules: MotorRules, request: MotorQuoteRequest) -> tuple[int, str]:
    """Return the no claim bonus of the new policy in per cent, and the reason.

    Raises:
        InputError: The bonus is not on the ladder, or has no expiring policy.
    """
    ladder, now = rules.bonus_ladder, request.no_claim_bonus_percent
    if now not in ladder:
        raise InputError("no_claim_bonus_percent", f"{now} is not a step of the ladder", f"one of {ladder}")
    if request.expired is None:
        if now:
            raise InputError("expired", f"a bonus of {now} per cent comes from an expiring policy", "give its last day")
        return 0, "A first policy has no bonus."
    if request.claimed:
        return 0, "A claim in the expiring policy removes the whole bonus."
    if request.expired > request.starts:
        remedy = "give the last day of the expiring policy, or the day after it as the start"
        raise InputError("expired", f"is {request.expired}, after the new policy starts on {request.starts}", remedy)
    if (request.starts - request.expired).days > rules.bonus_lapse_days:
        return (
            0,
            f"The bonus has lapsed {rules.bonus_lapse_days} days after the policy ended on {request.expired}.",
        )
    step = ladder[min(ladder.index(now) + 1, len(ladder) - 1)]
    return step, f"A year without a claim: the bonus rises from {now} to {step} per cent."


def declared_value(rules: MotorRules, request: MotorQuoteRequest) -> tuple[Decimal, Decimal | None] | Lack:
    """Return the insured's declared value and the depreciation in per cent, or the missing data."""
    if request.idv is not None:
        return request.idv.amount, None
    if older(request.vehicle.registered, rules.agreed_above_months, request.starts):
        return Lack(what="idv", needed="the value agreed with the insurer, as the vehicle is older than five years")
    if request.showroom_price is None:
        return Lack(what="showroom_price", needed="the manufacturer's listed price, or the agreed declared value")
    rate = rate_at(rules.value_depreciation, request.vehicle.registered, request.starts)
    return paise(request.showroom_price.amount * (1 - rate)), rate * 100


def own_damage_rate(rules: MotorRules, request: MotorQuoteRequest) -> Decimal | Lack:
    """Return the own damage rate in per cent of the declared value: the insurer's, else the guide rate."""
    if request.own_damage_rate_percent is not None:
        return request.own_damage_rate_percent
    if request.vehicle.fuel == "electric":
        return Lack(what="own_damage_rate_percent", needed="the insurer's rate: there is no guide rate by kilowatts")
    of = rules.of(request.vehicle.kind)
    place, rates = capacity_class(request.vehicle, of.capacities), of.own_damage[0]
    for found in of.own_damage[1:]:
        if older(request.vehicle.registered, found.above_months, request.starts):
            rates = found
    return (rates.A if request.zone == "A" else rates.B)[place]


def liability_premium(rules: LiabilityRules, request: MotorQuoteRequest) -> Decimal:
    """Return the third-party premium, in rupees.

    Raises:
        InputError: There is no premium for that term and kind of vehicle.
    """
    vehicle, rates = request.vehicle, rules.of(request.vehicle.kind)
    if request.third_party_years not in {1, rates.years}:
        raise InputError(
            "third_party_years",
            f"is {request.third_party_years} years, which is not offered",
            f"give 1 or {rates.years}",
        )
    steps, size = (
        (rates.electric, vehicle.kilowatts)
        if vehicle.fuel == "electric"
        else (rates.engine, Decimal(vehicle.cubic_capacity or 0))
    )
    found = [step for step in steps if size is not None and size > step.above][-1]
    premium = found.year if request.third_party_years == 1 else found.long
    return premium * (1 - rules.hybrid_discount) if vehicle.fuel == "hybrid" else premium


def quote(request: MotorQuoteRequest) -> MotorQuote | InsufficientData:
    """Return the premium of a policy, or the missing data.

    Own damage: declared value times rate, less the discount for a voluntary deductible, less the insurer's, less the no
    claim bonus, which does not apply to add-ons. Then liability, then tax on the sum.

    Raises:
        InputError: A bonus, deductible or term that does not exist, or no edition covers the day.
    """
    if request.starts < request.vehicle.registered:
        raise InputError("starts", f"{request.starts} is before the registration", "give a day from it on")
    found, liable = edition(MOTOR, on=request.starts), edition(LIABILITY, on=request.starts)
    bonus, why = next_bonus(found.rules, request)
    value, rate, reasons = ZERO, ZERO, [("insurance.bonus", why)]
    depreciation: Decimal | None = None
    if request.cover != "third_party":
        valued, rated = declared_value(found.rules, request), own_damage_rate(found.rules, request)
        lacking = tuple(one for one in (valued, rated) if isinstance(one, Lack))
        if isinstance(valued, Lack) or isinstance(rated, Lack):
            return InsufficientData(agent=AGENT, question="premium of a motor policy", missing=lacking)
        (value, depreciation), rate = valued, rated
        text = "as agreed" if depreciation is None else f"the listed price less {depreciation:.0f} per cent for age"
        reasons.append(("insurance.declared_value", f"Declared value of {rupees(value)}: {text}."))
    damage = _damage_lines(found.rules, request, value * rate / 100, bonus) if value else []
    extra = _add_on_lines(request, value, _before_bonus(damage)) if value else []
    third = _liability_lines(liable.rules, request)
    net = total((*damage, *extra, *third))
    tax = line("tax", f"goods and services tax, {liable.rules.tax * 100:.0f} per cent", net * liable.rules.tax)
    caveats = () if request.own_damage_rate_percent is not None or not value else (
        "The own damage rate is a guide rate of the tariff that was withdrawn; each insurer has its own.",
    )  # fmt: skip
    return MotorQuote(
        starts=request.starts,
        idv=rupees(value),
        depreciation_percent=depreciation,
        no_claim_bonus_percent=bonus,
        own_damage=rupees(total(damage)),
        add_ons=rupees(total(extra)),
        third_party=rupees(total(third)),
        net=rupees(net),
        tax=rupees(Decimal(tax.amount)),
        total=rupees(net + Decimal(tax.amount)),
        lines=(*damage, *extra, *third, tax),
        grounds=grounds(
            reasons,
            {
                "starts": request.starts, "registered": request.vehicle.registered, "vehicle": request.vehicle.kind,
                "fuel": request.vehicle.fuel, "cubic_capacity": request.vehicle.cubic_capacity or "-",
                "kilowatts": request.vehicle.kilowatts or "-", "zone": request.zone, "cover": request.cover,
                "own_damage_rate_percent": rate,
            },
            (found.said, liable.said),
            "The result depends on the given rate and discount. Accessories, gas kits and passengers are not rated.",
            *caveats,
        ),
    )  # fmt: skip


def _damage_lines(rules: MotorRules, request: MotorQuoteRequest, base: Decimal, bonus: int) -> list[AmountLine]:
    found = [line("own_damage", "own damage", base)]
    if request.voluntary_deductible.minor:
        choices = rules.of(request.vehicle.kind).voluntary
        chosen = [one for one in choices if one.deductible == request.voluntary_deductible.amount]
        if not chosen:
            offered = ", ".join(f"{one.deductible:,}" for one in choices)
            raise InputError("voluntary_deductible", "is not offered", f"0 or one of {offered} rupees")
        off = min(base * chosen[0].rate, chosen[0].most)
        found.append(line("voluntary_deductible", f"for a deductible of {request.voluntary_deductible}", -off))
    if request.discount_percent:
        off = total(found) * request.discount_percent / 100
        found.append(line("discount", f"the insurer's discount, {request.discount_percent} per cent", -off))
    if bonus:
        found.append(line("no_claim_bonus", f"no claim bonus, {bonus} per cent", -total(found) * bonus / 100))
    return found


def _before_bonus(damage: Sequence[AmountLine]) -> Decimal:
    return total(one for one in damage if one.code != "no_claim_bonus")


def _add_on_lines(request: MotorQuoteRequest, value: Decimal, damage: Decimal) -> list[AmountLine]:
    of = {"percent_of_idv": value / 100, "percent_of_own_damage": damage / 100, "amount": Decimal(1)}
    return [
        line(f"add_on.{one.code}", one.code.replace("_", " "), one.value * of[one.basis]) for one in request.add_ons
    ]


def _liability_lines(rules: LiabilityRules, request: MotorQuoteRequest) -> list[AmountLine]:
    if request.cover == "own_damage":
        return []
    years = "a year" if request.third_party_years == 1 else f"{request.third_party_years} years"
    found = [line("third_party", f"third-party liability, {years}", liability_premium(rules, request))]
    if request.owner_driver_premium.minor:
        found.append(
            line("owner_driver", "personal accident cover of the owner", request.owner_driver_premium.amount)
        )  # fmt: skip
    return found
