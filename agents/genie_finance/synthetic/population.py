"""A population: customers by number, each the same in a population of any size."""

from __future__ import annotations

import csv
import datetime
import io
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, overload

from genie.errors import InputError
from genie_finance.synthetic.chance import Chance
from genie_finance.synthetic.countries import COUNTRIES
from genie_finance.synthetic.customer import KINDS, Customer
from genie_finance.synthetic.draft import months_from
from genie_finance.synthetic.history import History, history_of
from genie_finance.synthetic.identifiers import account
from genie_finance.synthetic.questions import QUESTIONS, Question, questions_of
from genie_finance.synthetic.rings import BLOCK, Ring, ring_of
from genie_finance.synthetic.transaction import Transaction
from genie_finance.synthetic.transfers import Life, block_of, transfers_csv
from genie_finance.synthetic.truth import Event, Label

MIX: Final[Mapping[str, int]] = {"IN": 30, "DE": 20, "NL": 10, "GB": 20, "US": 20}
"""Percent of customers of each country."""
MAX_MONTHS: Final = 120
_FIRST_YEAR, _LAST_YEAR = 1971, 2089
"""Years that every statement reader recognises, including two-digit ones."""
_KEPT_HISTORIES = 8
_KEPT_RINGS = 64
_PAY: Final[Mapping[str, tuple[int, int]]] = {
    "salaried": (2_500, 30), "family": (3_600, 30), "student": (980, 20), "freelancer": (2_900, 40),
    "pensioner": (1_650, 25), "irregular": (1_450, 30), "merchant": (3_000, 35), "thin": (1_900, 35),
}  # fmt: skip
"""Usual monthly income on the common scale, and its variation in percent."""
_THIN_MONTHS = 3
_NO_OVERDRAFT = frozenset({"student", "thin", "irregular"})


class Population:
    """Customers with histories, all from one seed; each is generated on first access.

    A customer depends only on the seed, the customer's number, the period, the mix and the months, so number 17 is the
    same in populations of 20 and 20,000. No clock, hash order or logarithm is used: the same arguments produce the same
    bytes in every process.

    Args:
        seed: Any whole number.
        size: Customers, 1 or more.
        mix: Weights of countries by ISO code; by default ``MIX``.
        start: Histories begin on the first day of its month.
        months: Length of the histories, 1 to 120.

    Raises:
        InputError: An argument is out of range, or a country is unknown.
    """

    def __init__(
        self, seed: int, size: int, *, mix: Mapping[str, int] | None = None, start: datetime.date, months: int
    ) -> None:
        self._seed = seed
        self._mix = dict(sorted((MIX if mix is None else mix).items()))
        _check(size, self._mix, start, months)
        self._months = months_from(start, months)
        last = self._months[-1]
        self.start: Final = start.replace(day=1)
        self.end: Final = datetime.date.fromordinal(last.first + last.days)
        """First day after the histories."""
        self.customers: Final[Sequence[Customer]] = _Customers(self, size)
        self._histories: OrderedDict[int, History] = OrderedDict()
        self._rings: OrderedDict[int, Ring | None] = OrderedDict()

    def transactions(self, customer: Customer) -> tuple[Transaction, ...]:
        """Return a customer's movements in booking order; the balances start from ``customer.opening``.

        Raises:
            InputError: The customer is of another population.
        """
        return self._history(customer).transactions

    def statement_csv(self, customer: Customer) -> bytes:
        """Return a customer's statement as the country's banks export it, in their encoding and order.

        Raises:
            InputError: The customer is of another population.
        """
        form = COUNTRIES[customer.country].export
        rows = [form.row(one, customer) for one in self.transactions(customer)]
        if form.newest_first:
            rows.reverse()
        text = io.StringIO(newline="")
        writer = csv.writer(
            text, delimiter=form.delimiter, quoting=csv.QUOTE_ALL if form.quoted else csv.QUOTE_MINIMAL,
            lineterminator="\r\n",
        )  # fmt: skip
        writer.writerow(form.header)
        writer.writerows(rows)
        return text.getvalue().encode(form.encoding)

    def transfers_csv(self, customer: Customer) -> bytes:
        """Return the transfers of a customer's block of fifty as its bank sees them: each once, with those of a ring.

        Raises:
            InputError: The customer is of another population.
        """
        self._history(customer)
        around = [self.customer(number) for number in block_of(customer.number) if number < len(self.customers)]
        return transfers_csv((Life(one, *self._history(one)[:2]) for one in around), self.ring_of(customer))

    def truth(self, customer: Customer) -> tuple[Label, ...]:
        """Return the planted anomalies in a customer's history.

        Raises:
            InputError: The customer is of another population.
        """
        return self._history(customer).truth

    def events(self, customer: Customer) -> tuple[Event, ...]:
        """Return the life events of a customer.

        Raises:
            InputError: The customer is of another population.
        """
        return self._history(customer).events

    def rings(self) -> Iterator[Ring]:
        """Yield the fraud rings with a member in this population, by block of customers."""
        size = len(self.customers)
        for block in range(-(-size // BLOCK)):
            ring = self._ring(block)
            if ring is not None and min(ring.members) < size:
                yield ring

    def ring_of(self, customer: Customer) -> Ring | None:
        """Return the fraud ring of a customer's block of fifty, None if there is none. The customer may be honest."""
        return self._ring(customer.number // BLOCK)

    def _ring(self, block: int) -> Ring | None:
        if block not in self._rings:
            self._rings[block] = self._drawn_ring(block)
            if len(self._rings) > _KEPT_RINGS:
                self._rings.popitem(last=False)
        return self._rings[block]

    def questions(self, mix: Mapping[str, int] | None = None) -> Iterator[Question]:
        """Yield questions of customers, without end and always in the same order.

        Args:
            mix: Weights of kinds of questions; by default `genie_finance.synthetic.questions.QUESTIONS`.

        Raises:
            InputError: A kind is unknown, or no weight is positive.
        """
        return questions_of(self._seed, self.customers, QUESTIONS if mix is None else mix)

    def customer(self, number: int) -> Customer:
        """Return the customer with a number, also one beyond the size, who may belong to a ring.

        Raises:
            InputError: The number is negative.
        """
        if number < 0:
            raise InputError("number", f"{number} is negative", "customers are numbered from 0")
        chance = Chance(f"{self._seed}/customer/{number}")
        country = COUNTRIES[chance.weighted(self._mix)]
        kind = chance.weighted(KINDS)
        base, percent = _PAY[kind]
        income = chance.near(base, percent) * country.pay // 100 * 100
        since, few = self.start, False
        if kind == "thin":
            few = chance.happens(40)
            month = self._months[-1 - chance.between(0, min(_THIN_MONTHS, len(self._months)) - 1)]
            since = datetime.date.fromordinal(month.first + chance.between(0, 14))
        name = f"{chance.pick(country.given)} {chance.pick(country.families)}"
        bounded = country.overdraft and kind not in _NO_OVERDRAFT
        return Customer(
            id=f"customer-{number}", number=number, country=country.code, kind=kind, name=name,
            account=account(country, chance), city=chance.pick(country.cities), currency=country.currency,
            income=income, opening=0 if kind == "thin" else chance.near(income * 60 // 100, 60),
            overdraft=income * country.overdraft // 100 // country.pay * country.pay if bounded else 0,
            since=since, few=few,
        )  # fmt: skip

    def _history(self, customer: Customer) -> History:
        number = customer.number
        known = self._histories.get(number)
        if known is None or self.customer(number) != customer:
            if not 0 <= number < len(self.customers) or self.customers[number] != customer:
                raise InputError(customer.id, "is not a customer of this population", "use one of its `customers`")
            ring = self._ring(number // BLOCK)
            chance = Chance(f"{self._seed}/history/{number}")
            member = ring if ring is not None and number in ring.members else None
            known = history_of(customer, COUNTRIES[customer.country], chance, self._months, self.end, member)
            self._histories[number] = known
            if len(self._histories) > _KEPT_HISTORIES:
                self._histories.popitem(last=False)
        return known

    def _drawn_ring(self, block: int) -> Ring | None:
        by_country: dict[str, list[Customer]] = {}
        for number in range(block * BLOCK, (block + 1) * BLOCK):
            one = self.customer(number)
            if not one.few and one.kind != "merchant":
                by_country.setdefault(one.country, []).append(one)
        country, members = max(by_country.items(), key=lambda item: (len(item[1]), item[0]), default=("", []))
        return ring_of(self._seed, block, members, COUNTRIES[country], self.end) if members else None


class _Customers(Sequence[Customer]):
    """The customers of a population, each created on access."""

    def __init__(self, population: Population, size: int) -> None:
        self._population = population
        self._size = size

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> Customer: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Customer]: ...
    def __getitem__(self, place: int | slice) -> Customer | Sequence[Customer]:
        if isinstance(place, slice):
            return [self._population.customer(number) for number in range(self._size)[place]]
        return self._population.customer(range(self._size)[place])


def _check(size: int, mix: Mapping[str, int], start: datetime.date, months: int) -> None:
    if size < 1:
        raise InputError("size", f"{size} is not a valid size", "give 1 or more")
    if not 1 <= months <= MAX_MONTHS:
        raise InputError("months", f"{months} is out of range", f"give 1 to {MAX_MONTHS}")
    if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
        raise InputError("start", f"{start} is out of range", f"give a day of {_FIRST_YEAR} to {_LAST_YEAR}")
    unknown = sorted(set(mix) - set(COUNTRIES))
    if unknown:
        raise InputError("mix", f"{unknown[0]!r} is not a known country", f"known are {', '.join(COUNTRIES)}")
    if any(weight < 0 for weight in mix.values()) or not any(mix.values()):
        raise InputError("mix", "has a negative weight, or no positive one", "give weights like IN=3, DE=1")
