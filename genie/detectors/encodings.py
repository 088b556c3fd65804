"""Encodings that hide a value from patterns: percent and HTML escapes, escapes of strings, UTF-16, markup, base64.

A view is the text with an encoding taken off, and with the way back: a finding in a view stands for the encoded
characters. Detectors look into the views beside the text, because taking an encoding off may also destroy a value.
"""

from __future__ import annotations

import base64
import html
import re
import urllib.parse
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from genie.detectors.regex_set import Pattern
from genie.detectors.unicode import fold

_INLINE = r"</?(?:a|b|code|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)(?:[ \t\r\n/][^<>]{0,200})?>"
ESCAPE_HINTS = (
    r"%[0-9A-Fa-f]{2}",
    r"&(?:#[0-9xX]|[A-Za-z]{2,10};)",
    r"\\(?:u00|x)[0-9A-Fa-f]{2}|\\[nrt]",
    r"\x00",
    r"(?i)</?(?:a|b|code|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)[ \t\r\n/>]",
)
BASE64_HINT = r"(?:[A-Za-f][A-Za-z0-9+/_\-]{3}){4}"
"""Base64 of ASCII: the first of each four characters stands for six bits that begin with a zero."""
HINTS = (*ESCAPE_HINTS, BASE64_HINT)
"""RE2; a folded text in which none matches has no view."""

_ESCAPES = re.compile(
    rf"(?i)((?:%[0-9a-f]{{2}})+)|(&(?:#[0-9]{{1,7}}|#x[0-9a-f]{{1,6}}|[a-z]{{2,10}});?)"
    rf"|\\u([0-9a-f]{{4}})|\\x([0-9a-f]{{2}})|\\([nrt])|(\x00)|({_INLINE})"
)
_PIECE = Pattern(rf"{BASE64_HINT}[A-Za-z0-9+/_\-]*={{0,2}}")
_SIGNS = ("%", "&", "\\", "\0", "<")
"""Every escape has one of them."""
_URL_SAFE = str.maketrans("-_", "+/")
_BLANKS = {"n": "\n", "r": "\r", "t": "\t"}
_DEPTH = 3
"""Encodings round each other that are taken off."""


class View(NamedTuple):
    """A text with an encoding taken off."""

    text: str
    starts: tuple[int, ...]
    """Where in the view a new part begins: characters as they are, or what an escape stands for."""
    origins: tuple[tuple[int, int], ...]
    """For each part where it begins in the text, and for an escape where that ends, else 0."""
    outer: View | None = None
    """The view that it is a view of."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that a span of the view stands for."""
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        begin, escape = self.origins[first]
        begin = begin if escape else begin + start - self.starts[first]
        stop, escape = self.origins[last]
        stop = escape or stop + end - self.starts[last]
        return (begin, stop) if self.outer is None else self.outer.span(begin, stop)


def views(text: str) -> Iterator[View]:
    """Yield folded text with each encoding taken off, and with those inside it."""
    left: list[tuple[str, View | None, int]] = [(text, None, 0)]
    while left:
        encoded, outer, depth = left.pop()
        for view in _of(encoded):
            inside = view._replace(outer=outer)
            yield inside
            if depth + 1 < _DEPTH:
                left.append((view.text, inside, depth + 1))


def _of(text: str) -> Iterator[View]:
    plain = _unescaped(text)
    if plain is not None:
        yield plain
    for start, end in _PIECE.spans(text):
        decoded = _of_base64(text[start:end])
        if decoded is not None:
            yield View(decoded, (0,), ((start, end),))


def _unescaped(text: str) -> View | None:
    if not any(sign in text for sign in _SIGNS):
        return None
    pieces: list[str] = []
    starts, origins = [0], [(0, 0)]
    at = size = 0
    for match in _ESCAPES.finditer(text):
        plain = _meaning(match)
        start, end = match.span()
        if plain == match[0]:
            continue
        pieces += (text[at:start], plain)
        size += start - at
        if match[1] is not None and len(plain) * 3 == end - start:  # an ASCII character for each escape
            starts += [size + step for step in range(len(plain))]
            origins += [(start + 3 * step, start + 3 * step + 3) for step in range(len(plain))]
        elif plain:
            starts.append(size)
            origins.append((start, end))
        size += len(plain)
        starts.append(size)
        origins.append((end, 0))
        at = end
    if at == 0:
        return None
    return View("".join([*pieces, text[at:]]), tuple(starts), tuple(origins))


def _meaning(match: re.Match[str]) -> str:
    percent, entity, four, two, blank, _null, _tag = match.groups()
    if percent is not None:
        return fold(urllib.parse.unquote(percent, errors="replace"))
    if entity is not None:
        return fold(html.unescape(entity))
    if four is not None or two is not None:
        return fold(chr(int(four or two, 16)))
    return _BLANKS[blank.lower()] if blank is not None else ""


def _of_base64(piece: str) -> str | None:
    """Return what a piece of text is in base64, folded; None where that is not text."""
    if piece.islower() or piece.isupper():
        return None
    bare = piece.rstrip("=").translate(_URL_SAFE)
    bare = bare[: len(bare) // 4 * 4 if len(bare) % 4 == 1 else len(bare)]
    raw = base64.b64decode(bare + "=" * (-len(bare) % 4)).replace(b"\0", b"")
    plain = raw.decode(errors="replace")
    readable = sum([(char.isprintable() and char != "\ufffd") or char.isspace() for char in plain])
    return fold(plain) if len(plain) >= 8 and readable >= 0.75 * len(plain) else None
