"""Approvals: what people are asked, what they may see of it, and their votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.approvals.request import changes, fields_of
from genie.approvals.voting import Voting
from genie.runtime.arguments import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from genie.approvals.holds import Held, Holds
    from genie.approvals.request import ApprovalRequest, HeldView, Seal
    from genie.bus.bus import Bus
    from genie.contracts.classification import Classification
    from genie.contracts.message import Payload


class Approvals:
    """What waits for people in one runtime.

    Args:
        bus: Returns the open bus, or raises when the runtime is closed.
        holds: What is held.
    """

    def __init__(self, bus: Callable[[], Bus], holds: Holds) -> None:
        self._open_bus = bus
        self._holds = holds

    def holds(self) -> tuple[Held, ...]:
        """Return what waits for a person, oldest first."""
        self._open_bus()
        return self._holds.all()

    def requests(self) -> tuple[ApprovalRequest, ...]:
        """Return what people are asked to approve, oldest first, with the votes so far."""
        return tuple(held.request for held in self.holds())

    @checked
    def view(self, hold_id: str, clearance: Classification | None = None) -> HeldView:
        """Return what an approver may see of what is held.

        Args:
            hold_id: Which one.
            clearance: The approver's; that of the run's caller by default.

        Raises:
            InputError: Nothing of that id is held.
        """
        voting = self._voting()
        return voting.view(voting.held(hold_id), clearance)

    @checked
    def changes(self, hold_id: str, clearance: Classification | None = None) -> tuple[dict[str, object], ...] | None:
        """Return what edits have changed, as an approver may see it: ``path``, ``before`` and ``after``.

        Args:
            hold_id: Which one.
            clearance: The approver's; that of the run's caller by default.

        Returns:
            None where it was not edited, or what was there before is not known or not for the approver.

        Raises:
            InputError: Nothing of that id is held.
        """
        voting = self._voting()
        held = voting.held(hold_id)
        if held.first is None:
            return None
        before, after = (voting.view(held, clearance, one).payload for one in (held.first, held.message))
        return None if before is None or after is None else tuple(changes(fields_of(before), fields_of(after)))

    @checked
    def approve(
        self,
        hold_id: str,
        *,
        by: str,
        roles: Iterable[str] = (),
        reason: str,
        edit: Payload | None = None,
        seal: Seal | None = None,
    ) -> ApprovalRequest:
        """Vote for what is held. With enough votes it is judged again, and its other verdicts still apply.

        Args:
            hold_id: Which one.
            by: Who approves; never the run's own user or the sender.
            roles: What they may decide; the caller of this function vouches for them.
            reason: Why.
            edit: What is to be delivered instead, of the same class. It is validated and judged as a new payload: votes
                for the old one are void, this one counts for the new one, and what a policy denies refuses the edit.
            seal: What the approver saw (``ApprovalRequest.seal``); the vote is void when something else is held now.

        Raises:
            InputError: It does not count, and why.
        """
        return self._voting().vote(
            hold_id, by=by, roles=frozenset(roles), approve=True, reason=reason, edit=edit, seal=seal
        )

    @checked
    def deny(
        self, hold_id: str, *, by: str, roles: Iterable[str] = (), reason: str, seal: Seal | None = None
    ) -> ApprovalRequest:
        """Vote against what is held; one person who may decide is enough, and it ends ``denied``.

        Raises:
            InputError: It does not count, and why.
        """
        return self._voting().vote(hold_id, by=by, roles=frozenset(roles), approve=False, reason=reason, seal=seal)

    @checked
    def release(self, hold_id: str, *, by: str = "operator", reason: str = "released") -> None:
        """Release what is held, as the program that embeds this runtime; it is judged again.

        It cannot bypass an approval: what asks for roles or for several people needs ``approve``.

        Raises:
            InputError: Nothing of that id is held, it asks for named approvers, or ``by`` sent it.
        """
        self._voting().release(hold_id, by=by, reason=reason)

    @checked
    def refuse(self, hold_id: str, *, by: str = "operator", reason: str = "refused") -> None:
        """Deny what is held, as the program that embeds this runtime.

        Raises:
            InputError: Nothing of that id is held.
        """
        self._voting().refuse(hold_id, by=by, reason=reason)

    def _voting(self) -> Voting:
        return Voting(self._open_bus(), self._holds)
