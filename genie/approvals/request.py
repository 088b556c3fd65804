"""An approval as a plain value: who asked for what, who voted, and whether that is enough.

Nothing here waits, reads a clock or knows the bus. Whatever state is not exactly ``approved`` does not run.
"""

from __future__ import annotations

import datetime
import enum
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from genie.approvals.people import person
from genie.contracts.message import Payload, Value, topic_of
from genie.errors import InputError
from genie.policy.disclosure import masked
from genie.policy.policy import ApprovalNeed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genie.contracts.card import AgentCard
    from genie.contracts.classification import Classification
    from genie.contracts.message import Envelope, Path
    from genie.policy.policy import Decision, Evaluator

_MONEY = {"minor", "currency"}
LONGEST_NAME = 200
"""Characters of a person's name."""
LARGEST = 2**63 - 1
"""Integers beyond it stand in JSON as hexadecimal: Python writes no decimals of any length."""
LONGEST_REASON = 1_000
"""Characters of a reason."""


class State(enum.StrEnum):
    """Where an approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    """Nobody decided in time, which is not the same as a person's no."""
    CANCELLED = "cancelled"
    """Its run is over, so there is nothing left to decide."""


class Seal(NamedTuple):
    """What a vote is about. A vote for anything else is void."""

    payload_sha256: str
    policies: frozenset[str]
    """``policy@version`` of each policy that holds."""
    recipient: str


class Vote(NamedTuple):
    """One person's word on one approval."""

    by: str
    roles: frozenset[str]
    approve: bool
    reason: str
    at: float
    """Seconds since the epoch."""
    seal: Seal


class Edit(NamedTuple):
    """A change that an approver made: the hashes before and after it, never the text."""

    by: str
    before: str
    after: str
    at: float


class ApprovalRequest(NamedTuple):
    """What one hold asks of people, and what they have said so far."""

    id: str
    run_id: str
    message_id: str
    topic: str
    sender: str
    recipient: str
    requester: str | None
    """User of the run."""
    reason: str
    """Why each policy holds; names paths, never matched text."""
    needs: tuple[ApprovalNeed, ...]
    label: str
    """Declared classification of the message."""
    payload_sha256: str
    """Of the payload's canonical JSON."""
    policy_set: str
    """SHA-256 of the policies that asked."""
    opened: float
    """Seconds since the epoch."""
    expires: float
    votes: tuple[Vote, ...] = ()
    edits: tuple[Edit, ...] = ()
    floor: tuple[ApprovalNeed, ...] = ()
    """What the payload before the first edit needed; an edited one needs at least as much."""
    state: State = State.PENDING

    @property
    def seal(self) -> Seal:
        """What a vote cast now is about."""
        return Seal(self.payload_sha256, frozenset(need.policy for need in self.needs), self.recipient)

    @property
    def named(self) -> bool:
        """Say whether it asks for people by role or number; an operator's ``release`` does not do for those."""
        return any(need.approvers or need.quorum > 1 for need in self.needs)

    def objection(self, by: str, roles: frozenset[str]) -> str | None:
        """Return why a person may not decide this, or None."""
        if not self.requester:
            return "its run names no user, so the sender is unknown and nobody can approve it"
        own = {self.requester, self.sender, self.sender.removeprefix("caller:")}
        if person(by) in {person(name) for name in own}:
            return f"{by} sent it, and senders cannot decide on their own messages"
        if person(by) in {person(edit.by) for edit in self.edits}:
            return f"{by} has edited it, and editors cannot decide on their own edits"
        if self.needs and not any(_covers(need, roles) for need in self.needs):
            wanted = sorted(frozenset().union(*(need.approvers for need in self.needs)))
            return f"{by} holds none of the roles {', '.join(wanted)}"
        return None

    def lacking(self) -> tuple[str, ...]:
        """Return what is still to come for each policy that holds; empty when everything is there."""
        told = []
        for need in self.needs:
            left = need.quorum - len(self._approvers(need))
            if left > 0:
                of = f" of {', '.join(sorted(need.approvers))}" if need.approvers else ""
                told.append(f"{need.policy}: {left} more{of}")
        return tuple(told)

    def _approvers(self, need: ApprovalNeed) -> frozenset[str]:
        """Return the different people whose approval counts for a need, by their folded names."""
        return frozenset(
            person(vote.by) for vote in self.votes
            if vote.approve and vote.seal == self.seal and _covers(need, vote.roles)
        )  # fmt: skip

    def cast(self, vote: Vote) -> ApprovalRequest:
        """Return the approval with one more vote.

        One no of somebody who may decide ends it. A yes counts once a person, for every need that their roles cover.

        Raises:
            InputError: The vote is void: for something else, of somebody who may not decide, a second yes, or late.
        """
        subject = f"approval {self.id}"
        if self.state is not State.PENDING:
            raise InputError(subject, f"is {self.state} already, so the vote is void")
        if vote.seal != self.seal:
            raise InputError(subject, f"the vote is void: it was made for another {_difference(vote.seal, self.seal)}")
        objection = self.objection(vote.by, vote.roles)
        if objection is not None:
            raise InputError(subject, objection)
        if vote.approve and any(person(one.by) == person(vote.by) and one.approve for one in self.votes):
            raise InputError(subject, f"{vote.by} has already approved it; each person each person counts once")
        voted = self._replace(votes=(*self.votes, vote))
        if not vote.approve:
            return voted._replace(state=State.DENIED)
        return voted if voted.lacking() else voted._replace(state=State.APPROVED)

    def needing(self, needs: tuple[ApprovalNeed, ...], policy_set: str) -> ApprovalRequest:
        """Return the approval with what the same policies ask for under the set in force.

        A vote counts for the version and the settings that it was cast under: where these have changed it counts no
        more. What a policy of the set no longer asks for is needed still.
        """
        now = {_name(need): need for need in needs}
        asked = tuple(now.get(_name(need), need) for need in self.needs)
        return self._replace(needs=_united(asked, self.floor), policy_set=policy_set)

    def edited(
        self, by: str, at: float, message: Envelope[Any], decision: Decision, payload_sha256: str,
        earlier: tuple[ApprovalNeed, ...] = (),
    ) -> ApprovalRequest:  # fmt: skip
        """Return the approval of a changed payload: every vote so far was for another one, and is gone.

        Args:
            by: Who changed it.
            at: When, in seconds since the epoch.
            message: The edited message.
            decision: What the policies in force say of it.
            payload_sha256: Digest of the edited payload.
            earlier: What was approved already of the payload before.

        It needs what the policies ask for now, and at least what it needed before: otherwise an edit could bring it
        below a limit, and nobody but its editor would decide.
        """
        edit = Edit(by, self.payload_sha256, payload_sha256, at)
        floor = _united((*self.floor, *self.needs), earlier)
        return self._replace(
            message_id=message.id, payload_sha256=payload_sha256, votes=(), edits=(*self.edits, edit), floor=floor,
            needs=_united(decision.needs, floor), reason=decision.summary if decision.needs else self.reason,
            policy_set=decision.policy_set,
        )  # fmt: skip

    def ended(self, state: State) -> ApprovalRequest:
        """Return the approval in its last state; one that has ended stays as it is."""
        return self._replace(state=state) if self.state is State.PENDING else self

    def record(self) -> dict[str, Any]:
        """Return the approval as JSON values: names, hashes and times, no payload text."""
        return {
            "id": self.id, "state": str(self.state), "run_id": self.run_id, "message_id": self.message_id,
            "topic": self.topic, "sender": self.sender, "recipient": self.recipient, "requester": self.requester,
            "reason": self.reason, "label": self.label, "payload_sha256": self.payload_sha256,
            "policy_set": self.policy_set, "opened": self.opened, "expires": self.expires,
            "needs": [
                {"policy": need.policy, "approvers": sorted(need.approvers), "quorum": need.quorum}
                for need in self.needs
            ],
            "lacking": list(self.lacking()),
            "votes": [recorded(vote) for vote in self.votes],
            "edits": [{"by": e.by, "before": e.before, "after": e.after, "at": e.at} for e in self.edits],
        }  # fmt: skip

    def kept(self) -> dict[str, Any]:
        """Return what a log keeps, so that ``going_on`` finds it again."""
        return {
            "id": self.id, "payload_sha256": self.payload_sha256, "opened": self.opened, "expires": self.expires,
            "votes": [recorded(vote) for vote in self.votes], "edits": [list(edit) for edit in self.edits],
            "floor": [[need.policy, sorted(need.approvers), need.quorum] for need in self.floor],
        }  # fmt: skip

    def going_on(self, kept: Mapping[str, Any]) -> ApprovalRequest:
        """Return the approval with the id, the term, the votes and the edits that an earlier process kept.

        A vote names the payload and the policy versions that it is about, so one for others does not count.
        """
        floor = tuple(ApprovalNeed(policy, frozenset(roles), quorum) for policy, roles, quorum in kept["floor"])
        votes = tuple(
            Vote(one["by"], frozenset(one["roles"]), one["approve"], one["reason"], one["at"],
                 Seal(one["payload_sha256"], frozenset(one["policies"]), one["recipient"]))
            for one in kept["votes"]
        )  # fmt: skip
        return self._replace(
            id=kept["id"], opened=kept["opened"], expires=kept["expires"], votes=votes, floor=floor,
            edits=tuple(Edit(*edit) for edit in kept["edits"]), needs=_united(self.needs, floor),
        )  # fmt: skip

    def evidence(self) -> dict[str, Any]:
        """Return what the audit keeps: the record without the policies' words, which may quote what was judged."""
        kept = self.record()
        del kept["reason"]
        return kept


def recorded(vote: Vote) -> dict[str, Any]:
    """Return a vote as JSON values."""
    return {
        "by": vote.by, "roles": sorted(vote.roles), "approve": vote.approve, "reason": vote.reason, "at": vote.at,
        "payload_sha256": vote.seal.payload_sha256, "policies": sorted(vote.seal.policies),
        "recipient": vote.seal.recipient,
    }  # fmt: skip


def request_of(
    hold_id: str, message: Envelope[Any], recipient: str, decision: Decision, *, opened: float, expires: float
) -> ApprovalRequest:
    """Return what a held message asks of people."""
    return ApprovalRequest(
        id=hold_id, run_id=message.correlation_id, message_id=message.id, topic=topic_of(message.payload).name,
        sender=message.sender, recipient=recipient, requester=message.headers.user, reason=decision.summary,
        needs=decision.needs, label=message.label.label, payload_sha256=digest(message.payload),
        policy_set=decision.policy_set, opened=opened, expires=expires,
    )  # fmt: skip


def signed(by: str, reason: str) -> tuple[str, str]:
    """Return a person's name and reason as they are kept.

    Raises:
        InputError: One of them is empty or too long, or the name holds what cannot be seen.
    """
    by, reason = by.strip(), reason.strip()
    if not person(by) or len(by) > LONGEST_NAME or not by.isprintable():
        raise InputError("the name of who decides", f"is 1 to {LONGEST_NAME} visible characters", "say who you are")
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError("the reason", f"is 1 to {LONGEST_REASON} characters", "say why")
    return by, reason


def _name(need: ApprovalNeed) -> str:
    """Return the policy, or the rule of one, without its version."""
    return need.policy.rpartition("@")[0]


def _united(needs: tuple[ApprovalNeed, ...], floor: tuple[ApprovalNeed, ...]) -> tuple[ApprovalNeed, ...]:
    """Return needs that ask for no less than either: of one policy and the same roles, the larger quorum."""
    found: dict[tuple[str, frozenset[str]], ApprovalNeed] = {}
    for need in (*needs, *floor):
        key = (_name(need), need.approvers)
        known = found.get(key)
        if known is None:
            found[key] = need
        elif need.quorum > known.quorum:
            found[key] = known._replace(quorum=need.quorum)
    return tuple(found.values())


def _covers(need: ApprovalNeed, roles: frozenset[str]) -> bool:
    return not need.approvers or not need.approvers.isdisjoint(roles)


def _difference(one: Seal, other: Seal) -> str:
    if one.payload_sha256 != other.payload_sha256:
        return "payload"
    return "policy version" if one.policies != other.policies else "recipient"


# --- a payload as text ---


def digest(payload: Payload) -> str:
    """Return the SHA-256 of a payload's canonical JSON: topic, version and every field, keys in order, no blanks."""
    import hashlib  # noqa: PLC0415 - start-up: most programs hold nothing
    import json  # noqa: PLC0415 - as above

    topic = topic_of(payload)
    content = {"topic": topic.name, "version": topic.version, "payload": fields_of(payload)}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fields_of(value: Value) -> dict[str, Any]:
    """Return every field as JSON values; they are read directly, since a class's own serialiser may leave some out."""
    return {name: _plain(getattr(value, name)) for name in type(value).model_fields}


def _plain(value: object) -> object:  # noqa: PLR0911 - one return a kind reads best
    match value:
        case Value():
            return fields_of(value)
        case enum.Enum():
            return _plain(value.value)
        case None | bool() | str():
            return value
        case int():
            return value if -LARGEST <= value <= LARGEST else {"int": hex(value)}
        case float():
            return value if math.isfinite(value) else {"float": str(value)}
        case bytes():
            import hashlib  # noqa: PLC0415 - as above

            return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case frozenset() | set():
            return sorted((_plain(item) for item in value), key=repr)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
        case _:
            return str(value)  # decimals and UUIDs: their text is exact


# --- what an approver sees ---


class HeldView(NamedTuple):
    """A held payload as an approver may see it."""

    payload: Payload | None
    """None where the approver may not see it at all."""
    masked: frozenset[Path] = frozenset()
    """Where something is masked in it."""
    withheld: str | None = None
    """Why it is not shown."""


def view_of(message: Envelope[Any], evaluator: Evaluator, sender: AgentCard, clearance: Classification) -> HeldView:
    """Return what an approver of a clearance sees of a held message.

    Args:
        message: The original.
        evaluator: The policies' judges for a recipient with the approver's card. What they would hold for a person
            counts as approved here, since this is that person; what they deny is withheld.
        sender: Card of who sent it.
        clearance: Nothing found or declared above it is shown, whatever the policies say.
    """
    if message.label > clearance:
        return HeldView(None, withheld=f"it is {message.label.label}, and approvers see up to {clearance.label}")
    decision = evaluator.judge(message, sender)
    if decision is not None and decision.needs:
        decision = evaluator.judge(message, sender, decision.holds)
    if decision is not None and decision.verdict in {"deny", "hold", "consult"}:
        return HeldView(None, withheld=decision.summary)
    paths = frozenset(found.path for found in message.inspection.findings if found.label > clearance)
    if decision is not None:
        paths |= decision.paths
    if not paths:
        return HeldView(message.payload)
    copy = masked(message, paths)
    if copy is None:
        return HeldView(None, withheld="what would have to be masked is not plain text")
    return HeldView(copy, paths)


def changes(before: object, after: object, path: tuple[str | int, ...] = ()) -> Iterator[dict[str, object]]:
    """Yield what differs between two trees of JSON values, by place; a sum of money is one value."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and not _MONEY == before.keys() == after.keys():
        for name in dict.fromkeys((*before, *after)):
            yield from changes(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (was, now) in enumerate(zip(before, after, strict=True)):
            yield from changes(was, now, (*path, place))
    else:
        yield {"path": list(path), "before": before, "after": after}


def merged(edit: Mapping[str, Any], seen: HeldView, original: Payload) -> dict[str, Any]:
    """Return the fields of an edited payload; what was not changed keeps its exact value, masked or not.

    Args:
        edit: JSON values that the editor wants.
        seen: What the editor was shown.
        original: The held payload.

    Raises:
        InputError: A field that holds something masked was changed: its editor cannot know what stood there.
    """
    values = dict(edit)
    shown = {} if seen.payload is None else fields_of(seen.payload)
    masked = {str(path[0]) for path in seen.masked}
    for name, was in shown.items():
        if name in edit and edit[name] == was:
            values[name] = getattr(original, name)
        elif name in masked:
            raise InputError(
                f"field {name!r}", "holds what is masked for you, so it cannot be edited", "leave it as is"
            )
    return values
