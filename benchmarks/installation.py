"""Size of a bare install: the distributions that the core requires."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from genie.benchmark import BenchmarkError

ROOT = Path(__file__).parents[1]
OURS = ("genie", "agents")
"""The packages of our own wheel; in an editable install no list of files names them."""


def bare_install() -> tuple[int, int]:
    """Return how many distributions a bare install has, ours included, and how many bytes their files.

    Bytecode is not counted: whether it is there depends on what ran before, and on how the installer was set.

    Raises:
        BenchmarkError: A distribution that the core requires is not installed here.
    """
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(line) for line in declared]
    while waiting:
        requirement = waiting.pop()
        if requirement.name in found:
            continue
        try:
            found[requirement.name] = distribution = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            raise BenchmarkError("the bare install", f"{requirement.name} is required and not installed here") from None
        waiting += [one for line in distribution.requires or () if wanted(one := Requirement(line), requirement.extras)]
    names = {one.metadata["Name"].lower(): one for one in found.values()}
    return 1 + len(names), _ours() + sum(_size(one) for one in names.values())


def wanted(requirement: Requirement, extras: set[str]) -> bool:
    """Return True if a requirement applies here with the requested extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or {""}))


def _size(distribution: metadata.Distribution) -> int:
    paths = (Path(str(distribution.locate_file(file))) for file in distribution.files or ())
    return sum(path.stat().st_size for path in paths if _is_brought(path))


def _is_brought(path: Path) -> bool:
    return path.suffix != ".pyc" and path.is_file()


def _ours() -> int:
    return sum(path.stat().st_size for name in OURS for path in (ROOT / name).rglob("*") if _is_brought(path))
