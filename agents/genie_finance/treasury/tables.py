"""The rule tables of the family: the contents that one edition of each must have."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genie_finance.domain.rulebook import Rules, Table

Rate = Annotated[Decimal, Field(ge=0, le=1)]


class Factor(Rules):
    """Share of a category's balance that counts."""

    category: str
    factor: Rate
    paragraph: str | None = None
    """None if it is a convention of this catalogue, not a category of the rules."""


class Haircuts(Rules):
    """Haircut on the market value of liquid assets."""

    level1: Rate
    level2a: Rate
    level2b: Rate


class LcrRules(Rules):
    """Liquidity coverage."""

    minimum: Rate
    inflow_cap: Rate
    """Maximum share of the outflows that inflows may offset."""
    level2b_cap: Rate
    """Maximum share of the stock for level 2B."""
    level2_cap: Rate
    """Maximum share of the stock for level 2, including 2B."""
    haircuts: Haircuts
    outflows: tuple[Factor, ...]
    inflows: tuple[Factor, ...]


class Bucket(Rules):
    """Residual maturities, both days included."""

    bucket: str
    from_day: int
    to_day: int | None = None
    """None: without end."""
    limit: Rate | None = None
    """Largest negative cumulative gap, as a fraction of cumulative outflows."""

    def midpoint_years(self, last_years: Decimal) -> Decimal:
        """Return the middle of the bucket in years of 365 days."""
        if self.to_day is None:
            return last_years
        return Decimal(self.from_day - 1 + self.to_day) / 730


class AlmRules(Rules):
    """Buckets and tolerances."""

    next_day_limit: Rate
    horizon_days: int
    """Days over which net interest income is counted."""
    buckets: tuple[Bucket, ...]


LCR = Table("lcr_in", LcrRules)
ALM = Table("alm_in", AlmRules)
