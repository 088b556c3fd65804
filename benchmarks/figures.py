"""A figure, and the limit that it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of a figure's value, or of its ratio to bare asyncio."""

    bound: float
    of: Literal["value", "ratio"] = "value"
    least: bool = False
    """The bound is the least that must be reached; otherwise it is the most that may be used."""

    def kept_by(self, figure: Figure) -> bool:
        """Return True if the figure keeps the limit; a figure without the required ratio does not."""
        found = figure.value if self.of == "value" else figure.ratio
        if found is None:
            return False
        return found >= self.bound if self.least else found <= self.bound

    def __str__(self) -> str:
        ratio = "ratio " if self.of == "ratio" else ""
        return f"{ratio}{'>=' if self.least else '<='} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    """The same of bare asyncio, or of bare Python, in the same run."""
    ratio: float | None = None
    """How many times the baseline it costs; a median over repetitions, so not the quotient of the two."""
    limit: Limit | None = None

    @property
    def missed(self) -> bool:
        """Its limit is not kept."""
        return self.limit is not None and not self.limit.kept_by(self)


def printed(*groups: Iterable[Figure]) -> None:
    """Print figures as they are measured, one a line."""
    for group in groups:
        for one in group:
            limit = "" if one.limit is None else f"  {one.limit}{'  MISSED' if one.missed else ''}"
            print(f"{one.name:<64}{one.value:>12,.2f} {one.unit}{limit}", flush=True)
