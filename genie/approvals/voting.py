"""Counts votes on holds: each is checked, recorded, and applied if it decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from genie.approvals.request import State, Vote, digest, recorded, signed, view_of
from genie.contracts.message import stamp, topic_of
from genie.contracts.outcome import Outcome, Reason
from genie.contracts.problems import place_in, problem_of
from genie.errors import InputError
from genie.policy.policy import ApprovalNeed, Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.approvals.holds import Held, Holds
    from genie.approvals.request import ApprovalRequest, HeldView, Seal
    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.message import Envelope, Payload

_KINDS = {State.PENDING: "voted", State.APPROVED: "approved", State.DENIED: "refused"}


class Voting:
    """Counts votes on the holds of one bus.

    Args:
        bus: The bus.
        holds: The holds.
    """

    def __init__(self, bus: Bus, holds: Holds) -> None:
        self._bus = bus
        self._holds = holds

    def held(self, hold_id: str) -> Held:
        """Return the hold of an id.

        Raises:
            InputError: There is none; the error says how it ended, if known.
        """
        found = self._holds.get(hold_id)
        if found is not None:
            return found
        over = next((one for one in reversed(self._holds.ended) if one.id == hold_id), None)
        how = "is not waiting (any more)" if over is None else f"is not waiting (any more): {over.state}"
        raise InputError(f"hold {hold_id!r}", how, "see approvals()")

    def vote(
        self,
        hold_id: str,
        *,
        by: str,
        roles: frozenset[str],
        approve: bool,
        reason: str,
        edit: Payload | None = None,
        seal: Seal | None = None,
    ) -> ApprovalRequest:
        """Count one vote, apply it if it decides, and return the approval.

        Args:
            hold_id: The hold.
            by: The voter; the edge has verified the name and the roles.
            roles: The voter's roles.
            approve: True to approve, False to deny.
            reason: The reason, in a sentence.
            edit: With an approval: a payload of the same class to deliver instead.
            seal: What the voter saw; by default what is held now.

        Raises:
            InputError: The vote does not count; nothing has changed, and the audit records the attempt.
        """
        held = self.held(hold_id)
        by, reason = signed(by, reason)
        self._in_force(held)
        vote = Vote(by, roles, approve, reason, self._bus.clock.wall().timestamp(), held.request.seal)
        if seal is not None:
            vote = vote._replace(seal=seal)
        try:
            return self._counted(held, vote, edit)
        except InputError as error:
            detail = {"counted": False, "why": str(error), "vote": recorded(vote), **_named(held.request)}
            self._bus.record_act("voted", hold_id, by=by, reason=reason, message=held.message, detail=detail)
            raise

    def _counted(self, held: Held, vote: Vote, edit: Payload | None) -> ApprovalRequest:
        if edit is not None and vote.approve and digest(edit) != held.request.payload_sha256:
            request = self._edited(held, vote, edit)  # its editor counts as a sender now, and cannot vote on it
        else:
            request = held.request.cast(vote)
        bus = self._bus
        detail = {"counted": True, **request.evidence()}
        bus.record_act(
            _KINDS[request.state], held.id, by=vote.by, reason=vote.reason, message=held.message, detail=detail
        )
        self._holds.update(held, request)
        if request.state is State.APPROVED:
            self._holds.pop(held.id)
            self._holds.release(held)
        elif request.state is State.DENIED:
            self._holds.pop(held.id)
            self._holds.refuse(held, Outcome.DENIED, Reason("refused", f"denied by {vote.by}: {vote.reason}"))
        return request

    def _in_force(self, held: Held) -> None:
        """Use the requirements of the policies in force: since a reload the same version may require other people."""
        decision = self._judged(held, held.message)
        asked = {consultation.stamp for consultation in decision.consults}
        kept = tuple(need for need in held.decision.needs if need.policy in asked)  # of slow judges, not asked again
        held.request = held.request.needing((*decision.needs, *kept), decision.policy_set)

    def _judged(self, held: Held, message: Envelope[Any]) -> Decision:
        """Return the decision of the policies in force on a held message, as if it had no approvals."""
        bus = self._bus
        message = bus.judging.current(message)
        card = message.scope.run.asker.card
        if held.delivery is not None:
            card = held.delivery.subscription.subscriber.card
        elif message.scope.owner is not None:
            card = message.scope.owner.subscription.subscriber.card
        decision = bus.policies.evaluator(type(message.payload), card).judge(message, bus.judging.card_of(message))
        return Decision("allow", (), bus.policies.sha256) if decision is None else decision

    def _edited(self, held: Held, vote: Vote, edit: Payload) -> ApprovalRequest:
        """Replace the held payload by an edited one, and return its new approval request.

        Sender, recipient, headers and label stay; a denial of the new payload refuses the edit.
        """
        bus, request, was = self._bus, held.request, held.message
        subject = f"the edit of {held.id}"
        if vote.seal != request.seal:
            request.cast(vote)  # raises if the vote was cast for something else
        objection = request.objection(vote.by, vote.roles)
        if objection is not None:
            raise InputError(f"approval {held.id}", objection)
        kind = type(was.payload)
        if type(edit) is not kind:
            raise InputError(subject, f"is {topic_of(edit).name}, not {topic_of(kind).name}")
        payload = validated(kind, {name: getattr(edit, name) for name in kind.model_fields}, subject)
        message = stamp(
            bus.next_number(), payload, was.sender, was.recipient, was.scope, was.number, was.hops, was.headers,
            was.label, bus.policies.inspectors.inspect(payload),
        )  # fmt: skip
        decision = self._judged(held, message)
        if decision.verdict == "deny":
            raise InputError(subject, f"is denied: {decision.summary}", "the original is still held")
        earlier = self._earlier(held)
        self._holds.replace(held, message, decision)
        return request.edited(vote.by, vote.at, message, decision, digest(payload), earlier)

    def _earlier(self, held: Held) -> tuple[ApprovalNeed, ...]:
        """Return the earlier approvals of the payload that an edit replaces: the edited one needs them as well."""
        approved = set(held.approved)
        if held.delivery is not None and held.delivery.extra is not None:
            approved |= held.delivery.extra.approved
        known = {
            need.policy: need for one in self._holds.ended
            if (one.message_id, one.recipient) == (held.message.id, held.recipient) for need in one.needs
        }  # fmt: skip
        return tuple(known.get(stamp, ApprovalNeed(stamp)) for stamp in sorted(approved))

    def release(self, hold_id: str, *, by: str, reason: str) -> None:
        """Release a hold that requires no role and a single approver.

        Raises:
            InputError: There is no hold of that id, it requires approvers, or ``by`` sent it.
        """
        held = self.held(hold_id)
        request = held.request
        if request.named:
            raise InputError(f"hold {hold_id!r}", f"asks for {'; '.join(request.lacking())}", "use approve()")
        objection = request.objection(by, frozenset()) if request.requester else None
        if objection is not None:
            raise InputError(f"hold {hold_id!r}", objection)
        ended = request.ended(State.APPROVED)
        self._holds.pop(hold_id)
        self._bus.record_act(
            "approved", hold_id, by=by, reason=reason, message=held.message, detail=ended.evidence()
        )  # fmt: skip
        self._holds.update(held, ended)
        self._holds.release(held)

    def refuse(self, hold_id: str, *, by: str, reason: str) -> None:
        """Deny a hold.

        Raises:
            InputError: There is no hold of that id.
        """
        held = self.held(hold_id)
        self._holds.pop(hold_id)
        detail = held.request.ended(State.DENIED).evidence()
        self._bus.record_act("refused", hold_id, by=by, reason=reason, message=held.message, detail=detail)
        self._holds.refuse(held, Outcome.DENIED, Reason("refused", reason))

    def view(self, held: Held, clearance: Classification | None, message: Envelope[Payload] | None = None) -> HeldView:
        """Return the held payload as an approver may see it.

        Args:
            held: The hold.
            clearance: The approver's; by default that of the run's caller, whose other attributes count in any case.
            message: The message before an edit, instead of the present one.
        """
        caller = held.message.scope.run.asker.card
        level = caller.clearance if clearance is None else clearance
        card = replace(caller, id="approver", clearance=level)
        bus, message = self._bus, message or held.message
        return view_of(
            message, bus.policies.evaluator(type(message.payload), card), bus.judging.card_of(message), level
        )


def validated(kind: type[Payload], values: Mapping[str, Any], subject: str) -> Payload:
    """Return a payload with these values.

    Raises:
        InputError: The values are not valid; the error names fields and rules, never values.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        lines = [
            f"{place_in(one, 'the payload')} {'is not valid' if one['type'] == 'value_error' else problem_of(one)}"
            for one in error.errors(include_input=False, include_url=False)[:5]
        ]
        raise InputError(subject, f"is not a valid {topic_of(kind).name}: {'; '.join(lines)}") from None


def _named(request: ApprovalRequest) -> dict[str, object]:
    return {
        "payload_sha256": request.payload_sha256, "policy_set": request.policy_set, "recipient": request.recipient,
        "policies": sorted(request.seal.policies),
    }  # fmt: skip
