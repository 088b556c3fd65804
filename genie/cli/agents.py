"""`genie agents`: what is installed, as the cards say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from genie.catalogue import Catalogue
from genie.cli.drawing import plain
from genie.cli.ending import guarded
from genie.cli.wire import to_text
from genie.errors import DefinitionError
from genie.message import topic_of

if TYPE_CHECKING:
    from genie.protocol import Agent, AgentCard


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the cards as a JSON list.")
@guarded
def command(*, as_json: bool) -> None:
    """List the agents that are installed."""
    agents, problems = loadable(Catalogue.installed())
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


def loadable(catalogue: Catalogue) -> tuple[dict[str, Agent], list[DefinitionError]]:
    """Return the agents that can be loaded, by name, and what is wrong with the others: an extra may be missing."""
    agents: dict[str, Agent] = {}
    problems: list[DefinitionError] = []
    for name in sorted(catalogue.agents):
        try:
            agents[name] = catalogue.agent(name)
        except DefinitionError as error:
            problems.append(error)
    return agents, problems


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
    }
