"""Fraud desk: has three agents examine a ledger of many accounts, and reports on one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.fraud import (
    AmlCheck,
    AmlReport,
    FraudCheck,
    FraudRingQuestion,
    FraudRingReport,
    FraudVerdict,
    MuleCheck,
    MuleVerdict,
)
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.money import Money
from genie_finance.contracts.transfers import Transfer
from genie_finance.domain.asking import Desk
from genie_finance.domain.counting import counted, verb
from genie_finance.fraud.ledger import read

DESK = Desk(
    id="fraud_desk",
    asks={
        MuleCheck: (MuleVerdict, InsufficientData),
        AmlCheck: (AmlReport, InsufficientData),
        FraudCheck: (FraudVerdict, InsufficientData),
    },
    within_s=60.0,
)


@agent(
    id=DESK.id,
    capabilities=("fraud.investigate_ledger",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="restricted",
    concurrency=2,
    asks=DESK.asks,
)
async def fraud_desk(question: FraudRingQuestion, context: Context) -> FraudRingReport:
    """Searches a ledger for fraud rings: mules, laundering, unusual transfers, due reports, and missing data.

    Raises:
        InputError: The file cannot be read.
    """
    transfers = read(question.content, question.filename)
    if not transfers:
        return _empty()
    asking = DESK.open(context)
    mules = await asking.ask(MuleCheck(transfers=transfers), MuleVerdict)
    aml = await asking.ask(AmlCheck(transfers=transfers), AmlReport)
    fraud = await asking.ask(FraudCheck(transfers=transfers), FraudVerdict)
    days = sorted({str(one.timestamp)[:10] for one in transfers})
    accounts = {id_ for one in transfers for id_ in (one.sender, one.recipient) if id_ is not None}
    return FraudRingReport.model_validate(
        {
            "headline": _headline(mules, aml),
            "transfers": len(transfers),
            "accounts": len(accounts),
            "amount": _totals(transfers),
            "first": days[0],
            "last": days[-1],
            "mules": mules,
            "aml": aml,
            "fraud": fraud,
            "proposals": tuple(_proposals(mules, aml, fraud)),
            "insufficient": asking.insufficient,
            "missing": asking.missing,
        }
    )


def _empty() -> FraudRingReport:
    lack = Lack(what="content", needed="at least one transfer below the header")
    return FraudRingReport(
        headline="No result: the ledger is empty.", transfers=0, accounts=0, amount=(), first=None, last=None,
        mules=None, aml=None, fraud=None, proposals=(),
        insufficient=(DESK.lacking("rings in a ledger", lack),),
    )  # fmt: skip


def _totals(transfers: Sequence[Transfer]) -> tuple[Money, ...]:
    totals = Counter[str]()
    for one in transfers:
        totals[one.amount.currency] += one.amount.minor
    return tuple(Money(minor=minor, currency=currency) for currency, minor in sorted(totals.items()))


def _headline(mules: MuleVerdict | None, aml: AmlReport | None) -> str:
    if mules is None:
        return "Rings cannot be determined: mule accounts were not checked. The missing data is listed below."
    high = sum(one.label == "high" for one in mules.accounts)
    rings, risky = counted(len(mules.rings), "ring"), counted(high, "account")
    said = f"{rings} and {risky} of high risk among {mules.examined:,} checked."
    if aml is None:
        return f"{said} Laundering was not checked."
    due, drafted = len(aml.reports), len(aml.suspicions)
    return (
        f"{said} {counted(due, 'report')} to FIU-IND {verb(due, 'is', 'are')} due, "
        f"{counted(drafted, 'suspicion')} {verb(drafted, 'is', 'are')} drafted."
    )


def _proposals(mules: MuleVerdict | None, aml: AmlReport | None, fraud: FraudVerdict | None) -> Iterator[str]:
    """Yield decisions for people, most urgent first."""
    if mules is not None and (high := [one.account_id for one in mules.accounts if one.label == "high"]):
        yield f"Decide on restricting debits of {counted(len(high), 'account')}: {_some(high)}."
    if aml is not None and aml.suspicions:
        yield f"Principal officer: decide on {counted(len(aml.suspicions), 'draft')} of suspicion; tell no customer."
    if aml is not None:
        for due in sorted({one.due for one in aml.reports}):
            kinds = Counter(one.kind for one in aml.reports if one.due == due)
            yield f"File by {due}: {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}."
    if fraud is not None and (odd := [one for one in fraud.signals if one.severity == "high"]):
        accounts = sorted({one.account_id for one in odd if one.account_id is not None})
        yield f"Call {counted(len(accounts), 'customer')} about payments that may not be theirs: {_some(accounts)}."


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:10])
    return f"{shown} and {len(ids) - 10} more" if len(ids) > 10 else shown
