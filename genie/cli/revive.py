"""`genie revive`: lift a kill, from another shell."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.desk import control_options, who_options
from genie.cli.ending import guarded
from genie.cli.manual import manual
from genie.cli.switching import KINDS, switch


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
