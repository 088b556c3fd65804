"""Categoriser: gives each transaction a category of the taxonomy, and matches transfers and refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.statements import CategorisedStatement, NormalisedStatement, Statement, Transaction
from genie_finance.domain import categories, narrations
from genie_finance.domain.categories import Category, Kind
from genie_finance.domain.narrations import Rail
from genie_finance.insights import pairs
from genie_finance.insights.keywords import STRONG, WEAK, Guess, KeywordTable, keyword_table
from genie_finance.insights.making import changed
from genie_finance.insights.merchants import MerchantMaster, merchant_master

OVERRIDDEN = 1.0
KNOWN_MERCHANT = 0.95
MATCHED = 0.95
"""Confidence of a transfer or refund whose counterpart is in the statement."""
CASH = 0.9
TO_PERSON = 0.7
"""Confidence that a payment marked by its rail as person to account went to a person."""
_UNKNOWN = Guess(Category.UNCATEGORISED, 0.0)


class Override(BaseModel):
    """A user's rule: transactions whose narration or merchant contains these words get this category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: str = Field(min_length=2, max_length=80)
    """Words that must be adjacent, in any case; only whole words match."""
    category: Category
    direction: Literal["in", "out"] | None = None
    """Only money in, or only money out; both by default."""

    @field_validator("match")
    @classmethod
    def _has_words(cls, value: str) -> str:
        if not narrations.words(value):
            raise ValueError("needs at least one letter or digit")
        return value


class CategoriserSettings(BaseModel):
    """Settings that a pipeline may give."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overrides: tuple[Override, ...] = ()
    """Tried in order before all other steps; the first match decides."""
    threshold: float = Field(default=0.6, ge=0.0, le=1.0)
    """Minimum confidence; below it, the category is ``uncategorised``."""


def categorise(
    statement: Statement, *, settings: CategoriserSettings, master: MerchantMaster, keywords: KeywordTable
) -> CategorisedStatement:
    """Return the statement with categories, confidences and the pairs that cancel each other; the order is kept.

    Each transaction is judged by itself first: override, merchant, words of the narration, rail. Then pairs are
    matched, which show what single narrations do not.
    """
    overrides = tuple((narrations.words(rule.match), rule) for rule in settings.overrides)
    guesses: dict[tuple[str, str | None, str | None, int], Guess] = {}
    judged: list[Transaction] = []
    for transaction in statement.transactions:
        sign = (transaction.amount.minor > 0) - (transaction.amount.minor < 0)
        key = (narrations.shape(transaction.narration), transaction.merchant, transaction.rail, sign)
        if key not in guesses:
            guesses[key] = _guess(transaction, overrides, master, keywords)
        guess = guesses[key]
        category = guess.category if guess.confidence >= settings.threshold else Category.UNCATEGORISED.value
        judged.append(changed(transaction, {"category": str(category), "confidence": guess.confidence}))
    matched = _with_pairs(judged)
    return CategorisedStatement(
        statement=statement.model_copy(update={"transactions": tuple(matched)}),
        uncategorised=sum(transaction.category == Category.UNCATEGORISED for transaction in matched),
    )


def _guess(
    transaction: Transaction,
    overrides: tuple[tuple[tuple[str, ...], Override], ...],
    master: MerchantMaster,
    keywords: KeywordTable,
) -> Guess:
    found = narrations.words(narrations.tidy(transaction.narration))
    direction = "in" if transaction.amount.minor > 0 else "out"
    if overrides:
        named = narrations.words(transaction.merchant or "")
        for wanted, rule in overrides:
            if rule.direction in {None, direction} and (_has(found, wanted) or _has(named, wanted)):
                return Guess(rule.category.value, OVERRIDDEN)
    kinds = _kinds(transaction)
    merchant = master.category_of(transaction.merchant)
    if merchant and categories.info(merchant).kind in kinds:
        return Guess(merchant, KNOWN_MERCHANT)
    told = keywords.guess(found, kinds=kinds)
    return _by_rail(transaction, found, told) or told or _UNKNOWN


def _has(found: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(found[start : start + len(wanted)] == wanted for start in range(len(found) - len(wanted) + 1))


def _kinds(transaction: Transaction) -> tuple[Kind, ...]:
    """Outgoing money is never income; incoming money is spending only if a shop refunded it."""
    if transaction.amount.minor <= 0:
        return (Kind.EXPENSE, Kind.TRANSFER)
    return (Kind.EXPENSE, Kind.TRANSFER) if pairs.says_refund(transaction) else (Kind.INCOME, Kind.TRANSFER)


def _by_rail(transaction: Transaction, found: tuple[str, ...], told: Guess | None) -> Guess | None:
    """Return the category that the rail determines better than the words, if any."""
    out = transaction.amount.minor <= 0
    if transaction.rail == Rail.CASH and not (told and told.category == Category.FEES_BANK):
        return Guess(Category.CASH_WITHDRAWAL, CASH) if out else Guess(Category.INCOME_DEPOSIT, TO_PERSON)
    if told and told.confidence >= STRONG:
        return None
    if told and told.confidence == WEAK and transaction.rail in pairs.BANK_RAILS:
        if categories.info(told.category).kind is not Kind.EXPENSE:
            return Guess(told.category, TO_PERSON)  # "savings" on a transfer is not the name of a shop
    elif told is None and out and "p2a" in found:
        return Guess(Category.PEOPLE_PAYMENTS, TO_PERSON)
    return None


def _with_pairs(judged: list[Transaction]) -> list[Transaction]:
    order = pairs.in_order(judged)
    legs = pairs.transfers(judged, order)
    taken_back = pairs.refunds(judged, skip=legs, order=order)
    changes: dict[int, dict[str, object]] = {}
    for at, other in legs.items():
        changes[at] = {"nets_with": judged[other].id, **_named(judged, at, _transfer(judged, at, other))}
    for at, purchase in taken_back.items():
        changes[at] = {"nets_with": judged[purchase].id, **_named(judged, at, str(judged[purchase].category))}
        changes[purchase] = {"nets_with": judged[at].id}
    return [
        transaction.model_copy(update=changes[at]) if at in changes else transaction
        for at, transaction in enumerate(judged)
    ]


def _named(judged: Sequence[Transaction], at: int, category: str) -> Mapping[str, object]:
    if judged[at].confidence == OVERRIDDEN:
        return {}
    if category == Category.UNCATEGORISED:
        return {"category": category}
    return {"category": category, "confidence": MATCHED}


def _transfer(judged: Sequence[Transaction], at: int, other: int) -> str:
    """Return the kind of a matched transfer: savings or an investment if either leg says so."""
    for leg in (judged[at], judged[other]):
        if categories.info(leg.category).kind is Kind.TRANSFER and leg.category != Category.TRANSFER_OWN:
            return str(leg.category)
    return Category.TRANSFER_OWN.value


@agent(
    id="categoriser",
    capabilities=("statement.categorise",),
    risk=Risk.LOW,
    tier=Tier.PRODUCTION,
    clearance="confidential",
    concurrency=4,
    settings=CategoriserSettings,
)
async def categoriser(normalised: NormalisedStatement, context: Context) -> CategorisedStatement:
    """Gives each transaction its category, and matches transfers and refunds."""
    settings: CategoriserSettings = context.settings or CategoriserSettings()
    return categorise(normalised.statement, settings=settings, master=merchant_master(), keywords=keyword_table())
