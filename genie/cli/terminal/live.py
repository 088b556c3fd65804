"""The live view of a run: the state of each agent, and counts of messages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from genie.cli.terminal.drawing import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from genie.inflight.events import Event

_MARKS = {
    "started": ("working", "cyan"),
    "handled": ("done", "green"),
    "held": ("held", "magenta"),
    "retrying": ("trying again", "yellow"),
    "denied": ("denied", "red"),
    "expired": ("expired", "red"),
    "cancelled": ("cancelled", "red"),
    "dead_lettered": ("failed", "red"),
}
_COUNTED = ("accepted", "handled", "denied", "redacted", "held", "expired", "cancelled", "dead_lettered")


class View:
    """The state of one run, from its events: ``update`` takes an event, ``render`` draws the view."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._agents: dict[str, tuple[str, str]] = {}
        self._notes: dict[str, str] = {}
        self._handled: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._closing = ""

    def update(self, event: Event) -> None:
        """Take one event."""
        if event.kind in _COUNTED:
            self._counts[event.kind] += 1
        agent = event.recipient
        if agent is None:
            return
        if event.kind == "handled":
            self._handled[agent] += 1
        if event.kind in _MARKS:
            self._agents[agent] = _MARKS[event.kind]
            self._notes[agent] = event.reason or ""
        elif event.kind == "progress":
            self._agents.setdefault(agent, _MARKS["started"])
            self._notes[agent] = event.reason or ""

    def interrupt(self) -> None:
        """Show that the run is being cancelled."""
        self._closing = "cancelling; Ctrl-C again ends at once"

    def render(self) -> RenderableType:
        """Return the current view."""
        table = Table("agent", "state", "handled", "", box=SIMPLE_HEAD, pad_edge=False)
        for agent, (state, colour) in self._agents.items():
            handled, note = str(self._handled[agent]), Text(plain(self._notes.get(agent, ""))[:60], style="dim")
            table.add_row(agent, Text(state, style=colour), handled, note)
        told = ", ".join(f"{self._counts[name]} {name.replace('_', ' ')}" for name in _COUNTED if self._counts[name])
        closing = [Text(self._closing, style="yellow")] if self._closing else []
        return Group(Text(plain(self._title), style="bold"), table, Text(told, style="dim"), *closing)
