"""Encodings that hide a value from patterns: escapes of URLs, HTML, strings and mail, UTF-16, markup, base64, hex.

A view is the text with one encoding decoded, and a mapping back: a finding in a view stands for the encoded characters.
Detectors read the views in addition to the text, because decoding may also destroy a value.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from genie.detectors import spacing
from genie.detectors.regex_set import Pattern
from genie.detectors.unicode import fold
from genie.policy.inspection import Span
from genie.policy.pattern_sets import TokenPattern

_COMMENT = r"<!--[^>]{0,200}-->"
_INLINE_NAME = r"</?(?:a|b|code|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)"
_INLINE = rf"{_INLINE_NAME}(?:[ \t\r\n/][^<>]{{0,200}})?>"
_BLOCK = r"</?[a-z][a-z0-9]{0,20}(?:[ \t\r\n/][^<>]{0,200})?>"
_EMPHASIS = r"\*{2,3}|__|~~"
ESCAPE_HINTS = (
    r"%[0-9A-Fa-f]{2}",
    r"&(?:#[0-9xX]|[A-Za-z]{2,10};)",
    r"\\(?:u00|u\{|x|[01])[0-9A-Fa-f]{2}|\\[nrt]",
    r"(?i)%u00[0-9a-f]{2}|\x1b\[",
    r"\x00",
    rf"(?i){_INLINE_NAME}[ \t\r\n/>]",
    r"[0-9@]</?[A-Za-z]",
    r"<!--",
    r"=(?:[0-9A-F]{2}=[0-9A-F]{2}|20|2D|\r?\n)",
)
HEX_HINT = TokenPattern(r"[0-9A-Fa-f]{16}")
"""Hex; hashes match too, because counting pairs would need an automaton state for almost every digit of a text."""
BASE64_HINT = TokenPattern(r"(?:[A-Za-f][A-Za-z0-9+/_\-]{3}){4}")
"""Base64 of ASCII: the first of each four characters stands for six bits that begin with a zero."""
BASE32_HINT = TokenPattern(r"\b(?:[A-Z2-7]{16,}|[a-z2-7]{16,})\b")
HINTS = (*ESCAPE_HINTS, BASE64_HINT, HEX_HINT, BASE32_HINT, *spacing.HINTS)
"""RE2; a folded text in which none matches has no view."""
_ANY = Pattern("|".join(f"(?:{hint})" for hint in (*HINTS, *spacing.ALL_HINTS)))
"""Searched separately from the hints of detectors: together, random letters need a new state at almost every letter."""

_ESCAPES = Pattern(
    rf"(?i)(?:%[0-9a-f]{{2}})+|%u[0-9a-f]{{4}}|\\u\{{[0-9a-f]{{1,6}}\}}|\x1b\[[0-9;]{{0,16}}[a-z]|&(?:#[0-9]{{1,7}}|#x[0-9a-f]{{1,6}}|[a-z]{{2,10}});?"
    rf"|\\u[0-9a-f]{{4}}|\\x[0-9a-f]{{2}}|\\[01][0-7]{{2}}|\\[nrt]|\x00|{_INLINE}|{_BLOCK}|{_COMMENT}|{_EMPHASIS}"
    r"|=(?-i:[0-9A-F]{2}(?:=[0-9A-F]{2})+|20|2D)|=\r?\n"  # quoted-printable
)
_PIECE = Pattern(rf"{BASE64_HINT}[A-Za-z0-9+/_\-]*={{0,2}}")
_HEX = Pattern("(?:[2-7][0-9A-Fa-f]){8,}")
"""Hex of ASCII: a hash has no eight such pairs in a row."""
_BASE32 = Pattern(rf"{BASE32_HINT}={{0,6}}")
_SIGNS = ("%", "&", "\\", "\0", "\x1b", "<", "=", "**", "__", "~~")
"""Every escape has one of them."""
_URL_SAFE = str.maketrans("-_", "+/")
_INLINE_TAG = re.compile(rf"(?i){_INLINE_NAME}[ \t\r\n/>]")
_BLANKS = {"n": "\n", "r": "\r", "t": "\t"}
BETWEEN = "\n\x1f" * 16 + "\n"
"""Stands between texts that are examined together: longer than a gap of any pattern, and no gap allows it."""
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
            behind = stop_begin + width * (end - self.starts[last])
            stop = min(stop, behind) if stop else behind
        return (begin, stop) if self.outer is None else self.outer.span(begin, stop)


def examined_together(examine: Callable[[str], Iterable[Span]], texts: Sequence[str]) -> list[tuple[Span, ...]]:
    """Return what is found in each of many strings, in one pass over all of them.

    Args:
        examine: Returns what is in a string, in order and without overlaps.
        texts: The strings.
    """
    found = iter(examine(BETWEEN.join(texts)))
    span, at = next(found, None), 0
    all_spans: list[tuple[Span, ...]] = []
    new: Callable[..., Span] = tuple.__new__  # a NamedTuple's own constructor takes twice as long
    for text in texts:
        end, here = at + len(text), []
        while span is not None and span.start < end:
            kind, start, stop, label, score = span
            here.append(new(Span, (kind, start - at, min(stop, end) - at, label, score)))
            span = next(found, None)
        all_spans.append(tuple(here))
        at = end + len(BETWEEN)
    return all_spans


def views(text: str) -> Iterator[View]:
    """Yield folded text with each encoding decoded, and those inside it."""
    left: list[tuple[str, View | None, int]] = [(text, None, 0)] if _ANY.search(text) else []
    decoded: set[tuple[tuple[int, int], str]] = set()
    while left:
        encoded, outer, depth = left.pop()
        of_pieces = put_together(spacing.pieces(encoded), outer)
        for view in (_unescaped(encoded, outer), _decoded(encoded, outer, decoded), of_pieces):
            if view is not None:
                yield view
                if depth + 1 < _DEPTH:
                    left.append((view.text, view, depth + 1))


def _decoded(text: str, outer: View | None, done: set[tuple[tuple[int, int], str]]) -> View | None:
    """Return the decoded base64, base32 and hex of a text, without pieces that were decoded in an outer text.

    Args:
        text: Folded text, perhaps a view.
        outer: The view, if ``text`` is one.
        done: Decoded pieces, with their spans in the original.
    """
    pieces: list[str] = []
    starts, origins, size = list[int](), list[tuple[int, int, int]](), 0
    found = [((start, end), text[start:end]) for start, end in _PIECE.found(text)]
    hex_found = [((start, end), text[start:end]) for start, end in _HEX.found(text)]
    small = [((start, end), text[start:end]) for start, end in _BASE32.found(text)]
    plains = [
        *_of_base64([piece for _, piece in found]),
        *[bytes.fromhex(piece).decode() for _, piece in hex_found],
        *[_of_base32(piece) for _, piece in small],
    ]
    for (span, piece), plain in zip((*found, *hex_found, *small), plains, strict=True):
        key = (span if outer is None else outer.span(*span), piece)
        if plain is not None and key not in done:
            done.add(key)
            pieces.append(plain)
            starts.append(size)
            origins.append((*span, 0))
            size += len(plain) + len(BETWEEN)
    return View(BETWEEN.join(pieces), tuple(starts), tuple(origins), outer) if pieces else None


def put_together(found: Iterable[spacing.Piece], outer: View | None = None) -> View | None:
    """Return the pieces of a text as a view, with separators; None if there are none."""
    pieces: list[str] = []
    starts, origins, size = list[int](), list[tuple[int, int, int]](), 0
    for piece in found:
        for start, end, plain, width in piece:
            pieces.append(plain)
            starts.append(size)
            origins.append((start, end, width))
            size += len(plain)
        pieces.append(BETWEEN)
        size += len(BETWEEN)
    return View("".join(pieces), tuple(starts), tuple(origins), outer) if pieces else None


def _unescaped(text: str, outer: View | None) -> View | None:
    if not any(sign in text for sign in _SIGNS):
        return None
    pieces: list[str] = []
    starts, origins = [0], [(0, 0, 1)]
    at = size = 0
    of_hex = bytes.fromhex
    for start, end in _ESCAPES.found(text):
        escape = text[start:end]
        sign = escape[0]
        if sign == "%" and escape[1] not in "uU":
            plain = of_hex(escape.replace("%", "")).decode(errors="replace")
            if not plain.isascii():
                plain = fold(plain)
        else:
            plain = _meaning(escape, sign)
            if plain == escape:
                continue
        pieces += (text[at:start], plain)
        size += start - at
        if plain:
            starts.append(size)
            each = sign in "%=" and len(plain) * 3 == end - start  # an ASCII character for each escape
            origins.append((start, end, 3 if each else 0))
            size += len(plain)
        starts.append(size)
        origins.append((end, 0, 1))
        at = end
    if at == 0:
        return None
    return View("".join([*pieces, text[at:]]), tuple(starts), tuple(origins), outer)


def _meaning(escape: str, sign: str) -> str:
    """Return the decoded form of an escape other than that of URLs; the escape itself if it has none."""
    if sign == "=":
        return fold(bytes.fromhex("".join(escape.replace("=", "").split())).decode(errors="replace"))
    if sign == "&":
        return fold(html.unescape(escape))
    if sign == "<":
        return "" if _INLINE_TAG.match(escape) or escape[1] == "!" else "\n"
    if sign not in "\\%":
        return ""  # markup inside a line, colours of a terminal, and zero
    if escape[1].isdigit():
        return chr(int(escape[1:], 8))
    code = 0 if escape[1].lower() in _BLANKS else int(escape[2:].strip("{}"), 16)
    return _BLANKS.get(escape[1].lower()) or (fold(chr(code)) if code <= sys.maxunicode else escape)


def _of_base64(pieces: list[str]) -> list[str | None]:
    """Return each piece decoded from base64 and folded; None if the result is not text."""
    bare = [piece.rstrip("=") for piece in pieces]
    even = [f"{piece}{'A' * (-len(piece) % 4)}" for piece in bare]  # A is zero
    raw = binascii.a2b_base64("".join(even).translate(_URL_SAFE))
    plains, at = list[str | None](), 0
    for piece, padded in zip(bare, even, strict=True):
        behind = at + len(padded) // 4 * 3
        one_case = piece.islower() or piece.isupper()
        plains.append(None if one_case else _readable(raw[at : at + len(piece) * 3 // 4]))
        at = behind
    return plains


def _of_base32(piece: str) -> str | None:
    """Return a piece decoded from base32; None if the result is not text of ASCII."""
    bare = piece.rstrip("=")
    whole = len(bare) // 8 * 8 if len(bare) % 8 in {1, 3, 6} else len(bare)
    raw = base64.b32decode(bare[:whole] + "=" * (-whole % 8), casefold=True)
    return raw.decode() if raw.isascii() and raw.decode().isprintable() else None


def _readable(raw: bytes) -> str | None:
    """Return bytes as folded text; None if they are not text."""
    plain = raw.replace(b"\0", b"").decode(errors="replace")
    if len(plain) < 8:
        return None
    if not (plain.isascii() and plain.isprintable()):
        broken = plain.count("\ufffd")
        readable = sum(map(str.isprintable, plain)) + sum(map(str.isspace, plain)) - plain.count(" ") - broken
        if readable < 0.75 * len(plain):
            return None
    return fold(plain)
