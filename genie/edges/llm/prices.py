"""Cost of a call: a dated table, compiled for one model.

A model without an entry has no price, which differs from 0.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from genie.contracts.model_call import Usage

MOST_OF_TABLE = 4_000_000
"""Characters of a table."""
_DATED = re.compile(r"(.+?)(?:-[0-9]{8}|-[0-9]{4}-[0-9]{2}-[0-9]{2}|@[0-9]{8})")
"""A model's name followed by the date of its build."""

Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class _Rates(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Amount
    output: Amount
    cache_read: Amount | None = None
    cache_write: Amount | None = None


class Above(_Rates):
    """Prices of a whole call with a long input."""

    tokens: int = Field(ge=1)


class Entry(_Rates):
    """Prices of a model from a date on."""

    since: datetime.date = Field(alias="from")
    source: str = Field(min_length=1, max_length=256)
    above: Above | None = None


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    per: int = Field(ge=1)
    sources: Mapping[str, str]
    models: Mapping[str, tuple[Entry, ...]]

    @model_validator(mode="after")
    def _dated_and_sourced(self) -> _Table:
        for name, entries in self.models.items():
            if not entries or [one.since for one in entries] != sorted({one.since for one in entries}):
                raise ValueError(f"{name} must have entries, each with a later date than the one before it")
            if any(one.source not in self.sources for one in entries):
                raise ValueError(f"{name} has a source that is not listed")
        return self


class _Line(NamedTuple):
    """Prices of one token."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    """The full price if none is stated: discounts are not guessed."""
    cache_write: Decimal | None


class Price:
    """Prices of one model, from a date on.

    Args:
        entry: Its prices.
        per: Tokens that they are for.
        currency: That they are in.
        source: Where they come from.
    """

    def __init__(self, entry: Entry, per: int, currency: str, source: str) -> None:
        self.since, self.source, self.currency = entry.since, source, currency
        self._usual = _line(entry, per)
        self._long = None if entry.above is None else _line(entry.above, per)
        self._above = 0 if entry.above is None else entry.above.tokens

    def cost(self, usage: Usage | None) -> Decimal | None:
        """Return the cost of a usage; None if the usage is unknown, or writes to a cache without a price."""
        if usage is None:
            return None
        line = self._line(usage.input)
        written = usage.cache_write
        if written and line.cache_write is None:
            return None
        uncached = max(0, usage.input - usage.cache_read - written)
        return (
            line.input * uncached
            + line.cache_read * usage.cache_read
            + (line.cache_write or 0) * written
            + line.output * usage.output
        )

    def most(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Return the maximum cost of a call: the more expensive tier, and every input token written to the cache."""
        lines = [self._usual] if self._long is None or input_tokens <= self._above else [self._usual, self._long]
        dearest = max(max(line.input, line.cache_write or line.input) for line in lines)
        return dearest * input_tokens + max(line.output for line in lines) * output_tokens

    def _line(self, input_tokens: int) -> _Line:
        return self._usual if self._long is None or input_tokens <= self._above else self._long


def _line(rates: _Rates, per: int) -> _Line:
    read, written = rates.cache_read, rates.cache_write
    return _Line(
        rates.input / per, rates.output / per, (rates.input if read is None else read) / per,
        None if written is None else written / per,
    )  # fmt: skip


class Prices:
    """A table of prices.

    Args:
        text: The table as YAML; see ``genie/edges/llm/prices.yaml``.

    Raises:
        ValueError: The text is not a table.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MOST_OF_TABLE:
            raise ValueError("the table of prices is too long")
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ValueError("the table of prices is not valid YAML") from None
        self._table = _Table.model_validate(content)

    @property
    def models(self) -> tuple[str, ...]:
        """Models of the table."""
        return tuple(self._table.models)

    def of(self, model: str, on: datetime.date) -> Price | None:
        """Return the price of a model on a date; None where none is known.

        Args:
            model: ``vendor/model``; a build of a model, ``model-20261022``, has the model's price.
            on: The date of the call.
        """
        table = self._table
        entries = table.models.get(model)
        if entries is None:
            build = _DATED.fullmatch(model[:512])
            entries = None if build is None else table.models.get(build[1])
        if entries is None:
            entries = table.models.get(f"{model.partition('/')[0]}/*", ())
        valid = [one for one in entries if one.since <= on]
        if not valid:
            return None
        return Price(valid[-1], table.per, table.currency, table.sources[valid[-1].source])


def shipped() -> Prices:
    """Return the shipped table."""
    return Prices(files("genie.edges.llm").joinpath("prices.yaml").read_text(encoding="utf-8"))
