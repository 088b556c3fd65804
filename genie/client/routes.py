"""One method for each route of the API; each returns the response as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Values = dict[str, Any]
"""JSON values."""


def quoted(name: str) -> str:
    """Quote a name for use as one part of a path."""
    return quote(name, safe="")


def given(**values: object) -> Values:
    """Return the given fields; those that are None are left out."""
    return {name: value for name, value in values.items() if value is not None}


class Routes:
    """The routes that return JSON values, with the errors of ``Client.ask``."""

    async def _call(self, method: str, path: str, body: object = None, **more: Any) -> Values:
        raise NotImplementedError

    async def replay(self, run_id: str, *, wait_s: float = 70.0) -> Values:
        """Replay a logged run; return whether it is the same, or the first difference."""
        return await self._call("POST", f"/v1/runs/{quoted(run_id)}/replay", timeout=wait_s)

    async def send_event(self, event: Mapping[str, Any], *, pipeline: str | None = None) -> Values:
        """Start a run for a CloudEvent; the same event leads to the same run."""
        headers = {"Content-Type": "application/cloudevents+json"}
        return await self._call("POST", "/v1/cloudevents", event, headers=headers, params=given(pipeline=pipeline))

    async def create_webhook(self, url: str, *, pipeline: str | None = None, on: Sequence[str] | None = None) -> Values:
        """Create a webhook for runs; the secret of its signatures is shown once."""
        return await self._call("POST", "/v1/webhooks", given(url=url, pipeline=pipeline, on=on))

    async def vote(
        self, hold_id: str, *, approve: bool, reason: str, payload_sha256: str, edit: Mapping[str, Any] | None = None,
    ) -> Values:  # fmt: skip
        """Vote for or against a hold; the digest identifies what was seen, the edit what to deliver instead."""
        body = given(approve=approve, reason=reason, payload_sha256=payload_sha256, edit=edit)
        return await self._call("POST", f"/v1/approvals/{quoted(hold_id)}/votes", body)

    async def vote_on_several(self, ballots: Sequence[Mapping[str, Any]]) -> Values:
        """Vote on several approvals, each like ``vote`` with its ``id``.

        Items of high risk cannot be approved this way.
        """
        return await self._call("POST", "/v1/approvals/votes", {"ballots": list(ballots)})

    async def runs(
        self,
        *,
        status: str | None = None,
        pipeline: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Values:
        """List the runs that the caller may see, newest first."""
        return await self._call(
            "GET", "/v1/runs", params=given(status=status, pipeline=pipeline, limit=limit, after=after)
        )

    async def run(self, run_id: str) -> Values:
        """Return a run."""
        return await self._call("GET", f"/v1/runs/{quoted(run_id)}")

    async def cancel(self, run_id: str) -> Values:
        """Cancel a run."""
        return await self._call("DELETE", f"/v1/runs/{quoted(run_id)}")

    async def webhooks(self) -> Values:
        """List the caller's webhooks."""
        return await self._call("GET", "/v1/webhooks")

    async def webhook(self, webhook_id: str) -> Values:
        """Return a webhook."""
        return await self._call("GET", f"/v1/webhooks/{quoted(webhook_id)}")

    async def delete_webhook(self, webhook_id: str) -> Values:
        """Remove a webhook."""
        return await self._call("DELETE", f"/v1/webhooks/{quoted(webhook_id)}")

    async def redeliver_webhook(self, webhook_id: str, *, reason: str) -> Values:
        """Send the events again that a receiver did not accept."""
        return await self._call("POST", f"/v1/webhooks/{quoted(webhook_id)}/redeliver", given(reason=reason))

    async def pipelines(self) -> Values:
        """List the questions that pipelines take, with their schemas."""
        return await self._call("GET", "/v1/pipelines")

    async def pipeline(self, pipeline_id: str) -> Values:
        """Return the question of a pipeline."""
        return await self._call("GET", f"/v1/pipelines/{quoted(pipeline_id)}")

    async def topology(self, pipeline_id: str) -> Values:
        """Return the graph of a pipeline."""
        return await self._call("GET", f"/v1/pipelines/{quoted(pipeline_id)}/topology")

    async def approvals(self, *, limit: int | None = None, after: str | None = None) -> Values:
        """List the approvals, oldest first."""
        return await self._call("GET", "/v1/approvals", params=given(limit=limit, after=after))

    async def approval(self, hold_id: str) -> Values:
        """Return a held payload, as its approver may see it."""
        return await self._call("GET", f"/v1/approvals/{quoted(hold_id)}")

    async def agents(self, *, limit: int | None = None, after: str | None = None) -> Values:
        """List the agents."""
        return await self._call("GET", "/v1/agents", params=given(limit=limit, after=after))

    async def agent(self, agent_id: str, *, pipeline: str | None = None) -> Values:
        """Return an agent."""
        return await self._call("GET", f"/v1/agents/{quoted(agent_id)}", params=given(pipeline=pipeline))

    async def pause(
        self, agent_id: str, *, reason: str, for_s: float | None = None, pipeline: str | None = None
    ) -> Values:
        """Deliver nothing more to an agent."""
        return await self._call(
            "POST",
            f"/v1/agents/{quoted(agent_id)}/pause",
            given(reason=reason, for_s=for_s),
            params=given(pipeline=pipeline),
        )

    async def resume(self, agent_id: str, *, reason: str, pipeline: str | None = None) -> Values:
        """End the pause of an agent."""
        return await self._call(
            "POST", f"/v1/agents/{quoted(agent_id)}/resume", given(reason=reason), params=given(pipeline=pipeline)
        )

    async def kill(
        self, agent_id: str, *, reason: str, for_s: float | None = None, pipeline: str | None = None
    ) -> Values:
        """Kill an agent and cancel its running handlers."""
        return await self._call(
            "POST",
            f"/v1/agents/{quoted(agent_id)}/kill",
            given(reason=reason, for_s=for_s),
            params=given(pipeline=pipeline),
        )

    async def revive(self, agent_id: str, *, reason: str, pipeline: str | None = None) -> Values:
        """Lift the kill of an agent."""
        return await self._call(
            "POST", f"/v1/agents/{quoted(agent_id)}/revive", given(reason=reason), params=given(pipeline=pipeline)
        )

    async def dead_letters(self, *, limit: int | None = None, after: str | None = None) -> Values:
        """List the dead letters."""
        return await self._call("GET", "/v1/dead-letters", params=given(limit=limit, after=after))

    async def redrive(self, letter_id: str, *, reason: str) -> Values:
        """Publish the payload of a dead letter again."""
        return await self._call("POST", f"/v1/dead-letters/{quoted(letter_id)}/redrive", given(reason=reason))

    async def drop(self, letter_id: str, *, reason: str) -> Values:
        """Forget a dead letter."""
        return await self._call("POST", f"/v1/dead-letters/{quoted(letter_id)}/drop", given(reason=reason))

    async def incidents(self, *, limit: int | None = None, after: str | None = None) -> Values:
        """List incidents."""
        return await self._call("GET", "/v1/incidents", params=given(limit=limit, after=after))

    async def acknowledge(self, incident_id: str, *, reason: str, pipeline: str | None = None) -> Values:
        """Note that somebody has seen an incident."""
        return await self._call(
            "POST",
            f"/v1/incidents/{quoted(incident_id)}/acknowledge",
            given(reason=reason),
            params=given(pipeline=pipeline),
        )

    async def close_incident(self, incident_id: str, *, reason: str, pipeline: str | None = None) -> Values:
        """Close an incident."""
        return await self._call(
            "POST", f"/v1/incidents/{quoted(incident_id)}/close", given(reason=reason), params=given(pipeline=pipeline)
        )

    async def policies(self, *, limit: int | None = None, after: str | None = None) -> Values:
        """List the policies in force."""
        return await self._call("GET", "/v1/policies", params=given(limit=limit, after=after))

    async def policy_files(self) -> Values:
        """List policy files with their text."""
        return await self._call("GET", "/v1/policies/files")

    async def policy_schema(self) -> Values:
        """Return the JSON Schema of policy files."""
        return await self._call("GET", "/v1/policies/schema")

    async def policy_messages(self) -> Values:
        """List the latest messages, for explanations."""
        return await self._call("GET", "/v1/policies/messages")

    async def check_policy(self, *, pipeline: str, file: str, text: str) -> Values:
        """Check a draft: each problem with its line."""
        return await self._call("POST", "/v1/policies/check", given(pipeline=pipeline, file=file, text=text))

    async def test_policy(self, *, pipeline: str, file: str, text: str) -> Values:
        """Run the examples of a draft."""
        return await self._call("POST", "/v1/policies/test", given(pipeline=pipeline, file=file, text=text))

    async def explain_policy(self, *, pipeline: str, file: str, text: str, message: str) -> Values:
        """Explain the verdicts of a draft on a message."""
        return await self._call(
            "POST", "/v1/policies/explain", given(pipeline=pipeline, file=file, text=text, message=message)
        )

    async def diff_policy(self, *, pipeline: str, file: str, text: str) -> Values:
        """Compare a draft with its file."""
        return await self._call("POST", "/v1/policies/diff", given(pipeline=pipeline, file=file, text=text))

    async def backtest_policy(
        self, *, pipeline: str, file: str, text: str, since: float | None = None, until: float | None = None
    ) -> Values:
        """Show the effects of a draft on the latest messages, or on a window of the log."""
        return await self._call(
            "POST", "/v1/policies/backtest", given(pipeline=pipeline, file=file, text=text, since=since, until=until)
        )

    async def propose_policy(self, *, pipeline: str, file: str, text: str, base_sha256: str, reason: str) -> Values:
        """Propose a draft; the digest is that of the file that was edited."""
        return await self._call(
            "POST",
            "/v1/policies/proposals",
            given(pipeline=pipeline, file=file, text=text, base_sha256=base_sha256, reason=reason),
        )

    async def proposals(self) -> Values:
        """List proposals."""
        return await self._call("GET", "/v1/policies/proposals")

    async def proposal(self, proposal_id: str) -> Values:
        """Return a proposal with its text."""
        return await self._call("GET", f"/v1/policies/proposals/{quoted(proposal_id)}")

    async def approve_proposal(self, proposal_id: str, *, reason: str) -> Values:
        """Put another person's proposal into force."""
        return await self._call("POST", f"/v1/policies/proposals/{quoted(proposal_id)}/approve", given(reason=reason))

    async def reject_proposal(self, proposal_id: str, *, reason: str) -> Values:
        """Reject a proposal."""
        return await self._call("POST", f"/v1/policies/proposals/{quoted(proposal_id)}/reject", given(reason=reason))

    async def statistics(self) -> Values:
        """Return the counters of each pipeline."""
        return await self._call("GET", "/v1/statistics")

    async def spend(self, *, days: int | None = None) -> Values:
        """Return the costs of models in the caller's tenant, by day, key, pipeline and model."""
        return await self._call("GET", "/v1/spend", params=given(days=days))

    async def profile(self, *, seconds: int | None = None) -> Values:
        """Return a profile of the server's loop: functions with their shares."""
        return await self._call("GET", "/v1/profile", params=given(seconds=seconds), timeout=30.0)

    async def drain(self, *, reason: str) -> Values:
        """Request that the process drains and ends; needs a recent sign-in."""
        return await self._call("POST", "/v1/drain", given(reason=reason))

    async def audit(
        self,
        *,
        pipeline: str | None = None,
        kind: str | None = None,
        run: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Values:
        """List records of the audit trail, oldest first."""
        return await self._call(
            "GET", "/v1/audit", params=given(pipeline=pipeline, kind=kind, run=run, limit=limit, after=after)
        )

    async def audit_chain(
        self, *, pipeline: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Values:
        """Return lines of the trail in stored form."""
        return await self._call("GET", "/v1/audit/chain", params=given(pipeline=pipeline, limit=limit, after=after))

    async def verify_audit(self, *, pipeline: str | None = None) -> Values:
        """Check that the trail is intact."""
        return await self._call("GET", "/v1/audit/verify", params=given(pipeline=pipeline))

    async def health(self) -> Values:
        """Return the state of each pipeline."""
        return await self._call("GET", "/v1/health")

    async def session(self) -> Values:
        """Return the caller and its rights."""
        return await self._call("GET", "/v1/session")

    async def passkeys(self) -> Values:
        """List the caller's passkeys."""
        return await self._call("GET", "/v1/passkeys")

    async def remove_passkey(self, passkey_id: str) -> Values:
        """Remove a passkey."""
        return await self._call("DELETE", f"/v1/passkeys/{quoted(passkey_id)}")

    async def resource(self) -> Values:
        """Return the issuers whose tokens the server accepts."""
        return await self._call("GET", "/.well-known/oauth-protected-resource")

    async def document(self) -> Values:
        """Return the OpenAPI document."""
        return await self._call("GET", "/openapi.json")

    async def live(self) -> Values:
        """Say that the loop answers."""
        return await self._call("GET", "/livez")

    async def ready(self) -> Values:
        """Report that runs are admitted; raises while the process opens or drains."""
        return await self._call("GET", "/readyz")
