"""Disguises of prompt injection: leetspeak, split words, base64, hex, ROT13, HTML entities, URL escapes; one level.

``TRIGGERS`` are RE2 patterns for the one pass over every text; only where one of them matches is anything undone. They
are written for words that injections cannot do without, so that identifiers and hashes do not cost more than a look.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import itertools
import re
import urllib.parse
from collections.abc import Iterator
from typing import NamedTuple

from genie.detectors.unicode import fold

_LONGEST = 64_000
"""Characters of one string in which disguises are undone; the rest is searched without."""
_MOST = 24  # encoded pieces of one string that are looked into one by one

_LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!|", "l": "1|", "o": "0", "s": "5$", "t": "7+", "z": "2"}
_UNLEET = str.maketrans("0134578@$!|+9", "oieastbasiltg")
_UNLEET_L = str.maketrans("0134578@$!|+9", "oleastbasiltg")  # 1 and | stand for l as often as for i
_STEMS = (
    "ignore", "disregard", "forget", "override", "bypass", "previous", "instruction", "system", "prompt", "reveal",
    "password", "secret", "guidelines", "unrestricted", "jailbreak", "developer", "directive", "restrictions",
)  # fmt: skip
_SPLITTERS = r"[-_.*~+'^\\/]"
_URL_SAFE = str.maketrans("-_", "+/")
_LONG = r"[a-z0-9+/_\-]{20,}={0,2}"


def _leet(stem: str) -> str:
    """Return a pattern of the stem with at least one letter written as a digit or sign."""
    loose = [f"[{char}{re.escape(_LEET.get(char, ''))}]" for char in stem]
    return "|".join(
        "".join([*loose[:at], f"[{re.escape(_LEET[char])}]", *loose[at + 1 :]])
        for at, char in enumerate(stem)
        if char in _LEET
    )


def _split(stem: str) -> str:
    """Return a pattern of the stem with at least one sign between its letters."""
    return "|".join(
        stem[:at] + _SPLITTERS + "{1,3}" + (_SPLITTERS + "{0,3}").join(stem[at:]) for at in range(1, len(stem))
    )


TRIGGERS = (
    r"(?i)" + "|".join(_leet(stem) for stem in _STEMS),
    r"(?i)" + "|".join(_split(stem) for stem in _STEMS),
    r"(?i)(?:^|[\W_])(?:[a-z0-9][\W_]{1,4}){5,}[a-z0-9](?:[\W_]|$)",  # i g n o r e   a l l
    r"[A-Za-z0-9]{24,}",  # base64, hex: long pieces, of whatever kind
    r"(?i)(?:[0-9a-f]{2}[\s,:\-]){11,}",
    r"(?i)(?:\\x[0-9a-f]{2}\W{0,2}){5,}|(?:\\u00[0-9a-f]{2}){4,}",
    r"(?:[01]{8}\s?){6,}",
    r"(?i)%[2-7][0-9a-f]\w*%[2-7][0-9a-f]",
    r"(?i)&(?:#x?[0-9a-f]{2,6}|lt|gt|nbsp|quot|apos|shy|zwnj|zerowidthspace|ensp|emsp);",
    r"(?i)\b(?:vtaber|qvfertneq|sbetrg|bireevqr|olcnff|cerivbhf|vafgehpgvbaf?|flfgrz cebzcg|erirny|cnffjbeq)\b",
    r"(?i)erongi|drageresid|tegrof|snoitcurtsni|suoiverp|tpmorp|laever",  # read from the end
)


class Variant(NamedTuple):
    """A text with one disguise taken off."""

    text: str
    code: str
    start: int
    """Where in the text the disguised piece stands."""
    end: int


def deobfuscated(text: str) -> Iterator[Variant]:
    """Yield folded text with each disguise taken off that it seems to wear; never raises.

    Args:
        text: Folded text in which a trigger matched.
    """
    text = text[:_LONGEST]
    yield from _encoded(text)
    whole = {
        "leet": text.translate(_UNLEET),
        "leet-l": text.translate(_UNLEET_L),
        "split": _joined(text),
        "spaced": _closed_up(text),
        "spaced-leet": _closed_up(text).translate(_UNLEET),
        "html": fold(html.unescape(text)) if "&" in text else text,
        "url": _unquoted(text),
        "escapes": _unescaped(text),
        "rot13": codecs.encode(text, "rot13"),
        "reversed": text[::-1],
    }
    for code, plain in whole.items():
        if plain != text:
            yield Variant(plain, code.partition("-")[0], 0, len(text))


def _joined(text: str) -> str:
    return re.sub(rf"(?<=[A-Za-z]){_SPLITTERS}{{1,3}}(?=[A-Za-z])", "", text)


def _closed_up(text: str) -> str:
    """Close up runs of single letters; a wider gap between them ends a word."""

    def close(run: re.Match[str]) -> str:
        narrow = min(len(gap) for gap in re.findall(r"[\W_]+", run[0]))
        return " ".join(re.sub(r"[\W_]+", "", word) for word in re.split(rf"[\W_]{{{narrow + 1},}}", run[0]))

    return re.sub(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9][\W_]{1,4}){5,}[A-Za-z0-9](?![A-Za-z0-9])", close, text)


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    return fold(urllib.parse.unquote_plus(text, errors="replace"))


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(
        r"\\x([0-9a-fA-F]{2})\W{0,2}?|\\u00([0-9a-fA-F]{2})", lambda code: chr(int(code[1] or code[2], 16)), text
    )


def _encoded(text: str) -> Iterator[Variant]:
    long = re.finditer(_LONG, text, re.IGNORECASE)
    yield from _bounded(Variant(plain, "base64", *found.span()) for found in long for plain in _decoded(found[0]))
    spaced = r"(?<![0-9a-f])(?:[0-9a-f]{2}[\s,:\-]{1,2}){11,}[0-9a-f]{2}|(?:[01]{8}\s?){6,}"
    yield from _bounded(
        Variant(readable, "hex", *found.span())
        for found in re.finditer(spaced, text, re.IGNORECASE)
        if (readable := _of_digits(found[0]))
    )


def _bounded(pieces: Iterator[Variant]) -> Iterator[Variant]:
    """Yield the first pieces one by one and all others as one, so that many of them neither cost much nor hide one."""
    yield from itertools.islice(pieces, _MOST)
    rest = list(pieces)
    if rest:
        yield Variant("\n".join(one.text for one in rest), rest[0].code, rest[0].start, rest[-1].end)


def _of_digits(spaced: str) -> str | None:
    digits = re.sub(r"[^0-9a-fA-F]", "", spaced)
    return _readable(_of_bits(digits) if set(digits) <= {"0", "1"} else _of_hex(digits))


def _decoded(piece: str) -> Iterator[str]:
    bare = piece.rstrip("=")
    raws = [_of_base64(bare)]
    if re.fullmatch(r"[0-9a-fA-F]+", piece):
        raws.append(_of_hex(piece))
    if re.fullmatch(r"[A-Z2-7]+", bare):
        raws.append(_of_base32(bare))
    for raw in raws:
        if plain := _readable(raw):
            yield plain


def _of_base64(bare: str) -> bytes:
    try:
        return base64.b64decode(bare.translate(_URL_SAFE) + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return b""


def _of_base32(bare: str) -> bytes:
    try:
        return base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        return b""


def _of_hex(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _of_bits(bits: str) -> bytes:
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


def _readable(raw: bytes) -> str | None:
    """Return bytes as folded text if they are words but for a few, else None."""
    plain = raw.decode(errors="replace")
    letters = sum(char.isalpha() or char.isspace() for char in plain)
    return fold(plain) if len(plain) >= 8 and letters >= 0.75 * len(plain) else None
