"""Two policy sets on one journal: which deliveries change their verdict, and by which policy or rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.contracts.message import topic_of
from genie.policy.opinions import Opinion
from genie.policy.policy import Route
from genie.policy_tools.explain import strongest, verdict_of
from genie.rules.policy import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.journal.sample import Sample
    from genie.policy.evaluator import Evaluator
    from genie.policy.policy import Policy, PolicySet, RuleVerdict

SAMPLES = 5
"""Maximum number of deliveries that are listed for each change."""


class Change(NamedTuple):
    """The opinion of one policy or rule, before and after."""

    policy: str
    before: str
    after: str


@dataclass(slots=True)
class Difference:
    """The changes over a journal."""

    messages: int = 0
    deliveries: int = 0
    changed: int = 0
    """Deliveries for which the verdict of the whole set changes."""
    undecidable: int = 0
    """Deliveries for which a policy needs fields that the journal masks."""
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
    """One policy set on the messages of a journal.

    Args:
        policies: The set.
        same: Names of the policies that the other set has unchanged.
    """

    def __init__(self, policies: PolicySet, same: frozenset[str]) -> None:
        self._policies = policies
        self._same = same
        self._gates: dict[tuple[type[Payload], str], Evaluator] = {}

    def inspected(self, sample: Sample) -> Envelope[Any]:
        """Return a message as inspected under this set."""
        return sample.inspected(self._policies)

    def said(self, sample: Sample, message: Envelope[Any], recipient: AgentCard) -> dict[str, str]:
        """Return policy or rule -> verdict, without plain allows; ``hidden`` if it cannot be determined."""
        kind = type(message.payload)
        gate = self._gates.get((kind, recipient.id))
        if gate is None:
            gate = self._gates[kind, recipient.id] = self._policies.evaluator(kind, recipient)
        opinions = gate.opinions(message, sample.sender)
        found: dict[str, str] = {}
        for policy in self._policies.policies:
            if isinstance(policy, Rules):
                found |= self._rules(policy, sample, message, recipient)
            elif self._blind(policy, sample):
                found[policy.name] = "hidden"
            else:
                found |= _words(policy.name, opinions)
        return {name: word for name, word in found.items() if word != "allow"}

    def _rules(
        self, rules: Rules, sample: Sample, message: Envelope[Any], recipient: AgentCard
    ) -> Iterable[tuple[str, str]]:
        route = Route(type(message.payload), recipient, self._policies.environment)
        shadow = rules.name in self._policies.shadow
        for trial in rules.examine(route, message, sample.sender, sample.hidden):
            name = f"{rules.name}/{trial.rule.name}"
            if trial.hidden:
                yield name, "hidden"
            elif trial.verdict is not None:
                yield name, verdict_of(_opinion(name, trial.verdict, shadow=shadow))

    def _blind(self, policy: Policy, sample: Sample) -> bool:
        """Return True when a changed policy needs fields that the journal masks."""
        if not sample.hidden or policy.name in self._same or getattr(policy, "headers_only", False):
            return False
        return bool(policy.inspectors) or () in sample.hidden


def _opinion(name: str, said: RuleVerdict, *, shadow: bool) -> Opinion:
    return Opinion(name, said.version, shadow or said.shadow, said.verdict)


def _words(policy: str, opinions: Iterable[Opinion]) -> Iterator[tuple[str, str]]:
    for opinion in opinions:
        if opinion.policy == policy or opinion.policy.startswith(f"{policy}/"):
            yield opinion.policy, verdict_of(opinion)


def compared(
    before: PolicySet, after: PolicySet, samples: Iterable[tuple[str, Sample]], skipped: Mapping[str, int]
) -> Difference:
    """Return the differences between two policy sets.

    Args:
        before: The set in force.
        after: The set that may follow it.
        samples: (message id, message with its recipients).
        skipped: Reason -> number of skipped deliveries; it fills while ``samples`` are read.
    """
    same = frozenset(policy.name for policy in before.policies if _kept(policy, before, after))
    old, new = Judged(before, same), Judged(after, same)
    found = Difference(skipped=skipped)
    for message_id, sample in samples:
        found.messages += 1
        was, would = old.inspected(sample), new.inspected(sample)
        for recipient in sample.recipients:
            found.deliveries += 1
            said, says = old.said(sample, was, recipient), new.said(sample, would, recipient)
            topic = topic_of(sample.message.payload).name
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
    """Return True when the other set has the same policy, unchanged."""
    return (policy.name in before.shadow) == (policy.name in after.shadow) and any(
        (other.name, other.version, other.settings) == (policy.name, policy.version, policy.settings)
        for other in after.policies
    )
