"""The rule tables of the family: the contents that one edition of each must have."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genie_finance.domain.rulebook import Rules, Table

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 12)]
Days = Annotated[int, Field(ge=0, le=10_000)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class CountryRules(Rules):
    """Countries of a list, by ISO code."""

    countries: frozenset[Country]


class UpdateYears(Rules):
    """Years between updates of a customer's data, by risk category."""

    low: Annotated[int, Field(gt=0)]
    medium: Annotated[int, Field(gt=0)]
    high: Annotated[int, Field(gt=0)]


class KycRules(Rules):
    """Requirements for a bank that accepts an individual as a customer."""

    update_years: UpdateYears
    adult_age: Annotated[int, Field(gt=0)]
    offline_file_days: Days
    """Maximum age in days of the Aadhaar file in a video identification."""
    senior_approval_of_exposed: bool
    digital_channel_is_high_risk: bool
    """True if customers identified neither at a branch nor by video are in the highest category until they are."""


class OmbudsmanRules(Rules):
    """The Reserve Bank's ombudsman."""

    wait_days: Days
    """Days that the bank has for its reply."""
    window_days: Days
    """Time limit after the reply, or after the waiting period without one."""
    compensation: Amount
    distress: Amount


class LiabilityLimits(Rules):
    """Maximum liability of the customer for a late report, by kind of account."""

    basic_savings: Amount
    standard: Amount
    other: Amount


class LiabilityRules(Rules):
    """Unauthorised electronic transactions for which neither bank nor customer is at fault."""

    days_are_working: bool
    nothing_up_to: Days
    limited_up_to: Days
    limits: LiabilityLimits
    credit_working_days: Days
    resolution_days: Days


class BankDays(Rules):
    """When banks work."""

    saturdays_off: frozenset[Annotated[int, Field(ge=1, le=4)]]
    """Saturdays of a month that are not working days, 1 for the first; a fifth one always is."""


CALL_FOR_ACTION = Table("fatf_call_for_action", CountryRules)
MONITORED = Table("fatf_monitored", CountryRules)
KYC = Table("kyc_in", KycRules)
OMBUDSMAN = Table("ombudsman_in", OmbudsmanRules)
BANK_DAYS = Table("bank_days_in", BankDays)
LIABILITY = Table("customer_liability_in", LiabilityRules)
