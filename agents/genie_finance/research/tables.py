"""The family's rule tables: policy rates by region and day of effect."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from genie_finance.domain.rulebook import Rules, Table


class Rate(Rules):
    """One rate."""

    name: str
    pct: Annotated[Decimal, Field(ge=-20, le=100)]


class PolicyRates(Rules):
    """Rates of a central bank that apply together."""

    region: str
    central_bank: str
    main: str
    """Name of the main policy rate."""
    floor: str
    """Names of the rates that form the corridor of the overnight rate."""
    ceiling: str
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]


POLICY_RATES: Mapping[str, Table[PolicyRates]] = MappingProxyType(
    {region: Table(f"policy_rates_{region}", PolicyRates) for region in ("in", "us", "ea")}
)
"""Region -> table."""
