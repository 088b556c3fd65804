"""Rates and budgets as plain values: how many deliveries a second are allowed, and what they may use. No clock, no I/O.

These are admission rules, not policies: each delivery is checked once, before the policies judge it.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

from genie.contracts.limits import Estimate, exact_cost
from genie.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

Part = Literal["tenant", "sender", "topic", "agent"]
PARTS: tuple[Part, ...] = get_args(Part)
Unit = Literal["messages", "cost", "tokens", "wall_s"]
MAX_ZONE = 100
"""Maximum length of a time zone's name, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """The deliveries that a rule covers; None means all.

    Raises:
        ValueError: A list is empty, which would cover nothing.
    """

    id: str
    """Name of the rule in reasons, statistics and metrics."""
    topics: frozenset[str] | None = None
    """Topic names, or ``family.*`` for every topic of a family."""
    agents: frozenset[str] | None = None
    """Ids of recipients."""
    tenants: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a rate or a budget needs an id")
        for name in ("topics", "agents", "tenants"):
            if getattr(self, name) is not None and not getattr(self, name):
                raise ValueError(f"`{name}` of {self.id!r} is empty, so it covers nothing; leave it out to cover all")

    def covers(self, topic: str, agent: str) -> bool:
        """Return True if the rule covers deliveries of a topic to an agent, whatever their tenant."""
        if self.agents is not None and agent not in self.agents:
            return False
        return self.topics is None or any(within(rule, topic) for rule in self.topics)


def within(rule: str, topic: str) -> bool:
    """Return True if a rule names a topic, by its own name or by ``family.*``."""
    return rule == topic or (rule.endswith(".*") and topic.startswith(rule[:-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Cover):
    """A token bucket for each tenant, sender, topic, recipient, or combination of them.

    Raises:
        ValueError: A number is out of range.
    """

    per_s: float
    """Sustained deliveries a second, above 0."""
    burst: int = 1
    """Largest burst of deliveries, at least 1: the capacity of the bucket."""
    per: tuple[Part, ...] = ()
    """Dimensions of a bucket. Each combination of their values has its own; without any, all deliveries share one."""
    wait_s: float = 0.0
    """Longest wait of a delivery for its turn, in seconds; it is in flight as timed. A longer wait is denied at
    once."""

    def __post_init__(self) -> None:
        Cover.__post_init__(self)
        if not 0 < self.per_s < math.inf or self.burst < 1 or not 0 <= self.wait_s < math.inf:
            raise ValueError(
                f"rate {self.id!r}: per_s must be above 0, burst at least 1, wait_s at least 0, and all finite"
            )
        if len(set(self.per)) < len(self.per) or not set(self.per) <= set(PARTS):
            raise ValueError(
                f"rate {self.id!r}: `per` takes any of {', '.join(PARTS)}, each once, not {list(self.per)}"
            )

    def __str__(self) -> str:
        each = f" for each {' and '.join(self.per)}" if self.per else ""
        return f"rate {self.id}: more than {self.per_s:g} a second{each}, {self.burst} at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Cover):
    """Limit on what one run, or one tenant in one calendar day, may use.

    A delivery reserves one message and its agent's estimate before it is judged, and is denied if less is left. Charges
    of handlers are taken from the reservation first; the rest of the reservation is released when the delivery ends.

    Raises:
        ValueError: No limit is set, or a limit, the estimate or the zone is invalid.
    """

    per: Literal["run", "tenant_day"] = "run"
    """``tenant_day``: each tenant has the limits anew every calendar day; deliveries without a tenant share one
    budget."""
    zone: str = "UTC"
    """IANA name of the zone whose midnight starts a day."""
    messages: int | None = None
    """Number of deliveries; ``denied`` deliveries do not count."""
    cost: Decimal | None = None
    """In the operator's own unit: a ``Decimal``, an int, text, or a float, which counts as its shortest decimal
    form."""
    tokens: int | None = None
    wall_s: float | None = None
    """Seconds from the start of a run to its end, without the time in which it waits for a person."""
    estimate: Estimate | None = None
    """Reservation for deliveries to agents whose card has no estimate."""

    def __post_init__(self) -> None:
        Cover.__post_init__(self)
        if self.cost is not None:
            object.__setattr__(self, "cost", exact_cost(self.cost))
        limits = (self.messages, self.cost, self.tokens, self.wall_s)
        if all(limit is None for limit in limits):
            raise ValueError(f"budget {self.id!r} limits nothing; give messages, cost, tokens or wall_s")
        if any(limit is not None and not 0 < limit < math.inf for limit in limits):
            raise ValueError(f"budget {self.id!r}: every limit is above 0 and finite")
        if self.wall_s is not None and (self.per != "run" or self.topics is not None or self.agents is not None):
            raise ValueError(f"budget {self.id!r}: wall_s limits whole runs: use `per: run`, without topics and agents")
        if self.per == "run" and self.zone != "UTC":
            raise ValueError(f"budget {self.id!r}: zone states when a day starts; it needs `per: tenant_day`")
        zone_of(self.zone)

    def limits(self) -> Iterator[tuple[Unit, int | Decimal]]:
        """Yield each unit that deliveries consume, with its limit."""
        if self.messages is not None:
            yield "messages", self.messages
        if self.cost is not None:
            yield "cost", self.cost
        if self.tokens is not None:
            yield "tokens", self.tokens

    def expected(self, own: Estimate | None) -> Estimate | None:
        """Return what a delivery to an agent reserves; None if unknown.

        Args:
            own: The estimate on the agent's card.
        """
        return self.estimate if own is None else own


def zone_of(name: str) -> datetime.tzinfo:
    """Return a time zone.

    Raises:
        ValueError: There is none of that name.
    """
    if name == "UTC":
        return datetime.UTC
    import zoneinfo  # noqa: PLC0415 - five milliseconds, for those whose days begin elsewhere

    try:
        if len(name) > MAX_ZONE:
            raise ValueError
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones() if len(name) <= MAX_ZONE else set()
        hint = did_you_mean(name, sorted(known)) or "; write an IANA name such as Europe/Berlin"
        raise ValueError(f"no time zone {name[:MAX_ZONE]!r}{hint}") from None


class Use(NamedTuple):
    """Consumption of a budget."""

    messages: int = 0
    cost: Decimal = Decimal(0)
    tokens: int = 0


class Ledger(Protocol):
    """Stores what tenants have used in a day, so that it survives the process.

    It is called on the loop and must not block for long.

    Without a ledger, daily budgets are kept in memory only and restart with the process.
    """

    def used(self, budget: str, tenant: str | None, day: datetime.date) -> Use:
        """Return what was used before; called once, at the first delivery. If it raises, that delivery is denied."""
        ...

    def add(self, budget: str, tenant: str | None, day: datetime.date, use: Use) -> None:
        """Add to what was used. An exception is logged, and the budget continues in memory."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The admission rules of a runtime; a delivery is admitted if every rule that covers it admits it.

    Raises:
        ValueError: Two rules have the same id.
    """

    rates: tuple[Rate, ...] = ()
    budgets: tuple[Budget, ...] = ()
    ledger: Ledger | None = None
    """Keeps daily budgets when the process ends; without it they are in memory only."""

    def __post_init__(self) -> None:
        ids = [rule.id for rule in (*self.rates, *self.budgets)]
        twice = next((name for at, name in enumerate(ids) if name in ids[:at]), None)
        if twice is not None:
            raise ValueError(f"two rates or budgets are called {twice!r}; each needs a name of its own")
