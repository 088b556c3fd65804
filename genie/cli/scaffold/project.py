"""A project of one's own, outside this repository: a package with one agent, its pipeline, its tests, its checks."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import keyword
import re
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*\Z")
_LONGEST = 40
_PLACES = frozenset({"src", "tests", "test", "genie", "agents", "site", "build", "dist"})
"""Names that a project's own folders, Genie or its catalogue go by."""
_SUFFIX = ".in"
_PACKAGE = "package"
"""Folder of the skeleton that is called as the package is."""


def make_project(folder: Path, *, version: str) -> list[Path]:
    """Write a project into a folder, which appears whole or not at all, and return its files, sorted.

    Args:
        folder: A new one, or an empty one; its name is the distribution's and, with ``_`` for ``-``, the package's.
        version: Genie's, from which on the project takes it.

    Raises:
        InputError: The folder holds something, its name cannot be a package's, or it cannot be written.
    """
    name = folder.name
    if name in {"", "..", "."}:
        raise InputError(str(folder), "is no new folder", "name one, for example `genie new project ledger`")
    _check_name(name)
    _check_place(folder)
    package = name.replace("-", "_")
    _check_package(package, folder)
    words = {"package": package, "name": name.replace("_", "-"), "series": ".".join(version.split(".")[:2])}
    try:
        return _written(folder, _filled(words))
    except OSError as error:
        raise InputError(str(folder), f"cannot be written ({error.strerror})") from None


def _check_name(name: str) -> None:
    subject = f"project {name!r}"
    if not _NAME.match(name) or len(name) > _LONGEST:
        form = f"at most {_LONGEST} lower-case letters, digits and single '_' or '-', a letter first"
        raise InputError(subject, f"is no name: {form}", "choose another")
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise InputError(subject, "is a word of Python's", "choose another name")
    if package in sys.stdlib_module_names:
        raise InputError(subject, "is a module of Python's own library", "choose another name")
    if package in _PLACES:
        raise InputError(subject, "is a name that Genie or a project's own folders go by", "choose another name")


def _check_place(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(str(folder), "is there already, and is no folder", "choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(str(folder), "is there already, and is not empty", "choose another name")
    if not folder.parent.is_dir():
        raise InputError(str(folder.parent), "is no folder", "make it first")


def _check_package(package: str, folder: Path) -> None:
    """Refuse a name by which something else is imported or installed."""
    subject = f"project {folder.name!r}"
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # it is imported, and says of itself that it comes from nowhere
        raise InputError(subject, "is imported here already", "choose another name") from None
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    others = [place for place in places if place is not None and Path(place).resolve() != folder.resolve()]
    if others:
        raise InputError(subject, f"is what {others[0]} is imported as", "choose another name")
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return
    raise InputError(subject, "is what an installed distribution is called", "choose another name")


def _templates(folder: Traversable, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield place and text of each template in a folder of this package."""
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _templates(entry, place / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield place / entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")


class _Words(Template):
    delimiter = "%%"  # `$` stands before commands in the README, and in the workflow


def _filled(words: dict[str, str]) -> dict[Path, str]:
    root = resources.files("genie.cli").joinpath("skeleton")
    return {
        Path(*(words["package"] if part == _PACKAGE else part for part in place.parts)): _Words(text).substitute(words)
        for place, text in _templates(root, Path())
    }


def _written(folder: Path, texts: dict[Path, str]) -> list[Path]:
    """Write below a hidden folder beside the place, then move the whole there."""
    hidden = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        whole = hidden / folder.name
        for path, text in texts.items():
            place = whole / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="\n")
        whole.replace(folder)  # takes the place of an empty folder, never of one that holds something
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return sorted(folder / path for path in texts)
