"""How a run's figures came about: which agents contributed, what is missing, and what governance did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.reports.html.markup import NOTHING, Markup, joined, tag
from genie.reports.html.parts import Section, block, card, facts, lines, table, tiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.contracts.card import Caller
    from genie.policy.policy import PolicySet
    from genie.reports.html.witness import Witness
    from genie.runtime.report import Outcome

_ENDED = ("handled", "denied", "expired", "cancelled", "dead_lettered", "in_flight")


def provenance(
    outcome: Outcome, *, agents: Iterable[str], policies: PolicySet, caller: Caller, witness: Witness
) -> Section:
    """Return the panel.

    Args:
        outcome: The run.
        agents: Ids of every agent of the pipeline: one that did nothing is listed too.
        policies: What every delivery was judged by.
        caller: For whom the answer was judged.
        witness: What the policies decided.
    """
    worked, governed, ran = _agents(outcome, agents), _governance(outcome, policies, witness), _run(outcome, caller)
    beside = (governed, worked, ran) if witness.decisions else (worked, tag("div", governed, ran, class_="stack"))
    grid = tag("div", _missing(outcome), *beside, class_="grid loose")
    return Section(block("How this came about", grid), vital=True)


def _missing(outcome: Outcome) -> Markup:
    missing = outcome.missing()
    if missing:
        return card("What is missing, and why", table("Missing parts", ("agent", "reason"), missing), wide=True)
    if outcome.answer is None:
        return card("What is missing, and why", lines(outcome.reasons or ("The answer did not come.",)), wide=True)
    return NOTHING


def _agents(outcome: Outcome, agents: Iterable[str]) -> Markup:
    numbers = ("handled", "failed", "median ms")
    rows = []
    for name in sorted({*agents, *outcome.agents}):
        counts = outcome.agents.get(name, {})
        median = counts.get("p50_ms")
        rows.append((
            name, f"{counts.get('handled') or 0:,}", f"{counts.get('failed') or 0:,}",
            None if median is None else f"{median:,.2f}",
        ))  # fmt: skip
    idle = sum(not (outcome.agents.get(name, {}).get("handled") or 0) for name, *_ in rows)
    told = f"{len(rows) - idle} of {len(rows)} agents contributed." if idle else f"All {len(rows)} agents contributed."
    return card(
        "Agents", tag("p", told, class_="note"),
        table("What each agent did in this run", ("agent", *numbers), rows, numbers=numbers),
    )  # fmt: skip


def _governance(outcome: Outcome, policies: PolicySet, witness: Witness) -> Markup:
    counts = outcome.messages
    parts = [
        tiles((
            ("Denied", f"{counts.get('denied', 0):,}", ""),
            ("Redacted", f"{counts.get('redacted', 0):,}", ""),
            ("Held", f"{witness.kinds['held']:,}", ""),
        )),
        tag("p", _judged(counts.get("accepted", 0), len(policies.policies)), class_="note"),
    ]  # fmt: skip
    if witness.decisions:
        columns = ("policy", "verdict", "message", "from", "to", "why")
        parts.append(table("Decisions that were more than a plain allow", columns, map(_decision, witness.decisions)))
        beyond = sum(witness.verdicts.values()) - len(witness.decisions)
        if beyond:
            parts.append(tag("p", f"and {beyond:,} more decisions", class_="note"))
    if witness.notes:
        parts.append(lines(dict.fromkeys(witness.notes)))
    names = ", ".join(f"{policy.name} v{policy.version}" for policy in policies.policies) or "none"
    parts.append(facts((
        ("Policies in force", names), ("Environment", policies.environment.name),
        ("Policy set, SHA-256", policies.sha256),
    )))  # fmt: skip
    return card("Governance", *parts, wide=bool(witness.decisions))


def _judged(accepted: int, policies: int) -> str:
    if not policies:
        return f"No policies are in force: {accepted:,} deliveries went unjudged."
    return f"{accepted:,} deliveries, each judged beforehand by {policies} {'policy' if policies == 1 else 'policies'}."


def _decision(decided: tuple[str, str, str, str, str, str, tuple[str, ...]]) -> tuple[str, ...]:
    policy, verdict, topic, sender, recipient, reason, paths = decided
    masked = f"{reason}; masked: {', '.join(paths)}" if paths else reason
    return policy, verdict, topic, sender, recipient, masked


def _run(outcome: Outcome, caller: Caller) -> Markup:
    counts = outcome.messages
    account = " + ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in _ENDED if counts.get(name)) or "0"
    others = [f"{counts[name]:,} {name}" for name in ("late", "unrouted") if counts.get(name)]
    pairs = [
        ("Run", outcome.run_id),
        ("Pipeline", outcome.pipeline),
        ("Took", f"{outcome.elapsed_ms:,.0f} ms"),
        ("Account", f"{counts.get('accepted', 0):,} accepted = {account}"),
        *([("Besides", ", ".join(others))] if others else []),
        ("Asked by", caller.user or "nobody named"),
        *([("Tenant", caller.tenant)] if caller.tenant else []),
        ("Roles", ", ".join(sorted(caller.roles)) or "none"),
        ("May see", f"up to {caller.clearance.label}"),
    ]
    return card("The run", facts(pairs))


def standing(outcome: Outcome) -> Markup:
    """Return the run's status as a badge: a sign and a word, so that colour is not needed to read it."""
    sign = {"complete": "✓", "partial": "◐", "held": "‖"}.get(outcome.status.value, "✕")
    badge = (tag("span", sign, aria_hidden="true"), " ", outcome.status.value)
    return tag("span", joined(badge), class_=f"badge {outcome.status.value}")
