"""Switching an agent, a tenant or everything off and on again, through the control file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from genie.approvals.request import LONGEST_NAME, LONGEST_REASON
from genie.cli.options.control import now, opened, seconds_of, shown_time, who
from genie.cli.terminal.drawing import plain
from genie.contracts.ports.control import Act
from genie.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.edges.control.database import Ledger

Word = Literal["killed", "paused", "revived", "resumed"]
KINDS = ("agent", "tenant", "all")


def switch(word: Word, kind: str, name: str | None, given: Mapping[str, Any]) -> None:
    """Write one act into the control file, and say what it is.

    Raises:
        InputError: The file cannot be used, no agent of that name is known to it, or a word is missing.
    """
    for_s = seconds_of(given.get("term"))
    target = _target(kind, name)
    by, reason = who(given).strip(), str(given["reason"]).strip()
    if not by or len(by) > LONGEST_NAME or len(reason) > LONGEST_REASON:
        raise InputError("--as or --reason", f"is longer than {LONGEST_NAME} or {LONGEST_REASON} characters, or empty")
    with opened(given) as ledger:
        at = now()
        if target[0] == "agent":
            _known(ledger, target[1], at, force=bool(given.get("force")))
        until = None if for_s is None else at + for_s
        ledger.act(Act(word, target[0], target[1], by, reason, until), at)
        running = sum(one.state == "running" for one in ledger.processes(at))
    what = {"agent": f"agent {target[1]}", "tenant": f"tenant {target[1]}", "all": "everything"}[target[0]]
    term = "" if until is None else f" until {shown_time(until)}"
    heard = (
        f"{running} running process{'' if running == 1 else 'es'} will hear of it" if running else "nothing runs now"
    )
    click.echo(plain(f"{what} is {word}{term}; {heard}"))


def _target(kind: str, name: str | None) -> tuple[Literal["agent", "tenant", "all"], str]:
    if kind == "all":
        if name is not None:
            raise InputError(f"all {name}", "means everything, and takes no name")
        return "all", ""
    if not name or len(name) > LONGEST_NAME:
        raise InputError(kind, f"needs a name of at most {LONGEST_NAME} characters")
    return ("agent", name) if kind == "agent" else ("tenant", name)


def _known(ledger: Ledger, agent: str, at: float, *, force: bool) -> None:
    """Refuse an agent that no process has ever had: a kill switch that is misspelt stops nothing."""
    known = sorted({name for process in ledger.processes(at) for name in process.agents})
    if known and agent not in known and not force:
        remedy = f"see genie status{did_you_mean(agent, known)}, or pass --force"
        raise InputError(f"agent {agent!r}", "is in no process that has run with this file", remedy)
