"""`genie resume`: deliver to an agent again, from another shell."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.commands.switching import switch
from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options.control import control_options, who_options


@click.command(
    epilog=manual(
        ("After a pause or a quarantine", "genie resume forecaster --control control.db"),
    )
)
@click.argument("agent")
@control_options
@who_options
@guarded
def command(agent: str, **given: Any) -> None:
    """Deliver to AGENT again that was paused or quarantined; one that is killed stays so until genie revive."""
    switch("resumed", "agent", agent, {**given, "force": True})
