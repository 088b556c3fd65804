"""Risk and tier: which agents may run in which environment, for which roles and tenants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from genie.contracts.card import AgentCard, Risk, Tier
from genie.contracts.message import Envelope
from genie.policies._settings import ENVIRONMENTS, EnvironmentName, Names, Word
from genie.policy.policy import ALLOW, Deny, Environment, Inspector, Judge, Judgement, PolicySettings, Route


class RiskTierCell(PolicySettings):
    """One rule of the matrix: where it applies, and which roles a run needs there."""

    environment: EnvironmentName | None = None
    """None means every environment; likewise below."""
    tier: Tier | None = None
    risk: Risk | None = None
    agents: Names | None = None
    """Ids of agents; None means all."""
    roles: Names | None = None
    """Roles of which a run needs one; None denies every run."""

    def covers(self, environment: str, card: AgentCard) -> bool:
        """Return True when the cell applies to an agent in an environment."""
        return (
            self.environment in {None, environment}
            and self.tier in {None, card.tier}
            and self.risk in {None, card.risk}
            and (self.agents is None or card.id in self.agents)
        )


Cells = tuple[RiskTierCell, ...]


class RiskTierSettings(PolicySettings):
    """The matrix. An agent that no rule covers is allowed; a run must satisfy every rule that covers its recipient."""

    cells: Cells = (
        RiskTierCell(environment="production", tier=Tier.SKETCH),
        RiskTierCell(environment="production", tier=Tier.PROTOTYPE),
        RiskTierCell(environment="staging", tier=Tier.SKETCH),
        RiskTierCell(environment="production", risk=Risk.HIGH, roles=("high_risk",)),
    )
    tenants: Mapping[Word, Cells] = Field(default_factory=dict)
    """Tenant -> the rules for its runs instead of ``cells``; an empty list allows all its runs."""


class RiskTier:
    """Deny deliveries to agents that are too early or too risky for the environment, the run's roles and its tenant."""

    name: ClassVar[str] = "risk_tier"
    version: ClassVar[str] = "2"
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[RiskTierSettings]] = RiskTierSettings

    def __init__(self, settings: RiskTierSettings = RiskTierSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        cells = [*settings.cells, *(cell for own in settings.tenants.values() for cell in own)]
        self.reads = frozenset(("risk", "tier", *(("id",) if any(cell.agents for cell in cells) else ())))

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads cards and headers only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None when no cell covers its recipient."""
        card, environment = route.recipient, route.environment
        if card.egress and not card.consumes:
            return None  # callers and observers are not agents
        if environment.name not in ENVIRONMENTS:  # a misspelt "prod" must not count as an environment without rules
            known = ", ".join(sorted(ENVIRONMENTS))
            return _never(f"{environment.name!r} is not a valid environment; use one of {known}")
        otherwise = _judge(self.settings.cells, environment, card)
        own = {tenant: _judge(cells, environment, card) for tenant, cells in self.settings.tenants.items()}
        if all(judge is None for judge in own.values()) and otherwise is None:
            return None
        if not own:
            return otherwise

        def judge(message: Envelope[Any], sender: AgentCard) -> Judgement:
            one = own.get(message.headers.tenant or "", otherwise)
            return ALLOW if one is None else one(message, sender)

        return judge


def _judge(every: Cells, environment: Environment, card: AgentCard) -> Judge | None:
    cells = [cell for cell in every if cell.covers(environment.name, card)]
    if not cells:
        return None
    shown = f"agent {card.id!r} (risk {card.risk.value}, tier {card.tier.value})"
    if any(cell.roles is None for cell in cells):
        return _never(f"{shown} may not run in {environment.name}; promote it, or run it elsewhere")
    needed = [frozenset(cell.roles or ()) for cell in cells]
    listed = " and ".join("one of " + ", ".join(sorted(roles)) for roles in needed)
    first, *others = needed
    denied = Deny(
        "risk_tier", f"{shown} runs in {environment.name} only for the roles {listed}; start the run with one"
    )

    def judge(message: Envelope[Any], _sender: AgentCard) -> Judgement:
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
