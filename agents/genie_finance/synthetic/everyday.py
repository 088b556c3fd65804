"""Everyday life: food, fuel, shops, cash, friends; with weekends, festivals and journeys."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from genie_finance.synthetic.draft import Need, Payee

if TYPE_CHECKING:
    from genie_finance.synthetic.diary import Diary
    from genie_finance.synthetic.draft import Month
    from genie_finance.synthetic.story import Story

_HABITS: dict[str, tuple[int, int, int]] = {
    "food.groceries": (85, 33_00, 45),
    "food.restaurants": (25, 36_00, 40),
    "food.cafes": (42, 5_40, 35),
    "food.delivery": (24, 21_00, 35),
    "transport.ride": (8, 15_00, 40),
    "shopping.general": (18, 37_00, 60),
    "shopping.clothing": (8, 56_00, 45),
    "shopping.electronics": (2, 170_00, 60),
    "shopping.home": (4, 68_00, 55),
    "shopping.personal": (8, 24_00, 35),
    "health.pharmacy": (7, 14_00, 45),
    "entertainment.events": (7, 27_00, 35),
}
"""Tenths of visits a month, usual price in hundredths on the common scale, and variation of prices in percent."""
_GIFTS = frozenset({"shopping.general", "shopping.clothing", "shopping.electronics", "food.groceries"})
DIWALI = {
    2020: (11, 14), 2021: (11, 4), 2022: (10, 24), 2023: (11, 12), 2024: (10, 31), 2025: (10, 20), 2026: (11, 8),
    2027: (10, 29), 2028: (10, 17), 2029: (11, 5), 2030: (10, 26),
}  # fmt: skip
"""Month and day of Lakshmi Puja; in other years the 29th of October is used, the middle of its range."""
_BEFORE_FESTIVAL = 18
"""Days of shopping before a festival."""


def festival(country: str, year: int) -> datetime.date:
    """Return the day that people shop for."""
    if country == "IN":
        return datetime.date(year, *DIWALI.get(year, (10, 29)))
    return datetime.date(year, 12, 5 if country == "NL" else 24)


def book_everyday(diary: Diary, story: Story) -> None:
    """Add purchases without a contract to the whole history."""
    rails = diary.country.rails
    for category, (tenths, base, percent) in _habits(story).items():
        ways = rails.get(category, rails[""])
        payees = [Payee(name, category, way) for name in story.shops[category] for way in ways]
        price = base * story.level // 100 if base >= 10_00 else base
        for month in diary.months:
            _visits(diary, month, payees, tenths, (price, percent))
    for month in diary.months:
        _cash(diary, month)
        _friends(diary, month)
        if month.month in diary.country.holidays:
            _journey(diary, month, story)
    _returns(diary)


def _habits(story: Story) -> dict[str, tuple[int, int, int]]:
    moving = ("transport.fuel", (24, 52_00, 20)) if story.car else ("transport.public", (50, 9_00, 50))
    habits = {**_HABITS, moving[0]: moving[1]}
    if story.children:
        tenths, base, percent = habits["food.groceries"]
        habits["food.groceries"] = (tenths + 30, base, percent)
    return habits


def _visits(diary: Diary, month: Month, payees: list[Payee], tenths: int, cost: tuple[int, int]) -> None:
    chance = diary.chance
    random = chance.random
    base, percent = cost
    for _ in range(int(tenths / 10 * (0.6 + 0.8 * random()) + random())):
        day = month.first + int(random() * month.days)
        if (day + 6) % 7 < 4 and random() < 0.3:  # some of the week waits for the weekend
            day = min(day + 5 - (day + 6) % 7, month.first + month.days - 1)
        diary.add(day, -diary.price(base, percent), payees[int(random() * len(payees))], "", Need.SPEND)
    if payees[0].category in _GIFTS:
        feast = festival(diary.country.code, month.year)
        if feast.month == month.month:
            for _ in range(chance.between(1, 3)):
                day = feast.toordinal() - chance.between(1, _BEFORE_FESTIVAL)
                amount = diary.price(base * 3 // 2, percent)
                diary.add(day, -amount, chance.pick(payees), diary.country.words["festival"], Need.SPEND)


def _cash(diary: Diary, month: Month) -> None:
    note = diary.country.words["cash"]
    payee = Payee(note, "cash.withdrawal", "cash")
    unit = 1_000_00 if diary.country.whole else 20_00
    for _ in range(diary.chance.between(0, 3)):
        day = month.day(diary.chance.between(1, 31))
        diary.add(day, -unit * diary.chance.between(1, 5), payee, note, Need.SPEND)


def _friends(diary: Diary, month: Month) -> None:
    chance, country = diary.chance, diary.country
    for _ in range(chance.between(0, 2)):
        friend = Payee(f"{chance.pick(country.given)} {chance.pick(country.families)}", "people.payments", "instant")
        amount = diary.price(22_00, 60)
        day = month.day(chance.between(1, 31))
        diary.add(day, amount if chance.happens(45) else -amount, friend, country.words["friend"], Need.SPEND)


def _journey(diary: Diary, month: Month, story: Story) -> None:
    chance = diary.chance
    if not chance.happens(35):
        return
    day = month.day(chance.between(3, 20))
    for category, base, before in (("travel.flights", 190_00, 30), ("travel.lodging", 240_00, 0)):
        payee = Payee(story.shops[category][0], category, "card")
        diary.add(day - before, -diary.price(base * story.level // 100, 40), payee, "", Need.SPEND)


def _returns(diary: Diary) -> None:
    """Add refunds: some purchases in shops are refunded in full within two weeks."""
    chance, note = diary.chance, diary.country.words["refund"]
    bought = [
        draft for draft in diary.drafts
        if draft.payee.category in {"shopping.clothing", "shopping.electronics"} and draft.minor < 0
    ]  # fmt: skip
    for draft in bought:
        if chance.happens(9):
            mark = f"refund/{draft.number}"
            diary.drafts[draft.number] = draft._replace(mark=mark)
            diary.add(draft.day + chance.between(3, 14), -draft.minor, draft.payee, note, Need.SPEND, mark)
