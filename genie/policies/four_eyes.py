"""Four eyes: messages of configured topics wait until other people have approved them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, topic_of
from genie.policies._settings import Names, TopicRule, matches
from genie.policy.policy import Deny, Hold, Inspector, Judge, PolicySettings, Route, Verdict


class FourEyesRule(BaseModel):
    """Who must approve, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipients: Names | None = None
    """Ids of the agents whose deliveries are held; ``caller`` means answers to the caller. All by default."""
    approvers: Names | None = None
    """An approver must hold one of these roles; by default anyone except the sender can approve."""
    quorum: int = Field(default=1, ge=1, le=100)
    """Number of different people who must approve, without the sender."""
    expires_s: float | None = Field(default=None, gt=0)
    """Seconds until it ends ``expired``; ``limits: hold_s`` by default."""


class FourEyesSettings(PolicySettings):
    """Rules by topic. The most specific rule whose recipients include the delivery's recipient applies."""

    topics: Mapping[TopicRule, FourEyesRule] = Field(min_length=1)


class FourEyes:
    """Hold deliveries of declared topics until enough other people have approved them."""

    name: ClassVar[str] = "four_eyes"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("id",))
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[FourEyesSettings]] = FourEyesSettings

    def __init__(self, settings: FourEyesSettings) -> None:
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None if no rule covers it."""
        topic = topic_of(route.payload).name
        asked = [
            name for name, rule in self.settings.topics.items()
            if matches(name, topic) and _includes(rule, route.recipient.id)
        ]  # fmt: skip
        if not asked:
            return None
        rule = self.settings.topics[max(asked, key=lambda name: (name == topic, len(name)))]
        people = "another person" if rule.quorum == 1 else f"{rule.quorum} other people"
        of = f" with the role {' or '.join(rule.approvers)}" if rule.approvers else ""
        hold = Hold(
            f"{topic} needs {people}{of}", expires_s=rule.expires_s, approvers=frozenset(rule.approvers or ()),
            quorum=rule.quorum,
        )  # fmt: skip
        nobody = Deny("four_eyes", f"{topic} needs a user, because a sender cannot approve it; start the run with one")

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            return hold if message.headers.user else nobody

        return judge


def _includes(rule: FourEyesRule, recipient: str) -> bool:
    if rule.recipients is None:
        return True
    return recipient in rule.recipients or ("caller" in rule.recipients and recipient.startswith("caller:"))
