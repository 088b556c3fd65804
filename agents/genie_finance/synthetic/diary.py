"""A diary: the intended payments and receipts of one customer, before the account is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie_finance.synthetic.draft import Draft, Month, Need, Payee

if TYPE_CHECKING:
    import datetime

    from genie_finance.synthetic.chance import Chance
    from genie_finance.synthetic.country import Country
    from genie_finance.synthetic.customer import Customer


class Diary:
    """Planned payments of one customer; keeps those within the history.

    Args:
        customer: The customer.
        country: The customer's country.
        chance: The customer's own source.
        months: Months of the population; those before the customer's first day are left out.
        end: First day after the history.
    """

    def __init__(
        self, customer: Customer, country: Country, chance: Chance, months: tuple[Month, ...], end: datetime.date
    ) -> None:
        self.customer = customer
        self.country = country
        self.chance = chance
        self.start = customer.since.toordinal()
        self.end = end.toordinal()
        self.months = tuple(month for month in months if month.first + month.days > self.start)
        self.drafts: list[Draft] = []

    def add(self, day: int, minor: int, payee: Payee, note: str = "", need: Need = Need.OWED, mark: str = "") -> None:
        """Record one movement; a movement of zero, or outside the history, is dropped."""
        if minor and self.start <= day < self.end:
            self.drafts.append(Draft(day, int(minor < 0), len(self.drafts), minor, payee, note, need, mark))

    def price(self, base: int, percent: int) -> int:
        """Return a price in minor units, with the usual last digits of the country.

        Args:
            base: Usual price in hundredths of the common level, on which a net month's pay is 2,600.00.
            percent: Variation of prices.
        """
        minor = self.chance.near(base * self.country.price // 100, percent)
        if self.country.whole:
            return max(100, minor // 100 * 100)
        ending = int(self.chance.random() * 5)
        return minor // 10 * 10 + 9 if ending < 2 else max(5, minor // 5 * 5) if ending < 4 else minor
