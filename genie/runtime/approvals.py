"""Approvals: pending requests, their payload as an approver may see it, and votes."""

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
    """The approvals of one runtime.

    Args:
        bus: Returns the open bus, or raises when the runtime is closed.
        holds: The holds.
    """

    def __init__(self, bus: Callable[[], Bus], holds: Holds) -> None:
        self._open_bus = bus
        self._holds = holds

    def holds(self) -> tuple[Held, ...]:
        """Return the holds, oldest first."""
        self._open_bus()
        return self._holds.all()

    def requests(self) -> tuple[ApprovalRequest, ...]:
        """Return the pending approval requests, oldest first, with the votes so far."""
        return tuple(held.request for held in self.holds())

    @checked
    def view(self, hold_id: str, clearance: Classification | None = None) -> HeldView:
        """Return a hold as an approver may see it.

        Args:
            hold_id: The hold.
            clearance: The approver's; that of the run's caller by default.

        Raises:
            InputError: There is no hold of that id.
        """
        voting = self._voting()
        return voting.view(voting.held(hold_id), clearance)

    @checked
    def changes(self, hold_id: str, clearance: Classification | None = None) -> tuple[dict[str, object], ...] | None:
        """Return the changes by edits, as an approver may see them: ``path``, ``before`` and ``after``.

        Args:
            hold_id: The hold.
            clearance: The approver's; that of the run's caller by default.

        Returns:
            None if it was not edited, or if the approver may not see the original or it is unknown.

        Raises:
            InputError: There is no hold of that id.
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
        """Vote to approve a hold. With enough votes it is judged again, and its other verdicts still apply.

        Args:
            hold_id: The hold.
            by: The approver; never the run's own user or the sender.
            roles: The approver's roles, which the caller of this function has verified.
            reason: The reason.
            edit: A payload of the same class to deliver instead. It is validated and judged as a new payload: earlier
                votes are void, this vote counts for the new payload, and a denial by a policy refuses the edit.
            seal: What the approver saw (``ApprovalRequest.seal``); the vote is void if something else is held now.

        Raises:
            InputError: The vote does not count; the error says why.
        """
        return self._voting().vote(
            hold_id, by=by, roles=frozenset(roles), approve=True, reason=reason, edit=edit, seal=seal
        )

    @checked
    def deny(
        self, hold_id: str, *, by: str, roles: Iterable[str] = (), reason: str, seal: Seal | None = None
    ) -> ApprovalRequest:
        """Vote to deny a hold; one person who may decide is enough, and it ends ``denied``.

        Raises:
            InputError: The vote does not count; the error says why.
        """
        return self._voting().vote(hold_id, by=by, roles=frozenset(roles), approve=False, reason=reason, seal=seal)

    @checked
    def release(self, hold_id: str, *, by: str = "operator", reason: str = "released") -> None:
        """Release a hold on behalf of the program that embeds this runtime; it is judged again.

        This cannot bypass an approval: a hold that requires roles or several people needs ``approve``.

        Raises:
            InputError: There is no hold of that id, it requires approvers, or ``by`` sent it.
        """
        self._voting().release(hold_id, by=by, reason=reason)

    @checked
    def refuse(self, hold_id: str, *, by: str = "operator", reason: str = "refused") -> None:
        """Deny a hold on behalf of the program that embeds this runtime.

        Raises:
            InputError: There is no hold of that id.
        """
        self._voting().refuse(hold_id, by=by, reason=reason)

    def _voting(self) -> Voting:
        return Voting(self._open_bus(), self._holds)
