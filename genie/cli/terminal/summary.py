"""The summary of a run for people: missing parts, agents, counts of messages, and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.cli.terminal.layout import Column, Grid, Line, Part, Text
from genie.runtime.report import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.runtime.report import Outcome

_COLOURS = {
    Status.COMPLETE: "bold green",
    Status.PARTIAL: "bold yellow",
    Status.HELD: "bold magenta",
    Status.FAILED: "bold red",
    Status.DENIED: "bold red",
}


def render_summary(outcome: Outcome) -> Iterator[Part]:
    """Yield the lines below a report."""
    yield from _named("Missing", [f"{agent}: {reason}" for agent, reason in outcome.missing()])
    if outcome.agents:
        yield from _agents(outcome)
    counts = outcome.messages
    told = [f"{counts[name]} {name.replace('_', ' ')}" for name in counts if counts[name] or name == "accepted"]
    yield Line.of("")
    yield Line.of("Messages: " + ", ".join(told), "dim")
    yield from _named("Because", list(outcome.reasons))
    closing = f"{outcome.status} in {outcome.elapsed_ms:,.0f} ms, run {outcome.run_id}"
    yield Line.of(closing, _COLOURS[outcome.status])


def _agents(outcome: Outcome) -> Iterator[Part]:
    yield Line.of("")
    yield Line.of("Agents", "bold")
    numbers = (Column(name, right=True) for name in ("handled", "failed", "median ms"))
    table = Grid((Column("agent", whole=True), *numbers))
    for name, counts in sorted(outcome.agents.items()):
        median = counts.get("p50_ms")
        failed = counts.get("failed") or 0
        table.add(
            name, str(counts.get("handled", 0)), Text(str(failed), "red" if failed else "dim"),
            "-" if median is None else f"{median:,.2f}",
        )  # fmt: skip
    yield table


def _named(title: str, lines: list[str]) -> Iterator[Part]:
    if lines:
        yield Line.of("")
        yield Line.of(title, "bold")
    for line in lines:
        yield Line.of(f"  {line}")
