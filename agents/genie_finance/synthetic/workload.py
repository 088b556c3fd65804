"""The customers of a simulated workload: their statements, transfers and questions, with bounded memory.

The entry point ``genie.workloads`` offers it to the simulation under the name ``customers``.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from genie_finance.synthetic.countries import COUNTRIES
from genie_finance.synthetic.population import Population
from genie_finance.synthetic.questions import QUESTIONS, questions_of
from genie_finance.synthetic.transfers import block_of

_MOST_STATEMENTS = 64
_MOST_BLOCKS = 16
"""Maximum cached tables of transfers; each has a megabyte."""
_MONTH = 30.4375
"""Days."""


class GroundTruth(NamedTuple):
    """The ground truth of the customers in a table of transfers."""

    ring: str
    """Id of the ring among them; empty without one."""
    members: frozenset[str]
    """Ids of its members."""
    honest: frozenset[str]
    """Ids of the other customers."""


class Customers:
    """A population under one seed. Data is generated from the seed and the customer's place when needed.

    Args:
        seed: With the customer's place, it determines all data of a customer.
        size: Number of customers.
        months: Length of the histories.
        countries: Country -> weight; empty means the usual mix.
        until: The day on which the histories end.

    Raises:
        InputError: Unknown country, or a start or length beyond the calendar.
    """

    def __init__(
        self, *, seed: int, size: int, months: int, countries: Mapping[str, int], until: datetime.date
    ) -> None:
        start = until - datetime.timedelta(days=round(months * _MONTH))
        self._seed = seed
        self._population = Population(
            seed, size, mix=dict(countries) or None, start=start.replace(day=1), months=months
        )  # fmt: skip
        self._statements: OrderedDict[int, bytes] = OrderedDict()
        self._transfers: OrderedDict[int, bytes] = OrderedDict()

    def statement(self, place: int) -> bytes:
        """Return the history of the customer at a place, from 0, in a bank's export format."""
        population = self._population
        return _kept(
            self._statements, place, _MOST_STATEMENTS, lambda: population.statement_csv(population.customers[place])
        )

    def profile(self, place: int) -> dict[str, str]:
        """Return facts that the statement does not show, as fields of a statement profile."""
        return dict(COUNTRIES[self._population.customers[place].country].export.profile)

    def transfers(self, place: int) -> bytes:
        """Return the transfers of a customer's block, as its bank sees them."""
        population = self._population
        return _kept(
            self._transfers,
            block_of(place)[0],
            _MOST_BLOCKS,
            lambda: population.transfers_csv(population.customers[place]),
        )

    def truth(self, place: int) -> GroundTruth:
        """Return the ground truth of those transfers."""
        population, numbers = self._population, block_of(place)
        ring = population.ring_of(population.customers[place])
        members = frozenset() if ring is None else frozenset(f"customer-{number}" for number in ring.members)
        present = frozenset(f"customer-{number}" for number in numbers if number < len(population.customers))
        return GroundTruth("" if ring is None else ring.id, members, present - members)

    def question(self, place: int, number: int, mix: Mapping[str, int]) -> str:
        """Return a customer's question by the number of the arrival.

        Args:
            place: The customer's place.
            number: The arrival's number, from 1.
            mix: Kind of question -> weight; empty means the usual mix.

        Raises:
            InputError: Unknown kind.
        """
        customer = self._population.customers[place]
        return next(questions_of(self._seed * 1_000_003 + number, (customer,), mix or QUESTIONS)).text


def _kept(kept: OrderedDict[int, bytes], key: int, most: int, make: Callable[[], bytes]) -> bytes:
    found = kept.get(key)
    if found is None:
        found = kept[key] = make()
        if len(kept) > most:
            kept.popitem(last=False)
    return found
