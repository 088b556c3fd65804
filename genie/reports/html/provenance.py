"""The origin of a run's figures: contributing agents, missing parts, and decisions of governance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.rendering import Card, Column, Facts, Lines, Paragraph, Section, Stack, Table, Tile, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genie.contracts.card import Caller
    from genie.contracts.rendering import Block
    from genie.policy.policy import PolicySet
    from genie.reports.html.witness import Decided, Witness
    from genie.runtime.report import Outcome

_ENDED = ("handled", "denied", "expired", "cancelled", "dead_lettered", "in_flight")


def provenance(
    outcome: Outcome, *, agents: Iterable[str], policies: PolicySet, caller: Caller, witness: Witness
) -> Section:
    """Return the section on the origin of an answer.

    Args:
        outcome: The run.
        agents: Ids of every agent of the pipeline; agents that did nothing are listed too.
        policies: The policies that judged every delivery.
        caller: For whom the answer was judged.
        witness: The decisions of the policies.
    """
    worked, governed, ran = _agents(outcome, agents), _governance(outcome, policies, witness), _run(outcome, caller)
    beside: tuple[Block, ...] = (worked, Stack((governed, ran)))
    if witness.decisions:
        beside = (governed, worked, ran)
    return Section("How this result was produced", (*_missing(outcome), *beside), vital=True)


def _missing(outcome: Outcome) -> Iterator[Card]:
    missing = outcome.missing()
    title = "What is missing, and why"
    if missing:
        table = Table("Missing parts", (Column("agent"), Column("reason")), missing)
        yield Card(title, (table,), wide=True)
    elif outcome.answer is None and not outcome.reasons:  # which are shown above
        yield Card(title, (Lines(("The answer did not come.",)),), wide=True)


def _agents(outcome: Outcome, agents: Iterable[str]) -> Card:
    rows = []
    idle = 0
    for name in sorted({*agents, *outcome.agents}):
        counts = outcome.agents.get(name, {})
        median, handled = counts.get("p50_ms"), counts.get("handled") or 0
        idle += not handled
        rows.append((
            name, f"{handled:,}", f"{counts.get('failed') or 0:,}", None if median is None else f"{median:,.2f}",
        ))  # fmt: skip
    told = f"{len(rows) - idle} of {len(rows)} agents contributed." if idle else f"All {len(rows)} agents contributed."
    columns = (Column("agent"), *(Column(name, number=True) for name in ("handled", "failed", "median ms")))
    return Card("Agents", (Paragraph(told, "note"), Table("What each agent did in this run", columns, tuple(rows))))


def _governance(outcome: Outcome, policies: PolicySet, witness: Witness) -> Card:
    counts = outcome.messages
    blocks: list[Block] = [
        Tiles((
            Tile("Denied", f"{counts.get('denied', 0):,}"),
            Tile("Redacted", f"{counts.get('redacted', 0):,}"),
            Tile("Held", f"{witness.kinds['held']:,}"),
        )),
        Paragraph(_judged(counts.get("accepted", 0), len(policies.policies)), "note"),
    ]  # fmt: skip
    if witness.decisions:
        columns = tuple(map(Column, ("policy", "verdict", "message", "from", "to", "why")))
        blocks.append(
            Table("Decisions that were more than a plain allow", columns, tuple(map(_decision, witness.decisions)))
        )
        beyond = sum(witness.verdicts.values()) - len(witness.decisions)
        if beyond:
            blocks.append(Paragraph(f"and {beyond:,} more decisions", "note"))
    if witness.notes:
        blocks.append(Lines(tuple(dict.fromkeys(witness.notes))))
    names = ", ".join(f"{policy.name} v{policy.version}" for policy in policies.policies) or "none"
    blocks.append(Facts((
        ("Policies in force", names), ("Environment", policies.environment.name),
        ("Policy set, SHA-256", policies.sha256),
    )))  # fmt: skip
    return Card("Governance", tuple(blocks), wide=bool(witness.decisions))


def _judged(accepted: int, policies: int) -> str:
    if not policies:
        return f"No policies are in force: {accepted:,} deliveries went unjudged."
    return f"{accepted:,} deliveries, each judged beforehand by {policies} {'policy' if policies == 1 else 'policies'}."


def _decision(decided: Decided) -> tuple[str, ...]:
    masked = f"{decided.reason}; masked: {', '.join(decided.paths)}" if decided.paths else decided.reason
    return decided.policy, decided.verdict, decided.topic, decided.sender, decided.recipient, masked


def _run(outcome: Outcome, caller: Caller) -> Card:
    counts = outcome.messages
    account = " + ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in _ENDED if counts.get(name)) or "0"
    others = [f"{counts[name]:,} {name}" for name in ("late", "unrouted") if counts.get(name)]
    pairs = [
        ("Run", outcome.run_id),
        ("Pipeline", outcome.pipeline),
        ("Took", f"{outcome.elapsed_ms:,.0f} ms"),
        ("Account", f"{counts.get('accepted', 0):,} accepted = {account}"),
        *([("Also", ", ".join(others))] if others else []),
        ("Asked by", caller.user or "unnamed caller"),
        *([("Tenant", caller.tenant)] if caller.tenant else []),
        ("Roles", ", ".join(sorted(caller.roles)) or "none"),
        ("May see", f"up to {caller.clearance.label}"),
    ]
    return Card("The run", (Facts(tuple(pairs)),))
