"""`genie resume`: deliver to an agent again, from another shell."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.desk import control_options, who_options
from genie.cli.ending import guarded
from genie.cli.manual import manual
from genie.cli.switching import switch


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
