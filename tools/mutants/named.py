"""Mutants that were written by hand: each broke a promise of the bus once, and no test noticed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from tools.mutants import Mutant, files_in

FILE = Path(__file__).with_name("named.toml")
PACKAGES = (
    "genie/bus", "genie/execution", "genie/inflight", "genie/observation", "genie/policy", "genie/approvals",
    "genie/joins",
)  # fmt: skip


def named_mutants(root: Path, packages: Iterable[str] = PACKAGES, file: Path = FILE) -> list[Mutant]:
    """Return the mutants of a TOML file: ``[[mutant]]`` with ``name``, ``before`` and ``after``.

    Args:
        root: Root of the tree.
        packages: Packages that contain ``before`` once, in any file.
        file: The TOML file.

    Raises:
        LookupError: ``before`` is missing or occurs more than once: the code has changed, and the mutant must be
            adapted.
    """
    sources = {path: (root / path).read_text(encoding="utf-8") for path in files_in(root, packages)}
    made = []
    for entry in tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]:
        name, before, after = entry["name"], entry["before"], entry["after"]
        found = [(path, source) for path, source in sources.items() for _ in range(source.count(before))]
        if len(found) != 1:
            raise LookupError(f"{file.name}: {name}: the code to change is in {len(found)} places")
        [(path, source)] = found
        line = source[: source.index(before)].count("\n") + 1
        made.append(Mutant(path, line, name, source.replace(before, after)))
    return made
