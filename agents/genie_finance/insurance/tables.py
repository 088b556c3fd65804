"""The rule tables of the family: the contents that one edition of each must have."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from genie_finance.domain.rulebook import Rules, Table

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 9)]
Rate = Annotated[Decimal, Field(ge=0, le=1)]
Months = Annotated[int, Field(ge=0, le=1_200)]
Kind = Literal["private_car", "two_wheeler"]


class AgeStep(Rules):
    """A rate for vehicles older than so many months, up to the next step."""

    above: Months
    rate: Rate


AgeSteps = Annotated[tuple[AgeStep, ...], Field(min_length=1)]


class GuideRates(Rules):
    """Own damage rates from a given age, in per cent of the declared value, by capacity."""

    above_months: Months
    A: tuple[Decimal, ...]
    B: tuple[Decimal, ...]


class Voluntary(Rules):
    """Discount on the own damage premium for a voluntary deductible."""

    deductible: Amount
    rate: Rate
    most: Amount


class VehicleRules(Rules):
    """One kind of vehicle; the lists correspond to ``capacities``."""

    capacities: tuple[int, ...]
    own_damage: tuple[GuideRates, ...]
    compulsory_deductible: tuple[Amount, ...]
    voluntary: tuple[Voluntary, ...]


class MotorRules(Rules):
    """Values, rates, bonus and claims of motor policies."""

    value_depreciation: AgeSteps
    agreed_above_months: Months
    part_depreciation: dict[str, Rate]
    metal_depreciation: AgeSteps
    total_loss_share: Rate
    bonus_ladder: tuple[int, ...]
    bonus_lapse_days: int
    private_car: VehicleRules
    two_wheeler: VehicleRules

    def of(self, kind: Kind) -> VehicleRules:
        """Return the rules of a kind of vehicle."""
        return self.private_car if kind == "private_car" else self.two_wheeler


class LiabilityStep(Rules):
    """Premiums above a capacity, up to the next step."""

    above: Amount
    year: Amount
    long: Amount


class LiabilityRates(Rules):
    """Third-party premiums of one kind of vehicle."""

    years: int
    """Years that the single premium covers."""
    engine: tuple[LiabilityStep, ...]
    electric: tuple[LiabilityStep, ...]


class LiabilityRules(Rules):
    """Third-party premiums, and the tax on premiums."""

    tax: Rate
    hybrid_discount: Rate
    private_car: LiabilityRates
    two_wheeler: LiabilityRates

    def of(self, kind: Kind) -> LiabilityRates:
        """Return the rates of a kind of vehicle."""
        return self.private_car if kind == "private_car" else self.two_wheeler


class HealthRules(Rules):
    """Rules of the regulator that apply in addition to a policy's terms."""

    most_initial_waiting_days: int
    most_waiting_months: Months
    moratorium_months: Months
    decide_within_minutes: int
    estimate_share: Rate
    """Share of a bill without items that is assumed to depend on the room."""


MOTOR = Table("motor_insurance_in", MotorRules)
LIABILITY = Table("third_party_premium_in", LiabilityRules)
HEALTH = Table("health_claims_in", HealthRules)
