"""Income: wages with raises and bonuses, pensions, invoices, grants, and irregular income."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.synthetic.draft import Need, Payee

if TYPE_CHECKING:
    from genie_finance.synthetic.diary import Diary
    from genie_finance.synthetic.draft import Month
    from genie_finance.synthetic.story import Story

_FRIDAY = 4
_FORTNIGHTS = 26


def book_income(diary: Diary, story: Story) -> None:
    """Add income to the whole history."""
    match diary.customer.kind:
        case "salaried" | "family" | "thin":
            _wages(diary, story)
        case "pensioner":
            _pension(diary)
        case "student":
            _student(diary)
        case "freelancer":
            _invoices(diary)
        case "irregular":
            _gigs(diary)
        case "merchant":
            pass  # takings are its business, which books them


def _wages(diary: Diary, story: Story) -> None:
    country, words = diary.country, diary.country.words
    work = Payee(story.employer, "income.salary", "transfer")
    later = Payee(
        next(name for name in country.shops["employer"] if name != story.employer), "income.salary", "transfer"
    )
    benefit = Payee(words["benefit_office"], "income.benefits", "transfer")
    second = diary.customer.kind == "family" and diary.chance.happens(70)
    wage = diary.customer.income * (62 if second else 100) // 100
    raised = wage * diary.chance.between(102, 109) // 100
    other = Payee(diary.chance.pick(country.shops["employer"]), "income.salary", "transfer")
    for month in diary.months:
        now = raised if month.place >= story.raised else wage
        out = 0 <= story.job_loss < month.place and not 0 <= story.new_job <= month.place
        if out:
            diary.add(month.pay_day(27), now * 55 // 100, benefit, words["benefit"])
        else:
            payer = later if 0 <= story.new_job <= month.place else work
            for day, part in _pay_days(diary, month):
                diary.add(day, now * part // _FORTNIGHTS, payer, words["salary"])
            if month.month == country.bonus_month:
                diary.add(month.pay_day(country.pay_day or 15), now * 60 // 100, payer, words["bonus"])
        if second:
            diary.add(month.pay_day(25), diary.customer.income * 38 // 100, other, words["salary"])


def _pay_days(diary: Diary, month: Month) -> list[tuple[int, int]]:
    """Return the days of pay with their share of a month's pay in 26ths: one day, or every other Friday."""
    if diary.country.pay_day:
        return [(month.pay_day(diary.country.pay_day), _FORTNIGHTS)]
    fridays = [
        day for day in range(month.first, month.first + month.days)
        if (day + 6) % 7 == _FRIDAY and day // 7 % 2 == diary.customer.number % 2
    ]  # fmt: skip
    return [(day, 12) for day in fridays]


def _pension(diary: Diary) -> None:
    words = diary.country.words
    state = Payee(words["pension_office"], "income.pension", "transfer")
    for month in diary.months:
        rise = 102 if month.month >= 7 else 100
        diary.add(month.pay_day(28), diary.customer.income * rise // 100, state, words["pension"])


def _student(diary: Diary) -> None:
    words, chance, customer = diary.country.words, diary.chance, diary.customer
    parents = Payee(f"{chance.pick(diary.country.given)} {customer.name.split(' ', 1)[1]}", "people.payments", "order")
    grant = Payee(words["grant"], "income.benefits", "transfer")
    job = Payee(chance.pick(diary.country.shops["employer"]), "income.salary", "transfer")
    works = chance.happens(60)
    for month in diary.months:
        diary.add(month.open_day(2), customer.income * 45 // 100, parents, words["parents"])
        diary.add(month.open_day(5), customer.income * 30 // 100, grant, words["grant"])
        if works and month.month not in {2, 7}:
            wage = chance.near(customer.income * 25 // 100, 40)
            diary.add(month.pay_day(26), wage, job, words["salary"])


def _invoices(diary: Diary) -> None:
    words, chance, income = diary.country.words, diary.chance, diary.customer.income
    clients = [Payee(name, "income.business", "transfer") for name in chance.some(diary.country.shops["client"], 3)]
    office = Payee(words["tax_office"], "taxes.income", "transfer")
    number = chance.between(1, 40)
    for month in diary.months:
        for _ in range(chance.between(1, 3)):
            number += 1
            day = month.open_day(chance.between(1, 28))
            diary.add(
                day, chance.near(income * 55 // 100, 60), chance.pick(clients), f"{words['invoice']} {number:03d}"
            )
        if month.month % 3 == 0:
            diary.add(month.open_day(10), -income * 45 // 100, office, words["tax"])


def _gigs(diary: Diary) -> None:
    words, chance = diary.country.words, diary.chance
    payer = Payee(chance.pick(diary.country.shops["acquirer"]), "income.business", "transfer")
    cash = Payee(words["paid_in"], "income.deposit", "deposit")
    for day in range(diary.start, diary.end):
        if (day + 6) % 7 == 2 and chance.happens(80):
            diary.add(day, chance.near(diary.customer.income * 24 // 100, 70), payer, words["gig"])
        elif chance.happens(2):
            diary.add(day, chance.between(2, 12) * diary.country.pay * 20, cash, words["paid_in"])


def book_bank(diary: Diary) -> None:
    """Add bookings of the bank and of the owner's savings: interest, fees, and transfers of surplus money."""
    country, words = diary.country, diary.country.words
    bank = Payee(words["fee"], "fees.bank", "bank")
    saver = Payee(words["savings"], "transfer.savings", "transfer")
    charged = diary.chance.happens(45)
    for month in diary.months:
        diary.add(month.open_day(4), -1, saver, words["savings"], Need.SWEEP)
        if month.month in country.interest_months:
            diary.add(month.day(31), -1, bank, words["fee"], Need.INTEREST)
            if charged:
                diary.add(month.day(31), -(country.price * 5 // 2), bank, words["fee"])
