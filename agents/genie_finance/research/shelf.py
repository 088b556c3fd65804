"""The family's data files: read once, every scalar as text until a model reads it."""

from __future__ import annotations

from importlib import resources

import yaml


def data(name: str) -> object:
    """Return the content of a YAML file of ``agents/research/data``; it is part of the package, so it is trusted."""
    content = resources.files("genie_finance").joinpath(f"research/data/{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(content, Loader=yaml.CBaseLoader)  # noqa: S506 - the base loader makes text, lists and mappings only
