"""Ways of writing that tear a value apart: signs between its digits, spaced letters, character codes, digits as words.

Each function returns *pieces* of a text, that is values put together again; ``encodings`` makes views of them. Signs
count only if they are equal throughout, because tables and lists of other numbers have different ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from genie.detectors.regex_set import Pattern
from genie.policy.pattern_sets import TokenPattern


class Part(NamedTuple):
    """A part of a piece, and where it stands in the text."""

    start: int
    end: int
    plain: str
    width: int = 0
    """Characters of the text per character of ``plain``, except perhaps for the last; 0 if only the whole part
    corresponds."""


Piece = list[Part]

_SIGN = r"[^\pL\pN]"
_WORDS: dict[str, str] = {
    word: str(digit)
    for digit, words in enumerate((
        "zero oh nought null cero", "one eins ein un uno", "two zwei zwo deux dos", "three drei trois tres",
        "four vier quatre cuatro", "five fuenf funf cinq cinco", "six sechs seis", "seven sieben sept siete",
        "eight acht huit ocho", "nine neun neuf nueve",
    ))
    for word in words.split()
}  # fmt: skip
_WORD = rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_BLANK = r"[ \t\r\n,.;/\-]"
_BETWEEN = r"[^\pL\pN%&\\]"
"""A sign between digits; those of escapes are none."""
_ROW_HINTS = (
    rf"[0-9]{_BETWEEN}*[^\pL\pN%&\\ \t\r\n.\-/,_:|+;~*#=]{_BETWEEN}*[0-9]",  # a sign that numbers do not have
    r"[0-9](?:[ \t]{4}|\*\*|__|~~)",
)
_LETTER = rf"[A-Za-z0-9]{_SIGN}{_SIGN}?"
_LETTER_HINTS = (rf"{_LETTER}{_LETTER}{_LETTER}{_LETTER}[A-Za-z0-9]",)
_CODE_HINTS = (
    r"0[xX][2-7][0-9A-Fa-f][^A-Za-z0-9]+0[xX][2-7]",
    r"\b[2-7][0-9A-Fa-f][ :,.\-][2-7][0-9A-Fa-f][ :,.\-][2-7][0-9A-Fa-f][ :,.\-][2-7][0-9A-Fa-f]\b",
)
_NUMBER_CODES = (
    r"\b[01][01][01][01][01][01][01]+[^A-Za-z0-9]+[01][01]",
    r"\b(?:[0-9]{2,3}[^A-Za-z0-9]{1,2}){4}[0-9]{2,3}\b",
)
"""Codes whose rows are long numbers."""
_ALIKE_HINTS = (r"[0-9][ .\-]?[OoIl|]+[ .\-]?[0-9]|[0-9][OoIl|][OoIl|]",)
_SPOKEN_HINTS = (rf"(?i)\b{_WORD}{_BLANK}+{_WORD}{_BLANK}+{_WORD}{_BLANK}+{_WORD}\b",)
HINTS = (*_ROW_HINTS, *_LETTER_HINTS, *_CODE_HINTS, *_ALIKE_HINTS, *_SPOKEN_HINTS)
"""RE2; a folded text in which neither these match nor a long number stands has no piece."""
ALL_HINTS = (*HINTS, *_NUMBER_CODES)
"""RE2; a folded text in which none matches has no piece."""

_ROW = Pattern(rf"[0-9]+(?:{_BETWEEN}{{1,8}}[0-9]+){{2,}}")
_SPACED = Pattern(rf"\b[A-Za-z0-9](?:{_SIGN}{{1,7}}[A-Za-z0-9]){{8,}}\b")
_ALIKE = Pattern(r"[0-9OoIl|](?:[ .\-]{0,2}[0-9OoIl|]){11,26}")
_SPOKEN = Pattern(rf"(?i)\b{_WORD}(?:{_BLANK}{{1,3}}{_WORD}){{7,}}\b")
_DIGITS = re.compile(r"[0-9]+")
_CHARACTER = re.compile(r"[A-Za-z0-9]")
_CODE = re.compile(r"[0-9A-Za-z]+")
_LETTERS = re.compile(r"[a-z]+")
_FEWEST, _MOST = 9, 19
"""Digits of a value: with more, a row is a list of numbers."""
_SIZES = ((4, 6, 5), (4, 6, 4), (3, 2, 4))
"""Groups of cards and of social security numbers; other values have groups of one size, except perhaps for the last."""
_USUAL = re.compile(r"[ \t\r\n.\-]{1,3}\Z|[,/_:|+;~*#=\\][ \t]?\Z")
"""Gaps that detectors read themselves."""
_PAIRS = str.maketrans("()[]{}<>\"'`", "(((((((((((")
_PLAIN_DIGITS = str.maketrans("OoIl|", "00111")


_TOKEN = r"[A-Za-z0-9_\-]"  # noqa: S105 - a pattern
_BACKWARD_HEADS = (
    rf"{_TOKEN}(?:_[pousr]hg|tap_buhtig|AIKA|AISA|-taplg|-[abceoprs]xox|_(?:evil|tset)_k[rs]|azIA|-ks|_fh|_mpn|-ipyp)"
)
BACKWARDS_HINT = TokenPattern(rf"{_TOKEN}{{15}}{_BACKWARD_HEADS}\b")
_BACKWARDS = Pattern(rf"{_TOKEN}{{15,255}}{_BACKWARD_HEADS}\b")
_BREAK = (
    r"""(?:\\?\r?\n[ \t]{0,32}["'`]?|["'`][ \t]{0,4}[+.&,\\]?[ \t]{0,4}(?:\r?\n[ \t]{0,32})?[+.&]?[ \t]{0,4}["'`])"""
)


def backwards(text: str) -> Iterator[Piece]:
    """Yield long tokens that end like a key read backwards, turned round."""
    for start, end in _BACKWARDS.found(text):
        yield [Part(start, end, text[start:end][::-1])]


class Broken:
    """Finds tokens that go on behind the end of a line, or in the next of several quoted strings.

    Args:
        heads: RE2 of how such tokens begin.
    """

    def __init__(self, heads: str) -> None:
        self._pattern = Pattern(rf"(?:{heads}){_TOKEN}*(?:{_BREAK}{_TOKEN}{{4,}})+")

    def __call__(self, text: str) -> Iterator[Piece]:
        """Yield the tokens put together."""
        for start, end in self._pattern.found(text):
            yield [
                Part(start + part.start(), start + part.end(), part[0], 1) for part in _PARTS.finditer(text[start:end])
            ]


_PARTS = re.compile(rf"{_TOKEN}+")


def _rows(text: str) -> Iterator[Piece]:
    """Yield groups of digits with equal, unusual signs between them; brackets and quotes count as one sign."""
    for start, end in _ROW.found(text):
        groups = [match.span() for match in _DIGITS.finditer(text, start, end)]
        row = [groups[0]]
        before = set[str]()
        for one, two in [*pairwise(groups), (groups[-1], (end, end))]:
            gap = set(text[one[1] : two[0]].translate(_PAIRS))
            if len(row) > 1 and gap != before:
                if _is_value(text, row):
                    yield [Part(first, last, f"{text[first:last]} ", 1) for first, last in row]
                row = [one]
            row.append(two)
            before = gap


def _is_value(text: str, row: list[tuple[int, int]]) -> bool:
    gap = text[row[0][1] : row[1][0]]
    sizes = [last - first for first, last in row]
    if not _FEWEST <= sum(sizes) <= _MOST or max(sizes) > 8 or max(sizes) == 1 or _USUAL.match(gap):
        return False
    if len(set(sizes[:-1])) > 1 and tuple(sizes) not in _SIZES:
        return False
    return not (text[row[0][0] - 1 : row[0][0]].isalnum() or text[row[-1][1] : row[-1][1] + 1].isalnum())


def _letters(text: str) -> Iterator[Piece]:
    """Yield letters and digits with an equal gap between them, with the signs that have this gap on both sides."""
    for start, end in _SPACED.found(text):
        places = [match.start() for match in _CHARACTER.finditer(text, start, end)]
        width = places[1] - start
        plain = text[start:end:width]
        if text[start + 1 : places[1]].join(plain) == text[start:end]:
            yield [Part(start, end, plain, width)]
            continue
        gaps = [text[one + 1 : two] for one, two in pairwise(places)]
        usual, often = Counter(gaps).most_common(1)[0]
        if often * 2 < len(gaps):
            continue
        piece: Piece = []
        for at, gap in zip(places, [*gaps, usual], strict=True):
            piece.append(Part(at, at + 1, text[at], 1))
            sign = gap.removeprefix(usual).removesuffix(usual).strip(usual[0])
            if sign:
                first = text.index(sign, at)
                piece.append(Part(first, first + len(sign), sign, 1))
        yield piece


def _rows_of(code: str) -> Pattern:
    """Return the pattern of eight or more codes with signs between them; escapes are none."""
    return Pattern(rf"\b{code}(?:{_BETWEEN}{{1,3}}{code}){{7,}}\b")


_BASES: tuple[tuple[Pattern, int], ...] = (
    (_rows_of(r"(?:0[bB])?0?[01]{7}"), 2),
    (_rows_of(r"(?:0[xX])?[2-7][0-9A-Fa-f]"), 16),
    (_rows_of(r"(?:0[oO])?0?[01][0-7]{2}"), 8),
    (_rows_of(r"(?:0?[3-9][0-9]|1[0-2][0-9])"), 10),
)
"""How the codes of ASCII characters are written, and their base."""


def _codes(text: str) -> Iterator[Piece]:
    """Yield rows of character codes as the characters."""
    for rows, base in _BASES:
        for start, end in rows.found(text):
            codes = _CODE.findall(text, start, end)
            plain = "".join([chr(int(code, base)) for code in codes])
            second = text.index(codes[1], start + len(codes[0]))
            if text[start + len(codes[0]) : second].join(codes) == text[start:end]:
                yield [Part(start, end, plain, second - start)]
            else:
                found = _CODE.finditer(text, start, end)
                yield [Part(*match.span(), char) for match, char in zip(found, plain, strict=True)]


def _alike(text: str) -> Iterator[Piece]:
    """Yield long numbers in which letters stand for one and zero."""
    for start, end in _ALIKE.found(text):
        written = text[start:end]
        plain = written.translate(_PLAIN_DIGITS)
        if plain != written and written[0].isdigit():
            begin = start - 2 * text[start - 2 : start].isalpha()  # the country of an account number
            yield [Part(begin, start, text[begin:start], 1), Part(start, end, plain, 1)]


def _spoken(text: str) -> Iterator[Piece]:
    """Yield numbers whose digits are words."""
    for start, end in _SPOKEN.found(text):
        found = _LETTERS.finditer(text[start:end].lower())
        yield [Part(start + word.start(), start + word.end(), _WORDS[word[0]]) for word in found]


_FINDERS = tuple(
    (Pattern("|".join(f"(?:{hint})" for hint in hints)), find)
    for hints, find in (
        (_ROW_HINTS, _rows),
        (_LETTER_HINTS, _letters),
        ((*_CODE_HINTS, *_NUMBER_CODES), _codes),
        (_ALIKE_HINTS, _alike),
        (_SPOKEN_HINTS, _spoken),
    )
)


def pieces(text: str) -> Iterator[Piece]:
    """Yield the values of a folded text that were torn apart, put together."""
    for hint, find in _FINDERS:
        if hint.search(text):
            yield from find(text)
