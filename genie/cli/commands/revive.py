"""`genie revive`: lift a kill, from another shell."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.commands.switching import KINDS, switch
from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options.control import control_options, who_options


@click.command(
    epilog=manual(
        ("An agent", "genie revive agent forecaster --control control.db --reason mended"),
        ("Everything", "genie revive all --control control.db"),
    )
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", required=False)
@control_options
@who_options
@guarded
def command(kind: str, name: str | None, **given: Any) -> None:
    """Lift a kill, and the quarantine of an agent. What was cancelled stays cancelled."""
    switch("revived", kind, name, {**given, "force": True})
