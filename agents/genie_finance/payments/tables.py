"""The rule tables of the family on invoices: the contents that one edition of each must have."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genie_finance.contracts.invoices import EnterpriseClass
from genie_finance.domain.rulebook import Rules, Table

_Rate = Annotated[Decimal, Field(ge=0, le=100)]


class MsmedRules(Rules):
    """Payment periods for micro and small suppliers, and the interest on delay."""

    bank_rate: _Rate
    """Percent a year."""
    multiple: Annotated[int, Field(ge=1, le=10)]
    no_agreement_days: Annotated[int, Field(ge=0, le=365)]
    """Days from acceptance, if no date was agreed in writing."""
    most_agreed_days: Annotated[int, Field(ge=0, le=365)]
    """Maximum days from acceptance that an agreement can set."""


class GstRules(Rules):
    """Rules for the form of an invoice on a day."""

    rates: Annotated[tuple[_Rate, ...], Field(min_length=1)]
    only_for: dict[_Rate, tuple[Annotated[str, Field(pattern=r"^[0-9]{2,8}$")], ...]]
    """Rates of special goods -> first digits of their codes; other rates may apply to any code."""
    irn_digits: int
    hsn_digits: tuple[int, ...]


class TredsRules(Rules):
    """Rules on who may sell on a platform, and who must be registered there."""

    sellers: tuple[EnterpriseClass, ...]
    buyer_turnover_crore: Annotated[Decimal, Field(ge=0)]


MSMED = Table("msmed_in", MsmedRules)
GST = Table("gst_in", GstRules)
TREDS = Table("treds_in", TredsRules)
