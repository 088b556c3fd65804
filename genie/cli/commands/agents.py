"""`genie agents`: list the installed agents, from their cards."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from genie.cli.errors import guarded
from genie.cli.help import manual
from genie.cli.options import completion as suggestions
from genie.cli.options.card_index import cards_of
from genie.cli.terminal.drawing import counted, plain
from genie.cli.terminal.json_text import to_text
from genie.config.plugins import Plugins
from genie.contracts.card import Risk, Tier
from genie.errors import InputError, UnknownAgentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.cli.options.card_index import ShownCard


@click.command(epilog=manual(
    ("List all agents", "genie agents"),
    ("List the agents of one family that are low in risk", "genie agents --family insights --risk low"),
    ("Print two of them as JSON", "genie agents adviser reporter --json"),
))  # fmt: skip
@click.option("--family", metavar="NAME", help="Only agents of this family.")
@click.option("--topic", metavar="TOPIC", shell_complete=suggestions.topics, help="Only agents with this topic.")
@click.option("--risk", type=click.Choice([one.value for one in Risk]), help="Only agents of this risk.")
@click.option("--tier", type=click.Choice([one.value for one in Tier]), help="Only agents of this tier.")
@click.option("--find", metavar="TEXT", help="Only agents whose name, capability or description contains the text.")
@click.argument("names", nargs=-1, metavar="[AGENT]...", shell_complete=suggestions.agents)
@click.option("--json", "as_json", is_flag=True, help="Print the cards as a JSON list.")
@guarded
def command(names: tuple[str, ...], *, as_json: bool, **given: str | None) -> None:
    """List the installed agents, or the named ones, with their payloads, risk and tier.

    An agent that cannot be loaded, for example because an extra is missing, is reported on stderr; the exit code is 0.
    """
    plugins = Plugins.installed()
    for name in names:
        if name not in plugins.agents:
            raise UnknownAgentError(agent=name, known=tuple(plugins.agents))
    every, problems = cards_of(plugins, names, os.environ)
    cards = {name: card for name, card in every.items() if _wanted(name, card, given)}
    for problem in problems:
        click.echo(plain(f"warning: agent {problem}"), err=True)
    if not cards and not problems:
        raise InputError("genie agents", f"none of {counted(len(every), 'agent')} fits", _known(every, given))
    if as_json:
        click.echo(to_text([{"use": name, **card.model_dump(mode="json")} for name, card in sorted(cards.items())]))
        return
    from genie.cli.terminal.layout import Column, Grid, Text  # noqa: PLC0415 - only where a table is drawn
    from genie.cli.terminal.screen import is_terminal, show  # noqa: PLC0415 - as above

    narrow = is_terminal(sys.stdout)  # a terminal has no room for topics beside descriptions; a pipe has
    titles = (
        ("agent", "family", "risk", "tier")
        if narrow and not names
        else ("agent", "family", "risk", "tier", "takes", "gives")
    )
    table = Grid((*(Column(title, whole=True) for title in titles), Column("what it does")))
    for name, card in sorted(cards.items()):
        cells = (name, card.family, card.risk, card.tier, Text(card.consumes), Text(card.produces))
        table.add(*cells[: len(titles)], card.description)
    show([table])
    if is_terminal(sys.stdout):
        click.echo(f"{counted(len(cards), 'agent')}; genie agents NAME shows the payloads of one", err=True)


def _wanted(name: str, card: ShownCard, given: Mapping[str, str | None]) -> bool:
    """Return True when a card fits every filter."""
    text = (given["find"] or "").casefold()
    return (
        given["family"] in {None, card.family}
        and given["risk"] in {None, card.risk}
        and given["tier"] in {None, card.tier}
        and (given["topic"] is None or given["topic"] in {*card.consumes, *card.produces, *card.publishes, *card.asks})
        and any(text in word.casefold() for word in (name, card.name, card.description, *card.capabilities))
    )


def _known(cards: Mapping[str, ShownCard], given: Mapping[str, str | None]) -> str:
    """Return the possible values of the filters."""
    if given["family"] is not None:
        return f"families are {', '.join(sorted({card.family for card in cards.values()}))}"
    return "use fewer filters"
