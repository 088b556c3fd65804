"""Encodings that hide a value from patterns: escapes of URLs, HTML, strings and mail, UTF-16, markup, base64, hex.

A view is the text with one encoding decoded, and a mapping back: a finding in a view stands for the encoded characters.
Detectors read the views in addition to the text, because decoding may also destroy a value.
"""

from __future__ import annotations

import base64
import html
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from genie.detectors.regex_set import Pattern
from genie.detectors.unicode import fold

_COMMENT = r"<!--[^>]{0,200}-->"
_INLINE = r"</?(?:a|b|code|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)(?:[ \t\r\n/][^<>]{0,200})?>"
ESCAPE_HINTS = (
    r"%[0-9A-Fa-f]{2}",
    r"&(?:#[0-9xX]|[A-Za-z]{2,10};)",
    r"\\(?:u00|x)[0-9A-Fa-f]{2}|\\[nrt]",
    r"\x00",
    r"(?i)</?(?:a|b|code|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)[ \t\r\n/>]",
    r"<!--",
    r"=(?:[0-9A-F]{2}=[0-9A-F]{2}|20|2D|\r?\n)",
)
HEX_HINT = r"[0-9A-Fa-f]{16}"
"""Hex; hashes match too, because a set of patterns that counts pairs needs a state for almost every digit of a text."""
BASE64_HINT = r"(?:[A-Za-f][A-Za-z0-9+/_\-]{3}){4}"
"""Base64 of ASCII: the first of each four characters stands for six bits that begin with a zero."""
HINTS = (*ESCAPE_HINTS, BASE64_HINT, HEX_HINT)
"""RE2; a folded text in which none matches has no view."""

_ESCAPES = Pattern(
    rf"(?i)(?:%[0-9a-f]{{2}})+|&(?:#[0-9]{{1,7}}|#x[0-9a-f]{{1,6}}|[a-z]{{2,10}});?"
    rf"|\\u[0-9a-f]{{4}}|\\x[0-9a-f]{{2}}|\\[nrt]|\x00|{_INLINE}|{_COMMENT}"
    r"|=(?-i:[0-9A-F]{2}(?:=[0-9A-F]{2})+|20|2D)|=\r?\n"  # quoted-printable
)
_PIECE = Pattern(rf"{BASE64_HINT}[A-Za-z0-9+/_\-]*={{0,2}}")
_HEX = Pattern("(?:[2-7][0-9A-Fa-f]){8,}")
"""Hex of ASCII: a hash has no eight such pairs in a row."""
_SIGNS = ("%", "&", "\\", "\0", "<", "=")
"""Every escape has one of them."""
_URL_SAFE = str.maketrans("-_", "+/")
_BLANKS = {"n": "\n", "r": "\r", "t": "\t"}
BETWEEN = "\x1f\n" * 16 + "\x1f"
"""Separates texts that are examined together: longer than any gap that a pattern allows."""
_DEPTH = 3
"""Maximum number of nested encodings that are decoded."""


class View(NamedTuple):
    """A text with one encoding decoded."""

    text: str
    starts: tuple[int, ...]
    """Positions in the view at which a part begins: unchanged characters, or the result of an escape."""
    origins: tuple[tuple[int, int, int], ...]
    """Start and end of each part in the text, and the characters of the text per character of the part; 0 if only the
    whole part corresponds."""
    outer: View | None = None
    """The view that it was derived from."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that a span of the view stands for."""
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        begin, _, width = self.origins[first]
        begin += width * (start - self.starts[first])
        stop_begin, stop, width = self.origins[last]
        if width:
            stop = stop_begin + width * (end - self.starts[last])
        return (begin, stop) if self.outer is None else self.outer.span(begin, stop)


def views(text: str) -> Iterator[View]:
    """Yield folded text with each encoding decoded, and with nested encodings decoded."""
    left: list[tuple[str, View | None, int]] = [(text, None, 0)]
    decoded: set[tuple[tuple[int, int], str]] = set()
    while left:
        encoded, outer, depth = left.pop()
        for view in (_unescaped(encoded, outer), _decoded(encoded, outer, decoded)):
            if view is not None:
                yield view
                if depth + 1 < _DEPTH:
                    left.append((view.text, view, depth + 1))


def _decoded(text: str, outer: View | None, done: set[tuple[tuple[int, int], str]]) -> View | None:
    """Return what all base64 and hex of a text stands for, far apart, but for what was decoded in an outer text.

    Args:
        text: Folded text, perhaps a view.
        outer: The view, if ``text`` is one.
        done: Decoded pieces, with their spans in the original.
    """
    pieces: list[str] = []
    starts, origins, size = list[int](), list[tuple[int, int, int]](), 0
    found = [(span, _of_base64) for span in _PIECE.found(text)] + [(span, _of_hex) for span in _HEX.found(text)]
    for (start, end), decoded in found:
        piece = text[start:end]
        key = ((start, end) if outer is None else outer.span(start, end), piece)
        plain = decoded(piece) if key not in done else None
        if plain is not None:
            done.add(key)
            pieces.append(plain)
            starts.append(size)
            origins.append((start, end, 0))
            size += len(plain) + len(BETWEEN)
    return View(BETWEEN.join(pieces), tuple(starts), tuple(origins), outer) if pieces else None


def _unescaped(text: str, outer: View | None) -> View | None:
    if not any(sign in text for sign in _SIGNS):
        return None
    pieces: list[str] = []
    starts, origins = [0], [(0, 0, 1)]
    at = size = 0
    for start, end in _ESCAPES.found(text):
        escape = text[start:end]
        plain = _meaning(escape)
        if plain == escape:
            continue
        pieces += (text[at:start], plain)
        size += start - at
        if plain:
            starts.append(size)
            each = escape[0] in "%=" and len(plain) * 3 == end - start  # an ASCII character for each escape
            origins.append((start, end, 3 if each else 0))
        size += len(plain)
        starts.append(size)
        origins.append((end, 0, 1))
        at = end
    if at == 0:
        return None
    return View("".join([*pieces, text[at:]]), tuple(starts), tuple(origins), outer)


def _meaning(escape: str) -> str:
    sign = escape[0]
    if sign == "%":
        return fold(bytes.fromhex(escape.replace("%", "")).decode(errors="replace"))
    if sign == "=":
        return fold(bytes.fromhex("".join(escape.replace("=", "").split())).decode(errors="replace"))
    if sign == "&":
        return fold(html.unescape(escape))
    if sign != "\\":
        return ""  # markup inside a line, and zero
    return _BLANKS.get(escape[1].lower()) or fold(chr(int.from_bytes(bytes.fromhex(escape[2:]))))


def _of_hex(piece: str) -> str:
    return bytes.fromhex(piece).decode("ascii")


def _of_base64(piece: str) -> str | None:
    """Decode a piece of base64 text, folded; None if the result is not text."""
    if piece.islower() or piece.isupper():
        return None
    bare = piece.rstrip("=").translate(_URL_SAFE)
    bare = bare[: len(bare) // 4 * 4 if len(bare) % 4 == 1 else len(bare)]
    raw = base64.b64decode(bare + "=" * (-len(bare) % 4)).replace(b"\0", b"")
    plain = raw.decode(errors="replace")
    if len(plain) < 8:
        return None
    if not (plain.isascii() and plain.isprintable()):
        readable = sum([(char.isprintable() and char != "\ufffd") or char.isspace() for char in plain])
        if readable < 0.75 * len(plain):
            return None
    return fold(plain)
