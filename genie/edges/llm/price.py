"""Cost of a call: by a price stated in a file, or from the dated table that ships."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.limits import EXACT
from genie.contracts.model_call import Usage

if TYPE_CHECKING:
    import datetime

    from genie.edges.llm.prices import Prices

MILLION = Decimal(1_000_000)
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=12)]


class Pricing(Protocol):
    """Cost of calls of one model."""

    def cost(self, usage: Usage) -> Decimal | None:
        """Return the cost of a call; None if a part of it has no price."""
        ...

    def most(self, input_tokens: int, output_tokens: int, /) -> Decimal:
        """Return the maximum cost of so many tokens."""
        ...


@functools.cache
def _table() -> Prices:
    from genie.edges.llm.prices import shipped  # noqa: PLC0415 - start-up: for those who use the table

    return shipped()


@functools.lru_cache(maxsize=1_024)
def priced(name: str, on: datetime.date) -> Pricing | None:
    """Return the price of ``vendor/model`` in the shipped table; None if none is known on that date."""
    return _table().of(name, on)


class Price(BaseModel):
    """Price of a model per million tokens, in the operator's own unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Amount = Field(description="Price of input tokens that are not cached.")
    output: Amount = Field(description="Of output tokens, thoughts included.")
    cache_read: Amount | None = Field(default=None, description="Price of input read from the provider's cache.")
    cache_write: Amount | None = Field(default=None, description="Price of input written to the provider's cache.")

    def cost(self, usage: Usage) -> Decimal:
        """Return the cost of a call; kinds of tokens without a price cost as much as input."""
        read = min(usage.cache_read, usage.input)
        write = min(usage.cache_write, usage.input - read)
        plain = usage.input - read - write
        total = plain * self.input + usage.output * self.output
        total += read * (self.input if self.cache_read is None else self.cache_read)
        total += write * (self.input if self.cache_write is None else self.cache_write)
        return EXACT.divide(total, MILLION)

    def most(self, input_tokens: int, output_tokens: int, /) -> Decimal:
        """Return the maximum cost of so many tokens: all input at its highest rate."""
        dearest = max(rate for rate in (self.input, self.cache_read, self.cache_write) if rate is not None)
        return EXACT.divide(input_tokens * dearest + output_tokens * self.output, MILLION)
