"""`genie agents`: what is installed, as the cards say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from genie.catalogue import Catalogue
from genie.cli import suggestions
from genie.cli.drawing import plain
from genie.cli.ending import guarded
from genie.cli.manual import manual
from genie.cli.roster import loadable
from genie.cli.wire import to_text
from genie.errors import UnknownAgentError
from genie.message import topic_of

if TYPE_CHECKING:
    from genie.protocol import AgentCard


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
    catalogue = Catalogue.installed()
    for name in names:
        if name not in catalogue.agents:
            raise UnknownAgentError(agent=name, known=tuple(catalogue.agents))
    agents, problems = loadable(catalogue, names)
    cards = {name: one.card for name, one in agents.items()}
    for problem in problems:
        click.echo(plain(f"warning: agent {problem}"), err=True)
    if as_json:
        click.echo(to_text([{"use": name, **_shown(card)} for name, card in cards.items()]))
        return
    from genie.cli.layout import Column, Grid, Text  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.screen import show  # noqa: PLC0415 - as above

    whole = (Column(title, whole=True) for title in ("agent", "takes", "gives", "risk", "tier"))
    table = Grid((*whole, Column("what it does")))
    for name, card in cards.items():
        shown = _shown(card)
        takes, gives = Text(tuple(shown["consumes"])), Text(tuple(shown["produces"]))
        table.add(name, takes, gives, shown["risk"], shown["tier"], " ".join(card.description.split()))
    show([table])


def _shown(card: AgentCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "version": card.version,
        "description": card.description,
        "capabilities": list(card.capabilities),
        "risk": str(card.risk),
        "tier": str(card.tier),
        "consumes": [topic_of(kind).name for kind in card.consumes],
        "produces": [topic_of(kind).name for kind in card.produces],
        "publishes": [topic_of(kind).name for kind in card.publishes],
        "asks": [topic_of(kind).name for kind in card.asks],
        "clearance": card.clearance.label,
        "rules": list(card.rules),
    }
