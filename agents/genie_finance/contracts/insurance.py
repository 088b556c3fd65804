"""Questions and answers of the insurance family: motor and health insurance in India, in rupees."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genie.contracts.message import Payload, Value
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.money import PaidRupees, Rupees

Percent = Annotated[Decimal, Field(ge=0, le=100)]
"""Percentage: 10 means ten per cent."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Procedure = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\w")]
"""Name of a procedure, as written by hospital or policy."""
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,63}$")]
Days = Annotated[int, Field(ge=0, le=3_650)]
Months = Annotated[int, Field(ge=0, le=120)]
IcdCode = Annotated[str, Field(pattern=r"^[A-TV-Z][0-9][0-9A-B](\.?[0-9A-Z]{1,4})?$")]
"""ICD-10, with or without the point: ``K35.8``."""
CoverBegan = Annotated[datetime.date, Field(gt=datetime.date(1970, 1, 1))]
"""First day of cover; earlier dates are placeholders of spreadsheets and programs."""
MOST_LINES = 500

# --- motor ---


class Vehicle(Value):
    """A private car or a two-wheeler."""

    kind: Literal["private_car", "two_wheeler"]
    fuel: Literal["petrol", "diesel", "cng", "hybrid", "electric"]
    registered: datetime.date
    """First registration, from which the vehicle's age counts."""
    cubic_capacity: Annotated[int, Field(gt=0, le=10_000)] | None = None
    kilowatts: Annotated[Decimal, Field(gt=0, le=1_000)] | None = None

    @model_validator(mode="after")
    def _has_its_measure(self) -> Self:
        if self.fuel == "electric" and self.kilowatts is None:
            raise ValueError("an electric vehicle is rated by its kilowatts")
        if self.fuel != "electric" and self.cubic_capacity is None:
            raise ValueError("a vehicle with a combustion engine is rated by its cubic capacity")
        return self


class AddOn(Value):
    """An additional cover, such as zero depreciation, at the insurer's price."""

    code: Code
    basis: Literal["percent_of_idv", "percent_of_own_damage", "amount"]
    """``percent_of_own_damage``: of the own damage premium before the bonus."""
    value: Annotated[Decimal, Field(ge=0, le=10_000_000)]

    @model_validator(mode="after")
    def _is_a_share(self) -> Self:
        if self.basis != "amount" and self.value > 100:
            raise ValueError("is above 100 per cent")
        return self


class MotorQuoteRequest(Payload, topic="insurance.motor_quote_request", classification="confidential"):
    """What does a new or renewed motor policy cost?"""

    starts: datetime.date
    vehicle: Vehicle
    zone: Literal["A", "B"]
    """A: Ahmedabad, Bengaluru, Chennai, Hyderabad, Kolkata, Mumbai, New Delhi, Pune; B: everywhere else."""
    cover: Literal["comprehensive", "own_damage", "third_party"]
    third_party_years: Literal[1, 3, 5]
    """3 for new cars, 5 for new two-wheelers, paid in advance."""
    idv: PaidRupees | None
    """Agreed insured's declared value; None: derived from ``showroom_price`` and age, up to five years."""
    showroom_price: PaidRupees | None
    """Manufacturer's list price, from which the value is derived."""
    own_damage_rate_percent: Percent | None
    """The insurer's own rate on the declared value; None: the guide rate by zone, age and engine."""
    discount_percent: Percent
    """The insurer's discount on the own damage premium."""
    voluntary_deductible: Rupees
    no_claim_bonus_percent: Annotated[int, Field(ge=0, le=100)]
    """Bonus of the expiring policy; 0 for a new one."""
    claimed: bool
    """True if the expiring policy had a claim for own damage."""
    expired: datetime.date | None
    """Last day of the expiring policy; None if there is none."""
    owner_driver_premium: Rupees
    """Sum of the compulsory personal accident cover; 0 if the owner has it elsewhere."""
    add_ons: Annotated[tuple[AddOn, ...], Field(max_length=50)]


class AmountLine(Value):
    """One step of a computation, in order."""

    code: str
    text: str
    amount: str
    """Rupees with two decimals; negative for a deduction."""


class MotorQuote(Payload, topic="insurance.motor_quote", classification="confidential"):
    """The premium of a motor policy."""

    starts: datetime.date
    idv: Rupees
    """0 if own damage is not covered."""
    depreciation_percent: Percent | None
    """Percentage of the list price; None if the value was agreed."""
    no_claim_bonus_percent: int
    """Bonus of the new policy."""
    own_damage: Rupees
    """After discounts and bonus, without add-ons."""
    add_ons: Rupees
    third_party: Rupees
    """Including the owner's personal accident cover."""
    net: Rupees
    tax: Rupees
    """Goods and services tax."""
    total: Rupees
    lines: tuple[AmountLine, ...]
    grounds: Grounds


class MotorTerms(Value):
    """Terms of a motor policy."""

    policy_number: Code
    starts: datetime.date
    ends: datetime.date
    cover: Literal["comprehensive", "own_damage", "third_party"]
    idv: PaidRupees
    zero_depreciation: bool
    voluntary_deductible: Rupees


class RepairLine(Value):
    """One line of a repairer's estimate."""

    text: Name
    material: Literal[
        "rubber_nylon_plastic", "tyre_tube_battery_airbag", "fibre_glass", "glass", "metal_or_wood", "paint_material",
        "paint", "labour",
    ]  # fmt: skip
    """``paint``: a bill of material and labour in one."""
    amount: Rupees


class MotorClaimRequest(Payload, topic="insurance.motor_claim_request", classification="confidential"):
    """What must be paid for a damaged or stolen vehicle?"""

    claim_id: Code
    terms: MotorTerms
    vehicle: Vehicle
    event: Literal["accident", "fire", "flood", "theft"]
    on: datetime.date
    repair: Annotated[tuple[RepairLine, ...], Field(max_length=MOST_LINES)] | None
    """The repairer's estimate; None for a lost vehicle."""
    wreck_kept: Rupees
    """Value of the wreck if the owner keeps it; 0 if the insurer takes it."""


class MotorAssessment(Payload, topic="insurance.motor_assessment", classification="confidential"):
    """Assessment of a motor claim; a surveyor and the insurer decide."""

    claim_id: str
    outcome: Literal["repair", "constructive_total_loss", "total_loss", "not_covered"]
    payable: Rupees
    repair_cost: Rupees
    depreciation: Rupees
    deductible: Rupees
    repair_percent_of_idv: Annotated[Decimal, Field(ge=0)]
    lines: tuple[AmountLine, ...]
    next_steps: tuple[str, ...]
    grounds: Grounds


class Place(Value):
    """A point on the earth, in degrees."""

    latitude: Annotated[Decimal, Field(ge=-90, le=90)]
    longitude: Annotated[Decimal, Field(ge=-180, le=180)]


class Garage(Value):
    """A garage of the insurer's network."""

    name: Name
    place: Place
    cashless: bool


class RoadsideRequest(Payload, topic="insurance.roadside_request", classification="confidential"):
    """Which garages are nearest?"""

    place: Place
    garages: Annotated[tuple[Garage, ...], Field(max_length=10_000)]
    """The network; the family has no garages of its own."""
    most: Annotated[int, Field(ge=1, le=20)] = 3


class NearGarage(Value):
    """A garage, with its straight-line distance."""

    name: str
    cashless: bool
    distance_km: Decimal


class RoadsideAnswer(Payload, topic="insurance.roadside_answer", classification="confidential"):
    """The nearest garages, nearest first."""

    nearest: tuple[NearGarage, ...]


# --- health ---


class BillLine(Value):
    """One line of a hospital's bill or estimate."""

    text: Name
    category: Literal["room", "icu", "associated", "pharmacy", "consumables", "implants", "diagnostics", "non_payable"]
    """``associated``: charges that are higher in a more expensive room: doctors', surgeons' and nursing fees, operation
    theatre."""
    amount: Rupees
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    """Days, for ``room`` and ``icu``, whose limits are per day."""

    @model_validator(mode="after")
    def _rent_has_days(self) -> Self:
        if (self.days is not None) != (self.category in {"room", "icu"}):
            raise ValueError("days are required for rent of a room or intensive care unit, and not allowed otherwise")
        return self


class BillEstimate(Value):
    """A hospital's estimate as one sum, if its lines are not known yet."""

    total: PaidRupees
    room_per_day: Rupees
    room_days: Days
    icu_per_day: Rupees
    icu_days: Days


class Package(Value):
    """Maximum payment for a procedure."""

    procedure: Procedure
    most: Rupees


class HealthPlan(Value):
    """Terms of a health policy on hospital stays."""

    product_code: Code
    sum_insured: PaidRupees
    bonus: Rupees
    """Cumulative bonus that adds to the sum insured."""
    paid_this_year: Rupees
    """Claims that have already used up part of the sum insured."""
    room_limit_per_day: PaidRupees | None
    """None: no limit."""
    icu_limit_per_day: PaidRupees | None
    deductible: Rupees
    copay_percent: Percent
    initial_waiting_days: Days
    pre_existing_waiting_months: Months
    specific_waiting_months: Months
    excluded_procedures: Annotated[tuple[Procedure, ...], Field(max_length=500)]
    packages: Annotated[tuple[Package, ...], Field(max_length=500)]
    network_only: bool
    """Cashless treatment only in hospitals of the network."""


class Treatment(Value):
    """A treatment, with the data that every settlement route needs."""

    procedure: Procedure
    in_network: bool
    bills_by_room: bool
    """True if the hospital charges more for the same treatment in a more expensive room."""
    caused_by_accident: bool
    pre_existing: bool
    """True if the treatment is for a disease declared as pre-existing."""
    specific_disease: bool
    """True if the treatment is on the policy's list of diseases with a waiting period."""


class Preauth(Treatment):
    """A hospital's request to approve a treatment without payment by the patient."""

    preauth_id: Code
    policy_number: Code
    product_code: Code
    patient: Name
    hospital_code: Code
    admitted: datetime.date
    covered_since: CoverBegan
    """First day of continuous cover, including earlier insurers."""
    bill: Annotated[tuple[BillLine, ...], Field(max_length=MOST_LINES)] | None
    estimate: BillEstimate | None


class PreauthRequest(Payload, topic="insurance.preauth_request", classification="confidential"):
    """How much of a planned treatment does the policy pay?"""

    preauth: Preauth
    plan: HealthPlan


class PreauthRecommendation(Payload, topic="insurance.preauth_recommendation", classification="confidential"):
    """Payment under the policy, for a decision by a person or a policy."""

    preauth_id: str
    action: Literal["approve", "approve_partial", "nothing_payable", "deny"]
    asked: Rupees
    payable: Rupees
    patient_share: Rupees
    itemised: bool
    """False without an itemised bill: then the payable amount is an approximation that a person must check."""
    decide_within_minutes: int
    deductions: tuple[AmountLine, ...]
    grounds: Grounds


# --- claims ---


class Exclusion(Value):
    """An exclusion of a policy, by diagnosis."""

    code: Code
    """The regulator's, ``Excl01`` to ``Excl18``, or the product's own."""
    text: Name
    diagnoses: Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)]
    """ICD-10 codes or their first characters, as the product maps them."""


class SubLimit(Value):
    """Maximum payment for a peril."""

    peril: Code
    most: Rupees


class ClaimTerms(Value):
    """Terms of a policy on claims."""

    policy_number: Code
    product_code: Code
    starts: datetime.date
    ends: datetime.date
    covered_since: CoverBegan
    """First day of continuous cover."""
    sum_insured: PaidRupees
    bonus: Rupees
    paid_this_year: Rupees
    deductible: Rupees
    copay_percent: Percent
    initial_waiting_days: Days
    perils: Annotated[tuple[Code, ...], Field(min_length=1, max_length=500)]
    """Covered perils; sub-limits and the network list refer to these."""
    pre_existing: Annotated[tuple[Code, ...], Field(max_length=500)]
    """Diseases that the insured declared, as ICD-10 codes or their first characters."""
    specific_diseases: Annotated[tuple[Code, ...], Field(max_length=500)]
    """Diseases with their own waiting period, in the same form."""
    exclusions: Annotated[tuple[Exclusion, ...], Field(max_length=500)]
    sub_limits: Annotated[tuple[SubLimit, ...], Field(max_length=500)]
    sub_limits_apply: Literal["before_sharing", "after_sharing"]
    """Applied to the loss before deductible and co-payment, or to the rest after them; the wording decides."""
    network_only: Annotated[tuple[Code, ...], Field(max_length=500)]
    """Perils covered only in the network."""

    @model_validator(mode="after")
    def _limits_are_of_perils(self) -> Self:
        covered = {peril_key(one) for one in self.perils}
        named = [*(one.peril for one in self.sub_limits), *self.network_only]
        if strange := sorted({one for one in named if peril_key(one) not in covered}):
            raise ValueError(f"limits a peril that the policy does not cover: {', '.join(strange)}")
        return self


def peril_key(peril: str) -> str:
    """Normalise a peril: ``Day-care`` and ``day_care`` are equal."""
    return "".join(char for char in peril.casefold() if char.isalnum())


class Claim(Treatment):
    """A claim for the cost of a treatment."""

    claim_id: Code
    policy_number: Code
    incurred: PaidRupees
    """Sum of the bill."""
    bill: Annotated[tuple[BillLine, ...], Field(max_length=MOST_LINES)]
    """The hospital's final bill, line by line."""
    peril: Code
    """``hospitalisation``, ``day_care`` …: one of the policy's perils."""
    on: datetime.date
    """Day of admission."""
    diagnoses: Annotated[tuple[IcdCode, ...], Field(max_length=50)]


class Screening(Value):
    """Result of the insurer's own fraud check; a score from the claimant does not count."""

    claim_id: Code

    score: Annotated[Decimal, Field(ge=0, le=1)]
    by: Name


class ClaimRequest(Payload, topic="insurance.claim_request", classification="confidential"):
    """How much of a claim does the policy pay?"""

    claim: Claim
    terms: ClaimTerms
    plan: HealthPlan
    """Limits, packages and waiting periods, the same as for cashless treatment."""
    screening: Screening | None
    """None: not screened, so the claim is referred to a person."""


class ClaimRecommendation(Payload, topic="insurance.claim_recommendation", classification="confidential"):
    """Payment under a policy, for a decision by a person or a policy."""

    claim_id: str
    action: Literal["approve", "approve_partial", "nothing_payable", "deny", "refer"]
    incurred: Rupees
    payable: Rupees
    """0 if denied; if referred, the amount that would be paid."""
    deductions: tuple[AmountLine, ...]
    grounds: Grounds
