"""`genie kill`, `pause`, `resume`, `revive` and `status`: operate running processes through their control file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from genie.approvals.request import LONGEST_NAME, LONGEST_REASON
from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options.control import (
    control_options,
    now,
    opened,
    seconds_of,
    shown_time,
    term_options,
    who,
    who_options,
)
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.contracts.ports.control import Act
from genie.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.edges.control.database import Ledger

_Word = Literal["killed", "paused", "revived", "resumed"]
_TARGET = click.argument("kind", type=click.Choice(("agent", "tenant", "all")))
_NAME = click.argument("name", required=False)
_AGENT = click.argument("agent")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command(epilog=manual(
    ("Stop an agent until it is revived", 'genie kill agent forecaster --control control.db --reason "wrong figures"'),
    ("Stop a tenant for two hours", "genie kill tenant acme --control control.db --for 2h"),
    ("Stop everything that runs with the control file of a pipeline", "genie kill all --pipeline pipeline.yaml"),
))  # fmt: skip
@_TARGET
@_NAME
@control_options
@who_options
@term_options
@guarded
def kill(kind: str, name: str | None, **given: Any) -> None:
    """Stop an agent, a tenant, or everything: cancel running handlers and stop deliveries.

    A kill applies to every process with this control file, including processes that start later. It ends when its time
    is over or when `genie revive` lifts it.
    """
    _switch("killed", kind, name, given)


@click.command(epilog=manual(("Pause for 15 minutes", "genie pause forecaster --control control.db --for 15m")))
@_AGENT
@control_options
@who_options
@term_options
@guarded
def pause(agent: str, **given: Any) -> None:
    """Stop deliveries to AGENT; running handlers may finish.

    The fallback of AGENT takes over. Without a fallback, deliveries are denied.
    """
    _switch("paused", "agent", agent, given)


@click.command(epilog=manual(("End a pause or a quarantine", "genie resume forecaster --control control.db")))
@_AGENT
@control_options
@who_options
@guarded
def resume(agent: str, **given: Any) -> None:
    """End the pause or quarantine of AGENT. A killed agent stays killed until `genie revive`."""
    _switch("resumed", "agent", agent, {**given, "force": True})


@click.command(epilog=manual(
    ("Lift the kill of an agent", "genie revive agent forecaster --control control.db --reason fixed"),
    ("Lift a kill of everything", "genie revive all --control control.db"),
))  # fmt: skip
@_TARGET
@_NAME
@control_options
@who_options
@guarded
def revive(kind: str, name: str | None, **given: Any) -> None:
    """Lift a kill, and the quarantine of an agent. Cancelled deliveries stay cancelled."""
    _switch("revived", kind, name, {**given, "force": True})


@click.command(epilog=manual(("Processes, switches and approvals", "genie status --control control.db")))
@control_options
@_JSON
@guarded
def status(*, as_json: bool, **given: Any) -> None:
    """Show running processes, switches, and the number of pending approvals."""
    with opened(given) as ledger:
        at = now()
        processes, switches, requests = ledger.processes(at), ledger.switches(at), ledger.requests(at)
    waiting = sum(one.state == "pending" for one in requests)
    if as_json:
        names = ("word", "kind", "name", "by", "reason", "until")
        off = [{name: getattr(one, name) for name in names} for one in switches]
        click.echo(to_text({"processes": [one.model_dump() for one in processes], "switches": off, "pending": waiting}))
        return
    for one in processes:
        click.echo(plain(f"process {one.id}: {one.state}, pid {one.pid} on {one.host}, seen {shown_time(one.seen)}"))
        for agent, why in sorted(one.agents.items()):
            if why and one.state == "running":
                click.echo(plain(f"  agent {agent}: {why}"))
    for act in switches:
        term = "" if act.until is None else f" until {shown_time(act.until)}"
        what = _named(act.kind, act.name)
        click.echo(plain(f"{what} is {act.word}{term} by {act.by}{': ' if act.reason else ''}{act.reason}"))
    click.echo(f"{waiting} approval{'' if waiting == 1 else 's'} pending")


def _switch(word: _Word, kind: str, name: str | None, given: Mapping[str, Any]) -> None:
    """Record one switch in the control file and print it.

    Raises:
        InputError: The control file cannot be used, no process has such an agent, or an option is missing.
    """
    for_s = seconds_of(given.get("term"))
    target = _target(kind, name)
    actor = who(given)
    by, reason = actor.name.strip(), str(given["reason"]).strip()
    if not by or len(by) > LONGEST_NAME or len(reason) > LONGEST_REASON:
        text = f"must not be longer than {LONGEST_NAME} or {LONGEST_REASON} characters, and --as must not be empty"
        raise InputError("--as or --reason", text)
    with opened(given) as ledger:
        at = now()
        if target[0] == "agent" and not given.get("force"):
            _check_known(ledger, target[1], at)
        until = None if for_s is None else at + for_s
        ledger.act(Act(word, target[0], target[1], by, reason, until, actor.token), at)
        running = sum(one.state == "running" for one in ledger.processes(at))
    term = "" if until is None else f" until {shown_time(until)}"
    processes = f"{running} running process{'' if running == 1 else 'es'}" if running else "no running process"
    click.echo(plain(f"{_named(*target)} is {word}{term}; {processes} affected"))


def _named(kind: str, name: str) -> str:
    return "everything" if kind == "all" else f"{kind} {name}"


def _target(kind: str, name: str | None) -> tuple[Literal["agent", "tenant", "all"], str]:
    if kind == "all":
        if name is not None:
            raise InputError(f"all {name}", "means everything and takes no name")
        return "all", ""
    if not name or len(name) > LONGEST_NAME:
        raise InputError(kind, f"needs a name of at most {LONGEST_NAME} characters")
    return ("agent", name) if kind == "agent" else ("tenant", name)


def _check_known(ledger: Ledger, agent: str, at: float) -> None:
    """Refuse an agent that no process has ever had: a kill switch with a misspelt name stops nothing."""
    known = sorted({name for process in ledger.processes(at) for name in process.agents})
    if known and agent not in known:
        remedy = f"see genie status{did_you_mean(agent, known)}, or pass --force"
        raise InputError(f"agent {agent!r}", "is not in any process that has run with this control file", remedy)
