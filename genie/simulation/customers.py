"""The customers of a workload: their names, and the population that an installed distribution provides.

A population defines the data of each customer: statements, transfers, questions. Distributions offer populations in the
entry-point group ``genie.workloads``; it is created when a scenario first needs more than a name.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Protocol

from genie.errors import InputError
from genie.simulation.record import GroundTruth

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping

    from genie.simulation.schema import PopulationSection

GROUP = "genie.workloads"
NAME = "customers"
"""The population that scenarios use."""


class Population(Protocol):
    """Interface of the object that an entry point creates.

    It is called with ``seed``, ``size``, ``months``, ``countries`` (country -> weight) and ``until`` (a day) by name,
    and raises ``InputError`` for values that it cannot use. The same arguments must give the same answers.
    """

    def statement(self, place: int) -> bytes:
        """Return the customer's history as a file."""

    def profile(self, place: int) -> dict[str, str]:
        """Return the settings with which that file can be read."""

    def transfers(self, place: int) -> bytes:
        """Return the transfers of the customer and the neighbours as a file."""

    def truth(self, place: int) -> tuple[str, frozenset[str], frozenset[str]]:
        """Return the ring in those transfers, its members, and the other customers."""

    def question(self, place: int, number: int, mix: Mapping[str, int]) -> str:
        """Return the question of a customer at an arrival; ``mix`` has the weights of kinds of questions."""


class Customers:
    """The customers of a scenario under one seed.

    Args:
        section: The scenario's section on customers.
        seed: Everything about a customer is drawn from it and the customer's place.
        until: The day on which the histories end.
    """

    def __init__(self, section: PopulationSection, seed: int, until: datetime.date) -> None:
        self._section = section
        self._seed = seed
        self._until = until
        self._made: Population | None = None

    @property
    def asked_for(self) -> bool:
        """True when the scenario names the countries of the customers."""
        return bool(self._section.countries)

    def name(self, place: int) -> str:
        """Return the name of the customer at a place, from 0."""
        return f"customer-{place + 1}"

    def statement(self, place: int) -> bytes:
        """Return a customer's history as a bank exports it."""
        return self._population().statement(place)

    def transfers(self, place: int) -> bytes:
        """Return the transfers of a customer and the neighbours, as their bank sees them."""
        return self._population().transfers(place)

    def planted(self, place: int) -> GroundTruth:
        """Return the ground truth of those transfers."""
        return GroundTruth(*self._population().truth(place))

    def profile(self, place: int) -> dict[str, str]:
        """Return the settings that the statement does not determine, in the terms of a statement profile."""
        return self._population().profile(place)

    def question(self, place: int, number: int, mix: Mapping[str, int]) -> str:
        """Return the question of a customer, by the number of the arrival.

        Raises:
            InputError: Unknown kind of question in ``mix``.
        """
        return self._population().question(place, number, mix)

    def check(self) -> None:
        """Create the population.

        Raises:
            InputError: No installed distribution offers one, or it refuses the values of the scenario.
        """
        self._population()

    def _population(self) -> Population:
        if self._made is None:
            section = self._section
            self._made = _installed()(
                seed=self._seed,
                size=section.size,
                months=section.months,
                countries=dict(section.countries),
                until=self._until,
            )
        return self._made


def _installed() -> Callable[..., Population]:
    """Return the factory of the population that an installed distribution offers.

    Raises:
        InputError: No distribution offers it, several do, or it cannot be loaded.
    """
    offered: dict[str, str] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            places = point.load()
            if NAME in places:
                offered[point.name] = places[NAME]
        except Exception as error:  # any error at import becomes one line about it
            problem = f"entry point {point.name!r} of {GROUP} cannot be loaded ({type(error).__name__})"
            raise InputError("population", problem, "install the extras of its distribution") from error
    if not offered:
        problem = f"no installed distribution offers {NAME!r} in {GROUP}"
        raise InputError("population", problem, "install genie-bus[catalogue]")
    if len(offered) > 1:
        problem = f"{NAME!r} of {GROUP} is offered by {' and '.join(sorted(offered))}"
        raise InputError("population", problem, "uninstall all but one")
    ((name, place),) = offered.items()
    module, _, attribute = place.partition(":")
    try:
        made: Callable[..., Population] = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # as above
        problem = f"{place} of entry point {name!r} cannot be loaded ({type(error).__name__})"
        raise InputError("population", problem, "install the extras of its distribution") from error
    return made
