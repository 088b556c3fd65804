"""The customers of a workload: a name for each, and its statement where a question needs one."""

from __future__ import annotations

import datetime
import importlib
import importlib.util
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genie.simulation.manifest import PopulationSection

_LIBRARY = "genie.simulation.synthetic"
MISSING = f"needs the library of synthetic customers ({_LIBRARY}), which is not there; name a statement file instead"
_KEPT = 64
"""Statements that are kept; each is made again from the seed and its customer alone."""
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
        self._made: Any = None
        self._statements: OrderedDict[int, bytes] = OrderedDict()

    @staticmethod
    def available() -> bool:
        """Return True when the library of synthetic customers is installed."""
        return importlib.util.find_spec(_LIBRARY) is not None

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

    def _population(self) -> Any:
        if self._made is None:
            library = importlib.import_module(_LIBRARY)
            section = self._section
            options: dict[str, Any] = {"mix": dict(section.countries)} if section.countries else {}
            start = self._until - datetime.timedelta(days=round(section.months * _MONTH))
            self._made = library.Population(
                self._seed, section.size, start=start.replace(day=1), months=section.months, **options
            )
        return self._made
