"""The taxonomy of the catalogue: categories of spending, income and transfers.

Names are ``group.leaf``. The enum is what code refers to; titles, kinds and everyday words for a category are in
``data/categories.json``, which is compared with the enum when it is loaded.
"""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple


class Category(enum.StrEnum):
    """Every category, by its name in payloads and in override files."""

    INCOME_SALARY = "income.salary"
    INCOME_BUSINESS = "income.business"
    INCOME_BENEFITS = "income.benefits"
    INCOME_PENSION = "income.pension"
    INCOME_INTEREST = "income.interest"
    INCOME_DIVIDENDS = "income.dividends"
    INCOME_RENTAL = "income.rental"
    INCOME_TAX_REFUND = "income.tax_refund"
    INCOME_CASHBACK = "income.cashback"
    INCOME_DEPOSIT = "income.deposit"
    INCOME_OTHER = "income.other"
    HOUSING_RENT = "housing.rent"
    HOUSING_MORTGAGE = "housing.mortgage"
    HOUSING_MAINTENANCE = "housing.maintenance"
    UTILITIES_ENERGY = "utilities.energy"
    UTILITIES_WATER = "utilities.water"
    UTILITIES_TELECOM = "utilities.telecom"
    FOOD_GROCERIES = "food.groceries"
    FOOD_RESTAURANTS = "food.restaurants"
    FOOD_DELIVERY = "food.delivery"
    FOOD_CAFES = "food.cafes"
    TRANSPORT_FUEL = "transport.fuel"
    TRANSPORT_PUBLIC = "transport.public"
    TRANSPORT_RIDE = "transport.ride"
    TRANSPORT_PARKING = "transport.parking"
    TRANSPORT_VEHICLE = "transport.vehicle"
    TRAVEL_FLIGHTS = "travel.flights"
    TRAVEL_LODGING = "travel.lodging"
    TRAVEL_OTHER = "travel.other"
    SHOPPING_GENERAL = "shopping.general"
    SHOPPING_CLOTHING = "shopping.clothing"
    SHOPPING_ELECTRONICS = "shopping.electronics"
    SHOPPING_HOME = "shopping.home"
    SHOPPING_LEISURE = "shopping.leisure"
    SHOPPING_PERSONAL = "shopping.personal"
    HEALTH_PHARMACY = "health.pharmacy"
    HEALTH_MEDICAL = "health.medical"
    HEALTH_FITNESS = "health.fitness"
    ENTERTAINMENT_STREAMING = "entertainment.streaming"
    ENTERTAINMENT_GAMES = "entertainment.games"
    ENTERTAINMENT_EVENTS = "entertainment.events"
    ENTERTAINMENT_GAMBLING = "entertainment.gambling"
    DIGITAL_SOFTWARE = "digital.software"
    EDUCATION_FEES = "education.fees"
    FAMILY_CHILDCARE = "family.childcare"
    FAMILY_PETS = "family.pets"
    INSURANCE_HEALTH = "insurance.health"
    INSURANCE_LIFE = "insurance.life"
    INSURANCE_VEHICLE = "insurance.vehicle"
    INSURANCE_OTHER = "insurance.other"
    DEBT_LOAN = "debt.loan"
    DEBT_CARD_BILL = "debt.card_bill"
    DEBT_INTEREST = "debt.interest"
    FEES_BANK = "fees.bank"
    TAXES_INCOME = "taxes.income"
    TAXES_OTHER = "taxes.other"
    GIVING_DONATIONS = "giving.donations"
    GIVING_GIFTS = "giving.gifts"
    MEMBERSHIP_DUES = "membership.dues"
    PEOPLE_PAYMENTS = "people.payments"
    CASH_WITHDRAWAL = "cash.withdrawal"
    TRANSFER_OWN = "transfer.own"
    TRANSFER_SAVINGS = "transfer.savings"
    TRANSFER_INVESTMENT = "transfer.investment"
    TRANSFER_CRYPTO = "transfer.crypto"
    UNCATEGORISED = "uncategorised"


class Kind(enum.StrEnum):
    """Effect of a category on the balance of a month."""

    INCOME = "income"
    EXPENSE = "expense"
    TRANSFER = "transfer"
    """Moves own money; neither income nor spending."""
    UNKNOWN = "unknown"
    """Uncategorised: incoming money counts as income, outgoing as expense."""


class Necessity(enum.StrEnum):
    """How far the payer can choose an expense from month to month."""

    FIXED = "fixed"
    """Set by a contract or by law."""
    ESSENTIAL = "essential"
    """Necessary, but its amount is partly a choice."""
    FREE = "free"


class CategoryInfo(NamedTuple):
    """Properties of one category."""

    category: Category
    title: str
    kind: Kind
    necessity: Necessity
    regular: bool
    """Regular charges of this category are subscriptions, unlike rent, loans, wages, and habits such as groceries."""
    asked: tuple[str, ...]
    """Lower-case words that questions use for it."""

    @property
    def group(self) -> str:
        """The part before the dot."""
        return self.category.value.split(".", 1)[0]


@functools.cache
def taxonomy() -> Mapping[str, CategoryInfo]:
    """Return every category by name, in the order of the enum.

    Raises:
        ValueError: The table and the enum do not name the same categories.
    """
    raw = json.loads(resources.files("genie_finance.domain").joinpath("data/categories.json").read_text("utf-8"))
    if set(raw) != {category.value for category in Category}:
        raise ValueError("categories.json and Category do not name the same categories")
    return MappingProxyType(
        {
            category.value: CategoryInfo(
                category=category,
                title=raw[category]["title"],
                kind=Kind(raw[category]["kind"]),
                necessity=Necessity(raw[category]["necessity"]),
                regular=raw[category]["regular"],
                asked=tuple(raw[category]["asked"]),
            )
            for category in Category
        }
    )


@functools.lru_cache(maxsize=256)  # larger than the number of names; called several times for each movement
def info(name: str | None) -> CategoryInfo:
    """Return the properties of a category; an unknown or missing name is uncategorised."""
    table = taxonomy()
    return table.get(name or "") or table[Category.UNCATEGORISED]
