"""Builders of tax years: a test states what matters, everything else is 0 and said to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from genie_finance.contracts.tax import Deductions, Income, TaxProfile

HEADS = ("salary", "house_property", "business", "dividends", "other")
CLAIMS = (
    "life_and_savings", "pension_scheme", "employer_pension", "health_self", "health_parents", "deposit_interest",
    "home_loan_interest", "education_loan_interest", "other",
)  # fmt: skip


def _profile(
    tax_year: str = "2025-26",
    *,
    age: int = 40,
    resident: bool = True,
    gains: tuple[dict[str, Any], ...] = (),
    deductions: dict[str, Any] | None = None,
    **heads: int,
) -> TaxProfile:
    """A profile; ``deductions`` are those that are not 0."""
    income = Income.model_validate({**dict.fromkeys(HEADS, 0), "gains": gains, **heads})
    claimed = Deductions.model_validate({**dict.fromkeys(CLAIMS, 0), "parents_senior": False, **(deductions or {})})
    return TaxProfile(tax_year=tax_year, age=age, resident=resident, income=income, deductions=claimed)


@pytest.fixture(scope="session")
def profile() -> Callable[..., TaxProfile]:
    return _profile
