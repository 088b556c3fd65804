"""A message with the cards needed to judge it: from a journal, or written by a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from genie.contracts.classification import Classification
from genie.contracts.message import Envelope, Payload, stamp, topic_of
from genie.graph.model import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from genie.contracts.card import AgentCard, Caller
    from genie.contracts.message import Inspection, Path
    from genie.policy.policy import PipelineContext, PolicySet

_CALLER = "caller:"


@dataclass(frozen=True, slots=True)
class Sample:
    """A message with the cards needed to judge it."""

    message: Envelope[Any]
    sender: AgentCard
    recipients: tuple[AgentCard, ...]
    hidden: frozenset[tuple[str, ...]] = frozenset()
    """Fields that differ from the message that was sent, because the journal masks them."""

    def inspected(self, policies: PolicySet) -> Envelope[Any]:
        """Return the message as inspected under a policy set; hidden fields keep the findings of the journal."""
        if () in self.hidden:
            return self.message
        found = policies.inspectors.inspect(self.message.payload)
        kept = [one for one in self.message.inspection.findings if self.hides(one.path)]
        seen = [one for one in found.findings if not self.hides(one.path)]
        label = max((one.label for one in (*kept, *seen)), default=Classification.PUBLIC)
        return _stamped(self.message, replace(found, findings=(*seen, *kept), label=label, masked={}))

    def hides(self, path: Path) -> bool:
        """Return True when the field at a path differs from the message that was sent."""
        names = tuple(step for step in path if isinstance(step, str))
        return any(names[: len(one)] == one for one in self.hidden)


def _stamped(message: Envelope[Any], inspection: Inspection) -> Envelope[Any]:
    return stamp(
        message.number, message.payload, message.sender, message.recipient, None, 0, message.hops, message.headers,
        message.label, inspection,
    )  # fmt: skip


def kinds_of(name: str, context: PipelineContext) -> tuple[type[Payload], ...]:
    """Return the payload classes of a topic, the latest version first."""
    found = [kind for kind in context.kinds if name in {topic_of(kind).name, name_of(kind)}]
    return tuple(sorted(found, key=lambda kind: -topic_of(kind).version))


def card_of(name: str, cards: Iterable[AgentCard], caller: Caller) -> AgentCard | None:
    """Return the card of an agent or join, or of a caller; None when there is no such agent."""
    if name.startswith(_CALLER):
        return replace(caller, user=name.removeprefix(_CALLER)).card()
    return next((card for card in cards if card.id == name), None)
