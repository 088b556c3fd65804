"""The agents that are installed and can be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Collection

    from genie.config.plugins import Plugins
    from genie.contracts.agent import Agent


def loadable(plugins: Plugins, names: Collection[str] = ()) -> tuple[dict[str, Agent], list[DefinitionError]]:
    """Return the agents that can be loaded, by name, and what is wrong with the others: an extra may be missing.

    Args:
        plugins: What is installed.
        names: Which of them; empty means all.
    """
    agents: dict[str, Agent] = {}
    problems: list[DefinitionError] = []
    for name in sorted(names or plugins.agents):
        try:
            agents[name] = plugins.agent(name)
        except DefinitionError as error:
            problems.append(error)
    return agents, problems
