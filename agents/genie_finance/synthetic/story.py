"""A story: the circumstances of a customer, and life events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genie_finance.synthetic.diary import Diary

_TURNS_FROM = 6
"""Minimum months of a history, so that there is time before and after a change."""
_CATEGORIES = (
    "food.groceries", "food.delivery", "food.restaurants", "food.cafes", "transport.fuel", "transport.public",
    "transport.ride", "shopping.general", "shopping.clothing", "shopping.electronics", "shopping.home",
    "shopping.personal", "health.pharmacy", "entertainment.events", "travel.flights", "travel.lodging",
)  # fmt: skip


class Story(NamedTuple):
    """Choices for a whole history; months are indices in the population's period, -1 for never."""

    level: int
    """Percent of the country's usual spending."""
    rent: int
    """Rent or mortgage a month in minor units; 0 for none."""
    owns: bool
    car: bool
    children: int
    employer: str
    raised: int
    """Month of the raise."""
    job_loss: int
    new_job: int
    new_child: int
    move: int
    shops: dict[str, tuple[str, ...]]
    """This customer's shops in each category."""


def story_of(diary: Diary) -> Story:
    """Return a customer's story, drawn from the diary's random source."""
    chance, customer, country = diary.chance, diary.customer, diary.country
    kind = customer.kind
    settled = kind in {"family", "pensioner", "merchant"}
    first, count = diary.months[0].place, len(diary.months)
    turns = count >= _TURNS_FROM and kind in {"salaried", "family"}
    turn = chance.between(0, 99) if turns else 99
    when = first + chance.between(2, max(2, count - 4))
    last = first + count
    back = when + chance.between(3, 5)
    ratio = customer.income * 100 // (country.pay * 2_600)
    return Story(
        level=45 + min(ratio, 300) * 55 // 100 + (25 if kind == "family" else 0) - (10 if kind == "student" else 0),
        rent=0 if kind == "student" and chance.happens(40) else customer.income * chance.between(22, 33) // 100,
        owns=settled and chance.happens(55),
        car=kind != "student" and chance.happens(72 if settled else 50),
        children=chance.between(1, 3) if kind == "family" else 0,
        employer=chance.pick(country.shops["employer"]),
        raised=first + chance.between(1, max(1, count - 2)),
        job_loss=when if turn < 6 else -1,
        new_job=back if turn < 6 and back < last else -1,
        new_child=when if 6 <= turn < 12 else -1,
        move=when if 12 <= turn < 20 else -1,
        shops={category: chance.some(country.shops[category], 1 + chance.between(1, 2)) for category in _CATEGORIES},
    )
