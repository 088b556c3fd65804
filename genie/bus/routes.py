"""Routes: the recipients of one payload class, with everything compiled that does not depend on the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.contracts.message import topic_of
from genie.inflight.subscription import Subscription
from genie.policy.declassification import labels_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.bus.bus import Bus
    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.message import Envelope, Inspection, Payload
    from genie.inflight.interceptors import Sink
    from genie.inflight.mailbox import Subscriber
    from genie.observation.taps import Tap
    from genie.policy.policy import Decision


class Route(NamedTuple):
    """The recipients of one payload class."""

    label: Classification
    """Declared label of the class."""
    inspect: Callable[[Payload], Inspection | None]
    """Return the inspection; None for a payload that is too large to be inspected on the loop."""
    unjudged: bool
    """True if there is no policy, so that a validated payload need not be inspected."""
    subscriptions: tuple[Subscription, ...]
    fallbacks: Mapping[str, Subscription]
    """By agent: all of its subscriptions, including those it has only as a fallback."""
    sinks: tuple[tuple[Sink, Callable[[Envelope[Payload], AgentCard], Decision | None]], ...]
    """Other recipients, each with its compiled policies."""
    taps: tuple[Tap, ...]
    lowered: Mapping[str, tuple[Classification, ...]]
    """By agent that may declassify: the label of its output, by the label it has read."""

    def of(self, subscriber: Subscriber) -> Subscription | None:
        """Return the subscription of a subscriber."""
        found = self.fallbacks.get(subscriber.card.id)
        return found if found is not None and found.subscriber is subscriber else None


def route_of(bus: Bus, kind: type[Payload]) -> Route:
    """Compile the route of a payload class."""
    topic, policies, evaluator = topic_of(kind), bus.policies, bus.observers.evaluator
    every = {
        agent: Subscription(
            kind, subscriber, evaluator(policies, kind, subscriber.card), topic.key, bus.registry.reach(agent)
        )
        for agent, subscriber in bus.subscribers.items() if kind in subscriber.calls
    }  # fmt: skip
    sinks = tuple((sink, evaluator(policies, kind, sink.card).judge) for sink in bus.sinks if kind in sink.kinds)
    taps = tuple(tap for tap in bus.taps if tap.wants(kind))
    for tap in taps:
        tap.evaluators[kind] = evaluator(policies, kind, tap.card)
    lowered = {
        agent: labels_sent(policies.policies, subscriber.card, kind, policies.environment)
        for agent, subscriber in bus.subscribers.items() if kind in subscriber.card.declassifies
    }  # fmt: skip
    standing_by = _standing_by(every)
    subscriptions = tuple(one for agent, one in every.items() if agent not in standing_by)
    inspectors, governed = policies.inspectors, bool(policies.policies)
    inspect = inspectors.at_once(kind) if governed or inspectors.look else inspectors.shaped(kind)
    unjudged = not governed and inspectors.needless(kind)
    return Route(topic.classification, inspect, unjudged, subscriptions, every, sinks, taps, lowered)


def _standing_by(subscriptions: Mapping[str, Subscription]) -> set[str]:
    """Return the agents that get a class only as the fallback of another agent that takes it.

    In a cycle of fallbacks the agent that was registered first is the primary.
    """
    order = list(subscriptions)
    follows = {agent: one.subscriber.card.fallback for agent, one in subscriptions.items()}
    found: set[str] = set()
    for agent in order:
        reached: set[str] = set()
        after: str | None = agent
        while after is not None and after not in reached:
            reached.add(after)
            after = follows.get(after)
        for primary in order:
            circular = primary in reached and order.index(primary) > order.index(agent)
            if primary != agent and follows[primary] == agent and not circular:
                found.add(agent)
    return found
