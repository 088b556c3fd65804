"""Agent cards for `genie agents`, read from an index in the user's cache folder instead of from the agents.

Importing the payload models of all plugins takes too long for a list. The first `genie agents`
imports the agents and writes their cards to the index; later ones read the index. The index carries a key made from the
modules it describes. When the key differs, or when the file is damaged or could have been written by another user, the
agents are imported and the index is written again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from genie import __version__
from genie.cli.files import whole_file
from genie.cli.options.roster import loadable
from genie.contracts.message import topic_of
from genie.errors import DefinitionError, InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from genie.config.plugins import Plugins
    from genie.contracts.card import AgentCard

_MOST_BYTES = 8 << 20
"""Largest index that is read."""
_MOST_FILES = 8
"""Indexes that the cache folder keeps: one for each Python environment."""


class ShownCard(BaseModel):
    """A card as `genie agents --json` prints it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    family: str
    id: str
    name: str
    version: str
    description: str
    capabilities: tuple[str, ...]
    risk: str
    tier: str
    consumes: tuple[str, ...]
    produces: tuple[str, ...]
    publishes: tuple[str, ...]
    asks: tuple[str, ...]
    clearance: str
    rules: tuple[str, ...]


class _Index(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    key: str
    cards: dict[str, ShownCard]
    """By ``module:attribute``."""


def shown(family: str, card: AgentCard) -> ShownCard:
    """Return a card as `genie agents` shows it."""
    return ShownCard(
        family=family,
        id=card.id,
        name=card.name,
        version=card.version,
        description=" ".join(card.description.split()),
        capabilities=card.capabilities,
        risk=str(card.risk),
        tier=str(card.tier),
        consumes=_topics(card.consumes),
        produces=_topics(card.produces),
        publishes=_topics(card.publishes),
        asks=_topics(card.asks),
        clearance=card.clearance.label,
        rules=card.rules,
    )


def _topics(kinds: Iterable[type]) -> tuple[str, ...]:
    return tuple(topic_of(kind).name for kind in kinds)


def cards_of(
    plugins: Plugins, names: Collection[str], environ: Mapping[str, str]
) -> tuple[dict[str, ShownCard], list[DefinitionError]]:
    """Return the cards of the named agents, and one error for each agent that cannot be loaded.

    Args:
        plugins: What is installed.
        names: Names in the plugins; empty means all.
        environ: The process environment; ``XDG_CACHE_HOME`` moves the cache folder.
    """
    wanted = sorted(names or plugins.agents)
    listed = {
        name: part
        for name in wanted
        if isinstance(part := plugins.agents[name], str) and ("agents", name) not in plugins.clashes
    }
    packages = {part.partition(".")[0] for part in plugins.agents.values() if isinstance(part, str)}
    path, key = index_path(environ), key_of(packages)
    kept = _read(path, key) if path is not None else {}
    cards = {name: kept[part] for name, part in listed.items() if part in kept}
    others = [name for name in wanted if name not in cards]
    if not others:
        return cards, []
    agents, problems = loadable(plugins, others)
    loaded = {name: shown(plugins.family(name), one.card) for name, one in agents.items()}
    found = {listed[name]: card for name, card in loaded.items() if name in listed}
    if path is not None and found:
        _write(path, _Index(key=key, cards={**kept, **found}))
    return cards | loaded, problems


def index_path(environ: Mapping[str, str]) -> Path | None:
    """Return the file of the index for this Python environment, or None for a user without a home folder."""
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # XDG: a relative path is invalid and must be ignored
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "genie" / f"agent-cards-{hashlib.sha256(sys.prefix.encode()).hexdigest()[:16]}.json"


def key_of(packages: Iterable[str]) -> str:
    """Return a hash of what the cards depend on.

    It covers the version of Genie, the contents of every module below each package, and the time of the last
    installation into each ``site-packages`` folder. The last part covers payloads that come from further distributions.
    """
    total = hashlib.sha256(f"{__version__}\n".encode())
    for folder in sorted({Path(one) for one in sys.path if one.endswith(("site-packages", "dist-packages"))}):
        with suppress(OSError):  # an entry of sys.path need not exist
            total.update(f"{folder} {folder.stat().st_mtime_ns}\n".encode())
    for package in sorted(packages):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            total.update(f"{package} is not in a folder\n".encode())
            continue
        folder = Path(spec.origin).parent
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            total.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
            total.update(content)
    return total.hexdigest()


def _read(path: Path, key: str) -> Mapping[str, ShownCard]:
    """Return the cards of an index, by ``module:attribute``; none if the file is not usable for this key."""
    try:
        with path.open("rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return {}
            index = _Index.model_validate_json(file.read(_MOST_BYTES + 1))
    except (OSError, ValidationError):  # missing, unreadable or damaged: the agents are imported, and it is rewritten
        return {}
    return index.cards if index.key == key else {}


def _is_ours(status: os.stat_result) -> bool:
    """Return whether a file is a regular one, not too large, and only this user can have written it."""
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
        return False
    getuid = getattr(os, "getuid", None)  # Windows has none; the profile folder is private there
    return getuid is None or (status.st_uid == getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _write(path: Path, index: _Index) -> None:
    """Write the index atomically. A folder that cannot be written costs time at the next call, not the list."""
    with suppress(OSError, InputError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(index.model_dump_json())
        kept = sorted(path.parent.glob("agent-cards-*.json"), key=lambda one: one.stat().st_mtime_ns)
        for old in kept[:-_MOST_FILES]:
            old.unlink(missing_ok=True)
