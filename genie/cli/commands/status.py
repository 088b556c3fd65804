"""`genie status`: what runs with a control file, what is switched off, and what waits for people."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options.control import control_options, now, opened, shown_time
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text


@click.command(
    epilog=manual(
        ("Processes, switches and approvals", "genie status --control control.db"),
    )
)
@control_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@guarded
def command(*, as_json: bool, **given: Any) -> None:
    """Say what runs with a control file, what is switched off, and what waits for people."""
    with opened(given) as ledger:
        at = now()
        processes, switches, requests = ledger.processes(at), ledger.switches(at), ledger.requests(at)
    waiting = sum(one.state == "pending" for one in requests)
    if as_json:
        off = [
            {"word": one.word, "kind": one.kind, "name": one.name, "by": one.by, "reason": one.reason,
             "until": one.until}
            for one in switches
        ]  # fmt: skip
        processes_ = [one.model_dump() for one in processes]
        click.echo(to_text({"processes": processes_, "switches": off, "pending": waiting}))
        return
    for one in processes:
        click.echo(plain(f"process {one.id}: {one.state}, pid {one.pid} on {one.host}, seen {shown_time(one.seen)}"))
        for agent, why in sorted(one.agents.items()):
            if why and one.state == "running":
                click.echo(plain(f"  agent {agent}: {why}"))
    for act in switches:
        what = "everything" if act.kind == "all" else f"{act.kind} {act.name}"
        term = "" if act.until is None else f" until {shown_time(act.until)}"
        click.echo(plain(f"{what} is {act.word}{term} by {act.by}{': ' if act.reason else ''}{act.reason}"))
    click.echo(f"{waiting} approval{'' if waiting == 1 else 's'} pending")
