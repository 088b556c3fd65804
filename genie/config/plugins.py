"""Finding parts by name: agents, policies and edges that distributions offer as entry points.

A YAML file never holds a Python path. It names parts, and each installed distribution says once, in an entry point of
the groups below, which names it offers: a mapping from name to ``"module:attribute"``. A module is imported when one of
its names is used.
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
from genie.errors import DefinitionError

Group = Literal["agents", "policies", "edges"]
Plugin = str | Agent | Callable[..., Any]
"""``"module:attribute"``, or the thing itself."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """The parts that a pipeline file may name; tests fill it by hand.

    Args:
        agents: Name -> an agent, or a class that makes one without arguments.
        policies: Name -> a policy class, made with its ``Settings`` if it has that attribute.
        edges: Name -> what makes a port's object, called with its ``Settings`` if it has that attribute. Making one
            must not open anything.
        clashes: Group and name -> what the distributions are called that offer the same name.
    """

    agents: Mapping[str, Plugin] = field(default_factory=dict)
    policies: Mapping[str, Plugin] = field(default_factory=dict)
    edges: Mapping[str, Plugin] = field(default_factory=dict)
    clashes: Mapping[tuple[Group, str], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def installed(cls) -> Plugins:
        """Return what the installed distributions offer in ``genie.agents``, ``genie.policies`` and ``genie.edges``.

        Raises:
            DefinitionError: An entry point cannot be loaded, or is no mapping.
        """
        clashes: dict[tuple[Group, str], tuple[str, ...]] = {}
        select = importlib.metadata.entry_points().select  # looks through every distribution, so once for all groups
        return cls(
            _offered("agents", select, clashes), _offered("policies", select, clashes),
            _offered("edges", select, clashes), clashes,
        )  # fmt: skip

    def agent(self, name: str) -> Agent:
        """Return the agent of that name.

        Raises:
            KeyError: There is none.
            DefinitionError: It cannot be loaded, or is no agent.
        """
        found = self._load("agents", self.agents, name)
        subject = f"agent {name!r}"
        if isinstance(found, type):
            found = _made(subject, found)
        if not isinstance(found, Agent) or not isinstance(found.card, AgentCard):
            raise DefinitionError(subject, "is listed by its distribution, but has no card and handle()")
        return found

    def family(self, name: str) -> str:
        """Return the family of an agent: the package that its module stands in, or the one above for a single module.

        Raises:
            KeyError: There is none of that name.
        """
        part = self.agents[name]
        module = part.partition(":")[0] if isinstance(part, str) else getattr(part, "__module__", "")
        package, _, _ = module.rpartition(".")
        return (package or module).rpartition(".")[2]

    def policy(self, name: str) -> Callable[..., Any]:
        """Return what makes the policy of that name; see ``settings_of``. Raises as ``agent`` does."""
        return self._maker("policies", self.policies, name, f"policy {name!r}")

    def edge(self, name: str) -> Callable[..., Any]:
        """Return what makes the edge of that name; see ``settings_of``. Raises as ``agent`` does."""
        return self._maker("edges", self.edges, name, f"edge {name!r}")

    def _maker(self, group: Group, parts: Mapping[str, Plugin], name: str, subject: str) -> Callable[..., Any]:
        found = self._load(group, parts, name)
        if not callable(found):
            raise DefinitionError(subject, "is listed by its distribution, but cannot be made: it is not callable")
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
        except Exception as error:  # whatever a module does at import becomes one line about its part
            raise DefinitionError(repr(name), f"cannot be loaded: {_first_line(error)}") from error


def settings_of(maker: Callable[..., Any]) -> type[BaseModel] | None:
    """Return the settings model that a policy or an edge declares as its ``Settings``."""
    found = getattr(maker, "Settings", None)
    return found if inspect.isclass(found) and issubclass(found, BaseModel) else None


def _made(subject: str, maker: Callable[[], object]) -> object:
    try:
        return maker()
    except Exception as error:  # whatever its maker does becomes one line about its part
        raise DefinitionError(subject, f"cannot be made: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error).split("\n", 1)[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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
        except Exception as error:  # whatever a module does at import becomes one line about it
            raise DefinitionError(subject, f"cannot be loaded: {_first_line(error)}") from error
        if not isinstance(offered, Mapping):
            raise DefinitionError(subject, "is no mapping from name to 'module:attribute'")
        for name, part in offered.items():
            if name in parts and parts[name] != part:
                clashes[group, name] = (*clashes.get((group, name), (owners[name],)), point.name)
            parts[name] = part
            owners[name] = point.name
    return parts
