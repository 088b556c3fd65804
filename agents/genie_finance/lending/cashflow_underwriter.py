"""Cash-flow underwriter: scores the steadiness of a cash flow, with the reasons that cost the most points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.bulk import BulkAnalysis
from genie_finance.contracts.grounds import Evidence, Grounds, Reason, caveats_of
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import INR, paise, rupees
from genie_finance.contracts.numbers import rounded, shown
from genie_finance.contracts.sme import CashflowScore, Signal, UnderwriteRequest
from genie_finance.domain.rulebook import edition
from genie_finance.lending.cashbook import Cashbook, of_analysis, of_movements
from genie_finance.lending.scorecard import Measure, grade, measures, score
from genie_finance.lending.tables import UNDERWRITING, SignalName, UnderwritingRules

ID = "cashflow_underwriter"
QUESTION = "a score of the cash flow"
_ONE_IN = 100
"""One row in this many may be unreadable."""
_WORDS: Mapping[SignalName, str] = {
    "inflow_stability": "the inflow varies by {raw} of its monthly mean",
    "savings_rate": "{raw} of the inflow is not spent",
    "debt_burden": "instalments take {raw} of the inflow",
    "bounce_rate": "{raw} of the payments were returned",
    "expense_volatility": "the outflow varies by {raw} of its monthly mean",
    "tenure": "the statements show {raw} whole months with movements",
}


def underwrite(request: UnderwriteRequest) -> CashflowScore | InsufficientData:
    """Return the score of a cash flow, or the missing data.

    Raises:
        InputError: No edition of the policy covers the day.
    """
    if request.analysis is not None and (unfit := tuple(_unread(request.analysis))):
        return InsufficientData(agent=ID, question=QUESTION, missing=unfit)
    book = of_analysis(request.analysis) if request.analysis is not None else of_movements(
        request.movements or (), *request.period()
    )  # fmt: skip
    found = edition(UNDERWRITING, on=request.as_of)
    if lacking := tuple(_lacking(book, found.rules)):
        return InsufficientData(agent=ID, question=QUESTION, missing=lacking)
    results = measures(book, found.rules)
    value = score(results)
    months = Decimal(book.months * 100)
    worst = sorted(results.items(), key=lambda item: -item[1].lost)
    return CashflowScore(
        applicant_id=request.applicant_id,
        score=shown(value, 1),
        grade=grade(value, found.rules),
        signals=tuple(_signal(name, results[name]) for name in sorted(results)),
        months=book.months,
        monthly_inflow=rupees(sum(book.inflows) / months),
        monthly_outflow=rupees(sum(book.outflows) / months),
        not_income=book.not_income,
        monthly_obligations=rupees(book.obligations / months),
        bounces=book.bounces,
        lowest_balance=None if book.lowest_balance is None else paise(book.lowest_balance),
        grounds=Grounds(
            reasons=tuple(
                Reason(
                    code=f"lending.{name}",
                    text=f"Costs {shown(one.lost, 1)} of 600 points: {_said(name, one)}.",
                )
                for name, one in worst
                if one.lost >= 1
            ),
            inputs=_inputs(request, book),
            editions=(found.said,),
            uncertainty="A judgement by fixed weights on the given statements: neither a bureau score nor a "
            "probability of default, and without accounts that were not given. Loans are recognised by the "
            "words of bookings.",
            caveats=(*caveats_of((found.said,)), *_carried(request)),
        ),
    )


def _unread(analysis: BulkAnalysis) -> Iterator[Lack]:
    """Yield the unknown parts of the statements: an unread part may count against the applicant."""
    if analysis.currency != INR:
        yield Lack(what="statements", needed=f"accounts in {INR}", given=analysis.currency)
    for other in analysis.other_currencies:
        yield Lack(what="statements", needed=f"only accounts in {INR}; the others were left out", given=other)
    for one in analysis.unread:
        yield Lack(what=f"statements.{one.file}", needed="a file that can be read", given=one.reason)
    for assumed in analysis.unproven:
        yield Lack(
            what=".".join(filter(None, ("statements", assumed.file))),
            needed=f"{assumed.code.removeprefix('statement.')}: a running balance that proves it, or a profile with "
            f"{assumed.settle_with}",
            given=assumed.why,
        )
    if analysis.quarantined_count * _ONE_IN > analysis.transaction_count_raw:
        yield Lack(
            what="statements", needed=f"at most one row in {_ONE_IN} that cannot be read",
            given=f"{analysis.quarantined_count} of {analysis.transaction_count_raw}",
        )  # fmt: skip


def _lacking(book: Cashbook, rules: UnderwritingRules) -> Iterator[Lack]:
    if book.months < rules.least_months:
        yield Lack(
            what="statements", needed=f"at least {rules.least_months} whole calendar months",
            given=f"{book.months} whole months",
        )  # fmt: skip
        return
    if not book.debits:
        yield Lack(
            what="outflow", needed="outgoing payments; an account without any is not used by the business for payments"
        )
    if book.active_months < rules.least_months:
        yield Lack(
            what="statements", needed=f"movements in at least {rules.least_months} whole months",
            given=f"movements in {book.active_months} of {book.months}",
        )  # fmt: skip
    if book.earning_months < rules.least_earning_months:
        given = f"income in {book.earning_months} of {book.months}"
        if book.not_income:
            given += "; not income: " + ", ".join(f"{one.kind} {one.total}" for one in book.not_income)
        needed = f"income in at least {rules.least_earning_months} whole months, without loans, cash paid in, closed "
        yield Lack(what="inflow", needed=needed + "deposits and capital", given=given)


def _said(name: SignalName, one: Measure) -> str:
    raw = str(rounded(one.raw, 0)) if name == "tenure" else f"{shown(one.raw * 100, 1)} %"
    return _WORDS[name].format(raw=raw)


def _signal(name: SignalName, one: Measure) -> Signal:
    return Signal(
        name=name, raw=shown(one.raw, 4), normalised=shown(one.normalised), weight=str(one.weight),
        reason=_said(name, one),
    )  # fmt: skip


def _carried(request: UnderwriteRequest) -> tuple[str, ...]:
    """Return the limits of the analysis behind the score."""
    if request.analysis is None:
        return ()
    rows = request.analysis.quarantined_count
    return (
        *request.analysis.grounds.caveats,
        *((f"Rows of statements that could not be read: {rows}.",) if rows else ()),
    )


def _inputs(request: UnderwriteRequest, book: Cashbook) -> tuple[Evidence, ...]:
    if request.analysis is not None:
        period = f"{request.analysis.period.start} to {request.analysis.period.end}"
        read = f"{request.analysis.transaction_count} in {request.analysis.account_count} accounts"
    else:
        period, read = f"{request.start} to {request.end}", str(len(request.movements or ()))
    return (
        Evidence(name="applicant_id", value=request.applicant_id),
        Evidence(name="period", value=period),
        Evidence(name="movements", value=read),
        Evidence(name="whole_months", value=str(book.months)),
        Evidence(name="debits", value=str(book.debits)),
        Evidence(name="returned_payments", value=str(book.bounces)),
        *(Evidence(name=f"not_income.{one.kind}", value=f"{one.total}, {one.count} times") for one in book.not_income),
    )


@agent(
    id=ID,
    capabilities=("lending.underwrite",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    executor="thread",  # two hundred thousand rows take seconds
    concurrency=2,
    rules=("underwriting_policy",),
)
def cashflow_underwriter(request: UnderwriteRequest) -> CashflowScore | InsufficientData:
    """Scores an applicant's cash flow from at least six months of statements, with the reasons that cost most."""
    return underwrite(request)
