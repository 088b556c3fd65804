"""`genie kill`: stop an agent, a tenant or everything, from another shell."""

from __future__ import annotations

from typing import Any

import click

from genie.cli.commands.switching import KINDS, switch
from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options.control import control_options, who_options


@click.command(
    epilog=manual(
        ("An agent, until it is revived", 'genie kill agent forecaster --control control.db --reason "wrong figures"'),
        ("A tenant, for two hours", "genie kill tenant acme --control control.db --for 2h"),
        ("Everything, in the control file that a pipeline names", "genie kill all --pipeline pipeline.yaml"),
    )
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", required=False)
@control_options
@who_options
@click.option("--for", "term", metavar="TERM", help="End by itself after 90s, 15m, 2h or 1d.")
@click.option("--force", is_flag=True, help="Write it down although no process has such an agent.")
@guarded
def command(kind: str, name: str | None, **given: Any) -> None:
    """Stop an agent, a tenant, or everything: nothing more is delivered, and what runs is cancelled.

    It holds for every process with this control file, those that start later too, until it is lifted by genie revive or
    its term is over.
    """
    switch("killed", kind, name, given)
