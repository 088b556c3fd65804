"""The control port: decisions that people make at other terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.classification import Classification


class RemoteVote(NamedTuple):
    """A decision on an approval, made at another terminal."""

    number: int
    request: str
    """Id of the hold."""
    by: str
    roles: frozenset[str]
    approve: bool
    reason: str
    payload_sha256: str
    """What the person saw: the payload, the policies as ``policy@version``, and the recipient."""
    policies: frozenset[str]
    recipient: str
    edit: str | None = None
    """With an approval: JSON of the fields to deliver instead."""


class Act(NamedTuple):
    """A switch that was turned on or off."""

    word: Literal["killed", "paused", "revived", "resumed"]
    kind: Literal["agent", "tenant", "all"]
    name: str
    """Id of the agent or name of the tenant; empty for everything."""
    by: str
    reason: str
    until: float | None = None
    """Seconds since the epoch at which it expires."""
    token: str | None = None
    """Signed identity of the person, as the terminal sent it; the control port has verified it."""


class ControlReport(NamedTuple):
    """Report of a running process: everything since its last report."""

    at: float
    """Seconds since the epoch."""
    requests: Mapping[str, Mapping[str, object]]
    """Approvals that were opened, changed or ended, by id, as JSON values: the payload as approvers may see it while
    they are pending, without it afterwards."""
    answers: Mapping[int, tuple[bool, str]]
    """Result of votes, by their number: whether each counted, and why not or what is still missing."""
    acts: tuple[Act, ...]
    """Switches that the process itself turned."""
    agents: Mapping[str, str]
    """Every agent, with the reason why nothing is delivered to it; empty if it receives deliveries."""


class ControlNews(NamedTuple):
    """Decisions of people since the last report, in order."""

    votes: tuple[RemoteVote, ...] = ()
    acts: tuple[Act, ...] = ()
    refused: tuple[str, ...] = ()
    """Codes of identities that were refused."""


@runtime_checkable
class Control(Protocol):
    """The exchange between a running process and people at other terminals; after an error it is tried again."""

    interval_s: float
    """Seconds between two reports."""
    clearance: Classification | None
    """Highest classification that approvers see; by default the clearance of a run's caller."""

    async def open(self, process: str, report: ControlReport) -> ControlNews:
        """Register a process; return every switch in force, as acts.

        Raises:
            InputError: The control file cannot be used, so the process does not start.
        """
        ...

    async def exchange(self, report: ControlReport) -> ControlNews:
        """Store a report, and return what is new for this process.

        After an exception, the next call repeats the report.
        """
        ...

    async def close(self, report: ControlReport) -> None:
        """Store the last report; called once."""
        ...
