"""Policies, topics and agents of a policy file or a pipeline, for the tools in this package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.config.policies import PolicyFiles, PolicyReader, context_of, single_file
from genie.config.yaml import load_file
from genie.contracts.card import Caller
from genie.errors import ConfigError, DefinitionError

if TYPE_CHECKING:
    from genie.policy.policy import PipelineContext, PolicySet


@dataclass(frozen=True, slots=True)
class Sourced:
    """Policies, with the topics and agents that they apply to."""

    policies: PolicySet
    context: PipelineContext
    caller: Caller
    reading: PolicyReader
    """The policy files."""
    warnings: tuple[str, ...] = ()
    """Agents that cannot be loaded, so that their topics are unknown, and what the policies warn of."""


def sourced(path: str, pipeline: str | None = None) -> Sourced:
    """Return the policies of a pipeline or of a policy file.

    Args:
        path: A pipeline or a policy file.
        pipeline: The pipeline of a policy file; without it, the topics of all installed agents are known.

    Raises:
        ConfigError: A file is invalid.
    """
    document = load_file(Path(path), environ=os.environ)
    if isinstance(document.value, dict) and ("agents" in document.value or "input" in document.value):
        loaded = load(path)
        return sourced_from(loaded.policy_source, loaded.caller)
    plugins = Plugins.installed()
    warnings: tuple[str, ...] = ()
    if pipeline is not None:
        beside = load(pipeline, plugins=plugins)
        context, caller = beside.policy_source.context, beside.caller
    else:
        context, warnings = _installed(plugins)
        caller = Caller()
    return sourced_from(single_file(Path(path), plugins=plugins, environ=os.environ, context=context), caller, warnings)


def sourced_from(source: PolicyFiles, caller: Caller, warnings: tuple[str, ...] = ()) -> Sourced:
    """Return the policies of a pipeline, or of a draft of them.

    Raises:
        ConfigError: A file is invalid.
    """
    reading = PolicyReader(source)
    policies = reading.policies()
    if policies is None or source.context is None:
        raise ConfigError(reading.lines())
    return Sourced(policies, source.context, caller, reading, (*warnings, *(one.text for one in reading.warnings)))


def _installed(plugins: Plugins) -> tuple[PipelineContext, tuple[str, ...]]:
    """Return a context of the installed agents, and a warning for each agent that cannot be loaded."""
    cards, warnings = [], []
    for name in sorted(plugins.agents):
        try:
            cards.append(plugins.agent(name).card)
        except DefinitionError as error:
            warnings.append(f"agent {error}; its topics are unknown")
    return context_of(cards), tuple(warnings)
