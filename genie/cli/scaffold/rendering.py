"""Templates of files: package data below ``templates/``, filled with words."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

_SUFFIX = ".in"


class _Words(Template):
    delimiter = "%%"  # `$` is the prompt in a README, and begins expressions in a workflow


def rendered(name: str, words: Mapping[str, str]) -> dict[Path, str]:
    """Return path -> text of each template in a folder of ``templates/``, without the suffix ``.in``."""
    folder = resources.files("genie.cli.scaffold").joinpath("templates", name)
    return {path: _Words(text).substitute(words) for path, text in _templates(folder, Path())}


def _templates(folder: Traversable, path: Path) -> Iterator[tuple[Path, str]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _templates(entry, path / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield path / entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")
