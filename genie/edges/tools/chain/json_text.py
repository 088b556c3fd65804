"""JSON text of a model: strict parsing, and a repair that never adds, drops or changes a value."""

from __future__ import annotations

import json
from typing import Any

from genie.contracts.model_call import MOST_JSON

MOST_DEPTH = 32
MOST_REPAIRED = 65_536
"""Characters of a text that is repaired; a longer one is refused as it is."""
_WORDS = {"True": "true", "False": "false", "None": "null"}


class JsonTextError(ValueError):
    """A text that is no acceptable JSON; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parsed(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        JsonTextError: ``too_long``, ``too_deep``, ``duplicate_key``, ``not_finite`` or ``syntax``.
    """
    if len(text) > MOST_JSON:
        raise JsonTextError("too_long")
    if _depth(text) > MOST_DEPTH:
        raise JsonTextError("too_deep")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError):
        raise JsonTextError("syntax") from None
    except JsonTextError:
        raise
    except ValueError:  # a number of more digits than Python converts
        raise JsonTextError("syntax") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise JsonTextError("duplicate_key")
    return made


def _no_constant(_text: str) -> Any:
    raise JsonTextError("not_finite")


def _depth(text: str) -> int:
    """Return how deep brackets are nested outside of strings."""
    if text.count("{") + text.count("[") <= MOST_DEPTH:
        return 0
    deepest = depth = 0
    quoted = escaped = False
    for letter in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "}]":
            depth -= 1
    return deepest


def repaired(text: str) -> str | None:
    """Return the text with its syntax mended; None where that would take a guess.

    A code fence and words around one object are removed, commas before a closing bracket too, and Python's ``True``,
    ``False`` and ``None`` are written as JSON has them. What is not closed stays as it is: ``{"amount": 10`` may have
    been going to say 1000.
    """
    if len(text) > MOST_REPAIRED:
        return None
    start = text.find("{")
    if start < 0:
        return None
    made: list[str] = []
    at, depth, end = start, 0, -1
    while at < len(text):
        letter = text[at]
        if letter == '"':
            close = _string_end(text, at)
            if close < 0:
                return None
            made.append(text[at:close])
            at = close
            continue
        if letter.isalpha():
            close = _word_end(text, at)
            made.append(_WORDS.get(text[at:close], text[at:close]))
            at = close
            continue
        depth += (letter in "{[") - (letter in "}]")
        while letter in "}]" and made and (made[-1].isspace() or made[-1] == ","):
            made.pop()
        made.append(letter)
        at += 1
        if depth == 0:
            end = at
            break
    if end < 0 or "{" in text[end:]:  # unfinished, or two objects of which one would have to be chosen
        return None
    return "".join(made)


def _word_end(text: str, start: int) -> int:
    at = start
    while at < len(text) and text[at].isalpha():
        at += 1
    return at


def _string_end(text: str, start: int) -> int:
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == '"':
            return at + 1
        else:
            at += 1
    return -1
