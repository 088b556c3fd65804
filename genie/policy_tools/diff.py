"""Two policy sets over one journal: which deliveries would be judged otherwise, by which policy or rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.cli.terminal.layout import Line, Text
from genie.contracts.message import topic_of
from genie.policy.evaluator import Opinion
from genie.policy.policy import Route
from genie.policy.verdicts import SHADOW
from genie.policy_tools.explain import strongest, verdict_of
from genie.rules.policy import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.policy.evaluator import Evaluator
    from genie.policy.policy import Policy, PolicySet
    from genie.policy_tools.sample import Specimen

SAMPLES = 5
"""Deliveries that are named for each change."""
_SHOWN = 2


class Change(NamedTuple):
    """What one policy or rule said, and would say."""

    policy: str
    before: str
    after: str


@dataclass(slots=True)
class Difference:
    """What changes over a journal."""

    messages: int = 0
    deliveries: int = 0
    changed: int = 0
    """Deliveries that would be delivered otherwise: the verdict of the whole set is another one."""
    undecidable: int = 0
    """Deliveries of which some policy needs what the journal does not show."""
    changes: dict[Change, int] = field(default_factory=dict)
    samples: dict[Change, list[str]] = field(default_factory=dict)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(verdict of the old set, of the new set) -> deliveries."""
    skipped: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        return {
            "messages": self.messages,
            "deliveries": self.deliveries,
            "changed": self.changed,
            "undecidable": self.undecidable,
            "verdicts": [
                {"before": before, "after": after, "deliveries": count}
                for (before, after), count in sorted(self.verdicts.items())
            ],
            "changes": [
                {**change._asdict(), "deliveries": count, "samples": self.samples[change]}
                for change, count in self.ordered()
            ],
            "skipped": dict(self.skipped),
        }

    def ordered(self) -> list[tuple[Change, int]]:
        """Return the changes, the most frequent first."""
        return sorted(self.changes.items(), key=lambda pair: (-pair[1], pair[0]))

    def note(self, change: Change, sample: str) -> None:
        """Count a change of one delivery."""
        self.changes[change] = self.changes.get(change, 0) + 1
        named = self.samples.setdefault(change, [])
        if len(named) < SAMPLES:
            named.append(sample)


class Judged:
    """One policy set over messages of a journal.

    Args:
        policies: The set.
        same: Names of the policies that the other set has in the very same form.
    """

    def __init__(self, policies: PolicySet, same: frozenset[str]) -> None:
        self._policies = policies
        self._same = same
        self._gates: dict[tuple[type[Payload], str], Evaluator] = {}

    def inspected(self, specimen: Specimen) -> Envelope[Any]:
        """Return a message as this set's inspectors see it."""
        return specimen.inspected(self._policies)

    def said(self, specimen: Specimen, message: Envelope[Any], recipient: AgentCard) -> dict[str, str]:
        """Return policy or rule -> its verdict, without plain allows; ``hidden`` where it cannot be told."""
        kind = type(message.payload)
        gate = self._gates.get((kind, recipient.id))
        if gate is None:
            gate = self._gates[kind, recipient.id] = self._policies.evaluator(kind, recipient)
        opinions = gate.opinions(message, specimen.sender)
        found: dict[str, str] = {}
        for policy in self._policies.policies:
            if isinstance(policy, Rules):
                found |= self._rules(policy, specimen, message, recipient)
            elif self._blind(policy, specimen):
                found[policy.name] = "hidden"
            else:
                found |= _words(policy.name, opinions)
        return {name: word for name, word in found.items() if word != "allow"}

    def _rules(
        self, rules: Rules, specimen: Specimen, message: Envelope[Any], recipient: AgentCard
    ) -> Iterable[tuple[str, str]]:
        route = Route(type(message.payload), recipient, self._policies.environment)
        shadow = rules.name in self._policies.shadow
        for trial in rules.examine(route, message, specimen.sender, specimen.hidden):
            name = f"{rules.name}/{trial.rule.name}"
            if trial.hidden:
                yield name, "hidden"
            elif trial.ruled is not None:
                yield name, verdict_of(_opinion(name, trial.ruled, shadow=shadow))

    def _blind(self, policy: Policy, specimen: Specimen) -> bool:
        """Return True when a changed policy would have to look at what the journal does not show."""
        if not specimen.hidden or policy.name in self._same or getattr(policy, "headers_only", False):
            return False
        return bool(policy.inspectors) or () in specimen.hidden


def _opinion(name: str, ruled: Any, *, shadow: bool) -> Opinion:
    return Opinion(name, ruled.version, shadow or ruled.shadow, ruled.verdict)


def _words(policy: str, opinions: Iterable[Opinion]) -> Iterator[tuple[str, str]]:
    for opinion in opinions:
        if opinion.policy == policy or opinion.policy.startswith(f"{policy}/"):
            yield opinion.policy, verdict_of(opinion)


def compared(
    before: PolicySet, after: PolicySet, specimens: Iterable[tuple[str, Specimen]], skipped: Mapping[str, int]
) -> Difference:
    """Return what would be judged otherwise.

    Args:
        before: The set in force.
        after: The set that may follow it.
        specimens: (message id, message with the recipients it was delivered to).
        skipped: Why deliveries are left out -> how many; may fill while ``specimens`` are read.
    """
    same = frozenset(policy.name for policy in before.policies if _kept(policy, before, after))
    old, new = Judged(before, same), Judged(after, same)
    found = Difference(skipped=skipped)
    for message_id, specimen in specimens:
        found.messages += 1
        was, would = old.inspected(specimen), new.inspected(specimen)
        for recipient in specimen.recipients:
            found.deliveries += 1
            said, says = old.said(specimen, was, recipient), new.said(specimen, would, recipient)
            topic = topic_of(specimen.message.payload).name
            _note(found, said, says, f"{message_id} {topic} -> {recipient.id}")
    return found


def _note(found: Difference, said: Mapping[str, str], says: Mapping[str, str], sample: str) -> None:
    hidden = False
    for name in sorted(said.keys() | says.keys()):
        before, after = said.get(name, "allow"), says.get(name, "allow")
        if ("hidden" in {before, after} and before != after) or before == after == "hidden":
            hidden = True
            found.note(Change(name, _plain(before), _plain(after)), sample)
        elif before != after:
            found.note(Change(name, before, after), sample)
    before, after = strongest(said.values()), strongest(says.values())
    found.undecidable += hidden
    found.verdicts[_plain(before), _plain(after)] += 1
    found.changed += before != after and "hidden" not in {before, after}


def _plain(word: str) -> str:
    return "undecidable" if word == "hidden" else word


def _kept(policy: Policy, before: PolicySet, after: PolicySet) -> bool:
    """Return True when the other set has a policy in the very same form."""
    return (policy.name in before.shadow) == (policy.name in after.shadow) and any(
        (other.name, other.version, other.settings) == (policy.name, policy.version, policy.settings)
        for other in after.policies
    )


# --- for people ---


def rendered(found: Difference, before: str, after: str) -> Iterator[Line]:
    """Yield a difference as lines, the most frequent change first."""
    yield Line.of(f"{found.deliveries:,} deliveries of {found.messages:,} messages, {before} beside {after}")
    yield Line.of(
        f"{found.changed:,} would end otherwise, {found.undecidable:,} cannot be decided from this journal",
        "bold" if found.changed or found.undecidable else "",
    )
    width = max((len(f"{count:,}") for count in found.changes.values()), default=0)
    for change, count in found.ordered():
        told = f"{change.policy}: {_shown(change.before)} -> {_shown(change.after)}"
        yield Line((Text(f"  {count:>{width},}  "), Text(told, "bold")))
        named = found.samples[change]
        for sample in named[:_SHOWN]:
            yield Line.of(f"  {'':{width}}  {sample}", "dim")
        if count > _SHOWN:
            yield Line.of(f"  {'':{width}}  and {count - _SHOWN:,} more", "dim")
    for why, count in sorted(found.skipped.items()):
        yield Line.of(f"{count:,} left out: {why}", "dim")


def _shown(word: str) -> str:
    return f"{word.removeprefix(SHADOW)} (shadow)" if word.startswith(SHADOW) else word
