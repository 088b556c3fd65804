"""Strict JSON: no duplicate keys, no NaN, bounded depth and length, and no number that would be rounded."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from genie.contracts.model_call import MOST_JSON

MOST_DEPTH = 32
MOST_DIGITS = 15
"""Maximum significant digits of a number with a fraction or an exponent; more would be rounded. Integers are exact."""
MOST_INTEGER = 1_000
"""Maximum digits of an integer."""


class JsonTextError(ValueError):
    """A text that is not acceptable JSON.

    Args:
        code: ``too_long``, ``too_deep``, ``duplicate_key``, ``not_finite``, ``inexact_number``, ``unfinished``,
            ``ambiguous``, ``not_found`` or ``syntax``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parsed(text: str, *, most: int = MOST_JSON, levels: int = MOST_DEPTH) -> Any:
    """Return the value of a JSON text.

    Args:
        text: Text of a model or a file.
        most: Maximum number of characters.
        levels: Maximum nesting of brackets.

    Raises:
        JsonTextError: It is not acceptable; the code says why.
    """
    if len(text) > most:
        raise JsonTextError("too_long")
    if depth_of(text) > levels:
        raise JsonTextError("too_deep")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_fraction, parse_int=_integer
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be sent on
    except JsonTextError:
        raise
    except (ValueError, RecursionError):
        raise JsonTextError("syntax") from None
    return value


_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A string, ended or not, or a bracket; each character is read once."""


def depth_of(text: str) -> int:
    """Return the nesting depth of brackets outside of strings; 0 if there are too few to matter."""
    if text.count("{") + text.count("[") <= MOST_DEPTH:
        return 0
    deepest = depth = 0
    for found in _STRUCTURE.finditer(text):
        letter = text[found.start()]
        if letter in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif letter != '"':
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise JsonTextError("duplicate_key")
    return made


def _constant(_: str) -> Any:
    raise JsonTextError("not_finite")


def _fraction(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonTextError("not_finite")
    digits = re.sub(r"[eE].*|[-.]", "", text).strip("0")
    if len(digits) > MOST_DIGITS:
        raise JsonTextError("inexact_number")
    return value


def _integer(text: str) -> int:
    if len(text) > MOST_INTEGER:
        raise JsonTextError("too_long")
    return int(text)
