"""A delivery, one message for one recipient, and the one place that judges and discloses.

Subscribers, askers, taps and other sinks receive messages through ``disclose``; approvers and journal readers through
``genie.policy.disclosure``, which ``disclose`` uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.policy.disclosure import seen

if TYPE_CHECKING:
    from genie.contracts.card import AgentCard
    from genie.contracts.message import Envelope, Payload
    from genie.contracts.outcome import Outcome, Reason
    from genie.inflight.accounting import Scope
    from genie.inflight.handlers import Worker
    from genie.inflight.pending import Parked
    from genie.inflight.subscription import Subscription
    from genie.policy.disclosure import Disclosure
    from genie.policy.policy import Decision, Verdict
    from genie.policy.verdicts import Consultation

TO_BE_ASKED = -2
"""Epoch of a delivery for which a slow policy must be asked at its turn."""
NOWHERE, QUEUED, BEHIND_KEY, WAITS_FOR_ROOM = range(4)
"""Place of a delivery in a mailbox: none, its queue, behind another with its key, or waiting for room."""


MOST_TIMES = 1_000
"""Maximum number of clock readings stored for one handling."""
SEALED = -1
"""Epoch of an approved delivery. It equals no policy epoch, so that its payload is compared with the seal at
take-out."""


class Delivery:
    """One message for one subscriber. ``genie.inflight.accounting.accept`` makes it, ``settle`` ends it."""

    __slots__ = ("epoch", "extra", "message", "parked", "place", "subscription", "worker")

    message: Envelope[Payload]
    subscription: Subscription
    epoch: int
    """Policy epoch in which it was judged."""
    extra: Extra | None
    place: int
    """Its place in the mailbox; ``NOWHERE`` marks an entry left in a queue as dead."""
    parked: Parked | None
    """Its entry in the table of parked items."""
    worker: Worker | None
    """The worker that handles it."""

    @property
    def id(self) -> str:
        """Its id: the message, the agent, and for a fallback the earlier agents. Stable over repetitions."""
        tried = () if self.extra is None else self.extra.tried
        return "<".join((f"{self.message.id}@{self.subscription.subscriber.card.id}", *reversed(tried)))

    @property
    def judged_in(self) -> int:
        """Policy epoch in which it was judged, also for an approved delivery."""
        return self.extra.epoch if self.epoch == SEALED and self.extra is not None else self.epoch

    def record(self) -> dict[str, object]:
        """Return the delivery as plain values."""
        extra = self.extra
        parked = self.parked
        return {
            "id": self.id, "message": self.message.id, "agent": self.subscription.subscriber.card.id,
            "scope": self.message.scope.id, "epoch": self.judged_in, "attempt": 1 if extra is None else extra.attempt,
            "instead_of": None if extra is None else extra.instead_of,
            "tried": [] if extra is None else list(extra.tried),
            "approved": [] if extra is None else sorted(extra.approved),
            "parked": None if parked is None else parked.record(),
            "state": "running" if self.worker is not None else "queued" if parked is None else parked.kind,
        }  # fmt: skip


class Extra:
    """Rarely needed state: of a masked, retried, held or fallback delivery."""

    __slots__ = (
        "approved", "attempt", "consults", "epoch", "failures", "heard", "heard_in", "instead_of", "notices",
        "original", "reopened", "sealed", "seen", "tried",
    )  # fmt: skip

    def __init__(self) -> None:
        self.original: Envelope[Payload] | None = None
        """The unmasked message, when the recipient got a masked copy."""
        self.attempt = 1
        self.failures: tuple[Reason, ...] = ()
        """Reasons of earlier failed attempts, latest ones only."""
        self.instead_of: str | None = None
        """The primary whose fallback this recipient is."""
        self.tried: tuple[str, ...] = ()
        """Agents that had this message before, in order."""
        self.approved: frozenset[str] = frozenset()
        """``policy@version`` of holds on this delivery that a person has approved."""
        self.consults: tuple[Consultation, ...] = ()
        """Slow policies that must be asked at its turn."""
        self.heard: dict[str, Verdict] = {}
        """Verdicts of slow policies that have been asked, by ``policy@version``, ..."""
        self.heard_in = 0
        """... and the epoch of these verdicts."""
        self.sealed: str | None = None
        """SHA-256 of the payload that was approved."""
        self.epoch = 0
        """Policy epoch in which an approved delivery was judged; its own epoch is ``SEALED``."""
        self.notices: tuple[str, ...] = ()
        """Notices that the recipient must attach to the payload."""
        self.reopened: list[tuple[Payload, Scope]] | None = None
        """Questions that its handler had asked before a process was killed, each with its scope; None without a
        crash."""
        self.seen: Seen | None = None
        """Clock readings and random draws of its handler; only a durable runtime records them."""


class Seen:
    """Inputs of one attempt besides its message: times, and the number of its random stream."""

    __slots__ = ("attempt", "draw", "times")

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.draw = 0
        """Number of handlings of the agent in the run that had used randomness, including this one; 0 if it has used
        none."""
        self.times: list[int] = []
        """Microseconds since the epoch, in the order of reading; the first ``MOST_TIMES``."""


def seen_by(delivery: Delivery) -> Seen:
    """Return the recorded inputs of the present attempt."""
    extra = delivery.extra
    if extra is None:
        extra = delivery.extra = Extra()
    if extra.seen is None or extra.seen.attempt != extra.attempt:
        extra.seen = Seen(extra.attempt)
    return extra.seen


Ending = tuple["Outcome", "Reason"]
"""An outcome with its reason."""


def original(delivery: Delivery) -> Envelope[Payload]:
    """Return a delivery's unmasked message."""
    extra = delivery.extra
    return delivery.message if extra is None or extra.original is None else extra.original


def stands_for(delivery: Delivery) -> str:
    """Return the agent under whose name a delivery's answer counts: the recipient, or the primary of a fallback."""
    extra = delivery.extra
    own = delivery.subscription.subscriber.card.id
    return own if extra is None else extra.instead_of or own


def disclose(message: Envelope[Payload], decision: Decision | None, card: AgentCard, *, carries: bool) -> Disclosure:
    """Return what a recipient receives of a message after a decision: the payload, a masked copy, or nothing.

    Args:
        message: The original.
        decision: The policies' decision; None for a plain allow. A hold discloses nothing here.
        card: The recipient's card.
        carries: The recipient can attach notices to the payload.
    """
    return seen(message, decision, card, carries=carries)
