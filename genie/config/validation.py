"""Validates a document against a model and describes each problem at its line, with the expected form.

Values are validated as strict JSON: a list may become a tuple and text a date, but text never becomes a number and
``"no"`` never a boolean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from genie.config.overrides import item_name
from genie.config.sections import AGENT_ID
from genie.config.source_map import SourceMap, brief, holds, suggestion
from genie.contracts.problems import EXPECTED, problem_of
from genie.graph.model import KeyPath, Problem

_WRITTEN_AS = {
    "a whole number": "write digits without quotes, such as 12",
    "a number": "write digits without quotes, such as 12 or 0.5",
    "true or false": "no other word is a boolean here",
    "text": "quote it",
}
MAX_PROBLEMS = 50
"""Limit of the problems listed for one value; finding suggestions takes time."""

Annotation = Any
"""A model, or any other annotation that pydantic can validate."""

_LISTED = re.compile(r"'([^']*)'")


class Checked(NamedTuple):
    """The value, None if there are problems."""

    value: Any
    problems: tuple[Problem, ...]


def validated(kind: Annotation, document: SourceMap, path: KeyPath = ()) -> Checked:
    """Validate the value at a path; an absent value counts as an empty mapping.

    Args:
        kind: A model, or any annotation that pydantic can validate.
        document: The document that holds the value.
        path: The path of the value; the paths of the problems start with it.
    """
    value = document.at(path)
    text = json.dumps({} if value is None else value)
    try:
        if isinstance(kind, type) and issubclass(kind, BaseModel):  # which keeps its schema; an adapter builds another
            return Checked(kind.model_validate_json(text, strict=True), ())
        return Checked(TypeAdapter(kind).validate_json(text, strict=True), ())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems = list(_problems(kind, document, path, details[:MAX_PROBLEMS]))
        if len(details) > MAX_PROBLEMS:
            problems.append(Problem(path, f"has {len(details) - MAX_PROBLEMS} more problems"))
        return Checked(None, tuple(problems))
    except RecursionError:  # a recursive model without an end
        return Checked(None, (Problem(path, "cannot be validated: its model refers to itself"),))


def _problems(
    kind: Annotation, document: SourceMap, path: KeyPath, details: Iterable[ErrorDetails]
) -> Iterator[Problem]:
    """Yield one problem for each place; the branches of a union fail together and become one problem."""
    texts: dict[KeyPath, list[str]] = {}
    details = tuple(details)
    for detail in details:
        if detail["type"] == "too_short" and any(_inside(one["loc"], detail["loc"]) for one in details):
            continue  # its entries are invalid, so they were not counted
        where = _locate(document, path, detail["loc"])
        if detail["type"] == "missing":
            yield Problem(where, f"{detail['loc'][-1]!r} is missing{_within(document, where)}")
        elif detail["type"] == "extra_forbidden":
            key = str(detail["loc"][-1])
            hint = suggestion(key, _known(kind, detail["loc"][:-1]))
            yield Problem(where, f"unknown key {key!r}{_within(document, where[:-1])}{hint}")
        else:
            texts.setdefault(where, []).append(_text(document, where, detail))
    for where, said in texts.items():
        subject = dotted(document, where) or "the file"
        yield Problem(where, f"{subject} {' or '.join(dict.fromkeys(said))}")


def _inside(loc: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(loc) > len(outer) and loc[: len(outer)] == outer


def _text(document: SourceMap, path: KeyPath, detail: ErrorDetails) -> str:
    written = document.source(path)
    if written is not None:  # a validator's own message may quote an environment value
        return f"is not valid with the environment's value of {brief(written)} ({detail['type']})"
    shown = document.show(path)
    kind = detail["type"]
    expected = EXPECTED.get(re.sub(r"_(type|parsing|from_float)$", "", kind))
    if expected is not None:
        hint = _WRITTEN_AS.get(expected)
        scalar = not isinstance(document.at(path), dict | list | None)
        return f"should be {expected}, not {shown}" + (f"; {hint}" if hint and scalar else "")
    if kind in {"literal_error", "enum"}:
        listed = str(detail.get("ctx", {}).get("expected", ""))
        value = document.at(path)
        hint = suggestion(value, _LISTED.findall(listed)) if isinstance(value, str) else ""
        return f"should be {listed}, not {shown}{hint}"
    if kind == "string_pattern_mismatch" and detail.get("ctx", {}).get("pattern") == AGENT_ID:
        step = "; a file names installed agents, see `genie agents` and `genie new project`" if ":" in shown else ""
        return f"should be in lower case, of letters, digits, '_', '.' and '-', not {shown}{step}"
    said = problem_of(detail)
    told = kind in {"value_error", "assertion_error"} or kind.endswith(("_short", "_long"))
    return said if told else f"{said}, not {shown}"


def _locate(document: SourceMap, path: KeyPath, loc: tuple[int | str, ...]) -> KeyPath:
    """Return the path in the document: pydantic's location without the names of union branches and absent keys."""
    for part in loc:
        if holds(document.at(path), part):
            path = (*path, part)
    return path


def _within(document: SourceMap, path: KeyPath) -> str:
    name = dotted(document, path)
    return f" in {name}" if name else ""


def dotted(document: SourceMap, path: KeyPath) -> str:
    """Return a path in the form of ``--set``, for example ``agents.forecaster.timeout_s``."""
    parts: list[str] = []
    for end, part in enumerate(path):
        name = item_name(document.at(path[: end + 1])) if isinstance(part, int) else part
        if end and isinstance(part, str) and parts and parts[-1] == part and isinstance(path[end - 1], int):
            continue  # in `policies.pii`, the item's name is its only key, so the key is not repeated
        parts.append(str(part) if name is None else name)
    return ".".join(parts)


def _known(kind: Annotation, loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the models at a location."""
    here = [kind]
    for part in loc:
        inner = [
            field.annotation
            for model in _models(here)
            for name, field in model.model_fields.items()
            if part in {name, field.alias}
        ]
        here = inner or here
    return [field.alias or name for model in _models(here) for name, field in model.model_fields.items()]


def _models(annotations: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        else:
            yield from _models(get_args(annotation))
