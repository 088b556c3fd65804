"""Unicode folding: look-alike, decorated and invisible characters become the plain text that a reader sees.

Each character is folded separately, and ASCII is unchanged. Therefore folding joined strings equals joining folded
strings, a pattern that matches one string also matches the joined text, and ASCII text needs no fold. Patterns must
handle case (``(?i)``) and runs of white space themselves.

Source: Unicode NFKD for compatibility forms; lookalikes of Latin letters after the Unicode confusables (UTS #39).
"""
# ruff: noqa: RUF001 - the ambiguous characters are the data of the lookalike table

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from importlib import resources
from typing import NamedTuple


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    letters = text.replace(" ", "")
    return zip(letters[::2], letters[1::2], strict=True)


# Each lookalike is followed by the letter it looks like.
_CYRILLIC = (
    "АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ХX ҮY ԌG ԚQ ԜW аa вb еe ѕs іi јj кk мm нh оo рp сc тt уy "
    "хx үy ԁd һh ԛq ԝw ѵv гr ӏl ӀI"
)
_GREEK = "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw ϲc ϳj"
_OTHERS = "օo ոn սu հh ցg քf ԼL ՏS ՍU ᎪA ᏴB ᏟC ᎠD ᎬE ᎻH ᎥI ᎫJ ᏦK ᏞL ᎷM ᏢP ᏒR ᏚS ᎢT ᏙV ᏔW ᏃZ"
_LATIN = (
    "ıi ȷj ɑa ɡg ɩi ʟl ɪi ɴn ʀr ʏy ʜh ɢg ᴀa ʙb ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜱs ɾr øo ØO łl ŁL "
    "đd ĐD ðd ÐD ħh ŧt"
)

LOOKALIKES = {
    **{char: plain for part in (_CYRILLIC, _GREEK, _OTHERS, _LATIN) for char, plain in _pairs(part)},
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE",
    **dict.fromkeys("‐‑‒–—―−⁃", "-"), **dict.fromkeys("‘’‚‛′ʹʻʼʽ", "'"), **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("⁄∕", "/"), **dict.fromkeys("ǀ∣│", "|"), **dict.fromkeys("‹〈⟨", "<"), **dict.fromkeys("›〉⟩", ">"),
    **dict.fromkeys("。․·", "."), "\u2800": " ",
}  # fmt: skip
"""Look-alike character -> the character that a reader sees."""

_REMEMBERED = 8192  # characters; the cache must not hold all of Unicode


_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")  # letters and marks by category, drawn as nothing
_MARKS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F),
          (0xE0100, 0xE01EF))  # fmt: skip
_TAGS = range(0xE0020, 0xE007F)  # invisible copies of ASCII, used to smuggle text past people


class _Table(dict[int, str]):
    """The folded form of each character, computed at its first use."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


def _fold_character(char: str) -> str:
    code = ord(char)
    if code < 0x80:
        return char
    if code in _TAGS:
        return chr(code - 0xE0000)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"  # half a character cannot be encoded, so no pattern could be asked
    plain = "".join(_plain(part) for part in unicodedata.normalize("NFKD", char))
    # Remaining characters of other scripts are composed again, so that patterns can be written in them.
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def _plain(char: str) -> str:
    known = LOOKALIKES.get(char) or _rare().get(char)
    if known is not None:
        return known
    code, category = ord(char), unicodedata.category(char)
    if char in _UNSEEN or category == "Cf" or any(first <= code <= last for first, last in _MARKS):
        return ""
    if category in {"Zs", "Zl", "Zp"} or char == "\x85":
        return " "
    return str(unicodedata.decimal(char)) if category == "Nd" else char


_LIVING = frozenset({
    "ARABIC", "ARMENIAN", "BENGALI", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GUJARATI", "GURMUKHI",
    "HANGUL", "HEBREW", "HIRAGANA", "IDEOGRAPHIC", "KANNADA", "KATAKANA", "KHMER", "LAO", "MALAYALAM", "MYANMAR",
    "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAI", "TIBETAN",
})  # fmt: skip
"""Scripts with ordinary words: only the letters above count as Latin look-alikes."""


@functools.cache
def _rare() -> dict[str, str]:
    """Return the look-alikes of Latin letters and digits in scripts that are hardly written any more."""
    text = resources.files("genie.contracts").joinpath("confusables.txt").read_text("utf-8")
    pairs = (line.split(" ", 1) for line in text.splitlines())
    latin = ((LOOKALIKES.get(plain, plain), chars) for plain, chars in pairs)  # a small capital is a letter too
    known = {
        char: plain for plain, chars in latin if plain.isascii() and plain.isalnum()
        for char in chars if not char.isascii() and unicodedata.category(char) != "Nd"
        and unicodedata.name(char, "").partition(" ")[0] not in _LIVING
    }  # fmt: skip
    small = {char.lower(): plain.lower() for char, plain in known.items() if len(char.lower()) == 1}
    return {**small, **known}


_table = _Table()
_FEW = 64  # replacing one character throughout a text is fast, so up to this number it beats a loop over characters


def fold(text: str) -> str:
    """Return the text in the form for patterns; ASCII is unchanged, otherwise the length may differ."""
    if text.isascii():
        return text
    foreign = [char for char in set(text) if char > "\x7f"]
    if len(foreign) > _FEW:
        return text.translate(_table)
    for char in foreign:  # in any order, because a folded character folds to itself
        plain = _table[ord(char)]
        if plain != char:
            text = text.replace(char, plain)
    return text


class Folded(NamedTuple):
    """A folded text, and the origin of each of its characters."""

    text: str
    origins: tuple[int, ...] | None
    """Position in the original of each character; None when every character stayed at its place."""
    original: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that a span of at least one folded character stands for.

        Marks and invisible characters that follow its last character belong to it.
        """
        if self.origins is None:
            return start, end
        last = self.origins[end - 1] + 1
        while last < len(self.original) and not _table[ord(self.original[last])]:
            last += 1
        return self.origins[start], last


def fold_with_origins(text: str) -> Folded:
    """Return ``fold(text)`` with the mapping back to the original."""
    if text.isascii():
        return Folded(text, None, text)
    if all(len(_table[ord(char)]) == 1 for char in set(text)):
        return Folded(fold(text), None, text)
    pieces = [_table[ord(char)] for char in text]
    origins = tuple(position for position, piece in enumerate(pieces) for _ in piece)
    return Folded("".join(pieces), origins, text)
