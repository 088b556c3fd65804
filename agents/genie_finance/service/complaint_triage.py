"""Complaint triage: category, urgency, the bank's deadlines, and the next step of a complaint."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie.contracts.model_call import ModelFailed, ModelReply, ModelRequest
from genie_finance.contracts.complaints import Category, ComplaintFiled, ComplaintTriage, Ground, Nature, Severity
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, RuleEdition, caveats_of
from genie_finance.domain.choosing import ModelSettings, choose
from genie_finance.domain.rulebook import edition
from genie_finance.service.redress import liability, ombudsman
from genie_finance.service.tables import BANK_DAYS, LIABILITY, OMBUDSMAN
from genie_finance.service.wording import Wording, redacted, vocabulary

_ACTIONS: Mapping[Category, str] = MappingProxyType(
    {
        "digital_banking_upi_imps": "Trace the payment with its reference; raise a dispute in the payment system.",
        "cards": "Block the card if it is at risk; start a chargeback or a cash reconciliation.",
        "loans_and_advances": "Send the loan statement; check interest and penal charges against the agreement.",
        "charges_and_fees": "Check each charge against tariff and notice; reverse charges without either.",
        "mis_selling": "Ask the sales staff and the customer; check suitability, consent and the recording of the "
        "sale.",
        "staff_conduct": "Ask the head of the branch for a statement; answer the customer in writing.",
        "remittance": "Trace the message with the correspondent bank; state date and rate.",
        "deposit_accounts": "Check the entries of the account; answer with a statement.",
        "other": "A person must read it and choose the category.",
    }
)
_WITHOUT_AMOUNT = frozenset(("staff_conduct", "other"))
"""Categories that need no disputed amount."""
_DAYS: Mapping[Severity, int] = MappingProxyType({"high": 1, "medium": 3, "low": 7})
_SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high")


class TriageSettings(BaseModel):
    """The bank's own limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    high_amount: Annotated[Decimal, Field(gt=0)] = Decimal(100_000)
    """Disputed rupees from which a complaint has high severity."""


class TriageWithModelSettings(TriageSettings, ModelSettings):
    """The bank's own limits, and the model for complaints without known words."""


def triage(
    complaint: ComplaintFiled, settings: TriageSettings, *, as_of: datetime.date, by_model: Category | None = None
) -> ComplaintTriage:
    """Return the category and the deadlines of a complaint.

    Args:
        complaint: The complaint.
        settings: The bank's own limits.
        as_of: Day of the question.
        by_model: The category that a model chose; it is used only if the rules are not sure.

    Raises:
        InputError: No edition of the rules covers the day of the question or of the transaction.
    """
    hints = " . ".join(one for one in (complaint.product_hint, complaint.channel_hint) if one)
    wording = Wording(f"{complaint.complaint_text} . {hints}")
    found = categories(wording)
    guessed = by_model is not None and unsure(found)
    category: Category = by_model if by_model is not None and guessed else found[0].category if found else "other"
    nature = nature_of(wording)
    severity = severity_of(wording, complaint, settings)
    scheme = edition(OMBUDSMAN, on=as_of)
    happened = complaint.occurred_on or complaint.reported_on or complaint.received_on
    liable = edition(LIABILITY, on=happened)
    bank_days = edition(BANK_DAYS, on=complaint.reported_on or complaint.received_on)
    borne = liability(complaint, nature, as_of=as_of, rules=liable.rules, days=bank_days.rules)
    doubt = "" if scheme.said.verified else f"{scheme.said.id} is not verified"
    if complaint.received_on < scheme.said.effective_from:
        doubt = doubt or f"the complaint is older than {scheme.said.id}, and its time limits were not verified"
    view = ombudsman(complaint, named=category != "other", as_of=as_of, rules=scheme.rules, doubt=doubt)
    reviews = _reviews(complaint, found, nature, severity)
    if guessed:
        reviews = ("A model chose the category, since the rules were not sure.", *reviews)
    editions = (scheme.said, liable.said, bank_days.said) if borne is not None else (scheme.said,)
    due = complaint.received_on + datetime.timedelta(days=scheme.rules.wait_days)
    action = "The grievance officer must handle it within 24 hours. " if severity == "high" else ""
    return ComplaintTriage(
        complaint_id=complaint.complaint_id,
        category=category,
        nature=nature,
        severity=severity,
        grounds_found=found,
        needs_human_review=bool(reviews),
        review_reasons=reviews,
        redacted_summary=redacted(complaint.complaint_text),
        suggested_action=action + _ACTIONS[category],
        first_response_due=complaint.received_on + datetime.timedelta(days=_DAYS[severity]),
        resolution_due=due,
        ombudsman=view,
        liability=borne,
        grounds=_grounds(complaint, found, (nature, severity), editions),
    )


def categories(wording: Wording) -> tuple[Ground, ...]:
    """Return every category that the text indicates, the strongest first; a longer phrase covers those inside it."""
    found = []
    for name, phrases in vocabulary().categories.items():
        said = wording.found(phrases)
        kept = tuple(one for one in said if not any(one != other and f" {one} " in f" {other} " for other in said))
        if kept:
            weight = sum(phrases[one] for one in kept)
            found.append(Ground(category=cast("Category", name), weight=weight, words=kept))
    return tuple(sorted(found, key=lambda one: -one.weight))  # of equal ones, the grievance that the file names first


def unsure(found: tuple[Ground, ...]) -> bool:
    """Return whether the rules do not decide the category: no known word, or two categories match equally well."""
    return not found or (len(found) > 1 and found[0].weight == found[1].weight)


def nature_of(wording: Wording) -> Nature:
    """Return what happened, independent of the product."""
    charge = wording.found(("unauthorised charge", "unauthorized charge"))
    said = wording.found(vocabulary().unauthorised)
    if said and not (charge and set(said) <= {"unauthorised", "unauthorized"}):
        return "unauthorised_transaction"
    return "failed_transaction" if wording.found(vocabulary().failed) else "deficiency_in_service"


def severity_of(wording: Wording, complaint: ComplaintFiled, settings: TriageSettings) -> Severity:
    """Return the severity by words and amount, one step higher for a customer in need of care."""
    level = 2 if wording.found(vocabulary().high) else 1 if wording.found(vocabulary().medium) else 0
    amount = complaint.amount
    if amount is not None and (amount.currency != "INR" or amount.amount >= settings.high_amount):
        level = 2
    if complaint.vulnerable_customer:
        level = min(level + 1, 2)
    return _SEVERITIES[level]


def _reviews(
    complaint: ComplaintFiled, found: tuple[Ground, ...], nature: Nature, severity: Severity
) -> tuple[str, ...]:
    reasons = []
    if not found:
        reasons.append("It contains no known words: it may be in another language, or about something else.")
    elif len(found) > 1 and found[0].weight == found[1].weight:
        reasons.append(f"It is about {found[0].category} as much as about {found[1].category}.")
    elif found[0].weight < 2:
        reasons.append("It names a product, but no known grievance.")
    if severity == "high":
        reasons.append("It has high severity.")
    if complaint.amount is None and any(one.category not in _WITHOUT_AMOUNT for one in found):
        reasons.append("The disputed amount is unknown, and severity depends on it.")
    if nature == "unauthorised_transaction":
        reasons.append("A person must establish who was at fault.")
    return tuple(reasons)


def _grounds(
    complaint: ComplaintFiled,
    found: tuple[Ground, ...],
    said: tuple[Nature, Severity],
    editions: tuple[RuleEdition, ...],
) -> Grounds:
    words = tuple(Reason(code=f"complaints.{one.category}", text=f"It says: {', '.join(one.words)}.") for one in found)
    unknown = Reason(code="complaints.other", text="It has no known words.")
    return Grounds(
        reasons=words or (unknown,),
        inputs=(
            Evidence(name="received_on", value=str(complaint.received_on)),
            Evidence(name="nature", value=said[0]),
            Evidence(name="severity", value=said[1]),
            Evidence(name="amount", value=str(complaint.amount or "not known")),
        ),
        editions=editions,
        uncertainty=(
            "Words and phrases, mostly English: implied meanings and unlisted words are not found. Working days are "
            "those of banks, without second and fourth Saturdays; public holidays of the states count as working days."
        ),
        caveats=caveats_of(editions),
    )


@agent(
    id="complaint_triage",
    capabilities=("complaints.triage",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    settings=TriageSettings,
    rules=("ombudsman_in", "customer_liability_in", "bank_days_in"),
)
async def complaint_triage(complaint: ComplaintFiled, context: Context) -> ComplaintTriage:
    """Sorts a complaint by category and severity, with the bank's deadlines and access to the ombudsman."""
    return triage(complaint, context.settings, as_of=complaint.as_of or context.now().date())


@agent(
    id="complaint_triage_with_model",
    capabilities=("complaints.triage",),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    settings=TriageWithModelSettings,
    rules=("ombudsman_in", "customer_liability_in", "bank_days_in"),
    asks={ModelRequest: (ModelReply, ModelFailed)},
)
async def complaint_triage_with_model(complaint: ComplaintFiled, context: Context) -> ComplaintTriage:
    """Sorts a complaint by rules; asks a model for the category if the rules do not decide it, and reports that."""
    settings: TriageWithModelSettings = context.settings
    as_of = complaint.as_of or context.now().date()
    hints = " . ".join(one for one in (complaint.product_hint, complaint.channel_hint) if one)
    by_model: str | None = None
    if unsure(categories(Wording(f"{complaint.complaint_text} . {hints}"))):
        text = redacted(complaint.complaint_text)
        options = {str(name): action for name, action in _ACTIONS.items()}
        by_model = await choose(context, settings.model, "the category of a complaint to a bank", text, options)
    return triage(complaint, settings, as_of=as_of, by_model=cast("Category | None", by_model))
