"""Normaliser: reads each narration for the merchant and the rail."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.statements import NormalisedStatement, Statement, StatementReading
from genie_finance.domain import narrations
from genie_finance.domain.narrations import Rail
from genie_finance.insights.making import changed
from genie_finance.insights.merchants import MerchantMaster, merchant_master


def merchant_and_rail(narration: str, master: MerchantMaster) -> tuple[str | None, Rail | None]:
    """Return the counterparty and the rail of a narration; each is None if the narration does not name it.

    The name is the merchant master's if an alias matches, else the bank's spelling without references, in readable
    case. A reference number or the name of a rail never becomes a merchant.
    """
    found = narrations.read(narration)
    for text in (found.wording, found.payee, found.handle):
        known = master.find(text) if text else None
        if known:
            return known.name, found.rail
    payee = found.payee or " ".join(narrations.words(found.handle))
    if found.card_shop:
        payee = narrations.without_place(payee)
    return narrations.readable(payee) or None, found.rail


def normalise(statement: Statement, master: MerchantMaster) -> Statement:
    """Return the statement with merchants and rails, in the same order; a merchant that is already named stays.

    The rail in a narration takes precedence over the file's code for it, which many banks use loosely.
    """
    read: dict[str, tuple[str | None, Rail | None]] = {}  # a habit repeats its narration but for its reference
    transactions = []
    for transaction in statement.transactions:
        shape = narrations.shape(transaction.narration)
        known = read.get(shape) or read.get(transaction.narration)
        if known is None:
            known = merchant_and_rail(transaction.narration, master)
            # A name with a digit may contain one of the reference.
            named = known[0] is not None and any(c.isdigit() for c in known[0])
            read[transaction.narration if named else shape] = known
        merchant, rail = known
        changes = {"merchant": transaction.merchant or merchant, "rail": (rail and rail.value) or transaction.rail}
        transactions.append(changed(transaction, changes))
    return statement.model_copy(update={"transactions": tuple(transactions)})


@agent(
    id="normaliser",
    capabilities=("statement.normalise",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="restricted",
    concurrency=4,
)
async def normaliser(reading: StatementReading) -> NormalisedStatement:
    """Finds the merchant and the rail in each narration."""
    return NormalisedStatement(statement=normalise(reading.statement, merchant_master()))
