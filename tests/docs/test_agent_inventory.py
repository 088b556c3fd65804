"""The inventory of agents says what their cards say. ``python -m tests.docs.test_agent_inventory`` writes its table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genie.config.plugins import Plugins
from genie.contracts.message import topic_of

PAGE = Path(__file__).parents[2] / "docs" / "agents" / "inventory.md"
HEAD = "| agent | family | risk | tier | takes | gives | rules |"


def rows() -> Iterator[str]:
    """Yield a row for each agent of the catalogue, family by family."""
    catalogue = Plugins.installed()
    ours = [name for name, part in catalogue.agents.items() if str(part).startswith("genie_finance.")]
    for name in sorted(ours, key=lambda name: (catalogue.family(name), name)):
        card = catalogue.agent(name).card
        takes, gives = (
            ", ".join(f"`{topic_of(kind).name}`" for kind in kinds) for kinds in (card.consumes, card.produces)
        )
        rules = ", ".join(f"`{rule}`" for rule in card.rules)
        yield f"| {name} | {catalogue.family(name)} | {card.risk} | {card.tier} | {takes} | {gives} | {rules} |"


def test_the_table_says_what_the_cards_say() -> None:
    written = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and line != HEAD]
    assert [line for line in written if not line.startswith("| ---")] == list(rows())


def test_every_agent_says_what_it_takes_and_gives() -> None:
    assert not [row for row in rows() if "|  |" in row.rpartition(" |")[0].rpartition(" |")[0]]


if __name__ == "__main__":
    text = PAGE.read_text()
    before = text[: text.index(HEAD)]
    PAGE.write_text("\n".join([before + HEAD, "| --- | --- | --- | --- | --- | --- | --- |", *rows(), ""]))
