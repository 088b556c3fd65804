"""Tool use of a scripted model from a file: it calls the tools that a rule names, and quotes their answers."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genie.contracts.model_call import Role, ToolResult

if TYPE_CHECKING:
    from genie.contracts.model_call import ModelRequest

_AMOUNT = re.compile(r"-?\d{4,18}\.\d{2}")
_SLOT = re.compile(r"\{result\.([A-Za-z0-9_.]{1,200})\}")


def results_of(request: ModelRequest) -> tuple[ToolResult, ...]:
    """Return the latest tool results; empty if the last turn has none."""
    last = request.turns[-1]
    if last.role is not Role.TOOL:
        return ()
    return tuple(part for part in last.parts if isinstance(part, ToolResult))


def answered_by(request: ModelRequest, tool: str) -> bool:
    """Return whether the last turn has a result of a tool; if ``tool`` is empty, whether it has none."""
    results = results_of(request)
    return any(result.name == tool for result in results) if tool else not results


def filled(text: str, request: ModelRequest) -> str:
    """Replace ``{result.path}`` in a text by the value at that path of the last result."""

    def value(match: re.Match[str]) -> str:
        for result in results_of(request):
            found = _at(result.text, match[1].split("."))
            if found is not None:
                return _written(str(found))
        return match[0]

    return _SLOT.sub(value, text)


def _written(value: str) -> str:
    """Return a value as people write it: an amount with separators."""
    return f"{Decimal(value):,}" if _AMOUNT.fullmatch(value) else value


def _at(text: str, path: list[str]) -> Any:
    try:
        found = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return None
    for name in path:
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and len(name) < 7 and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return None if isinstance(found, dict | list) else found
