"""Registry of plugins: agents, policies and edges that installed distributions offer as entry points.

A YAML file contains names, never a Python path. Each installed distribution lists its names in one entry point of each
group: a mapping from name to ``"module:attribute"``. A module is imported when one of its names is used.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from genie.contracts.agent import Agent
from genie.contracts.card import AgentCard
from genie.contracts.problems import cause_of
from genie.errors import DefinitionError

Group = Literal["agents", "policies", "edges"]
Plugin = str | Agent | Callable[..., Any]
"""``"module:attribute"``, or the object itself."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """The plugins that a pipeline file may name.

    Args:
        agents: Name -> an agent, or an agent class without constructor arguments.
        policies: Name -> a policy class; its constructor takes its ``Settings`` if it has that attribute.
        edges: Name -> a factory of the object for a port; it takes its ``Settings`` if it has that attribute. It
            must not open anything.
        clashes: Group and name -> the distributions that offer the same name.
    """

    agents: Mapping[str, Plugin] = field(default_factory=dict)
    policies: Mapping[str, Plugin] = field(default_factory=dict)
    edges: Mapping[str, Plugin] = field(default_factory=dict)
    clashes: Mapping[tuple[Group, str], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def installed(cls) -> Plugins:
        """Return the plugins in the entry points ``genie.agents``, ``genie.policies`` and ``genie.edges``.

        Raises:
            DefinitionError: An entry point cannot be loaded, or is not a mapping.
        """
        clashes: dict[tuple[Group, str], tuple[str, ...]] = {}
        select = importlib.metadata.entry_points().select  # scans every distribution, so call it once
        return cls(
            _offered("agents", select, clashes), _offered("policies", select, clashes),
            _offered("edges", select, clashes), clashes,
        )  # fmt: skip

    def agent(self, name: str) -> Agent:
        """Return the agent of that name.

        Raises:
            KeyError: No agent has that name.
            DefinitionError: The agent cannot be loaded, or is not a valid agent.
        """
        found = self._load("agents", self.agents, name)
        subject = f"agent {name!r}"
        if isinstance(found, type):
            found = _made(subject, found)
        if not isinstance(found, Agent) or not isinstance(found.card, AgentCard):
            raise DefinitionError(subject, "is not a valid agent: it has no card and handle()")
        return found

    def family(self, name: str) -> str:
        """Return the family of an agent: the name of the package that contains its module.

        Raises:
            KeyError: No agent has that name.
        """
        part = self.agents[name]
        module = part.partition(":")[0] if isinstance(part, str) else getattr(part, "__module__", "")
        package, _, _ = module.rpartition(".")
        return (package or module).rpartition(".")[2]

    def policy(self, name: str) -> Callable[..., Any]:
        """Return the factory of the policy of that name; see ``settings_of``. Raises as ``agent`` does."""
        return self._maker("policies", self.policies, name, f"policy {name!r}")

    def edge(self, name: str) -> Callable[..., Any]:
        """Return the factory of the edge of that name; see ``settings_of``. Raises as ``agent`` does."""
        return self._maker("edges", self.edges, name, f"edge {name!r}")

    def _maker(self, group: Group, parts: Mapping[str, Plugin], name: str, subject: str) -> Callable[..., Any]:
        found = self._load(group, parts, name)
        if not callable(found):
            raise DefinitionError(subject, "is not a valid factory: it is not callable")
        return found

    def _load(self, group: Group, parts: Mapping[str, Plugin], name: str) -> object:
        part = parts[name]
        clash = self.clashes.get((group, name))
        if clash:
            raise DefinitionError(repr(name), f"is offered by {' and '.join(clash)}; uninstall all but one")
        if not isinstance(part, str):
            return part
        module, _, attribute = part.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:  # any error at import becomes one line about the plugin
            library = error.name if isinstance(error, ModuleNotFoundError) else None
            if library is not None and library.partition(".")[0] != module.partition(".")[0]:
                lacks = f"needs the library {library}, which is not installed; install the extra that provides it"
                raise DefinitionError(repr(name), lacks) from error
            raise DefinitionError(repr(name), f"cannot be loaded: {cause_of(error)}") from error


def settings_of(maker: Callable[..., Any]) -> type[BaseModel] | None:
    """Return the settings model that a policy or an edge declares as ``Settings``."""
    found = getattr(maker, "Settings", None)
    return found if inspect.isclass(found) and issubclass(found, BaseModel) else None


def _made(subject: str, maker: Callable[[], object]) -> object:
    try:
        return maker()
    except Exception as error:  # any error of the factory becomes one line about its plugin
        raise DefinitionError(subject, f"cannot be created: {cause_of(error)}") from error


def _offered(
    group: Group,
    select: Callable[..., Iterable[importlib.metadata.EntryPoint]],
    clashes: dict[tuple[Group, str], tuple[str, ...]],
) -> dict[str, Plugin]:
    parts: dict[str, Plugin] = {}
    owners: dict[str, str] = {}
    for point in sorted(select(group=f"genie.{group}"), key=lambda point: point.name):
        subject = f"entry point {point.name!r} of genie.{group}"
        try:
            offered = point.load()
        except Exception as error:  # any error at import becomes one line about the entry point
            raise DefinitionError(subject, f"cannot be loaded: {cause_of(error)}") from error
        if not isinstance(offered, Mapping):
            raise DefinitionError(subject, "is not a mapping from name to 'module:attribute'")
        for name, part in offered.items():
            if name in parts and parts[name] != part:
                clashes[group, name] = (*clashes.get((group, name), (owners[name],)), point.name)
            parts[name] = part
            owners[name] = point.name
    return parts
