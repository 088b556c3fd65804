"""Policies that take their time: a model or a remote service as a judge, outside the loop of deliveries.

A delivery that such a policy has to judge waits for it as a retry waits for its time: it holds back its own key alone,
and the run can be cancelled meanwhile. A judge that fails, or is late, never allows anything.
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
"""Judges one delivery by the message and its sender's card. It may wait; it is cancelled at its deadline."""


class AsyncSettings(PolicySettings):
    """What every policy of this kind is configured with; subclasses add their own."""

    deadline_s: float = Field(default=2.0, gt=0, le=3_600)
    """Seconds that one verdict may take, the wait for a free place included."""
    on_failure: Literal["deny", "hold"] = "deny"
    """What becomes of a delivery without a verdict: the judge raised, was late, busy, or answered no verdict."""
    at_once: int = Field(default=8, ge=1, le=1_000)
    """Verdicts that are worked on at the same time."""
    most_waiting: int = Field(default=1_000, ge=1, le=100_000)
    """Deliveries that may wait for a place; one more fails at once."""


class AsyncPolicy(ABC):
    """Base of policies that are asked outside the loop. Their class and settings are found like those of others."""

    name: ClassVar[str]
    version: ClassVar[str]

    @property
    @abstractmethod
    def settings(self) -> AsyncSettings:
        """What it was configured with; part of the policy set's hash."""

    @property
    def inspectors(self) -> tuple[Any, ...]:
        """Inspectors whose findings it reads."""
        return ()

    @abstractmethod
    def judge_of(self, route: Any) -> AsyncJudge | None:
        """Return the judge of a ``Route``, or None when the policy always allows it."""

    def compile(self, route: Any) -> Judge | None:
        """Return a judge of a route that names the slow judge to ask; None when the policy always allows it."""
        judge = self.judge_of(route)
        if judge is None:
            return None
        consult: Any = Consult(self, judge)  # no verdict: the evaluator of the route puts one in its place
        return lambda _message, _sender: consult

    def failed(self, why: str) -> Verdict:
        """Return the verdict where there is none.

        Args:
            why: ``late``, ``busy``, ``no verdict`` or ``raised CLASS``.
        """
        text = f"{self.name} gave no verdict ({why})"
        return Hold(text) if self.settings.on_failure == "hold" else Deny("no_verdict", text)
