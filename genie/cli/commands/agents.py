"""`genie agents`: list the installed agents, from their cards."""

from __future__ import annotations

import os

import click

from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options import completion as suggestions
from genie.cli.options.card_index import cards_of
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.config.plugins import Plugins
from genie.errors import UnknownAgentError


@click.command(epilog=manual(
    ("List all agents", "genie agents"),
    ("Print two of them as JSON", "genie agents adviser reporter --json"),
))  # fmt: skip
@click.argument("names", nargs=-1, metavar="[AGENT]...", shell_complete=suggestions.agents)
@click.option("--json", "as_json", is_flag=True, help="Print the cards as a JSON list.")
@guarded
def command(names: tuple[str, ...], *, as_json: bool) -> None:
    """List the installed agents, or the named ones, with their payloads, risk and tier.

    An agent that cannot be loaded, for example because an extra is missing, is reported on stderr; the exit code is 0.
    """
    plugins = Plugins.installed()
    for name in names:
        if name not in plugins.agents:
            raise UnknownAgentError(agent=name, known=tuple(plugins.agents))
    cards, problems = cards_of(plugins, names, os.environ)
    for problem in problems:
        click.echo(plain(f"warning: agent {problem}"), err=True)
    if as_json:
        click.echo(to_text([{"use": name, **card.model_dump(mode="json")} for name, card in sorted(cards.items())]))
        return
    from genie.cli.terminal.layout import Column, Grid, Text  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above

    whole = (Column(title, whole=True) for title in ("agent", "family", "risk", "tier", "takes", "gives"))
    table = Grid((*whole, Column("what it does")))
    for name, card in sorted(cards.items()):
        table.add(
            name, card.family, card.risk, card.tier, Text(card.consumes), Text(card.produces), card.description
        )  # fmt: skip
    show([table])
