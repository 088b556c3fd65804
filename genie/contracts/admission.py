"""Rates and budgets as plain values: how often deliveries may be made, and what they may use. No clock, no I/O.

They are admission rules of the supervisor, not policies: a delivery meets them once, before it is judged.
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
"""Characters of a time zone's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Which deliveries a rule is about; None means all.

    Raises:
        ValueError: A list is empty, which would cover nothing.
    """

    id: str
    """Name of the rule in reasons, statistics and metrics."""
    topics: frozenset[str] | None = None
    """Names of topics, or ``family.*`` for all below a family."""
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
        """Return True when deliveries of a topic to an agent are covered, whatever their tenant."""
        if self.agents is not None and agent not in self.agents:
            return False
        return self.topics is None or any(within(rule, topic) for rule in self.topics)


def within(rule: str, topic: str) -> bool:
    """Return True when a topic is named by a rule: its own name, or ``family.*``."""
    return rule == topic or (rule.endswith(".*") and topic.startswith(rule[:-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Cover):
    """A token bucket for each tenant, sender, topic, recipient, or combination of them.

    Raises:
        ValueError: A number makes no rate.
    """

    per_s: float
    """Deliveries a second in the long run, above 0."""
    burst: int = 1
    """Deliveries at once, at least 1: what a full bucket holds."""
    per: tuple[Part, ...] = ()
    """What has a bucket of its own; with several, each combination has one; with none, there is one for all."""
    wait_s: float = 0.0
    """Longest time that a delivery waits for its turn, in flight as timed; beyond that it is denied at once."""

    def __post_init__(self) -> None:
        Cover.__post_init__(self)
        if not 0 < self.per_s < math.inf or self.burst < 1 or not 0 <= self.wait_s < math.inf:
            raise ValueError(f"rate {self.id!r}: per_s is above 0, burst at least 1, wait_s at least 0, all finite")
        if len(set(self.per)) < len(self.per) or not set(self.per) <= set(PARTS):
            raise ValueError(f"rate {self.id!r}: `per` names {', '.join(PARTS)}, each once, not {list(self.per)}")

    def __str__(self) -> str:
        each = f" for each {' and '.join(self.per)}" if self.per else ""
        return f"rate {self.id}: more than {self.per_s:g} a second{each}, {self.burst} at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Cover):
    """What one run, or one tenant in one calendar day, may use.

    A delivery reserves one message and its agent's estimate before it is judged, and is denied when there is not that
    much left. What handlers charge is taken from the reservation first; what is left of it is free again when the
    delivery ends.

    Raises:
        ValueError: No limit is set, or a limit, the estimate or the zone makes no budget.
    """

    per: Literal["run", "tenant_day"] = "run"
    """``tenant_day``: each tenant has it once more every calendar day; what has no tenant shares one."""
    zone: str = "UTC"
    """IANA name of the zone whose midnight begins a day."""
    messages: int | None = None
    """Deliveries; those that end ``denied`` do not count."""
    cost: Decimal | None = None
    """In the operator's own unit; given as a ``Decimal``, an int, text, or a float, which counts as it is written."""
    tokens: int | None = None
    wall_s: float | None = None
    """Seconds from a run's beginning to its end; not while it waits for a person."""
    estimate: Estimate | None = None
    """Reserved for deliveries to agents whose card has none."""

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
            raise ValueError(f"budget {self.id!r}: wall_s bounds whole runs: `per: run`, no topics, no agents")
        if self.per == "run" and self.zone != "UTC":
            raise ValueError(f"budget {self.id!r}: a zone says when a day begins; it needs `per: tenant_day`")
        zone_of(self.zone)

    def limits(self) -> Iterator[tuple[Unit, int | Decimal]]:
        """Yield what deliveries pay in, with the limit of each."""
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
    """What was used of a budget."""

    messages: int = 0
    cost: Decimal = Decimal(0)
    tokens: int = 0


class Ledger(Protocol):
    """Keeps what tenants have used in a day beyond the life of a process. Called on the loop; must not block for long.

    Without one, budgets of a day live in memory alone and start again with the process.
    """

    def used(self, budget: str, tenant: str | None, day: datetime.date) -> Use:
        """Return what was used before; asked once, at the first delivery. A ledger that raises denies that delivery."""
        ...

    def add(self, budget: str, tenant: str | None, day: datetime.date, use: Use) -> None:
        """Add to what was used; what raises is logged, and the budget goes on in memory."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The admission rules of a runtime; a delivery is admitted when all that cover it admit it.

    Raises:
        ValueError: Two rules have one id.
    """

    rates: tuple[Rate, ...] = ()
    budgets: tuple[Budget, ...] = ()
    ledger: Ledger | None = None
    """Keeps budgets of a day when the process ends; in memory alone without."""

    def __post_init__(self) -> None:
        ids = [rule.id for rule in (*self.rates, *self.budgets)]
        twice = next((name for at, name in enumerate(ids) if name in ids[:at]), None)
        if twice is not None:
            raise ValueError(f"two rates or budgets are called {twice!r}; each needs a name of its own")
