"""The control port: decisions that people make at other terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.classification import Classification


class RemoteVote(NamedTuple):
    """What somebody said of an approval at another terminal."""

    number: int
    request: str
    """Id of the hold."""
    by: str
    roles: frozenset[str]
    approve: bool
    reason: str
    payload_sha256: str
    """What they saw: the payload, the policies as ``policy@version``, and the recipient."""
    policies: frozenset[str]
    recipient: str
    edit: str | None = None
    """With a yes: JSON of the fields of what is to be delivered instead."""


class Act(NamedTuple):
    """Something that was switched off or on."""

    word: Literal["killed", "paused", "revived", "resumed"]
    kind: Literal["agent", "tenant", "all"]
    name: str
    """Id of the agent or name of the tenant; empty for everything."""
    by: str
    reason: str
    until: float | None = None
    """Seconds since the epoch at which it ends by itself."""
    token: str | None = None
    """Signed identity of who acts, as a terminal gives it; the control has verified it."""


class ControlReport(NamedTuple):
    """What a running process reports: everything since its last report."""

    at: float
    """Seconds since the epoch."""
    requests: Mapping[str, Mapping[str, object]]
    """Approvals that were opened, changed or ended, by id, as JSON values: the payload as approvers may see it, while
    they are pending, and none afterwards."""
    answers: Mapping[int, tuple[bool, str]]
    """What became of votes, by their number: whether it counted, and why not or what is lacking still."""
    acts: tuple[Act, ...]
    """What was switched in the process itself."""
    agents: Mapping[str, str]
    """Every agent with why nothing is delivered to it; empty where that is not so."""


class ControlNews(NamedTuple):
    """What people said since the last report, in order."""

    votes: tuple[RemoteVote, ...] = ()
    acts: tuple[Act, ...] = ()
    refused: tuple[str, ...] = ()
    """Codes of identities that the control has refused."""


@runtime_checkable
class Control(Protocol):
    """Where a running process and people at other terminals meet; after an error it is tried again."""

    interval_s: float
    """Seconds between two reports."""
    clearance: Classification | None
    """Highest classification that approvers see; the clearance of a run's caller by default."""

    async def open(self, process: str, report: ControlReport) -> ControlNews:
        """Register a process; returns every switch in force as acts.

        Raises:
            InputError: It cannot be used, so the process does not start.
        """
        ...

    async def exchange(self, report: ControlReport) -> ControlNews:
        """Keep a report, and return what is new for this process. A report that raised is repeated in the next one."""
        ...

    async def close(self, report: ControlReport) -> None:
        """Keep the last report; called once."""
        ...
