"""Risk and tier: which agents may run in which environment, and for whom."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from genie.governance.settings import Names
from genie.message import Message
from genie.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict
from genie.protocol import AgentCard, Risk, Tier

EnvironmentName = Literal["development", "staging", "production"]
_ENVIRONMENTS = frozenset({"development", "staging", "production"})


class RiskTierCell(PolicySettings):
    """One cell, row or column of the matrix: where it applies, and which roles a run needs there."""

    environment: EnvironmentName | None = None
    """None means every environment; likewise below."""
    tier: Tier | None = None
    risk: Risk | None = None
    roles: Names | None = None
    """Any one of these lets a run through; None lets nobody through."""

    def covers(self, environment: str, card: AgentCard) -> bool:
        """Return True when the cell applies to an agent in an environment."""
        return (
            self.environment in {None, environment}
            and self.tier in {None, card.tier}
            and self.risk in {None, card.risk}
        )


class RiskTierSettings(PolicySettings):
    """The matrix; what no cell covers is allowed, and a run must satisfy every cell that covers its recipient."""

    cells: tuple[RiskTierCell, ...] = (
        RiskTierCell(environment="production", tier=Tier.SKETCH),
        RiskTierCell(environment="production", tier=Tier.PROTOTYPE),
        RiskTierCell(environment="staging", tier=Tier.SKETCH),
        RiskTierCell(environment="production", risk=Risk.HIGH, roles=("high_risk",)),
    )


class RiskTier:
    """Deny deliveries to agents that are too early or too risky for the environment and the run's roles."""

    name: ClassVar[str] = "risk_tier"
    version: ClassVar[str] = "1"
    reads: ClassVar[frozenset[str]] = frozenset(("risk", "tier"))
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[RiskTierSettings]] = RiskTierSettings

    def __init__(self, settings: RiskTierSettings = RiskTierSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads cards and headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when no cell covers its recipient."""
        card, environment = route.recipient, route.environment.name
        if environment not in _ENVIRONMENTS:  # a misspelt "prod" must not be taken for a place without rules
            return _never(f"{environment!r} is no environment; use one of {', '.join(sorted(_ENVIRONMENTS))}")
        cells = [cell for cell in self.settings.cells if cell.covers(environment, card)]
        if not cells:
            return None
        shown = f"agent {card.id!r} (risk {card.risk.value}, tier {card.tier.value})"
        if any(cell.roles is None for cell in cells):
            return _never(f"{shown} may not run in {environment}; promote it, or run it elsewhere")
        needed = [frozenset(cell.roles or ()) for cell in cells]
        listed = " and ".join("one of " + ", ".join(sorted(roles)) for roles in needed)
        first, *others = needed
        denied = Deny("risk_tier", f"{shown} runs in {environment} only for the roles {listed}; start the run with one")

        def judge(message: Message[Any], _sender: AgentCard) -> Verdict:
            held = message.headers.roles
            if first.isdisjoint(held):
                return denied
            if others and any(roles.isdisjoint(held) for roles in others):
                return denied
            return ALLOW

        return judge


def _never(why: str) -> Judge:
    denied = Deny("risk_tier", why)
    return lambda _message, _sender: denied
