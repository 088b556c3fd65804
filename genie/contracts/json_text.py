"""Text that contains JSON: its strings by path, and copies in which some of them are masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, NewType

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genie.contracts.message import Path

JsonText = NewType("JsonText", str)
"""Text that contains JSON: inspectors read its parsed strings, because digits of the raw text look like phone
numbers."""

MOST_DEPTH = 64
"""Maximum nesting depth that is parsed; deeper text is inspected as plain text."""


class Leaf(NamedTuple):
    """One string or number of a JSON text."""

    path: Path
    name: str
    """The nearest enclosing key."""
    value: str | int | float
    key: bool = False
    """True for a key, which is never masked."""


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object: an ``object_pairs_hook`` for documents that serve as proof or decide something.

    Raises:
        ValueError: A key occurs twice. Programs and people may each read another of the two.
    """
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return made


class _Pairs(list[tuple[str, Any]]):
    """The members of one object, duplicates included."""


_decode = json.JSONDecoder(object_pairs_hook=_Pairs).decode


def leaves(text: str) -> list[Leaf] | None:
    """Return every string, number and key; None for text that is not plain JSON and must be inspected as raw text.

    Text with a duplicate key in one object is not plain: programs differ in which of the two they use.
    """
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return None
    found: list[Leaf] = []
    return found if _walk(value, (), "", 0, found) else None


def words(text: str) -> list[tuple[str, str | int | float]] | None:
    """Return name and value of each of ``leaves``, in the same order, six times as fast."""
    found: list[tuple[str, str | int | float]] = []
    if "\\" not in text:  # no quote is escaped, so a duplicate key would leave quotes without a match
        try:
            value = from_json(text)
        except (ValueError, TypeError):  # broken, nested too deep, or not Unicode
            pass
        else:
            if _quick(value, "", 0, found) and 2 * sum([type(word) is str for _, word in found]) == text.count('"'):
                return found
            found.clear()
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return None
    return found if _name(value, "", 0, found) else None


def _quick(value: Any, name: str, depth: int, into: list[tuple[str, str | int | float]]) -> bool:
    """Do the same as ``_name``, for objects whose keys were not checked for duplicates."""
    kind = type(value)
    if kind in _SCALARS:
        into.append((name, value))
    elif kind is dict or kind is list:
        if depth == MOST_DEPTH and value:
            return False
        for part in value:
            if kind is dict:
                name, part = part, value[part]  # noqa: PLW2901 - a key, and what it stands for
                into.append((name, name))
            inside = type(part)
            if inside in _SCALARS:
                into.append((name, part))
            elif (inside is dict or inside is list) and not _quick(part, name, depth + 1, into):
                return False
    return True


def _name(value: Any, name: str, depth: int, into: list[tuple[str, str | int | float]]) -> bool:
    kind = type(value)
    if kind is _Pairs or kind is list:
        if depth == MOST_DEPTH and value:
            return False
        if kind is _Pairs and len({key for key, _ in value}) < len(value):
            return False
        for pair in value:
            if kind is _Pairs:
                name, part = pair
                into.append((name, name))
            else:
                part = pair
            inside = type(part)
            if inside in _SCALARS:
                into.append((name, part))
            elif (inside is _Pairs or inside is list) and not _name(part, name, depth + 1, into):
                return False
    elif kind in _SCALARS:
        into.append((name, value))
    return True


_SCALARS = frozenset({str, int, float})


def _walk(value: Any, path: Path, name: str, depth: int, into: list[Leaf]) -> bool:
    if depth > MOST_DEPTH:
        return False
    if isinstance(value, _Pairs):
        if len({key for key, _ in value}) < len(value):
            return False
        for key, part in value:
            into.append(Leaf((*path, key), key, key, key=True))
            if not _walk(part, (*path, key), key, depth + 1, into):
                return False
    elif isinstance(value, list):
        return all(_walk(part, (*path, at), name, depth + 1, into) for at, part in enumerate(value))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        into.append(Leaf(path, name, value))
    return True


def replaced(text: str, changes: Sequence[tuple[Path, str]]) -> str:
    """Return the JSON text with some of its strings replaced, serialised again without spaces.

    Raises:
        LookupError: A path does not lead to a string.
    """
    value = [json.loads(text)]
    for path, new in changes:
        target: Any = value
        steps: Path = (0, *path)
        for step in steps[:-1]:
            target = target[step]
        if not isinstance(target[steps[-1]], str):
            raise LookupError("a path does not lead to a string")
        target[steps[-1]] = new
    return json.dumps(value[0], ensure_ascii=False, separators=(",", ":"))


def string_at(text: str, path: Path) -> str:
    """Return the string at a path.

    Raises:
        LookupError: There is none.
    """
    value = json.loads(text)
    for step in path:
        value = value[step]
    if not isinstance(value, str):
        raise LookupError("a path does not lead to a string")
    return value
