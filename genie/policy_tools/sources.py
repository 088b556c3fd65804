"""Where the commands on policies take policies, topics and agents from: a pipeline, or a policy file beside one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genie.cli.terminal.drawing import plain
from genie.config.loader import load
from genie.config.plugins import Catalogue
from genie.config.policies import PolicySource, Reading, alone, scene_of
from genie.config.yaml import load_file
from genie.contracts.card import Caller
from genie.errors import ConfigError, DefinitionError

if TYPE_CHECKING:
    from genie.policy.policy import PipelineContext, PolicySet


@dataclass(frozen=True, slots=True)
class Sourced:
    """Policies, and what they are about."""

    policies: PolicySet
    scene: PipelineContext
    caller: Caller
    reading: Reading
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
    catalogue = Catalogue.installed()
    if pipeline is not None:
        beside = load(pipeline, catalogue=catalogue)
        scene, caller = beside.policy_source.scene, beside.caller
    else:
        scene, caller = _installed(catalogue), Caller()
    return _read(alone(Path(path), catalogue=catalogue, environ=os.environ, scene=scene), caller)


def _read(source: PolicySource, caller: Caller) -> Sourced:
    reading = Reading(source)
    policies = reading.policies()
    if policies is None or source.scene is None:
        raise ConfigError(reading.lines())
    return Sourced(policies, source.scene, caller, reading)


def _installed(catalogue: Catalogue) -> PipelineContext:
    """Return a scene of every agent that is installed; one that cannot be loaded is left out and named."""
    cards = []
    for name in sorted(catalogue.agents):
        try:
            cards.append(catalogue.agent(name).card)
        except DefinitionError as error:
            click.echo(plain(f"warning: agent {error}; its topics are not known here"), err=True)
    return scene_of(cards)
