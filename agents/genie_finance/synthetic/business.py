"""Business: the account of a small shop, with daily takings, suppliers, wages and taxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.synthetic.draft import Payee
from genie_finance.synthetic.everyday import festival

if TYPE_CHECKING:
    from genie_finance.synthetic.diary import Diary

_BUSY = (80, 85, 90, 100, 140, 165, 0)
"""Percent of an average day's takings, Monday to Sunday."""
_MARGIN = 34
"""Owner's monthly income in percent of takings."""


def book_business(diary: Diary) -> None:
    """Add a shop's takings and costs to the whole history."""
    chance, country, words = diary.chance, diary.country, diary.country.words
    takings = diary.customer.income * 100 // _MARGIN
    acquirer = Payee(chance.pick(country.shops["acquirer"]), "income.business", "transfer")
    till = Payee(words["paid_in"], "income.deposit", "deposit")
    for day in range(diary.start, diary.end):
        busy = _BUSY[(day + 6) % 7]
        if busy:
            takes = chance.near(takings * busy // (110 * 26), 30)
            diary.add(day, takes, acquirer)
            if chance.happens(12):
                diary.add(day, takes * chance.between(20, 60) // 100 // 100 * 100, till, words["paid_in"])
    suppliers = [Payee(name, "uncategorised", "transfer") for name in country.shops["supplier"]]
    for day in range(diary.start, diary.end):
        if (day + 6) % 7 == 1:
            bill = chance.near(takings * 11 // 100, 25)
            diary.add(day, -bill, chance.pick(suppliers), words["invoice"])
    _monthly(diary, takings)


def _monthly(diary: Diary, takings: int) -> None:
    chance, country, words = diary.chance, diary.country, diary.country.words
    staff = [
        Payee(f"{chance.pick(country.given)} {chance.pick(country.families)}", "people.payments", "transfer")
        for _ in range(chance.between(0, 2))
    ]
    office = Payee(words["tax_office"], "taxes.other", "transfer")
    for month in diary.months:
        for person in staff:
            diary.add(month.pay_day(27), -takings * 8 // 100, person, words["wage"])
        if month.month % 3 == 1:
            diary.add(month.open_day(20), -takings * 9 // 100, office, words["business_tax"])
        feast = festival(country.code, month.year)
        if feast.month == month.month:
            extra = chance.near(takings * 30 // 100, 30)
            acquirer = Payee(country.shops["acquirer"][0], "income.business", "transfer")
            diary.add(feast.toordinal() - 1, extra, acquirer, words["festival"])
