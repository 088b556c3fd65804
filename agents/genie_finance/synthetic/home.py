"""Home: rent, energy with its seasons, contracts that begin, end and rise in price, children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.synthetic.draft import Need, Payee

if TYPE_CHECKING:
    from genie_finance.synthetic.diary import Diary
    from genie_finance.synthetic.draft import Month
    from genie_finance.synthetic.story import Story

_SUBSCRIPTIONS = {
    "entertainment.streaming": (11_99, 15_99), "digital.software": (2_99, 9_99), "health.fitness": (24_90, 39_90),
}  # fmt: skip
"""Monthly prices on the common scale."""
_NEVER = 10_000


def book_home(diary: Diary, story: Story) -> None:
    """Add a household's obligations to the whole history."""
    if diary.customer.kind != "thin":
        _roof(diary, story)
        _utilities(diary, story)
        _children(diary, story)
        _loan(diary)
    _subscriptions(diary)


def _roof(diary: Diary, story: Story) -> None:
    chance, words, shops = diary.chance, diary.country.words, diary.country.shops
    if not story.rent:
        return
    rent = story.rent // diary.country.pay * diary.country.pay
    landlords = chance.some(shops["housing.rent"], 2)
    there = Payee(landlords[1], "housing.rent", chance.pick(diary.country.rails["housing.rent"]))
    here = there._replace(name=landlords[0])
    if story.owns:
        here = Payee(chance.pick(shops["housing.mortgage"]), "housing.mortgage", "debit")
    tax = Payee(words["local_tax"], "taxes.other", "debit")
    for month in diary.months:
        if month.place == story.move:
            _move(diary, month, there, rent)
        if 0 <= story.move <= month.place:
            diary.add(month.open_day(3), -(rent * 118 // 100), there, words["rent"])
        else:
            diary.add(month.open_day(3), -rent, here, "" if story.owns else words["rent"])
        if month.month % 3 == 2:
            diary.add(month.open_day(15), -diary.country.price * 55, tax)


def _move(diary: Diary, month: Month, landlord: Payee, rent: int) -> None:
    """Record the cost of a move: two large payments to a new payee, both labelled."""
    words = diary.country.words
    mover = Payee(words["mover"], "shopping.home", "transfer")
    paid, carried = landlord._replace(rail="transfer"), diary.price(620_00, 20)
    diary.add(month.open_day(1), -rent * 2, paid, words["deposit"], Need.PLANTED, "first_large_payee/landlord")
    diary.add(month.open_day(6), -carried, mover, words["invoice"], Need.PLANTED, "first_large_payee/mover")


def _utilities(diary: Diary, story: Story) -> None:
    chance, country, shops = diary.chance, diary.country, diary.country.shops
    energy = Payee(chance.pick(shops["utilities.energy"]), "utilities.energy", "debit")
    water = Payee(chance.pick(shops["utilities.water"]), "utilities.water", "debit")
    phones = [Payee(name, "utilities.telecom", "debit") for name in shops["utilities.telecom"]]
    cover = Payee(chance.pick(shops["insurance.other"]), "insurance.other", "debit")
    use = chance.near(74_00 * country.price // 100 * (130 if story.children else 100) // 100, 25)
    flat = len(set(country.energy)) == 1
    prices = [chance.between(18, 34) * country.price for _ in phones]
    premium = chance.between(24, 60) * country.price
    day = chance.between(5, 20)
    for month in diary.months:
        bill = use if flat else chance.near(use * country.energy[month.month - 1] // 100, 6)
        diary.add(month.open_day(day), -bill, energy)
        if flat and month.month == 2:
            left = use * chance.between(-150, 120) // 100
            diary.add(month.open_day(22), left, energy._replace(rail="transfer"), country.words["settlement"])
        for place, phone in enumerate(phones):
            diary.add(month.open_day(8 + place * 4), -prices[place], phone)
        if month.month % 3 == 1:
            diary.add(month.open_day(12), -diary.price(46_00, 10), water)
        diary.add(month.open_day(2), -premium, cover)


def _children(diary: Diary, story: Story) -> None:
    words, country = diary.country.words, diary.country
    office = Payee(words["benefit_office"], "income.benefits", "transfer")
    care = Payee(country.shops["family.childcare"][0], "family.childcare", "debit")
    school = Payee(country.shops["education.fees"][0], "education.fees", "debit")
    fee = diary.price(140_00, 30)
    for month in diary.months:
        born = 0 <= story.new_child <= month.place
        children = story.children + born
        if not children:
            continue
        diary.add(month.pay_day(9), children * country.pay * 70, office, words["child"])
        if story.children > 1 or (born and month.place > story.new_child + 4):
            diary.add(month.open_day(5), -fee, care)
        if story.children and month.month % 3 == 1:
            diary.add(month.open_day(11), -fee, school)
        if month.place == story.new_child:
            for category in ("shopping.home", "shopping.general", "health.pharmacy"):
                shop = Payee(story.shops[category][0], category, "card")
                diary.add(month.day(diary.chance.between(4, 26)), -diary.price(210_00, 35), shop, need=Need.SPEND)


def _loan(diary: Diary) -> None:
    if diary.chance.happens(25):
        loan = Payee(diary.country.shops["debt.loan"][0], "debt.loan", "debit")
        rate = diary.customer.income * diary.chance.between(5, 12) // 100
        ends = diary.chance.between(3, 30)
        for month in diary.months:
            if month.place < ends:
                diary.add(month.open_day(10), -rate, loan)


def _subscriptions(diary: Diary) -> None:
    """Record contracts month by month; some begin or end within the history, and some rise in price once."""
    chance = diary.chance
    first, count = diary.months[0].place, len(diary.months)
    for category, (low, high) in _SUBSCRIPTIONS.items():
        for name in diary.country.shops[category]:
            if not chance.happens(38):
                continue
            begins = first + chance.between(0, count - 1) if chance.happens(25) else 0
            ends = begins + chance.between(2, 8) if chance.happens(25) else _NEVER
            rises = begins + chance.between(2, 9) if chance.happens(30) else _NEVER
            price = max(1, chance.between(low, high) * diary.country.price // 100)
            if diary.country.whole:
                price = max(100, price // 100 * 100 - 100)
            terms = (begins, ends, rises, price)
            _contract(diary, Payee(name, category, "debit"), terms, chance.between(1, 28))


def _contract(diary: Diary, payee: Payee, terms: tuple[int, int, int, int], day: int) -> None:
    begins, ends, rises, price = terms
    dearer = price * diary.chance.between(112, 135) // 100
    if diary.country.whole:
        dearer = dearer // 100 * 100 + 100

    def charge(month: Month) -> None:
        risen = month.place >= rises
        mark = f"price_rise/{payee.name}" if month.place in {rises - 1, rises} else ""
        diary.add(month.open_day(day), -(dearer if risen else price), payee, mark=mark)

    for month in diary.months:
        if begins <= month.place < ends:
            charge(month)
