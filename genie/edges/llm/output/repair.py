"""Repairs the syntax of JSON, never its values: no value is added, dropped or chosen.

It repairs quotes, commas, comments, unquoted keys and Python literals. An incomplete value is refused: ``{"amount":
10`` might have become 1000.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import NamedTuple

from genie.edges.llm.output.strict import MOST_DEPTH, JsonTextError

MOST_REPAIRED = 65_536
"""Maximum length of a text that is repaired; a longer one is refused."""

_SPACE = re.compile(r"[\s\ufeff\u200b]*+")
_COMMENT = re.compile(r"//[^\n]*+|#[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*+")
_NUMBER = re.compile(r"([+-]?)((?:0|[1-9][0-9]*+)?)(\.[0-9]*+)?((?:[eE][+-]?[0-9]++)?)(?=[\s,\]}/#]|\Z)")
_CLOSED_BY = {'"': '"', "'": "'", "“": "”", "‘": "’"}  # noqa: RUF001 - the quotation marks that word processors write
_STRING = {end: re.compile(rf"(?:[^{end}\\]|\\.)*+{end}", re.DOTALL) for end in _CLOSED_BY.values()}
_INSIDE = re.compile(r'\\(u[0-9A-Fa-f]{4}|.)|["\x00-\x1f]', re.DOTALL)
_WORDS = {"true": "true", "false": "false", "null": "null", "True": "true", "False": "false", "None": "null"}
MOST_FENCES = 16
"""Number of fences that are considered; a text with more of them has more than one answer."""


class Repaired(NamedTuple):
    """A text with repaired syntax."""

    text: str
    kinds: tuple[str, ...]
    """Kinds of repairs, in alphabetical order; never values."""
    places: int
    """Number of repairs."""


def extracted(text: str) -> str:
    """Return the one object or list of a text, without the fence or the words around it.

    Raises:
        JsonTextError: There is none, it is not closed, or there are several.
    """
    between = text.split("```", MOST_FENCES)
    if len(between) > 3:
        raise JsonTextError("ambiguous")
    if len(between) == 2:
        raise JsonTextError("unfinished")
    # The first line of a fence is the name of a language.
    body = between[1].partition("\n")[2] if len(between) == 3 else text
    starts = [at for at in (body.find("{"), body.find("[")) if at >= 0]
    if not starts:
        raise JsonTextError("not_found")
    start = min(starts)
    end = _balanced(body, start)
    rest = body[end:]
    if "{" in rest or "[" in rest:  # choosing one of several would be a guess
        raise JsonTextError("ambiguous")
    return body[start:end]


def _balanced(text: str, start: int) -> int:
    """Return the position at which the bracket at ``start`` is closed."""
    depth, at = 0, start
    while at < len(text):
        letter = text[at]
        if letter in '"“':
            found = _STRING[_CLOSED_BY[letter]].match(text, at + 1)
            if found is None:
                break
            at = found.end()
            continue
        if letter == "'" and _before(text, at) in "{[,:":  # elsewhere it is an apostrophe
            found = _STRING["'"].match(text, at + 1)
            if found is None:
                break
            at = found.end()
            continue
        comment = _COMMENT.match(text, at) if letter in "/#" else None
        if comment is not None:
            at = comment.end()
            continue
        depth += (letter in "{[") - (letter in "}]")
        at += 1
        if depth == 0:
            return at
    raise JsonTextError("unfinished")


def _before(text: str, at: int) -> str:
    while at > 0:
        at -= 1
        if not text[at].isspace():
            return text[at]
    return " "


def repaired(text: str) -> Repaired:
    """Return an object or a list with its syntax repaired.

    Args:
        text: As ``extracted`` returns it.

    Raises:
        JsonTextError: Repairing it would need a guess.
    """
    if len(text) > MOST_REPAIRED:
        raise JsonTextError("too_long")
    mender = _Mender(text)
    made = mender.whole()
    places = +mender.mended
    return Repaired(made, tuple(sorted(places)), places.total())


class _Mender:
    """Reads sloppy JSON and writes strict JSON."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._out: list[str] = []
        self.mended: Counter[str] = Counter()
        self._gap = ""
        """Between the last token and the next."""

    def whole(self) -> str:
        stack: list[str] = []
        self._skip()
        self._open(stack)
        while stack:
            closing = stack[-1]
            self._skip()
            if self._peek() == closing:
                if self._out[-1] == ",":
                    self._out.pop()
                    self.mended["trailing_comma"] += 1
                self._close(stack)
                continue
            if closing == "}":
                self._key()
            self._value(stack)
        self._skip()
        if self._at < len(self._text):
            raise JsonTextError("ambiguous")
        return "".join(self._out)

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _skip(self) -> None:
        begin = self._at
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found is not None else self._at
            comment = _COMMENT.match(self._text, self._at) if self._peek() in {"/", "#"} else None
            if comment is None:
                break
            self._at = comment.end()
            self.mended["comment"] += 1
        self._gap = self._text[begin : self._at]
        if not self._gap.isascii():
            self.mended["space"] += 1

    def _open(self, stack: list[str]) -> None:
        letter = self._peek()
        if letter not in {"{", "["}:
            raise JsonTextError("syntax")
        stack.append("}" if letter == "{" else "]")
        if len(stack) > MOST_DEPTH:
            raise JsonTextError("too_deep")
        self._out.append(letter)
        self._at += 1

    def _close(self, stack: list[str]) -> None:
        self._out.append(stack.pop())
        self._at += 1
        if stack:
            self._comma(stack, after_text=False)

    def _comma(self, stack: list[str], *, after_text: bool) -> None:
        """Take the token after a value: a comma, a closing bracket, or the next member after a missing comma."""
        self._skip()
        letter = self._peek()
        if letter == ",":
            self._at += 1
            self._out.append(",")
            self._skip()
            if self._peek() == ",":
                raise JsonTextError("syntax")  # a value may be missing between them
        elif letter == stack[-1]:
            return
        elif not letter:
            raise JsonTextError("unfinished")
        elif letter in _CLOSED_BY and ("\n" in self._gap if after_text else self._gap):
            self._out.append(",")
            self.mended["missing_comma"] += 1
        else:
            raise JsonTextError("syntax")

    def _key(self) -> None:
        if self._peek() in _CLOSED_BY:
            self._string()
        else:
            found = _NAME.match(self._text, self._at)
            if found is None:
                raise JsonTextError("syntax" if self._peek() else "unfinished")
            self._out.append(json.dumps(found[0]))
            self._at = found.end()
            self.mended["key_without_quotes"] += 1
        self._skip()
        if self._peek() != ":":
            raise JsonTextError("syntax" if self._peek() else "unfinished")
        self._out.append(":")
        self._at += 1
        self._skip()

    def _value(self, stack: list[str]) -> None:
        letter = self._peek()
        if letter in {"{", "["}:
            self._open(stack)
            return
        if letter in _CLOSED_BY:
            self._string()
            self._comma(stack, after_text=True)
            return
        if not letter:
            raise JsonTextError("unfinished")
        word = _NAME.match(self._text, self._at)
        if word is not None:
            if word[0] not in _WORDS:
                raise JsonTextError("not_finite" if word[0] in {"NaN", "Infinity"} else "syntax")
            self._out.append(_WORDS[word[0]])
            self.mended["word"] += word[0] not in _WORDS.values()
            self._at = word.end()
        else:
            self._number()
        self._comma(stack, after_text=False)

    def _number(self) -> None:
        found = _NUMBER.match(self._text, self._at)
        if found is None or not (found[2] or (found[3] or ".").strip(".")):
            raise JsonTextError("syntax")
        sign, whole, fraction, exponent = found[1], found[2], found[3] or "", found[4]
        written = f"{sign.removeprefix('+')}{whole or '0'}{'' if fraction == '.' else fraction}{exponent}"
        self.mended["number"] += written != found[0]
        self._out.append(written)
        self._at = found.end()

    def _string(self) -> None:
        opening = self._peek()
        found = _STRING[_CLOSED_BY[opening]].match(self._text, self._at + 1)
        if found is None:
            raise JsonTextError("unfinished")
        inside = _INSIDE.sub(self._letter, found[0][:-1])
        self.mended["quotes"] += opening != '"'
        self._out.append(f'"{inside}"')
        self._at = found.end()

    def _letter(self, found: re.Match[str]) -> str:
        escape = found[1]
        if escape is None:
            self.mended["control_letter"] += found[0] != '"'
            return json.dumps(found[0])[1:-1]
        if len(escape) == 5 or escape in '"\\/bfnrt':
            return found[0]
        if escape == "u":
            raise JsonTextError("syntax")
        self.mended["escape"] += 1
        return escape if escape == "'" else json.dumps(found[0])[1:-1]
