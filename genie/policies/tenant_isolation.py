"""Tenant isolation: messages of a tenant reach only recipients that work for it."""

from __future__ import annotations

from typing import Any, ClassVar

from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, topic_of
from genie.policies._settings import Names, matches_id
from genie.policy.policy import ALLOW, Deny, Inspector, Judge, PolicySettings, Route, Verdict


class TenantIsolationSettings(PolicySettings):
    """Whether every message must have a tenant, and which agents may work for only one."""

    require_tenant: bool = False
    """Deny messages without a tenant to every recipient. Without it they still reach only recipients that work for
    all tenants, so an installation with one tenant needs no tenant at all."""
    dedicated: Names | None = None
    """Ids of agents, ``family.*`` for several, that must name exactly one tenant on their card: objects with state
    between runs, or outside receivers of one tenant."""


class TenantIsolation:
    """Deny messages of a tenant that the recipient does not work for."""

    name: ClassVar[str] = "tenant_isolation"
    version: ClassVar[str] = "2"
    headers_only: ClassVar[bool] = True
    Settings: ClassVar[type[TenantIsolationSettings]] = TenantIsolationSettings

    def __init__(self, settings: TenantIsolationSettings = TenantIsolationSettings()) -> None:  # noqa: B008 - frozen
        self.settings = settings
        self.reads = frozenset(("tenants", *(("id",) if settings.dedicated else ())))

    @property
    def inspectors(self) -> tuple[Inspector, ...]:
        """None: it reads headers and cards only."""
        return ()

    def compile(self, route: Route) -> Judge | None:
        """Return the judge of a route, or None for a recipient of all tenants when no tenant is required."""
        topic, card, tenants = topic_of(route.payload).name, route.recipient, route.recipient.tenants
        missing = Deny("tenant_isolation", f"{topic} has no tenant and needs one here; start the run with a tenant")
        if any(matches_id(name, card.id) for name in self.settings.dedicated or ()) and len(tenants or ()) != 1:
            shared = Deny(
                "tenant_isolation", f"{card.id!r} may work for one tenant only; name that one in `tenants` of its entry"
            )
            return lambda _message, _sender: shared
        if tenants is None:
            return _tenanted(missing) if self.settings.require_tenant else None
        other = Deny(
            "tenant_isolation",
            f"{topic} belongs to a tenant that {card.id!r} does not work for; name it in the card's tenants",
        )

        def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
            tenant = message.headers.tenant
            if tenant and tenant in tenants:
                return ALLOW
            return other if tenant else missing

        return judge


def _tenanted(missing: Deny) -> Judge:
    def judge(message: Envelope[Any], _sender: AgentCard) -> Verdict:
        return ALLOW if message.headers.tenant else missing

    return judge
