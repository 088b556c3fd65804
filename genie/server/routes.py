"""The table of routes."""

from __future__ import annotations

from genie.server import asking, document, governing, passkeys, system, topology
from genie.server.bodies import Act, Assertion, Ballot, Ballots, Invitation, Login, Question, Registration
from genie.server.rules import Rule
from genie.server.server import METADATA

RULES: tuple[Rule, ...] = (
    Rule("POST", "/v1/ask", "ask", None, asking.ask, Question),
    Rule("POST", "/v1/runs", "ask", None, asking.start_run, Question, 202),
    Rule("GET", "/v1/runs", "observe", None, asking.list_runs),
    Rule("GET", "/v1/runs/{id}", "observe", "run", asking.show_run),
    Rule("DELETE", "/v1/runs/{id}", "ask", "run", asking.cancel_run, None, 202),
    Rule("GET", "/v1/runs/{id}/events", "observe", "run", asking.run_events, media="text/event-stream"),
    Rule("GET", "/v1/events", "observe", None, asking.all_events, media="text/event-stream"),
    Rule("GET", "/v1/pipelines", "observe", None, asking.list_pipelines),
    Rule("GET", "/v1/pipelines/{id}", "observe", "pipeline", asking.show_pipeline),
    Rule("GET", "/v1/pipelines/{id}/topology", "observe", "pipeline", topology.show_topology),
    Rule("GET", "/v1/approvals", "approve", None, governing.list_approvals),
    Rule("POST", "/v1/approvals/votes", "approve", None, governing.vote_on_several, Ballots),
    Rule("GET", "/v1/approvals/{id}", "approve", "approval", governing.show_approval),
    Rule("POST", "/v1/approvals/{id}/votes", "approve", "approval", governing.vote, Ballot),
    Rule("GET", "/v1/agents", "observe", None, governing.list_agents),
    Rule("GET", "/v1/agents/{id}", "observe", "agent", governing.show_agent),
    Rule("POST", "/v1/agents/{id}/pause", "operate", "agent", governing.pause, Act),
    Rule("POST", "/v1/agents/{id}/resume", "operate", "agent", governing.resume, Act),
    Rule("POST", "/v1/agents/{id}/kill", "operate", "agent", governing.kill, Act),
    Rule("POST", "/v1/agents/{id}/revive", "operate", "agent", governing.revive, Act),
    Rule("GET", "/v1/dead-letters", "operate", None, governing.list_letters),
    Rule("POST", "/v1/dead-letters/{id}/redrive", "operate", "dead_letter", governing.redrive, Act, 202),
    Rule("POST", "/v1/dead-letters/{id}/drop", "operate", "dead_letter", governing.drop, Act),
    Rule("GET", "/v1/incidents", "operate", None, governing.list_incidents),
    Rule("POST", "/v1/incidents/{id}/acknowledge", "operate", "incident", governing.acknowledge, Act),
    Rule("POST", "/v1/incidents/{id}/close", "operate", "incident", governing.close_incident, Act),
    Rule("GET", "/v1/policies", "observe", None, governing.list_policies),
    Rule("GET", "/v1/statistics", "operate", None, governing.statistics),
    Rule("GET", "/v1/audit", "audit", None, governing.query_audit),
    Rule("GET", "/v1/audit/verify", "audit", None, governing.verify_audit),
    Rule("GET", "/v1/health", "operate", None, system.health),
    Rule("GET", "/metrics", "operate", None, system.metrics, media="text/plain"),
    Rule("POST", "/v1/session", None, None, system.login, Login),
    Rule("GET", "/v1/session", "observe", None, system.session),
    Rule("DELETE", "/v1/session", "observe", None, system.logout, None, 204),
    Rule("GET", "/v1/sign-in", None, None, passkeys.ways),
    Rule("POST", "/v1/session/passkey/challenge", None, None, passkeys.begin_sign_in),
    Rule("POST", "/v1/session/passkey", None, None, passkeys.sign_in, Assertion),
    Rule("POST", "/v1/passkeys/registration", None, None, passkeys.begin_registration, Invitation),
    Rule("POST", "/v1/passkeys", None, None, passkeys.register, Registration),
    Rule("GET", "/v1/passkeys", "observe", None, passkeys.list_own),
    Rule("DELETE", "/v1/passkeys/{id}", "observe", "passkey", passkeys.remove, None, 204),
    Rule("GET", METADATA, None, None, system.resource),
    Rule("GET", "/openapi.json", "observe", None, document.show),
    Rule("GET", "/livez", None, None, system.live),
    Rule("GET", "/readyz", None, None, system.ready),
)
"""Every route of the API; what is not in it answers 404."""
