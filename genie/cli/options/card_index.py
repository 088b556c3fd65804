"""Cards as data, so that `genie agents` lists the agents of an unchanged package without importing them.

Importing hundreds of payload classes takes too long for a list. A package may therefore contain ``cards.json``, which
``python -m genie.cli.options.card_index PACKAGE`` writes with a hash of its modules. The file is ignored when a module
has changed since.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie.contracts.message import topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genie.config.plugins import Catalogue
    from genie.contracts.card import AgentCard

NAME = "cards.json"


def shown(family: str, card: AgentCard) -> dict[str, Any]:
    """Return a card as `genie agents --json` prints it."""
    return {
        "family": family,
        "id": card.id,
        "name": card.name,
        "version": card.version,
        "description": " ".join(card.description.split()),
        "capabilities": list(card.capabilities),
        "risk": str(card.risk),
        "tier": str(card.tier),
        "consumes": [topic_of(kind).name for kind in card.consumes],
        "produces": [topic_of(kind).name for kind in card.produces],
        "publishes": [topic_of(kind).name for kind in card.publishes],
        "asks": [topic_of(kind).name for kind in card.asks],
        "clearance": card.clearance.label,
        "rules": list(card.rules),
    }


def known(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Return the cards, by name, of agents whose package has a valid ``cards.json``."""
    read: dict[str, Mapping[str, Any]] = {}
    found = {}
    for name, part in catalogue.agents.items():
        if isinstance(part, str) and ("agents", name) not in catalogue.clashes:
            package = part.partition(".")[0]
            if package not in read:
                read[package] = _read(package)
            if part in read[package]:
                found[name] = read[package][part]
    return found


def _read(package: str) -> Mapping[str, Any]:
    """Return the cards in a package by ``module:attribute``; none without a valid ``cards.json``."""
    folder = folder_of(package)
    try:
        kept = json.loads((folder / NAME).read_bytes()) if folder is not None else {}
        return kept["cards"] if folder is not None and kept["modules"] == digest(folder) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # the file only saves time; the agents are imported instead


def folder_of(package: str) -> Path | None:
    """Return the folder of a package without importing it; None when it has no folder."""
    spec = importlib.util.find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def digest(folder: Path) -> str:
    """Return a hash of all modules below a folder, by their names and contents."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def written(package: str, catalogue: Catalogue) -> str:
    """Return the content of ``cards.json`` for a package.

    Raises:
        LookupError: The package does not exist.
    """
    folder = folder_of(package)
    if folder is None:
        raise LookupError(f"{package} is not a package in a folder")
    cards = {
        part: shown(catalogue.family(name), catalogue.agent(name).card)
        for name, part in sorted(catalogue.agents.items())
        if isinstance(part, str) and part.partition(".")[0] == package
    }
    return json.dumps({"modules": digest(folder), "cards": cards}, indent=1) + "\n"


if __name__ == "__main__":
    from genie.config.plugins import Catalogue as _Catalogue

    _folder = folder_of(sys.argv[1])
    if _folder is None:
        sys.exit(f"{sys.argv[1]} is not a package in a folder")
    (_folder / NAME).write_text(written(sys.argv[1], _Catalogue.installed()), encoding="utf-8")
