"""The story of a run: the messages between agents, and for each delivery its time, its verdict and its end."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from genie.contracts.rendering import (
    Block,
    Branch,
    Card,
    Chart,
    Column,
    Course,
    Diagram,
    Facts,
    Figure,
    Lines,
    Link,
    Node,
    Paragraph,
    Report,
    Section,
    Span,
    Table,
    Text,
    Tile,
    Tiles,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genie.contracts.rendering import Tone
    from genie.reports.run_record import Delivered, RunRecord, Sent

MOST_NODES = 40
MOST_LINKS = 120
MOST_LANES = 24
MOST_ROWS = 500
MOST_BRANCHES = 400
MOST_POINTS = 400
MOST_OPENED = 100
"""Maximum number of messages that a page lists with their payloads."""
MOST_CHARACTERS = 200_000
"""Maximum characters of payloads on a page, so that it stays small enough for mail."""
_TONES: dict[str, Tone] = {
    "allow": "good", "redact": "warn", "hold": "warn", "deny": "bad", "handled": "good", "answered": "good",
    "held": "warn", "denied": "bad", "expired": "bad", "cancelled": "warn", "dead lettered": "bad",
}  # fmt: skip
_MOODS = {
    "accepted": "good", "started": "good", "handled": "good", "answered": "good", "progress": "good",
    "released": "good", "effect": "good", "timed": "good",
    "redacted": "warn", "held": "warn", "retrying": "warn", "late": "warn", "judged": "warn",
}  # fmt: skip


def run_report(record: RunRecord) -> Report:
    """Return the report of a run in a journal."""
    return Report(
        (*run_sections(record), *_judges(record)), _headline(record), more="the journal has them all", rows=MOST_ROWS
    )


def run_sections(record: RunRecord) -> tuple[Section, ...]:
    """Return the run as sections of a page: its deliveries, and the content of each message."""
    record.close()
    opened = list(itertools.islice(record.sent.values(), MOST_OPENED))
    room = MOST_CHARACTERS
    said = []
    for number, one in enumerate(opened, 1):
        room -= len(one.payload)
        said.append(_message(number, one, record, shown=room >= 0))
    beyond = len(record.sent) + record.left_out["messages"] - len(opened)
    more: tuple[Block, ...] = (Paragraph(f"and {beyond:,} more messages", "note"),) if beyond else ()
    run = Section("The run, delivery by delivery", tuple(_run(record)))
    return (run, Section("What the messages said", (*said, *more))) if said else (run,)


def _judges(record: RunRecord) -> Iterator[Section]:
    cards = []
    if record.policies:
        cards.append(Card("Policies", (Lines(record.policies),)))
    if record.policy_set:
        facts = (("Policy set, SHA-256", record.policy_set), ("Environment", record.environment))
        cards.append(Card("Policy set", (Facts(tuple(pair for pair in facts if pair[1])),)))
    if record.agents:
        cards.append(Card("Agents", (Lines(record.agents),)))
    if cards:
        yield Section("Judged by", tuple(cards))


def _headline(record: RunRecord) -> str:
    record.close()
    judged = sum(record.verdicts.values())
    refused, held = record.verdicts["deny"], record.verdicts["hold"]
    return (
        f"{_counted(len(record.sent) + record.left_out['messages'], 'message')}, {_counted(judged, 'delivery')}: "
        f"{judged - refused - held:,} let through, {refused:,} denied, {held:,} held."
    )


def _counted(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def _run(record: RunRecord) -> Iterator[Block]:
    deliveries = list(record.deliveries.values())
    if not deliveries:
        yield Paragraph("The journal contains no delivery.")
        return
    verdicts = record.verdicts
    yield Tiles((
        Tile("Deliveries", f"{len(deliveries):,}", "" if record.policies == () else "each judged before it was made"),
        Tile("Allowed", f"{verdicts['allow']:,}"), Tile("Masked", f"{verdicts['redact']:,}"),
        Tile("Held", f"{verdicts['hold']:,}"), Tile("Denied", f"{verdicts['deny']:,}"),
    ))  # fmt: skip
    if record.sent:
        yield Card("What caused what, and when", (course(record),), wide=True)
    yield Card("Messages between agents", (_diagram(record),), wide=True)
    yield Card("Every delivery, with its verdict", (_deliveries(record, deliveries),), wide=True)
    yield _timeline(record)
    if record.left_out:
        told = ", ".join(f"{count:,} {name}" for name, count in record.left_out.items())
        yield Card("Left out, because the run is large", (Lines((told,)),), wide=True)


def course(record: RunRecord) -> Course:
    """Return the deliveries of a run as a tree of causes, each with its bar on one axis of time."""
    record.close()
    began = min((one.at for one in record.sent.values()), default=0.0)
    to: dict[str, list[Delivered]] = defaultdict(list)
    caused: dict[str, list[Sent]] = defaultdict(list)
    for one in record.deliveries.values():
        to[one.message].append(one)
    for sent in record.sent.values():
        caused[sent.cause if sent.cause in record.sent else ""].append(sent)
    branches: list[Branch] = []
    waiting: list[tuple[Sent, int] | Branch] = [(sent, 0) for sent in reversed(caused[""])]
    while waiting and len(branches) < MOST_BRANCHES:
        step = waiting.pop()
        if isinstance(step, Branch):
            branches.append(step)
            continue
        sent, depth = step
        below: list[tuple[Sent, int] | Branch] = []
        left = list(caused.pop(sent.id, ()))
        for one in to[sent.id]:
            below.append(_branch(sent.topic, one, depth, began))
            below += [(child, depth + 1) for child in left if child.sender == one.recipient]
            left = [child for child in left if child.sender != one.recipient]
        if not to[sent.id]:
            below.append(Branch(f"{sent.topic} → nobody", depth, sent.at - began, ()))
        below += [(child, depth + 1) for child in left]
        waiting += reversed(below)
    until = max((span.end for one in branches for span in one.spans), default=0.0)
    left_out = len(record.deliveries) - len(branches)
    note = f"and {left_out:,} more deliveries" if left_out > 0 and waiting else ""
    return Course(tuple(branches), max(until, 1e-6), note)


def _branch(topic: str, one: Delivered, depth: int, began: float) -> Branch:
    spans = tuple(Span(span.kind, span.start - began, span.end - began) for span in one.spans)
    verdict = "" if one.verdict == "allow" else f"{one.verdict}: {'; '.join(found.policy for found in one.said)}"
    why = one.why if one.why and one.outcome not in {"handled", "answered"} else ""
    state = "; ".join(dict.fromkeys(filter(None, (verdict, one.outcome, why, *_counts(one.steps)))))
    tone = max(_TONES.get(one.verdict, ""), _TONES.get(one.outcome, ""), key=_rank)
    return Branch(f"{topic} → {one.recipient}", depth, one.at - began, spans, state, "" if tone == "good" else tone)


def _counts(steps: list[str]) -> list[str]:
    counts = Counter(step for step in steps if step not in {"held", "released"})
    return [f"{step} {count} times" if count > 1 else step for step, count in counts.items()]


def _diagram(record: RunRecord) -> Diagram:
    names = list(dict.fromkeys(name for link in record.links for name in link))[:MOST_NODES]
    places = {name: place for place, name in enumerate(names)}
    worst: dict[tuple[str, str], Tone] = {}
    for one in record.deliveries.values():
        tone, ends = _TONES.get(one.verdict, ""), (one.sender, one.recipient)
        if _rank(tone) > _rank(worst.get(ends, "")):
            worst[ends] = tone
    links = tuple(
        Link(places[start], places[end], ", ".join(f"{count:,} x {topic}" for topic, count in topics.items()),
             worst.get((start, end), ""))
        for (start, end), topics in record.links.items() if start in places and end in places
    )  # fmt: skip
    beyond = max(0, len({name for link in record.links for name in link}) - len(names)) + max(
        0, len(links) - MOST_LINKS
    )
    note = f"and {beyond:,} more agents and links" if beyond else ""
    return Diagram(tuple(map(Node, names)), links[:MOST_LINKS], note)


def _rank(tone: Tone) -> int:
    return ("", "dim", "good", "warn", "bad").index(tone)


def _timeline(record: RunRecord) -> Figure:
    steps = record.steps[:MOST_POINTS]
    began = steps[0].at if steps else 0.0
    who = [one.sender if one.kind == "accepted" or not one.recipient else one.recipient for one in steps]
    lanes = list(dict.fromkeys(who))[:MOST_LANES]
    drawn = [place for place in range(len(steps)) if who[place] in lanes]
    position = {place: number for number, place in enumerate(drawn)}
    sent = {one.message: place for place, one in enumerate(steps) if one.kind == "accepted"}
    arrows = []
    for place in drawn:
        one = steps[place]
        cause = sent.get(one.cause if one.kind == "accepted" else one.message)
        if cause is not None and cause in position and cause != place:
            arrows.append([position[cause], position[place]])
    points = [
        [round(one.at - began, 6), lanes.index(who[place]), _MOODS.get(one.kind, "bad"), _told(one, began)]
        for place, one in ((place, steps[place]) for place in drawn)
    ]
    left_out = f"The first {len(steps):,} of {sum(record.kinds.values()):,} steps are drawn." \
        if sum(record.kinds.values()) > len(steps) else ""  # fmt: skip
    return Figure(
        "timeline", "Timeline", steps_of(record),
        f"A line leads from each message to the steps that it caused. {left_out}".rstrip(),
        Chart(
            "lanes", {"names": lanes, "arrows": arrows, "steps": points, "axis": "seconds from the start"},
            says=f"{len(points):,} steps of {len(lanes):,} agents over time. The table has every one.",
            keys=(("good", "sent, delivered, handled"), ("warn", "masked, held, retried"), ("bad", "denied, failed")),
        ),
        wide=True,
    )  # fmt: skip


def steps_of(record: RunRecord) -> Table:
    """Return every step of a run, in the order of time."""
    began = record.steps[0].at if record.steps else 0.0
    columns = (Column("at, ms", number=True), *map(Column, ("what", "message", "from", "to", "why")))
    rows = tuple(
        (_ms(one.at - began), one.kind.replace("_", " "), one.topic, one.sender, one.recipient or None, one.why or None)
        for one in record.steps
    )
    return Table("Timeline", columns, rows)


def _told(one: object, began: float) -> str:
    at, kind, topic, why = (getattr(one, name) for name in ("at", "kind", "topic", "why"))
    return f"{_ms(at - began)} ms: {kind.replace('_', ' ')} {topic}" + (f" ({why})" if why else "")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}"


def _deliveries(record: RunRecord, deliveries: list[Delivered]) -> Table:
    began = record.steps[0].at if record.steps else 0.0
    columns = (
        Column("at, ms", number=True), Column("message"), Column("from"), Column("to"), Column("verdict", whole=True),
        Column("why"), Column("ended", whole=True), Column("took, ms", number=True),
    )  # fmt: skip
    rows = tuple(
        (
            _ms(one.at - began), one.topic, one.sender, one.recipient, Text(one.verdict, _TONES.get(one.verdict, "")),
            _why(one, record.policies), Text(one.outcome, _TONES.get(one.outcome, "")),
            None if one.ended is None else _ms(one.ended - one.at),
        )
        for one in deliveries
    )  # fmt: skip
    return Table("Deliveries and verdicts", columns, rows)


def _why(one: Delivered, policies: tuple[str, ...] | None) -> str:
    said = "; ".join(f"{found.policy}: {found.why or found.verdict}" for found in one.said)
    if not said and one.verdict == "allow":
        known = "no policy objected" if policies is None else "no policy is in force"
        said = f"none of {_counted(len(policies), 'policy')} objected" if policies else known
    masked = f"masked: {', '.join(one.masked)}" if one.masked else ""
    ended = one.why if one.why and one.outcome not in {"handled", "answered"} else ""
    between = ", ".join(one.steps)
    return "; ".join(dict.fromkeys(filter(None, (said, masked, between, ended))))


def _message(number: int, one: Sent, record: RunRecord, *, shown: bool) -> Card:
    to = [found for found in record.deliveries.values() if found.message == one.id]
    facts = (
        ("Id", one.id), ("Caused by", one.cause), ("Label", one.label), ("Found", ", ".join(one.findings)),
        ("Masked for you", ", ".join(one.masked)), ("Withheld from you", one.withheld),
    )  # fmt: skip
    verdicts = Lines(tuple(f"{found.recipient}: {found.verdict}, {_why(found, record.policies)}" for found in to))
    blocks: list[Block] = [Facts(tuple(pair for pair in facts if pair[1]))]
    if verdicts.items:
        blocks.append(verdicts)
    if one.payload and not shown:
        blocks.append(Paragraph("The page has no room for this payload; see the journal.", "note"))
    elif one.payload:
        more = f"\n… ({one.left_out:,} more characters)" if one.left_out else ""
        blocks.append(Paragraph(one.payload + more, "letter"))
    recipients = ", ".join(found.recipient for found in to[:5]) or "nobody"
    return Card(
        f"{number}. {one.topic}: {one.sender} to {recipients}", tuple(blocks), wide=True, only="page", folded=True
    )
