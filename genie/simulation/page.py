"""The page of a simulation: invariants, latency, queues, verdicts, and the worst run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.rendering import (
    Card,
    Chart,
    Column,
    Facts,
    Figure,
    Lines,
    Notice,
    Paragraph,
    Section,
    Table,
    Tile,
    Tiles,
    counted,
)
from genie.reports.html.page import Badge, Page, stamp, whole_page
from genie.reports.run_record import RunRecord
from genie.reports.run_story import run_sections
from genie.simulation.durations import format_duration as shown
from genie.simulation.record import ANSWERED, percentile
from genie.simulation.report import MAX_NAMED, held
from genie.simulation.runner import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.rendering import Block
    from genie.simulation.record import Record
    from genie.simulation.scenario import Scenario
    from genie.simulation.shrinking import MinimalFailure
    from genie.simulation.simulation import Subset

BINS = 60
"""Intervals of virtual time for which latencies are summarised."""
MOST_AGENTS = 4
MOST_BARS = 12
_MOODS = {
    "answered": "good", "partial": "warn", "held": "warn", "allow": "good", "redact": "warn", "hold": "warn",
    "handled": "good", "accepted": "good", "retrying": "warn", "redacted": "warn", "released": "good", "late": "warn",
}  # fmt: skip


def simulation_page(
    scenario: Scenario, evidence: Record, smallest: MinimalFailure | None, replay: str, failed: Failed | None = None
) -> str:  # fmt: skip
    """Return the page of one seed."""
    broken = bool(evidence.violations)
    sections = [
        _holds(scenario, evidence),
        Section("Runs", (_tiles(evidence), *_runs(evidence)), vital=True),
        Section("Mail and governance", tuple(_mail(scenario, evidence))),
    ]
    if evidence.story:
        sections.append(_story(evidence, failed))
    sections.append(_rest(scenario, evidence))
    return whole_page(
        Page(
            title=scenario.title,
            badge=Badge("Broken", "broken") if broken else Badge("Holds", "holds"),
            standing=(f"seed {evidence.seed}", f"from {stamp(scenario.section.start)}"),
            head=tuple(_head(scenario, evidence, smallest, replay)),
            sections=tuple(sections),
        )
    )


def _head(scenario: Scenario, evidence: Record, smallest: MinimalFailure | None, replay: str) -> Iterator[Block]:
    yield Paragraph(_answer(scenario, evidence), "answer")
    story = " ".join(scenario.section.story.split())
    if story:
        yield Paragraph(story, "question")
    if smallest is not None:
        yield Notice(
            f"The smallest failing scenario has {counted(smallest.runs, 'run')} and "
            f"{counted(smallest.trouble, 'entry', 'entries')} of trouble.",
            (Paragraph(replay, "code"),),
        )


def _answer(scenario: Scenario, evidence: Record) -> str:
    names = list(dict.fromkeys(one.invariant for one in evidence.violations))
    if names:
        return f"{' and '.join(names)} {'do' if len(names) > 1 else 'does'} not hold."
    count = len(scenario.invariants)
    over = f"{counted(len(evidence.runs), 'run')} and {counted(evidence.messages, 'message')}"
    return f"All {count} invariants hold over {over}."


def _holds(scenario: Scenario, evidence: Record) -> Section:
    rows = [
        (one["name"], "holds" if one["holds"] else "BROKEN", "; ".join(one["breaches"][:3]) or None)
        for one in held(scenario, evidence.violations)
    ]
    titles = ("invariant", "result", "how it was broken")
    width = 3 if any(how for _, _, how in rows) else 2
    table = _table("Invariants", titles[:width], (row[:width] for row in rows), numbers=False)
    return Section("Invariants", (Card("", (table,), wide=True),), vital=True)


def _table(
    caption: str, titles: Iterable[str], rows: Iterable[tuple[str | None, ...]], *, numbers: bool = True
) -> Table:
    """Return a table; all columns but the first are numbers by default."""
    columns = tuple(Column(title, number=numbers and place > 0) for place, title in enumerate(titles))
    return Table(caption, columns, tuple(rows))


def _tiles(evidence: Record) -> Tiles:
    took = evidence.latencies()
    answered = sum(run.outcome in ANSWERED for run in evidence.runs)
    share = f"{answered / len(evidence.runs):.1%}" if evidence.runs else "-"
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    return Tiles((
        Tile("Runs", f"{len(evidence.runs):,}", f"in {shown(evidence.virtual_s)}"),
        Tile("With an answer", share, counted(answered, "run")),
        Tile("Messages", f"{evidence.messages:,}"),
        Tile("Median latency", "-" if p50 is None else shown(p50), "virtual"),
        Tile("p99", "-" if p99 is None else shown(p99), "virtual"),
    ))  # fmt: skip


def _runs(evidence: Record) -> Iterator[Figure]:
    yield _latency(evidence)
    outcomes = evidence.outcomes()
    total = sum(outcomes.values()) or 1
    rows = ((name, f"{count:,}", f"{count / total:.1%}") for name, count in outcomes.items())
    yield _tally("outcomes", "Outcomes", "How runs ended.", outcomes, ("outcome", "runs", "share"), rows)
    reasons = Counter(run.reason for run in evidence.runs if run.reason)
    if reasons:
        cells = ((reason, f"{count:,}") for reason, count in reasons.most_common(MOST_BARS))
        yield Figure(
            id="reasons", title="Why there was no answer", note="The most frequent reasons.",
            table=_table("Reasons", ("reason", "runs"), cells),
        )  # fmt: skip


def _latency(evidence: Record) -> Figure:
    width = max(evidence.virtual_s, 1e-9) / BINS
    bins: list[list[float]] = [[] for _ in range(BINS)]
    for run in evidence.runs:
        if run.latency is not None and run.outcome in ANSWERED:
            bins[min(BINS - 1, int(run.at / width))].append(run.latency)
    ordered = [sorted(one) for one in bins]
    series = {name: [percentile(one, share) for one in ordered] for name, share in (("p50", 0.5), ("p99", 0.99))}
    rows = (
        (shown(place * width), f"{len(one):,}", *(_seconds(series[name][place]) for name in series))
        for place, one in enumerate(ordered) if one
    )  # fmt: skip
    columns = ("from", "runs", "p50 s", "p99 s")
    return Figure(
        id="latency", title="Latency over virtual time",
        note="Virtual seconds until the answer, for the runs that started in each interval.",
        chart=Chart(
            "course",
            {
                "at": [_moment(place * width) for place in range(BINS)], "unit": "s",
                "lines": [[name, [None if one is None else round(one, 6) for one in found]]
                          for name, found in series.items()],
            },
            says="Median and 99th percentile of latency over virtual time. The table below has every figure.",
            keys=(("p50", "p50"), ("p95", "p99")),
        ),
        table=_table("Latency over virtual time", columns, rows), wide=True,
    )  # fmt: skip


def _mail(scenario: Scenario, evidence: Record) -> Iterator[Figure]:
    yield _queues(evidence)
    verdicts = {f"{policy}: {verdict}": count for (policy, verdict), count in evidence.verdicts.items()}
    if verdicts:
        rows = ((name, f"{count:,}") for name, count in Counter(verdicts).most_common())
        note = "Decisions that were more than a plain allow."
        yield _tally("verdicts", "Verdicts by policy", note, verdicts, ("policy", "times"), rows)
    compared = scenario.section.compared
    if compared is not None:
        found = {f"{policy}: {verdict}": count for (policy, verdict), count in evidence.compared.items()}
        cells = ((name, f"{count:,}") for name, count in Counter(found).most_common())
        note = (
            f"Verdicts of {compared.id} on {evidence.compared_of:,} deliveries that went through; it would have "
            f"refused {evidence.stricter:,}."
        )
        yield _tally("compared", "The compared policies", note, found, ("policy", "times"), cells)
    if evidence.injected:
        rows = ((name, f"{count:,}") for name, count in evidence.injected.most_common())
        troubled = dict(evidence.injected)
        yield _tally("trouble", "Trouble", "What the scenario did.", troubled, ("what", "times"), rows, mood="warn")


def _queues(evidence: Record) -> Figure:
    most: Counter[str] = Counter()
    for sample in evidence.samples:
        for agent, count in sample.queued.items():
            most[agent] = max(most[agent], count)
    agents = [agent for agent, _ in most.most_common(MOST_AGENTS)]
    drawn: list[list[object]] = [["runs in flight", [sample.runs for sample in evidence.samples]]]
    drawn += [[agent, [sample.queued.get(agent, 0) for sample in evidence.samples]] for agent in agents]
    columns = ("at", "runs in flight", *agents)
    rows = (
        (shown(one.at), f"{one.runs:,}", *(f"{one.queued.get(agent, 0):,}" for agent in agents))
        for one in evidence.samples if one.runs or one.queued
    )  # fmt: skip
    hues = ("p50", "p95", "p99", "net", "bare")
    return Figure(
        id="queues", title="Queue depths", note="Runs in flight, and the fullest mailboxes.",
        chart=Chart(
            "course",
            {"at": [_moment(one.at) for one in evidence.samples], "unit": "", "lines": drawn},
            says="Runs in flight and the fullest mailboxes over virtual time. The table below has every figure.",
            keys=tuple(zip(hues, ("Runs in flight", *agents), strict=False)),
        ),
        table=_table("Queue depths", columns, rows), wide=True,
    )  # fmt: skip


def _tally(
    name: str, title: str, note: str, counts: Mapping[str, int], columns: tuple[str, ...],
    rows: Iterable[tuple[str, ...]], *, mood: str | None = None,
) -> Figure:  # fmt: skip
    largest = Counter(counts).most_common(MOST_BARS)
    return Figure(
        id=name, title=title, note=note,
        chart=Chart(
            "tally",
            {
                "names": [word for word, _ in largest], "counts": [count for _, count in largest],
                "moods": [mood or _MOODS.get(word.rpartition(" ")[2], "bad") for word, _ in largest],
            },
            says=f"{title}: " + ", ".join(f"{word} {count:,}" for word, count in largest[:5]) + ".",
        ) if largest else None,
        table=_table(title, columns, rows),
    )  # fmt: skip


def failed_run(scenario: Scenario, evidence: Record, smallest: MinimalFailure | None, part: Subset) -> Failed | None:
    """Return the first run that broke an invariant, simulated again to record it completely; None if no run is named.

    Args:
        scenario: The scenario.
        evidence: Its record.
        smallest: The smallest failing scenario, whose run is used if there is one.
        part: The part that was simulated.
    """
    if smallest is not None:
        part, evidence = smallest.part, simulate(scenario, evidence.seed, part=smallest.part)
    number = next((one.run for one in evidence.violations if one.run is not None), None)
    if number is None:
        return None
    return Failed(number, simulate(scenario, evidence.seed, part=part, follow=number))


class Failed(NamedTuple):
    """A run that broke an invariant."""

    number: int
    record: Record
    """Record of the simulation that follows it."""


def _story(evidence: Record, failed: Failed | None) -> Section:
    """Return the first run that broke an invariant, or else the slowest one, in the form of a run's page."""
    number, told = (evidence.worst, evidence) if failed is None else failed
    run = RunRecord()
    for line in told.story:
        run.add(line)
    which = "the slowest one" if failed is None else "the first that broke an invariant"
    found = next((one for one in told.runs if one.number == number), None)
    ended = "" if found is None else f" It ended {found.outcome} after {shown(found.latency or 0.0)}."
    note = Paragraph(f"This is {which}.{ended} Times are virtual.", "note")
    return Section(f"Run {number}", (note, *run_sections(run)[0].blocks), vital=failed is not None)


def _rest(scenario: Scenario, evidence: Record) -> Section:
    section = scenario.section
    trouble = [
        " ".join(filter(None, (
            one.kind, one.agent, one.topic, f"at {one.rate:.0%}", f"from {shown(one.start)}" if one.start else "",
            f"until {shown(one.until)}" if one.until else "",
        )))
        for one in section.trouble
    ]  # fmt: skip
    about = Facts((
        ("Pipeline", scenario.pipeline.id), ("Seed", str(evidence.seed)),
        ("Lines of the journal", f"{evidence.records:,}"),
        ("SHA-256 of the journal", evidence.journal_sha256), ("Virtual time", shown(evidence.virtual_s)),
    ))  # fmt: skip
    cards = (
        Card("What was simulated", (about,)),
        Card("Trouble in the scenario", (Lines(tuple(trouble[:MAX_NAMED]) or ("none",)),)),
    )
    return Section("About this simulation", cards)


def _seconds(found: float | None) -> str | None:
    return None if found is None else f"{found:,.3f}"


def _moment(at: float) -> str:
    days, rest = divmod(int(at), 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}"
    return f"d{days} {clock}" if days else clock
