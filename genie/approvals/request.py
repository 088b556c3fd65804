"""An approval as a plain value: the request, the votes, and whether they suffice.

Nothing here waits, reads a clock or knows the bus. Only a request whose state is exactly ``approved`` runs.
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
"""Maximum length of a person's name, in characters."""
LARGEST = 2**63 - 1
"""Size beyond which integers are hexadecimal in JSON: Python limits the length of decimal conversion."""
LONGEST_REASON = 1_000
"""Maximum length of a reason, in characters."""


class State(enum.StrEnum):
    """State of an approval."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    """Nobody decided in time; distinct from a denial by a person."""
    CANCELLED = "cancelled"
    """Its run has ended, so there is nothing left to decide."""


class Seal(NamedTuple):
    """The subject of a vote. A vote for any other subject is void."""

    payload_sha256: str
    policies: frozenset[str]
    """``policy@version`` of each policy that holds."""
    recipient: str


class Vote(NamedTuple):
    """One person's vote on one approval."""

    by: str
    roles: frozenset[str]
    approve: bool
    reason: str
    at: float
    """Seconds since the epoch."""
    seal: Seal


class Edit(NamedTuple):
    """A change made by an approver: hashes before and after, never the text."""

    by: str
    before: str
    after: str
    at: float


class ApprovalRequest(NamedTuple):
    """One approval request, with the votes so far."""

    id: str
    run_id: str
    message_id: str
    topic: str
    sender: str
    recipient: str
    requester: str | None
    """User of the run."""
    reason: str
    """Why each policy holds; contains paths, never matched text."""
    needs: tuple[ApprovalNeed, ...]
    label: str
    """Declared classification of the message."""
    payload_sha256: str
    """SHA-256 of the payload's canonical JSON."""
    policy_set: str
    """SHA-256 of the policy set in force."""
    opened: float
    """Seconds since the epoch."""
    expires: float
    votes: tuple[Vote, ...] = ()
    edits: tuple[Edit, ...] = ()
    floor: tuple[ApprovalNeed, ...] = ()
    """Requirements of the payload before the first edit; an edited one requires at least as much."""
    state: State = State.PENDING

    @property
    def seal(self) -> Seal:
        """The subject of a vote cast now."""
        return Seal(self.payload_sha256, frozenset(need.policy for need in self.needs), self.recipient)

    @property
    def named(self) -> bool:
        """Return whether it requires roles or several people; an operator's ``release`` does not satisfy those."""
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
        """Return what each policy that holds still requires; empty if nothing is missing."""
        told = []
        for need in self.needs:
            left = need.quorum - len(self._approvers(need))
            if left > 0:
                of = f" of {', '.join(sorted(need.approvers))}" if need.approvers else ""
                told.append(f"{need.policy}: {left} more{of}")
        return tuple(told)

    def _approvers(self, need: ApprovalNeed) -> frozenset[str]:
        """Return the different people whose approval counts for a requirement, by their normalised names."""
        return frozenset(
            person(vote.by) for vote in self.votes
            if vote.approve and vote.seal == self.seal and _covers(need, vote.roles)
        )  # fmt: skip

    def cast(self, vote: Vote) -> ApprovalRequest:
        """Return the approval with one more vote.

        One denial by a person who may decide ends it. An approval counts once per person, for every requirement that
        the person's roles cover.

        Raises:
            InputError: The vote is void: it is for something else, from a person who may not decide, a second approval,
                or late.
        """
        subject = f"approval {self.id}"
        if self.state is not State.PENDING:
            raise InputError(subject, f"is already {self.state}, so the vote is void")
        if vote.seal != self.seal:
            raise InputError(subject, f"the vote is void: it was made for another {_difference(vote.seal, self.seal)}")
        objection = self.objection(vote.by, vote.roles)
        if objection is not None:
            raise InputError(subject, objection)
        if vote.approve and any(person(one.by) == person(vote.by) and one.approve for one in self.votes):
            raise InputError(subject, f"{vote.by} has already approved it; each person counts once")
        voted = self._replace(votes=(*self.votes, vote))
        if not vote.approve:
            return voted._replace(state=State.DENIED)
        return voted if voted.lacking() else voted._replace(state=State.APPROVED)

    def needing(self, needs: tuple[ApprovalNeed, ...], policy_set: str) -> ApprovalRequest:
        """Return the approval with the requirements of the same policies under the set in force.

        A vote counts only for the version and the settings under which it was cast. Requirements that a policy has
        dropped still apply.
        """
        now = {_name(need): need for need in needs}
        asked = tuple(now.get(_name(need), need) for need in self.needs)
        return self._replace(needs=_united(asked, self.floor), policy_set=policy_set)

    def edited(
        self, by: str, at: float, message: Envelope[Any], decision: Decision, payload_sha256: str,
        earlier: tuple[ApprovalNeed, ...] = (),
    ) -> ApprovalRequest:  # fmt: skip
        """Return the approval of an edited payload; every vote so far was for another payload and is dropped.

        Args:
            by: The editor.
            at: Time, in seconds since the epoch.
            message: The edited message.
            decision: The decision of the policies in force.
            payload_sha256: Digest of the edited payload.
            earlier: Earlier approvals of the previous payload.

        It requires what the policies now require, and at least what it required before: otherwise an edit could lower
        it below a limit, so that only its editor would decide.
        """
        edit = Edit(by, self.payload_sha256, payload_sha256, at)
        floor = _united((*self.floor, *self.needs), earlier)
        return self._replace(
            message_id=message.id, payload_sha256=payload_sha256, votes=(), edits=(*self.edits, edit), floor=floor,
            needs=_united(decision.needs, floor), reason=decision.summary if decision.needs else self.reason,
            policy_set=decision.policy_set,
        )  # fmt: skip

    def ended(self, state: State) -> ApprovalRequest:
        """Return the approval in its final state; an ended one is unchanged."""
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
        """Return the record for a log, from which ``going_on`` restores it."""
        return {
            "id": self.id, "payload_sha256": self.payload_sha256, "opened": self.opened, "expires": self.expires,
            "votes": [recorded(vote) for vote in self.votes], "edits": [list(edit) for edit in self.edits],
            "floor": [[need.policy, sorted(need.approvers), need.quorum] for need in self.floor],
        }  # fmt: skip

    def going_on(self, kept: Mapping[str, Any]) -> ApprovalRequest:
        """Return the approval with the id, the term, the votes and the edits that an earlier process stored.

        A vote names its payload and policy versions, so a vote for others does not count.
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
    """Return the approval request for a held message."""
    return ApprovalRequest(
        id=hold_id, run_id=message.correlation_id, message_id=message.id, topic=topic_of(message.payload).name,
        sender=message.sender, recipient=recipient, requester=message.headers.user, reason=decision.summary,
        needs=decision.needs, label=message.label.label, payload_sha256=digest(message.payload),
        policy_set=decision.policy_set, opened=opened, expires=expires,
    )  # fmt: skip


def signed(by: str, reason: str) -> tuple[str, str]:
    """Return a person's name and reason in stored form.

    Raises:
        InputError: One of them is empty or too long, or the name has invisible characters.
    """
    by, reason = by.strip(), reason.strip()
    if not person(by) or len(by) > LONGEST_NAME or not by.isprintable():
        raise InputError(
            "the name of who decides", f"must be 1 to {LONGEST_NAME} visible characters", "say who you are"
        )
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError("the reason", f"must be 1 to {LONGEST_REASON} characters", "say why")
    return by, reason


def _name(need: ApprovalNeed) -> str:
    """Return the policy, or a policy's rule, without its version."""
    return need.policy.rpartition("@")[0]


def _united(needs: tuple[ApprovalNeed, ...], floor: tuple[ApprovalNeed, ...]) -> tuple[ApprovalNeed, ...]:
    """Return requirements at least as strict as both: per policy and roles, the larger quorum."""
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
    """Return the SHA-256 of a payload's canonical JSON: topic, version and every field, keys sorted, no whitespace."""
    import hashlib  # noqa: PLC0415 - start-up: most programs hold nothing
    import json  # noqa: PLC0415 - as above

    topic = topic_of(payload)
    content = {"topic": topic.name, "version": topic.version, "payload": fields_of(payload)}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fields_of(value: Value) -> dict[str, Any]:
    """Return every field as JSON values, read directly, because a class's own serialiser may leave some out."""
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


# --- the approver's view ---


class HeldView(NamedTuple):
    """A held payload as an approver may see it."""

    payload: Payload | None
    """None if the approver may not see it at all."""
    masked: frozenset[Path] = frozenset()
    """Paths that are masked."""
    withheld: str | None = None
    """Why it is not shown."""


def view_of(message: Envelope[Any], evaluator: Evaluator, sender: AgentCard, clearance: Classification) -> HeldView:
    """Return a held message as an approver of a clearance may see it.

    Args:
        message: The original.
        evaluator: The compiled policies for a recipient with the approver's card. A hold counts as approved here,
            because the approver is the person whom it waits for; a denied payload is withheld.
        sender: The sender's card.
        clearance: The approver's clearance; nothing found or declared above it is shown, whatever the policies say.
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
        return HeldView(None, withheld="a field that must be masked is not plain text")
    return HeldView(copy, paths)


def changes(before: object, after: object, path: tuple[str | int, ...] = ()) -> Iterator[dict[str, object]]:
    """Yield the differences between two trees of JSON values, by path; an amount of money is one value."""
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
    """Return the fields of an edited payload; unchanged fields keep their exact value, masked or not.

    Args:
        edit: The editor's JSON values.
        seen: The values shown to the editor.
        original: The held payload.

    Raises:
        InputError: A field with masked text was changed: its editor could not see its value.
    """
    values = dict(edit)
    shown = {} if seen.payload is None else fields_of(seen.payload)
    masked = {str(path[0]) for path in seen.masked}
    for name, was in shown.items():
        if name in edit and edit[name] == was:
            values[name] = getattr(original, name)
        elif name in masked:
            raise InputError(
                f"field {name!r}", "contains text that is masked for you, so it cannot be edited", "leave it unchanged"
            )
    return values
