"""Slow policies, which ask a model or a remote service outside the delivery loop.

A delivery that such a policy must judge is parked like a retry: it blocks only messages with its own key, and the run
can be cancelled meanwhile. A judge that fails or is late never allows anything.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Literal

from pydantic import Field

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Payload
from genie.policy.settings import PolicySettings
from genie.policy.verdicts import Consult, Deny, Hold, Judge, Verdict

AsyncJudge = Callable[[Envelope[Payload], AgentCard], Awaitable[Verdict]]
"""Judges one delivery by the message and its sender's card. It may wait, and is cancelled at its deadline."""


class AsyncSettings(PolicySettings):
    """Settings that every slow policy has; subclasses add their own."""

    deadline_s: float = Field(default=2.0, gt=0, le=3_600)
    """Seconds that one verdict may take, including the wait for a free slot."""
    on_failure: Literal["deny", "hold"] = "deny"
    """Verdict for a delivery whose judge raised, was late or busy, or returned no verdict."""
    at_once: int = Field(default=8, ge=1, le=1_000)
    """Number of verdicts computed at the same time."""
    most_waiting: int = Field(default=1_000, ge=1, le=100_000)
    """Deliveries that may wait for a slot; a further delivery fails at once."""


class AsyncPolicy(ABC):
    """Base of policies that are asked outside the loop. Class and settings are found as for other policies."""

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    @abstractmethod
    def settings(self) -> AsyncSettings:
        """Its settings; part of the policy set's hash."""

    @property
    def inspectors(self) -> tuple[Any, ...]:
        """Inspectors whose findings it reads."""
        return ()

    @abstractmethod
    def judge_of(self, route: Any) -> AsyncJudge | None:
        """Return the judge of a ``Route``, or None if the policy always allows it."""

    def compile(self, route: Any) -> Judge | None:
        """Return a judge that names the slow judge to ask; None if the policy always allows the route."""
        judge = self.judge_of(route)
        if judge is None:
            return None
        consult: Any = Consult(self, judge)  # not a verdict: the route's evaluator replaces it
        return lambda _message, _sender: consult

    def failed(self, why: str) -> Verdict:
        """Return the verdict that replaces a missing one.

        Args:
            why: ``late``, ``busy``, ``no verdict`` or ``raised CLASS``.
        """
        text = f"{self.name} gave no verdict ({why})"
        return Hold(text) if self.settings.on_failure == "hold" else Deny("no_verdict", text)
