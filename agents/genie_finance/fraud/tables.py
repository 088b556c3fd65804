"""The rule tables of the family: the contents that one edition of each must have."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from genie_finance.domain.rulebook import Rules, Table

Amount = Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 12)]
Words = Annotated[frozenset[str], Field(min_length=1)]


class PmlaRules(Rules):
    """Monthly reports that follow from facts alone."""

    currency: str
    home: str
    """ISO code of the country whose law applies."""
    cash_month: Amount
    """A customer's cash deposits, or cash withdrawals, of a calendar month are reported above this."""
    cash_detail_from: Amount
    """Single transactions below this are not named in the report."""
    deposit_with_pan: Amount
    """A cash deposit of a day above this needs the depositor's tax number."""
    cross_border: Amount
    """Wires into or out of the country above this amount are reported."""
    non_profit: Amount
    """A receipt of a non-profit organisation is reported above this."""
    due_day: Annotated[int, Field(ge=1, le=28)]
    """Of the following month."""
    suspicion_working_days: int
    """For reporting a suspicion, once the principal officer is satisfied of it."""


class CallForAction(Rules):
    """Countries on the FATF's list."""

    countries: Words


class Brand(Rules):
    """An organisation that phishers impersonate."""

    name: str
    words: Words
    """Spelling in a host name; words of up to four letters count only where a part starts with them."""
    domains: Words
    """Registrable domains of the brand."""


class PhishingRules(Rules):
    """Official senders, hosts and addresses."""

    handles: Words
    """Handles of UPI payment addresses, the part after the @."""
    exclusive: Words
    """Suffixes that only supervised institutions can register."""
    brands: Annotated[tuple[Brand, ...], Field(min_length=1)]
    shorteners: Words


PMLA = Table("pmla_in", PmlaRules)
CALL_FOR_ACTION = Table("fatf_call_for_action", CallForAction)
PHISHING = Table("phishing_in", PhishingRules)
