"""A customer: the account holder as the bank knows them."""

from __future__ import annotations

import datetime
from typing import Literal, NamedTuple

Kind = Literal["salaried", "family", "student", "freelancer", "pensioner", "irregular", "merchant", "thin"]

KINDS: dict[Kind, int] = {
    "salaried": 30, "family": 22, "student": 10, "freelancer": 9, "pensioner": 11, "irregular": 6, "merchant": 6,
    "thin": 6,
}  # fmt: skip
"""Percent of customers of each kind. A thin file has at most three months or five movements."""


class Customer(NamedTuple):
    """One account holder, who does not exist."""

    id: str
    """``customer-17``."""
    number: int
    """Position in the population, from 0."""
    country: str
    """ISO 3166 code."""
    kind: Kind
    name: str
    account: str
    """Account number in the country's form: an IBAN, or the number alone, masked if the country's exports mask it."""
    city: str
    currency: str
    """ISO 4217."""
    income: int
    """Usual income of a month, in minor units."""
    opening: int
    """Balance before the first movement, in minor units."""
    overdraft: int
    """Overdraft limit in minor units; 0 if no overdraft is arranged."""
    since: datetime.date
    """First day of the history."""
    few: bool = False
    """True for a file of at most five movements."""
