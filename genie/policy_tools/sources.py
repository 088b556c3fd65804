"""Where the commands on policies take policies, topics and agents from: a pipeline, or a policy file beside one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genie.cli.terminal.drawing import plain
from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.config.policies import PolicyFiles, PolicyReader, scene_of, single_file
from genie.config.yaml import load_file
from genie.contracts.card import Caller
from genie.errors import ConfigError, DefinitionError

if TYPE_CHECKING:
    from genie.policy.policy import PolicySet, Scene


@dataclass(frozen=True, slots=True)
class Sourced:
    """Policies, and what they are about."""

    policies: PolicySet
    scene: Scene
    caller: Caller
    reading: PolicyReader
    """The policy files themselves."""


def sourced(path: str, pipeline: str | None = None) -> Sourced:
    """Return the policies of a pipeline or of a policy file.

    Args:
        path: Either of them.
        pipeline: The pipeline that a policy file is for; without it every installed agent is known.

    Raises:
        ConfigError: A file cannot be used.
    """
    document = load_file(Path(path), environ=os.environ)
    if isinstance(document.value, dict) and ("agents" in document.value or "input" in document.value):
        loaded = load(path)
        return _read(loaded.policy_source, loaded.caller)
    plugins = Plugins.installed()
    if pipeline is not None:
        beside = load(pipeline, plugins=plugins)
        scene, caller = beside.policy_source.scene, beside.caller
    else:
        scene, caller = _installed(plugins), Caller()
    return _read(single_file(Path(path), plugins=plugins, environ=os.environ, scene=scene), caller)


def _read(source: PolicyFiles, caller: Caller) -> Sourced:
    reading = PolicyReader(source)
    policies = reading.policies()
    if policies is None or source.scene is None:
        raise ConfigError(reading.lines())
    return Sourced(policies, source.scene, caller, reading)


def _installed(plugins: Plugins) -> Scene:
    """Return a scene of every agent that is installed; one that cannot be loaded is left out and named."""
    cards = []
    for name in sorted(plugins.agents):
        try:
            cards.append(plugins.agent(name).card)
        except DefinitionError as error:
            click.echo(plain(f"warning: agent {error}; its topics are not known here"), err=True)
    return scene_of(cards)
