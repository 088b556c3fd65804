"""The installed agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genie.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Collection

    from genie.config.plugins import Plugins
    from genie.contracts.agent import Agent


def loadable(plugins: Plugins, names: Collection[str] = ()) -> tuple[dict[str, Agent], list[DefinitionError]]:
    """Return the agents that can be loaded, by name, and the errors of the others; an extra may be missing.

    Args:
        plugins: The installed plug-ins.
        names: Names of agents; empty means all.
    """
    agents: dict[str, Agent] = {}
    problems: list[DefinitionError] = []
    for name in sorted(names or plugins.agents):
        try:
            agents[name] = plugins.agent(name)
        except DefinitionError as error:
            problems.append(error)
    return agents, problems
