"""Which answers are verdicts, and the order of their favourability: one line for every payload that an agent sends.

Unknown is never better than known-bad: an agent with less input never gives a more favourable verdict. Tests of that
law use the orders below, so each answer of the catalogue is in ``ORDERS`` or in ``NO_VERDICT``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from genie.contracts.message import Payload
from genie_finance.contracts import (
    bulk,
    claims,
    complaints,
    consent,
    control,
    fraud,
    household,
    insights,
    insurance,
    investing,
    invoices,
    kyc,
    lending,
    markets,
    payment_books,
    payments,
    receipts,
    research,
    screening,
    sme,
    statements,
    tax,
    treasury,
)
from genie_finance.contracts.grounds import Grounds
from genie_finance.contracts.insufficient import InsufficientData
from genie_finance.contracts.money import Money


class Order(NamedTuple):
    """The order of one field of an answer, from the most to the least favourable value."""

    field: str
    """Dotted path. A list is followed into each item, identified by its ``name`` or position."""
    best_first: tuple[object, ...] = ()
    """Values; a tuple among them holds values of the same rank. Empty: a number or an amount."""
    unknown: tuple[object, ...] = ()
    """Values that mean "undecided"; an answer may always change to one of them."""
    more_is_better: bool = True
    """Direction for numbers and amounts; for a list at the end of the path, of its length."""
    scale: str = ""
    """Name under which answers of different types are compared; the field's path by default."""
    unless: str = ""
    """Path of a list of unchecked items: an answer with any must not be more favourable."""


class Rank(NamedTuple):
    """Position of an answer in one order."""

    place: Decimal
    """0 is the most favourable; a higher number is less favourable."""
    decides: bool
    """False if the answer states that it does not know."""


_LEVELS = ("low", "undetermined", "medium", "high")
_CHECK = ("passed", "unknown", "failed")
_OUTCOME = Order("outcome", ("approve", "incomplete", "enhanced_diligence", "reject"), unknown=("incomplete",))
_TIER = Order("tier", ("low", None, "medium", "high"), unknown=(None,))
_GATES = Order("gates.status", _CHECK, unknown=("unknown",))
_YES = (True, False)
_NO = (False, True)
_DECISION = "decision"

ORDERS: Mapping[type[Payload], tuple[Order, ...]] = MappingProxyType(
    {
        claims.Settlement: (
            Order(
                "outcome",
                (("authorised", "to_be_paid"), "under_review", "nothing_payable", "denied"),
                unknown=("under_review",),
            ),
            Order("payable"),
        ),
        complaints.ComplaintTriage: (
            Order("severity", ("low", "medium", "high")),
            Order("needs_human_review", _NO),
            Order("ombudsman.eligible", (True, None, False), unknown=(None,)),
            Order("liability.bears", ("nothing", "limited", "undetermined", "by_policy"), unknown=("undetermined",)),
        ),
        fraud.AmlReport: (
            Order("reports", more_is_better=False, unless="unchecked"),
            Order("suspicions", more_is_better=False, unless="unchecked"),
        ),
        fraud.FraudVerdict: (Order("label", _LEVELS, unknown=("undetermined",)),),
        fraud.MuleVerdict: (Order("label", _LEVELS, unknown=("undetermined",)),),
        fraud.PhishingVerdict: (
            Order("label", ("safe", "unverified", "suspicious", "phishing"), unknown=("unverified",)),
        ),
        fraud.SessionVerdict: (
            Order("label", _LEVELS, unknown=("undetermined",)),
            Order("recommended_action", ("allow", "step_up", "block")),
        ),
        fraud.SyntheticIdentityVerdict: (
            Order("label", _LEVELS, unknown=("undetermined",)),
            Order(
                "recommendation",
                ("proceed", "ask_for_more", "enhanced_diligence", "manual_review"),
                unknown=("ask_for_more",),
            ),
        ),
        insurance.ClaimRecommendation: (
            Order(
                "action",
                ("approve", "approve_partial", "refer", "nothing_payable", "deny"),
                unknown=("refer",),
                scale=_DECISION,
            ),
            Order("payable"),
        ),
        insurance.MotorAssessment: (
            Order("outcome", (("repair", "constructive_total_loss", "total_loss"), "not_covered")),
            Order("payable"),
        ),
        insurance.MotorQuote: (Order("total", more_is_better=False),),
        insurance.PreauthRecommendation: (
            Order("action", ("approve", "approve_partial", "nothing_payable", "deny"), scale=_DECISION),
            Order("payable"),
        ),
        investing.GoalPlan: (Order("on_track", _YES),),
        invoices.InvoiceDecision: (Order("action", ("post", "hold", "reject"), unknown=("hold",)),),
        invoices.ScfRecommendation: (
            Order("concentration_ok", _YES),
            Order("treds_candidates", unless="treds_questions"),
        ),
        kyc.IdentityEvidence: (Order("checks.status", _CHECK, unknown=("unknown",)),),
        kyc.KycDecision: (_OUTCOME, _TIER, _GATES),
        kyc.KycRecommendation: (_OUTCOME, _TIER, _GATES),
        lending.DebtPayoffPlan: (Order("feasible", _YES),),
        lending.LoanAdvice: (Order("eligible", _YES), Order("checks.passed", _YES), Order("most_principal")),
        lending.PrepaymentPlan: (Order("net_saving"),),
        payments.PaymentInstruction: (Order("needs_approval", _NO, scale=_DECISION),),
        payments.PaymentStatus: (
            Order(
                "state",
                (("settled", "submitted"), ("held", "unknown"), ("refused", "failed", "returned")),
                unknown=("held", "unknown"),
                scale=_DECISION,
            ),
        ),
        screening.ScreeningResult: (
            Order("status", ("clear", "undetermined", "possible", "strong"), unknown=("undetermined", "possible")),
        ),
        sme.CashflowScore: (Order("grade", ("A", "B", "C", "D")),),
        sme.SmeLoanOffer: (
            Order("recommendation", ("in_principle", "decline")),
            Order("checks.passed", _YES),
            Order("amount"),
        ),
        sme.SmeLoanReport: (
            Order("decision", ("sanctioned", "undecided", "not_approved", "declined"), unknown=("undecided",)),
        ),
        sme.SmeSanction: (Order("amount"),),
        sme.WorkingCapitalForecast: (Order("peak_funding_need", more_is_better=False),),
        tax.AdvanceTaxPlan: (Order("liable", _NO), Order("assessed_tax", more_is_better=False)),
        tax.HarvestPlan: (Order("saves"),),
        tax.TaxEstimate: (Order("tax", more_is_better=False),),
        treasury.AlmResult: (Order("has_breach", (False, None, True), unknown=(None,)),),
        treasury.ConvertedAmount: (Order("stale", _NO),),
        treasury.LcrResult: (Order("compliant", _YES), Order("lcr_pct")),
    }
)
"""Answer -> its orders, which are compared separately."""

_FIGURES = "figures from the given data, without a judgement"
_PAGE = "a summary of other agents' answers, each with its own order"
_TEXT = "an explanation, or where to find one"
_BOOKS = "contents of the books"
_CHOICE = "a choice in which neither side is favourable"

NO_VERDICT: Mapping[type[Payload], str] = MappingProxyType(
    {
        bulk.BulkAnalysis: _FIGURES,
        bulk.BulkReport: _PAGE,
        claims.CaseReport: _PAGE,
        claims.PolicyFound: "a policy as the register holds it",
        consent.AaFetchResult: "the aggregator's answer",
        consent.AaReport: _PAGE,
        fraud.FraudRingReport: _PAGE,
        household.CarbonFootprint: _FIGURES,
        household.EmergencyFundPlan: _FIGURES,
        household.HouseholdPlan: _PAGE,
        insights.Advice: _FIGURES,
        insights.Anomalies: "unusual items for the owner's review",
        insights.CashflowForecast: _FIGURES,
        insights.Report: _PAGE,
        insights.SpendingAnalysis: _FIGURES,
        insights.Subscriptions: _FIGURES,
        InsufficientData: "states that there is no verdict",
        insurance.RoadsideAnswer: _FIGURES,
        investing.AssetAllocationPlan: _CHOICE,
        investing.InvestingPlan: _PAGE,
        investing.SipLumpsumResult: _CHOICE,
        invoices.InvoiceDiscountPlan: _FIGURES,
        invoices.InvoiceToCashPlan: _PAGE,
        kyc.KycCase: _PAGE,
        investing.DividendProjection: _FIGURES,
        markets.FundScreenResults: _FIGURES,
        markets.OptionExplanation: _FIGURES,
        markets.PortfolioRequest: "the holdings of a broker",
        markets.PortfolioReview: _FIGURES,
        payment_books.BooksView: _BOOKS,
        payment_books.EntryClaimed: _BOOKS,
        payment_books.EntryKept: _BOOKS,
        payment_books.EntryOpened: _BOOKS,
        payments.PaymentCase: _PAGE,
        receipts.ReceiptReading: "values of a receipt with their lines; a person checks failures",
        research.FinanceExplanation: _TEXT,
        research.MacroBrief: _FIGURES,
        research.MpcSignal: _CHOICE,
        research.RateOutlook: _FIGURES,
        control.RouteAnswer: _TEXT,
        statements.CategorisedStatement: _FIGURES,
        statements.NormalisedStatement: _FIGURES,
        statements.StatementReading: _FIGURES,
        tax.DeductionsPlan: _CHOICE,
        tax.TaxYearPlan: _PAGE,
        treasury.TreasuryPack: _PAGE,
        treasury.VarResult: _FIGURES,
    }
)
"""Answer -> why it contains no verdict."""


CLEARS = frozenset(
    (
        "aml.nothing",
        "fraud.no_pattern",
        "invoice.matched",
        "kyc.all_gates_passed",
        "kyc.documents_agree",
        "screening.clear",
        "session.no_pattern",
        "synthetic.no_pattern",
        "treasury.lcr_met",
        "treasury.within_tolerance",
    )
)
"""Codes of reasons stating that everything is in order, as far as it was checked."""


def improved(before: Payload, after: Payload) -> tuple[str, ...]:
    """Return the scales on which the second answer is more favourable; empty if one of them has no order."""
    old, new = dict(_ranks(before)), dict(_ranks(after))
    shared = old.keys() & new.keys()
    silent = {order.field for order in ORDERS.get(type(after), ()) if order.unless and _newly(order, before, after)}
    return tuple(
        sorted(
            name for name in shared if new[name].decides and new[name].place < old[name].place and name not in silent
        )
    )


def unmade(answer: Payload) -> tuple[str, ...]:
    """Return the checks that an answer skipped or failed although one of its reasons clears the subject."""
    grounds: Grounds | None = getattr(answer, "grounds", None)
    if grounds is None or not any(reason.code in CLEARS for reason in grounds.reasons):
        return ()
    lists = (order for order in ORDERS.get(type(answer), ()) if order.best_first and "." in order.field)
    worse = (
        name
        for order in lists
        for name, value in _values(answer, order.field.split("."))
        if _rank(order, value).place > 0
    )
    return (*worse, *(one.part for one in getattr(answer, "missing", ())))


def _newly(order: Order, before: Payload, after: Payload) -> bool:
    return type(before) is type(after) and bool(set(getattr(after, order.unless)) - set(getattr(before, order.unless)))


def _ranks(answer: Payload) -> Iterator[tuple[str, Rank]]:
    for order in ORDERS.get(type(answer), ()):
        for name, value in _values(answer, order.field.split(".")):
            yield order.scale or name, _rank(order, value)


def _values(value: Any, path: list[str], name: str = "") -> Iterator[tuple[str, Any]]:  # any field of any answer
    if not path:
        yield name, value
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            yield from _values(item, path, f"{name}[{getattr(item, 'name', position)}]")
    elif value is not None:
        yield from _values(getattr(value, path[0]), path[1:], f"{name}.{path[0]}".strip("."))


def _rank(order: Order, value: object) -> Rank:
    if not order.best_first:
        size = _size(value)
        return Rank(-size if order.more_is_better else size, decides=True)
    places = (one if isinstance(one, tuple) else (one,) for one in order.best_first)
    place = next(number for number, same in enumerate(places) if value in same)
    return Rank(Decimal(place), decides=value not in order.unknown)


def _size(value: object) -> Decimal:
    if isinstance(value, Money):
        return Decimal(value.minor)
    return Decimal(len(value)) if isinstance(value, tuple) else Decimal(str(value))
