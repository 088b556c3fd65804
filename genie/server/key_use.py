"""The hour of each API key's last use, in a file beside the file of keys that only the server writes."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_logger = logging.getLogger("genie.server")
MOST_BYTES = 10_000_000
HOUR_S = 3_600


class KeyUse:
    """The hours in which keys were last used.

    Args:
        keys: The file of keys.
    """

    def __init__(self, keys: Path) -> None:
        self.path = keys.with_name(keys.name + ".used")
        self._kept = read_use(keys)

    def keep(self, used: Mapping[str, float], known: Collection[str]) -> None:
        """Write changes; a file that cannot be written is logged, and no caller is refused because of it.

        Args:
            used: Key -> time of its last use.
            known: Existing keys; others are dropped.
        """
        hours = {name: int(at // HOUR_S) * HOUR_S for name, at in used.items()}
        if all(self._kept.get(name, 0) >= hour for name, hour in hours.items()):
            return
        self._kept = {name: hour for name, hour in (self._kept | hours).items() if name in known}
        made: str | None = None
        try:
            handle, made = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
            with os.fdopen(handle, "w") as file:
                json.dump(self._kept, file)
            Path(made).replace(self.path)
        except OSError as error:
            if made is not None:
                Path(made).unlink(missing_ok=True)
            _logger.warning("the last use of keys cannot be written: %s", error.strerror)


def read_use(keys: Path) -> dict[str, int]:
    """Return key -> hour of its last use, in seconds since the epoch; empty if unknown."""
    path = keys.with_name(keys.name + ".used")
    try:
        if path.stat().st_size > MOST_BYTES:
            return {}
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: at for name, at in found.items() if isinstance(at, int) and 0 <= at < 1e11}
