"""The differences between a result that was saved with ``--json`` and the current result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_BYTES = 100_000_000
_IGNORED = ("smallest", "difference")


def saved(path: Path) -> dict[str, Any]:
    """Read a saved result.

    Raises:
        InputError: The file cannot be read, is too large, or is not a result of ``genie simulate --json``.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(str(path), f"is larger than {MAX_BYTES:,} bytes")
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {(error.strerror or 'no').lower()}", "check the path") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("journal_sha256"), str):
        raise InputError(str(path), "is not a saved result", "save one with genie simulate SCENARIO --json > FILE")
    return found


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each figure that differs, with both values; None for a figure that one result lacks."""
    old, new = dict(_figures("", before)), dict(_figures("", now))
    names = [*old, *(name for name in new if name not in old)]
    return [
        {"figure": name, "before": old.get(name), "now": new.get(name)}
        for name in names
        if old.get(name) != new.get(name)
    ]


def _figures(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            if name or key not in _IGNORED:
                yield from _figures(f"{name}.{key}" if name else str(key), part)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _figures(f"{name}.{_label(part, place)}", part)
    else:
        yield name, value


def _label(part: Any, place: int) -> str:
    """Return the name of a list item: an invariant's name, a verdict's policy; otherwise its position."""
    if isinstance(part, dict):
        words = [str(part[key]) for key in ("name", "policy", "verdict") if key in part]
        if words:
            return " ".join(words)
    return str(place)
