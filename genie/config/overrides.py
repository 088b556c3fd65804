"""Overrides from the command line: ``--set limits.max_runs=5``, ``--set agents.forecaster.timeout_s=2``."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace

from genie.config.source_map import SourceMap, suggestion
from genie.config.yaml import load_text
from genie.errors import ConfigError
from genie.graph.model import KeyPath

_MAX_PARTS = 32


def parse_overrides(given: Mapping[str, str] | Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return ``(key, text)`` pairs of a mapping, or of texts of the form ``key=value``.

    Raises:
        ConfigError: A text has no ``=``.
    """
    if isinstance(given, Mapping):
        return tuple(given.items())
    pairs = [(text, *text.partition("=")) for text in given]
    bad = [text for text, key, equals, _ in pairs if not (key and equals)]
    if bad:
        raise ConfigError(tuple(f"--set {text}: write it as key=value, for example limits.max_runs=5" for text in bad))
    return tuple((key, value) for _, key, _, value in pairs)


def overridden(document: SourceMap, pairs: Iterable[tuple[str, str]], *, environ: Mapping[str, str]) -> SourceMap:
    """Return the document with values replaced.

    A key is a path of names joined by dots. An item of a list is named by its ``id``, its only key, or its position
    from 0. Absent mappings are created, so that validation finds a mistyped key. Values are strict YAML.

    Raises:
        ConfigError: A key does not lead to a value, or a value is not valid strict YAML; one line for each.
    """
    problems: list[str] = []
    for key, text in pairs:
        try:
            document = _overridden(document, key, text, environ)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(tuple(problems))
    return document


def _overridden(document: SourceMap, key: str, text: str, environ: Mapping[str, str]) -> SourceMap:
    name = f"--set {key}"
    given = load_text(text, name=name, environ=environ)
    tree = copy.deepcopy(document.value)
    parts = key.split(".")
    if len(parts) > _MAX_PARTS or not all(parts):
        raise ConfigError((f"{name}: a key consists of names joined by dots, for example limits.max_runs",))
    path: KeyPath = ()
    made: list[KeyPath] = []
    holder: object = tree
    while parts:
        here, taken = _step(holder, parts, name, path)
        parts = parts[taken:]
        item = holder[int(here)] if isinstance(holder, list) else None
        if isinstance(item, dict) and _keyed(item):  # the rest of the key is below the item's only key
            path = (*path, here)
            holder, here = item, next(iter(item))
        path = (*path, here)
        if not parts:
            _put(holder, here, given.value)
        elif isinstance(holder, dict) and holder.get(here) is None:
            holder[here] = {}
            made.append(path)
        holder = holder[here] if isinstance(holder, dict | list) else None  # type: ignore[index]  # here fits the holder
    made.append(path)

    def outside(at: KeyPath) -> bool:
        return at[: len(path)] != path

    return replace(
        document,
        value=tree,
        lines={at: line for at, line in document.lines.items() if outside(at)},
        written={at: source for at, source in document.written.items() if outside(at)}
        | {(*path, *at): source for at, source in given.written.items()},
        overrides={at: by for at, by in document.overrides.items() if outside(at)} | dict.fromkeys(made, key),
    )


def _keyed(item: object) -> bool:
    """Return True for an item whose name is its only key."""
    return isinstance(item, dict) and "id" not in item and len(item) == 1


def _put(holder: object, here: str | int, value: object) -> None:
    if isinstance(holder, dict | list):
        holder[here] = value  # type: ignore[index]  # `_step` found it in that holder


def _step(holder: object, parts: list[str], name: str, path: KeyPath) -> tuple[str | int, int]:
    """Return the key or position that the next parts name, and the number of parts; an agent's id may contain dots."""
    if isinstance(holder, dict):
        for count in range(len(parts), 1, -1):
            if ".".join(parts[:count]) in holder:
                return ".".join(parts[:count]), count
        return parts[0], 1
    within = ".".join(str(part) for part in path)
    if not isinstance(holder, list):
        raise ConfigError((f"{name}: {within} is not a mapping or list, so it has no item {parts[0]!r}",))
    names = {item_name(item): position for position, item in enumerate(holder)}
    for count in range(len(parts), 0, -1):
        position = names.get(".".join(parts[:count]))
        if position is not None:
            return position, count
    if parts[0].isdecimal() and len(parts[0]) < 6 and int(parts[0]) < len(holder):
        return int(parts[0]), 1
    known = [known for known in names if known is not None]
    raise ConfigError((f"{name}: {within} has no item {parts[0]!r}{suggestion(parts[0], known)}",))


def item_name(item: object) -> str | None:
    """Return the name of a list's item: its ``id`` or ``name``, its only key, or the item itself if it is text."""
    if isinstance(item, dict):
        for key in ("id", "name"):
            if isinstance(item.get(key), str):
                return str(item[key])
        return str(next(iter(item))) if _keyed(item) else None
    return item if isinstance(item, str) else None
