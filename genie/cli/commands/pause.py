"""`genie pause`: deliver nothing to an agent for a while, from another shell."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.commands.switching import switch
from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options.control import control_options, who_options


@click.command(
    epilog=manual(
        ("For a quarter of an hour", "genie pause forecaster --control control.db --for 15m"),
    )
)
@click.argument("agent")
@control_options
@who_options
@click.option("--for", "term", metavar="TERM", help="End by itself after 90s, 15m, 2h or 1d.")
@click.option("--force", is_flag=True, help="Write it down although no process has such an agent.")
@guarded
def command(agent: str, **given: Any) -> None:
    """Deliver nothing to AGENT: its fallback takes over, or deliveries are denied; what it handles goes on."""
    switch("paused", "agent", agent, given)
