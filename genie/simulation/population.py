"""The customers of a workload: a name for each, and its statement where a question needs one."""

from __future__ import annotations

import datetime
from collections import OrderedDict
from typing import TYPE_CHECKING

from genie.simulation.record import GroundTruth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.simulation.schema import PopulationSection
    from genie.simulation.synthetic import Population

_KEPT = 64
"""Statements that are kept; each is made again from the seed and its customer alone."""
_KEPT_BLOCKS = 16
"""Tables of transfers that are kept, a megabyte each."""
_MONTH = 30.4375
"""Days."""


class Customers:
    """The population under one seed; made at first use, because most pipelines need names alone.

    Args:
        section: What the scenario says of it.
        seed: Everything about a customer is drawn from it and the customer's place.
        until: The day on which the histories end.
    """

    def __init__(self, section: PopulationSection, seed: int, until: datetime.date) -> None:
        self._section = section
        self._seed = seed
        self._until = until
        self._made: Population | None = None
        self._statements: OrderedDict[int, bytes] = OrderedDict()
        self._transfers: OrderedDict[int, bytes] = OrderedDict()

    @property
    def asked_for(self) -> bool:
        """True when the scenario says of which countries they are."""
        return bool(self._section.countries)

    def name(self, place: int) -> str:
        """Return the name of the customer at a place, from 0."""
        return f"customer-{place + 1}"

    def statement(self, place: int) -> bytes:
        """Return a customer's history as a bank exports it."""
        known = self._statements.get(place)
        if known is None:
            population = self._population()
            known = population.statement_csv(population.customers[place])
            self._statements[place] = known
            if len(self._statements) > _KEPT:
                self._statements.popitem(last=False)
        return known

    def transfers(self, place: int) -> bytes:
        """Return what a customer and the neighbours move, as their bank sees it."""
        from genie.simulation.synthetic.transfers import block_of  # noqa: PLC0415 - for those who draw customers

        first = block_of(place)[0]
        known = self._transfers.get(first)
        if known is None:
            population = self._population()
            known = self._transfers[first] = population.transfers_csv(population.customers[place])
            if len(self._transfers) > _KEPT_BLOCKS:
                self._transfers.popitem(last=False)
        return known

    def planted(self, place: int) -> GroundTruth:
        """Return what is true of those transfers."""
        from genie.simulation.synthetic.transfers import block_of  # noqa: PLC0415 - as above

        population, numbers = self._population(), block_of(place)
        ring = population.ring_of(population.customers[place])
        members = frozenset() if ring is None else frozenset(f"customer-{number}" for number in ring.members)
        present = frozenset(f"customer-{number}" for number in numbers if number < len(population.customers))
        return GroundTruth("" if ring is None else ring.id, members, present - members)

    def profile(self, place: int) -> dict[str, str]:
        """Return what that statement leaves open, in the words of a statement profile."""
        from genie.simulation.synthetic.countries import COUNTRIES  # noqa: PLC0415 - for those who draw customers

        return dict(COUNTRIES[self._population().customers[place].country].export.profile)

    def question(self, place: int, number: int, mix: Mapping[str, int]) -> str:
        """Return what a customer asks, by the number of the arrival.

        Args:
            place: The customer's.
            number: The arrival's, from 1.
            mix: Kind -> weight; empty means as people ask.

        Raises:
            InputError: There is no such kind.
        """
        from genie.simulation.synthetic.questions import QUESTIONS, questions_of  # noqa: PLC0415 - as above

        customer = self._population().customers[place]
        return next(questions_of(self._seed * 1_000_003 + number, (customer,), mix or QUESTIONS)).text

    def check(self) -> None:
        """Make the population.

        Raises:
            InputError: It cannot be made: no such country, or a start or length beyond the calendar.
        """
        self._population()

    def _population(self) -> Population:
        if self._made is None:
            from genie.simulation.synthetic import Population  # noqa: PLC0415 - as above

            section = self._section
            start = self._until - datetime.timedelta(days=round(section.months * _MONTH))
            self._made = Population(
                self._seed, section.size, mix=dict(section.countries) or None, start=start.replace(day=1),
                months=section.months,
            )  # fmt: skip
        return self._made
