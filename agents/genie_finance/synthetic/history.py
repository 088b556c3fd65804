"""A history: all movements of one customer, from drafts to booked transactions."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

from genie_finance.synthetic.anomalies import labels, plant
from genie_finance.synthetic.business import book_business
from genie_finance.synthetic.diary import Diary
from genie_finance.synthetic.draft import Draft, Need, Payee
from genie_finance.synthetic.everyday import book_everyday
from genie_finance.synthetic.home import book_home
from genie_finance.synthetic.identifiers import account_of, reference
from genie_finance.synthetic.income import book_bank, book_income
from genie_finance.synthetic.ledger import Booked, Ledger
from genie_finance.synthetic.rings import book_ring
from genie_finance.synthetic.story import story_of
from genie_finance.synthetic.transaction import Transaction
from genie_finance.synthetic.truth import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie_finance.synthetic.chance import Chance
    from genie_finance.synthetic.country import Country
    from genie_finance.synthetic.customer import Customer
    from genie_finance.synthetic.draft import Month
    from genie_finance.synthetic.rings import Ring
    from genie_finance.synthetic.story import Story
    from genie_finance.synthetic.truth import Label

FEW = 5
"""Maximum movements of the shortest files."""
_WITH_ACCOUNT = frozenset({"instant", "transfer", "debit", "order"})


class History(NamedTuple):
    """Events of one account."""

    transactions: tuple[Transaction, ...]
    """In booking order."""
    truth: tuple[Label, ...]
    events: tuple[Event, ...]


def history_of(
    customer: Customer,
    country: Country,
    chance: Chance,
    months: tuple[Month, ...],
    end: datetime.date,
    ring: Ring | None,
) -> History:
    """Return a customer's history.

    Args:
        customer: The customer.
        country: The customer's country.
        chance: Random source of this customer only.
        months: Months of the population.
        end: First day after the history.
        ring: The ring to which the customer belongs, if any.
    """
    diary = Diary(customer, country, chance, months, end)
    story = story_of(diary)
    if customer.kind == "thin":
        opening = Payee(country.words["opening"], "transfer.own", "transfer")
        diary.add(diary.start, customer.income * chance.between(20, 60) // 100 + 100, opening, opening.name)
    book_income(diary, story)
    book_home(diary, story)
    book_everyday(diary, story)
    if customer.kind == "merchant":
        book_business(diary)
    plant(diary)
    if not customer.few:
        book_bank(diary)
    if ring is not None:
        book_ring(diary, ring)
    drafts = sorted(_few(diary) if customer.few else diary.drafts)
    ledger = Ledger(customer, country, savings=customer.income * chance.between(0, 5), fee=country.price * 4)
    booked = ledger.book(drafts)
    if customer.few:
        del booked[FEW:]
    transactions = _transactions(booked, customer, country, chance)
    truth = labels([one.draft for one in booked], transactions)
    return History(transactions, truth, _events(story, months))


def _few(diary: Diary) -> Sequence[Draft]:
    """Return the first movement and some later ones."""
    first, *rest = sorted(diary.drafts)
    plain = [draft for draft in rest if not draft.mark and draft.need == Need.SPEND]
    return [first, *diary.chance.some(plain, diary.chance.between(1, FEW - 1))]


def _transactions(
    booked: Sequence[Booked], customer: Customer, country: Country, chance: Chance
) -> tuple[Transaction, ...]:
    made = []
    wording, day, date = country.wording, 0, datetime.date.min
    for number, (draft, minor, balance) in enumerate(booked, start=1):
        if draft.day != day:
            day, date = draft.day, datetime.date.fromordinal(draft.day)
        payee, mark = draft.payee, reference(chance)
        kind, narration = wording(draft if draft.minor == minor else draft._replace(minor=minor), mark, customer)
        account = account_of(country, payee.name) if payee.rail in _WITH_ACCOUNT else ""
        made.append(
            Transaction(
                f"{customer.id}/{number}", date, minor, balance, customer.currency, payee.name, payee.category,
                payee.rail, kind, narration, account, mark,
            )
        )  # fmt: skip
    return tuple(made)


def _events(story: Story, months: Sequence[Month]) -> tuple[Event, ...]:
    turns = (
        Event("job_loss", _first(months, story.job_loss)) if story.job_loss >= 0 else None,
        Event("new_job", _first(months, story.new_job)) if story.new_job >= 0 else None,
        Event("new_child", _first(months, story.new_child)) if story.new_child >= 0 else None,
        Event("move", _first(months, story.move)) if story.move >= 0 else None,
    )
    return tuple(turn for turn in turns if turn is not None)


def _first(months: Sequence[Month], index: int) -> datetime.date:
    return datetime.date.fromordinal(months[index].first)
