"""Durations of a scenario: a fixed duration such as ``2d 6h``, or a distribution of durations."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from genie.config.sections import Section

if TYPE_CHECKING:
    import random

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|[smhdw])")
_Z99 = 2.3263478740408408
"""Standard deviations above the median of the 99th percentile of a normal distribution."""


def parse_duration(value: object) -> object:
    """Return the seconds of a text such as ``1d 12h``; another type is returned unchanged, for pydantic to check.

    Raises:
        ValueError: The text is not a duration.
    """
    if not isinstance(value, str):
        return value
    total, place = 0.0, 0
    while place < len(value.rstrip()):
        part = _PART.match(value, place)
        if part is None:
            raise ValueError("write a duration as 90, 90s, 15m, 6h, 2d or 1d 12h")
        total += float(part[1]) * _UNITS[part[2]]
        place = part.end()
    if not value.strip():
        raise ValueError("write a duration as 90, 90s, 15m, 6h, 2d or 1d 12h")
    return total


Duration = Annotated[
    float,
    BeforeValidator(parse_duration, json_schema_input_type=float | str),
    Field(ge=0, le=3_200_000_000, description="Seconds, or text such as 90s, 15m, 6h, 2d or `1d 12h`."),
]


class Distribution(Section):
    """A distribution of durations: exactly one of the keys."""

    fixed: Duration | None = Field(default=None, description="A constant duration.")
    uniform: list[Duration] | None = Field(
        default=None, min_length=2, max_length=2, description="Shortest and longest duration."
    )
    exponential: Duration | None = Field(default=None, description="Mean duration.")
    lognormal: list[Duration] | None = Field(
        default=None, min_length=2, max_length=2, description="Median and 99th percentile."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of fixed, uniform, exponential and lognormal")
        for pair in (self.uniform, self.lognormal):
            if pair is not None and (pair[0] > pair[1] or (pair is self.lognormal and not pair[0])):
                raise ValueError("the second number must not be below the first, and a median must be above 0")
        return self

    def draw(self, source: random.Random) -> float:
        """Return a random duration in seconds."""
        if self.fixed is not None:
            return self.fixed
        if self.uniform is not None:
            return source.uniform(self.uniform[0], self.uniform[1])
        if self.exponential is not None:
            return source.expovariate(1 / self.exponential) if self.exponential else 0.0
        median, p99 = self.lognormal or (1.0, 1.0)
        return median * math.exp(source.gauss(0.0, 1.0) * math.log(p99 / median) / _Z99)


def as_distribution(value: object) -> object:
    """Return the distribution of a plain duration."""
    return {"fixed": value} if isinstance(value, int | float | str) else value


DurationDistribution = Annotated[
    Distribution, BeforeValidator(as_distribution, json_schema_input_type=Distribution | float | str)
]
"""A distribution, or a plain duration."""


def format_duration(length: float) -> str:
    """Return a readable duration: ``3d 04:05:06``, ``12.5 s``, ``0.4 ms``."""
    if length < 1:
        return f"{length * 1000:.3g} ms"
    if length < 3600:
        return f"{length:.3g} s" if length < 120 else f"{length / 60:.3g} min"
    days, rest = divmod(int(length), 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}d {clock}" if days else clock
