"""`genie agents`: what is installed, as the cards say."""

from __future__ import annotations

import click

from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options import completion as suggestions
from genie.cli.options.card_index import known, shown
from genie.cli.options.roster import loadable
from genie.cli.terminal.drawing import plain
from genie.cli.terminal.json_text import to_text
from genie.config.plugins import Plugins
from genie.errors import UnknownAgentError


@click.command(epilog=manual(
    ("What is installed", "genie agents"),
    ("Two of them, as JSON", "genie agents adviser reporter --json"),
))  # fmt: skip
@click.argument("names", nargs=-1, metavar="[AGENT]...", shell_complete=suggestions.agents)
@click.option("--json", "as_json", is_flag=True, help="Print the cards as a JSON list.")
@guarded
def command(names: tuple[str, ...], *, as_json: bool) -> None:
    """List the agents that are installed, or those that are named: what they take and give, their risk and tier.

    An agent that cannot be loaded, because an extra is missing, is named on stderr; it ends with 0 all the same.
    """
    plugins = Plugins.installed()
    for name in names:
        if name not in plugins.agents:
            raise UnknownAgentError(agent=name, known=tuple(plugins.agents))
    kept = known(plugins)
    cards = {name: kept[name] for name in names or plugins.agents if name in kept}
    others = [name for name in names or plugins.agents if name not in kept]
    if others:
        agents, problems = loadable(plugins, others)
        cards |= {name: shown(plugins.family(name), one.card) for name, one in agents.items()}
        for problem in problems:
            click.echo(plain(f"warning: agent {problem}"), err=True)
    if as_json:
        click.echo(to_text([{"use": name, **card} for name, card in sorted(cards.items())]))
        return
    from genie.cli.terminal.layout import Column, Grid, Text  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.terminal.screen import show  # noqa: PLC0415 - as above

    whole = (Column(title, whole=True) for title in ("agent", "family", "risk", "tier", "takes", "gives"))
    table = Grid((*whole, Column("what it does")))
    for name, card in sorted(cards.items()):
        takes, gives = Text(tuple(card["consumes"])), Text(tuple(card["produces"]))
        table.add(name, card["family"], card["risk"], card["tier"], takes, gives, card["description"])
    show([table])
