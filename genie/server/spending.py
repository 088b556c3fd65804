"""Calls and costs of the models of served pipelines, by day, key, pipeline and model.

Each tenant has its own table. A call of unknown cost is counted as a call without a price, never as free.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.limits import EXACT
from genie.contracts.model_call import ModelFailed, ModelReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.message import Payload
    from genie.edges.llm.agent import ModelAgent
    from genie.server.hosting import Hosted, HostedRun

KINDS = (ModelReply, ModelFailed)
MOST_DAYS = 62
"""Number of days that are stored."""
MOST_ROWS = 5_000
"""Number of rows of one tenant; further calls are counted in an anonymous row."""
MOST_TOGETHER = 100_000
"""Number of rows of all tenants; beyond it each tenant counts in anonymous rows."""
MOST_TENANTS = 10_000
"""Number of tenants with spending in memory; model calls of further tenants are refused."""
OTHERS = ("", "", "", "")


class Place(NamedTuple):
    """Caller, model and day."""

    day: str
    key: str
    user: str
    pipeline: str
    model: str


class Row:
    """Totals of one place."""

    __slots__ = ("calls", "cost", "estimated", "failed", "input", "output", "unpriced")

    def __init__(self) -> None:
        self.calls = self.failed = self.unpriced = self.estimated = self.input = self.output = 0
        self.cost = Decimal(0)

    def take(self, reply: ModelReply | ModelFailed) -> None:
        """Count a call."""
        usage = reply.usage
        self.calls += 1
        self.input += usage.input
        self.output += usage.output
        self.estimated += usage.estimated
        self.failed += isinstance(reply, ModelFailed)
        if reply.cost is not None:
            self.cost = EXACT.add(self.cost, reply.cost)
        elif isinstance(reply, ModelReply) or usage.input or usage.output:
            self.unpriced += 1

    def add(self, other: dict[str, Any]) -> None:
        """Add the totals of an earlier process."""
        for name in ("calls", "failed", "unpriced", "estimated", "input", "output"):
            setattr(self, name, getattr(self, name) + int(other[name]))
        self.cost = EXACT.add(self.cost, Decimal(other["cost"]))

    def shown(self) -> dict[str, Any]:
        """Return the totals as JSON values; costs are exact decimal text."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "cost"} | {"cost": f"{self.cost:f}"}


class Spending:
    """The tables of all tenants.

    Args:
        now: Seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tables: OrderedDict[str | None, dict[Place, Row]] = OrderedDict()
        self._count = 0
        self.changed: Callable[[str | None, str], None] = lambda _tenant, _day: None
        """Called with a tenant and a day that have new spending."""
        self.release: Callable[[str | None], bool] = lambda _tenant: False
        """Called with a tenant that may be dropped from memory; returns whether its rows are stored and can be loaded
        again."""

    def today(self) -> datetime.date:
        """Return the day, in UTC."""
        return datetime.datetime.fromtimestamp(self._now(), datetime.UTC).date()

    def note(self, run: HostedRun, reply: Payload) -> None:
        """Count a payload if it is the result of a model call."""
        if not isinstance(reply, KINDS):
            return
        caller, day = run.principal.caller, self.today().isoformat()
        key = run.principal.id.removeprefix("key:")
        self._row(caller.tenant, Place(day, key, caller.user, run.pipeline, reply.model)).take(reply)
        self.changed(caller.tenant, day)

    def take_up(self, tenant: str | None, rows: list[dict[str, Any]]) -> None:
        """Add the rows of an earlier process."""
        for row in rows:
            self._row(tenant, Place(*(row[name] for name in Place._fields))).add(row)

    def rows(self, tenant: str | None, days: int = MOST_DAYS, only: str = "") -> list[dict[str, Any]]:
        """Return the rows of a tenant, the latest day first; ``only`` names one day."""
        first = (self.today() - datetime.timedelta(days=days - 1)).isoformat()
        found = sorted(self._tables.get(tenant, {}).items(), key=lambda one: one[0], reverse=True)
        return [place._asdict() | row.shown() for place, row in found if place.day >= first and only in {"", place.day}]

    def has_room(self, tenant: str | None) -> bool:
        """Return True if the spending of a tenant can be counted; no spending is ever dropped to make room."""
        if tenant in self._tables or len(self._tables) < MOST_TENANTS:
            return True
        for other in list(self._tables):  # the least recently active one first
            self._tidy(self._tables[other])
            if not self._tables[other] or self.release(other):
                self._count -= len(self._tables.pop(other))
                return True
        return False

    def _row(self, tenant: str | None, place: Place) -> Row:
        table = self._tables.setdefault(tenant, {})
        self._tables.move_to_end(tenant)
        row = table.get(place)
        if row is None:
            self._tidy(table)
            if len(table) >= MOST_ROWS or self._count >= MOST_TOGETHER:
                place = Place(place.day, *OTHERS)
            self._count += place not in table
            row = table.setdefault(place, Row())
        return row

    def _tidy(self, table: dict[Place, Row]) -> None:
        """Drop days beyond the retention."""
        first = (self.today() - datetime.timedelta(days=MOST_DAYS - 1)).isoformat()
        for old in [one for one in table if one.day < first]:
            del table[old]
            self._count -= 1


def models_of(hosted: Hosted) -> list[ModelAgent]:
    """Return the models of a pipeline."""
    if ModelReply not in {kind for one in hosted.pipeline.bindings for kind in one.card.produces}:
        return []
    from genie.edges.llm.agent import ModelAgent  # noqa: PLC0415 - start-up: for pipelines with models

    return [one.agent for one in hosted.pipeline.bindings if isinstance(one.agent, ModelAgent)]
