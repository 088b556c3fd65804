"""A control inside one process, for tests of approvals and kill switches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.contracts.ports.control import Act, ControlNews, ControlReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.contracts.classification import Classification
    from genie.contracts.ports.control import RemoteVote


class MemoryControl:
    """A control inside one process: tests call it in place of another terminal.

    Args:
        interval_s: Seconds between two reports.
        clearance: Highest classification that approvers see; that of a run's caller by default.
    """

    def __init__(self, interval_s: float = 0.5, clearance: Classification | None = None) -> None:
        self.interval_s = interval_s
        self.clearance = clearance
        self.requests: dict[str, Mapping[str, object]] = {}
        """Approvals by id, as people may see them."""
        self.answers: dict[int, tuple[bool, str]] = {}
        """Results of votes, by number."""
        self.agents: Mapping[str, str] = {}
        """Every agent, with the reason why nothing is delivered to it."""
        self._switches: dict[tuple[str, str, str], Act] = {}
        self._votes: list[RemoteVote] = []
        self._acts: list[Act] = []

    def vote(self, vote: RemoteVote) -> None:
        """Cast a vote."""
        self._votes.append(vote)

    def act(self, act: Act) -> None:
        """Turn a switch on or off."""
        self._acts.append(act)
        self._switch(act)

    def _switch(self, act: Act) -> None:
        word = {"revived": "killed", "resumed": "paused"}.get(act.word, act.word)
        if act.word == word:
            self._switches[act.kind, act.name, word] = act
        else:
            self._switches.pop((act.kind, act.name, word), None)

    async def open(self, process: str, report: ControlReport) -> ControlNews:
        """Store the first report; return the switches in force."""
        await self.exchange(report)
        self._acts.clear()
        live = (one for one in self._switches.values() if one.until is None or one.until > report.at)
        return ControlNews(acts=tuple(live))

    async def exchange(self, report: ControlReport) -> ControlNews:
        """Store a report; return the decisions since then."""
        self.requests.update(report.requests)
        self.answers.update(report.answers)
        self.agents = report.agents
        for act in report.acts:
            self._switch(act)
        news = ControlNews(tuple(self._votes), tuple(self._acts))
        self._votes.clear()
        self._acts.clear()
        return news

    async def close(self, report: ControlReport) -> None:
        """Store the last report."""
        await self.exchange(report)
