"""How a run went, for people: what is missing, what each agent did, what governance did, and where it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from genie.cli.drawing import plain
from genie.cli.outcome import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from genie.cli.outcome import Outcome

_COLOURS = {
    Status.COMPLETE: "bold green",
    Status.PARTIAL: "bold yellow",
    Status.HELD: "bold magenta",
    Status.FAILED: "bold red",
    Status.DENIED: "bold red",
}


def render_summary(outcome: Outcome) -> Iterator[RenderableType]:
    """Yield what belongs under a report."""
    yield from _named("Missing", [f"{agent}: {reason}" for agent, reason in outcome.missing()])
    if outcome.agents:
        yield _agents(outcome)
    counts = outcome.messages
    told = [f"{counts[name]} {name.replace('_', ' ')}" for name in counts if counts[name] or name == "accepted"]
    yield Text("Messages: " + ", ".join(told), style="dim")
    yield from _named("Because", list(outcome.reasons))
    closing = f"{outcome.status} in {outcome.elapsed_ms:,.0f} ms, run {outcome.run_id}"
    yield Text(closing, style=_COLOURS[outcome.status])


def _agents(outcome: Outcome) -> Table:
    table = Table(title=Text("Agents", style="bold"), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("agent")
    for name in ("handled", "failed", "median ms"):
        table.add_column(name, justify="right")
    for name, counts in sorted(outcome.agents.items()):
        median = counts.get("p50_ms")
        failed = counts.get("failed") or 0
        table.add_row(
            name, str(counts.get("handled", 0)), Text(str(failed), style="red" if failed else "dim"),
            "-" if median is None else f"{median:,.2f}",
        )  # fmt: skip
    return table


def _named(title: str, lines: list[str]) -> Iterator[RenderableType]:
    if lines:
        yield Text(title, style="bold")
    for line in lines:
        yield Text(f"  {plain(line)}")
