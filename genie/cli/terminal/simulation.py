"""The result of a simulation for people: outcomes, invariants, verdicts, trouble, and the worst run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from genie.cli.terminal.drawing import counted
from genie.cli.terminal.layout import Column, Grid, Line, Part, Text
from genie.simulation.durations import format_duration as shown
from genie.simulation.record import percentile
from genie.simulation.report import MAX_NAMED, held, trouble_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from genie.simulation.record import Record, Violation
    from genie.simulation.record import TimelineEntry as Step
    from genie.simulation.scenario import Scenario
    from genie.simulation.seed_search import SeedResult
    from genie.simulation.shrinking import MinimalFailure

MOST_STEPS = 24
_SHOWN = 16


def render_evidence(
    scenario: Scenario, evidence: Record, smallest: MinimalFailure | None, replay: str
) -> Iterator[Part]:
    """Yield the result of one seed."""
    yield Line.of(f"{scenario.title}: seed {evidence.seed}", "bold")
    if scenario.section.story:
        yield Line.of(" ".join(scenario.section.story.split()), "dim")
    yield Line.of("")
    yield Line.of(
        f"{counted(len(evidence.runs), 'run')} and {counted(evidence.messages, 'message')} "
        f"in {shown(evidence.virtual_s)} of virtual time"
    )
    yield from _outcomes(evidence)
    yield from _invariants(scenario, evidence.violations)
    yield from _verdicts("Verdicts", evidence.verdicts)
    if scenario.section.compared is not None:
        title = f"What {scenario.section.compared.id} would have decided on {evidence.compared_of:,} deliveries"
        yield from _verdicts(title, evidence.compared)
    if scenario.section.swarm:
        yield from _head("Trouble that this seed draws")
        yield Line.of(", ".join(trouble_names(scenario, evidence)) or "none")
    if evidence.injected:
        yield from _head("Trouble")
        table = Grid((Column("what"), Column("times", right=True)))
        for name, count in evidence.injected.most_common(_SHOWN):
            table.add(name, f"{count:,}")
        yield table
    if evidence.violations:
        yield from _timeline(evidence.worst, evidence.timeline)
    yield from _smallest(smallest, replay)
    yield Line.of("")
    yield Line.of(f"journal {evidence.journal_sha256}", "dim")


def render_explored(
    scenario: Scenario, tried: Sequence[SeedResult], smallest: MinimalFailure | None, replay: str
) -> Iterator[Part]:
    """Yield the result of many seeds."""
    broken = [one for one in tried if one.broken]
    runs, messages = sum(one.runs for one in tried), sum(one.messages for one in tried)
    yield Line.of(f"{scenario.title}: {counted(len(tried), 'seed')}", "bold")
    breaking = counted(len(broken), "seed breaks", "seeds break")
    yield Line.of(f"{counted(runs, 'run')} and {counted(messages, 'message')}; {breaking} an invariant")
    yield from _invariants(scenario, [breach for one in broken for breach in one.violations])
    if broken:
        seeds = ", ".join(str(one.seed) for one in broken[:_SHOWN])
        more = f" and {len(broken) - _SHOWN} more" if len(broken) > _SHOWN else ""
        yield Line.of("")
        yield Line.of(f"failing seeds: {seeds}{more}", "red")
        if smallest is None:
            yield Line.of(f"replay the first: {replay}", "bold")
    yield from _smallest(smallest, replay)


def render_difference(changed: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    """Yield the differences from a saved run."""
    yield from _head("Difference to the saved run")
    if not changed:
        yield Line.of("none")
        return
    table = Grid((Column("figure"), Column("before", right=True), Column("now", right=True)))
    for one in changed:
        table.add(str(one["figure"]), str(one["before"]), str(one["now"]))
    yield table


def _head(title: str) -> Iterator[Part]:
    yield Line.of("")
    yield Line.of(title, "bold")


def _outcomes(evidence: Record) -> Iterator[Part]:
    yield from _head("Outcomes")
    table = Grid((Column("outcome"), *(Column(name, right=True) for name in ("runs", "share", "p50", "p99", "worst"))))
    for outcome, count in evidence.outcomes().items():
        took = sorted(run.latency for run in evidence.runs if run.outcome == outcome and run.latency is not None)
        figures = [percentile(took, share) for share in (0.5, 0.99, 1.0)]
        table.add(
            outcome, f"{count:,}", f"{count / len(evidence.runs):.1%}",
            *("-" if figure is None else shown(figure) for figure in figures),
        )  # fmt: skip
    yield table


def _invariants(scenario: Scenario, violations: Iterable[Violation]) -> Iterator[Part]:
    yield from _head("Invariants")
    for one in held(scenario, violations):
        yield Line((Text("holds   " if one["holds"] else "BROKEN  ", "green" if one["holds"] else "bold red"),
                    Text(one["name"])))  # fmt: skip
        for text in one["breaches"][:MAX_NAMED]:
            yield Line.of(f"        {text}", "red")


def _verdicts(title: str, verdicts: Mapping[tuple[str, str], int]) -> Iterator[Part]:
    if verdicts:
        yield from _head(title)
        table = Grid((Column("policy"), Column("verdict"), Column("times", right=True)))
        for (policy, verdict), count in Counter(verdicts).most_common(_SHOWN):
            table.add(policy, verdict, f"{count:,}")
        yield table


def _timeline(number: int | None, steps: Sequence[Step]) -> Iterator[Part]:
    if not steps:
        return
    yield from _head(f"The worst run, {number}")
    table = Grid(
        (Column("at", right=True), Column("what"), Column("topic"), Column("from"), Column("to"), Column("why"))
    )
    began = steps[0].at
    for step in steps[-MOST_STEPS:]:
        table.add(shown(step.at - began), step.kind, step.topic, step.sender, step.recipient or "", step.reason or "")
    yield table


def _smallest(smallest: MinimalFailure | None, replay: str) -> Iterator[Part]:
    if smallest is None:
        return
    yield from _head("The smallest scenario that still fails")
    yield Line.of(
        f"{counted(smallest.runs, 'run')} and {counted(smallest.trouble, 'entry', 'entries')} of trouble, "
        f"found in {counted(smallest.tries, 'try', 'tries')}"
    )
    for breach in smallest.violations[:3]:
        yield Line.of(f"  {breach.text}", "red")
    yield Line.of(f"replay it: {replay}", "bold")
