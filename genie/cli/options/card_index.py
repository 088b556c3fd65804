"""Cards as data: what `genie agents` prints of a package's agents without importing them, while nothing has changed.

Importing hundreds of payload classes takes longer than a person waits for a list. So a package may carry
``cards.json``, written from its cards by ``python -m genie.cli.options.card_index PACKAGE`` together with a hash of its modules;
after any change of a module the file counts for nothing until it is written again.
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

    from genie.config.plugins import Plugins
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


def known(plugins: Plugins) -> dict[str, dict[str, Any]]:
    """Return the cards of those agents, by name, whose package carries them as data and has not changed since."""
    read: dict[str, Mapping[str, Any]] = {}
    found = {}
    for name, part in plugins.agents.items():
        if isinstance(part, str) and ("agents", name) not in plugins.clashes:
            package = part.partition(".")[0]
            if package not in read:
                read[package] = _read(package)
            if part in read[package]:
                found[name] = read[package][part]
    return found


def _read(package: str) -> Mapping[str, Any]:
    """Return the cards that a package carries, by ``module:attribute``; none where it has none, or has changed."""
    folder = folder_of(package)
    try:
        kept = json.loads((folder / NAME).read_bytes()) if folder is not None else {}
        return kept["cards"] if folder is not None and kept["modules"] == digest(folder) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # it only saves time; the agents themselves are asked instead


def folder_of(package: str) -> Path | None:
    """Return where a package stands, without importing it; None where that is no folder."""
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


def written(package: str, plugins: Plugins) -> str:
    """Return what a package's ``cards.json`` must hold.

    Raises:
        LookupError: There is no such package.
    """
    folder = folder_of(package)
    if folder is None:
        raise LookupError(f"{package} is no package in a folder")
    cards = {
        part: shown(plugins.family(name), plugins.agent(name).card)
        for name, part in sorted(plugins.agents.items())
        if isinstance(part, str) and part.partition(".")[0] == package
    }
    return json.dumps({"modules": digest(folder), "cards": cards}, indent=1) + "\n"


if __name__ == "__main__":
    from genie.config.plugins import Plugins as _Plugins

    _folder = folder_of(sys.argv[1])
    if _folder is None:
        sys.exit(f"{sys.argv[1]} is no package in a folder")
    (_folder / NAME).write_text(written(sys.argv[1], _Plugins.installed()), encoding="utf-8")
