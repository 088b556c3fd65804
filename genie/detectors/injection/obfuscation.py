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
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from genie.detectors.injection.segmentation import divided, listed, words_in
from genie.detectors.unicode import fold

_MOST = 4  # encoded pieces of one string that are looked into one by one

_LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!|", "l": "1|", "o": "0", "s": "5$", "t": "7+", "z": "2"}
_UNLEET = str.maketrans("0134578@$!|+9", "oieastbasiltg")
_UNLEET_L = str.maketrans("0134578@$!|+9", "oleastbasiltg")
_STEMS = (
    "ignore", "disregard", "forget", "override", "bypass", "previous", "instruction", "system", "prompt", "reveal",
    "password", "secret", "guidelines", "unrestricted", "jailbreak", "developer", "directive", "restrictions",
)  # fmt: skip
_SPLITTERS = r"[-_.*~+'^\\/]"
_URL_SAFE = str.maketrans("-_", "+/")
_LONG = r"[a-z0-9+/_\-]{12,}={0,2}"


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


_FOREIGN_STEMS = (
    "rules", "oubli", "consigne", "regle", "precedent", "montre", "affiche", "revele", "vergiss", "anweisung", "regeln",
    "vorherig", "bisherig", "passwort", "olvid", "instrucc", "reglas", "anterior", "muestra", "contrasen", "ignor",
    "maintenant", "limite", "filtre", "desormais", "einschrank", "beschrank", "richtlin", "sofort", "assistent",
    "restricc",
    "directri", "respond", "normas", "asistente", "instruc", "esquec", "dimentic", "istruzion", "regole", "negeer",
    "senza", "filtri", "rivela", "senha", "zonder", "beperking", "wachtwoord", "segret", "restriz", "voce", "verborgen",
)  # fmt: skip
_OTHER_SCRIPTS = (
    "игнорир", "забудь", "инструкци", "правил", "указани", "системн", "промпт", "пароль", "ограничен", "помощник",
    "指令", "规则", "提示", "密码",
    "限制", "忽略", "约束", "审查", "助手", "指示", "ルール",
    "プロンプト", "パスワード", "制限", "無視", "アシスタント",
    "지시", "규칙", "명령", "프롬프트", "비밀번호", "제한", "निर्देश", "नियम", "आदेश", "प्रॉम्प्ट", "पासवर्ड", "सहायक", "रोक",
)  # fmt: skip
_ROT13 = r"(?:gur|lbhe|lbh|naq|nyy|jvgu|qvr|haq|qrvar|nyyr|yrf|irf|qrf|ibf|gbhgrf|ybf|ynf|ghf|gbqnf)"
_BACKWARDS = r"(?:eht|ruoy|uoy|lla|htiw|dnu|enied|ella|hcid|setuot|sadot)"


class Sign(NamedTuple):
    """What tells of a disguise."""

    disguise: str
    pattern: str
    chars: frozenset[int] = frozenset()
    """Every match holds one of these characters of ASCII; any where it is empty."""
    run: int = 0
    """Every match holds so many letters and digits of ASCII in a row."""
    word: int = 0
    """Every match holds a word of just so many letters and digits of ASCII."""


def _one_of(chars: str) -> frozenset[int]:
    return frozenset(chars.encode())


_LEET_SIGNS, _ALL_LEET_SIGNS = _one_of("013457@$!|+"), _one_of("".join(_LEET.values()))
_SPLITTING = _one_of(r"-_.*~+'^\/")
SIGNS = (
    Sign("leet", r"(?i)[a-z][013457@$!|+]+[a-z]{1,4}[013457@$!|+]+[a-z]", _LEET_SIGNS),
    Sign("leet", r"(?i)" + "|".join(_leet(stem) for stem in _STEMS), _ALL_LEET_SIGNS),
    Sign("leet", r"(?i)(?:\b[a-z]|[a-z]{2})[013457$|]{1,2}[a-z]{2}", _LEET_SIGNS),  # a sign in a word of any language
    Sign("rot13", rf"(?i)\b{_ROT13}\b"),
    Sign("rot13", rf"(?i)\b(?:{'|'.join(codecs.encode(stem, 'rot13') for stem in (*_STEMS, *_FOREIGN_STEMS))})"),
    Sign("reversed", rf"(?i)\b{_BACKWARDS}\b"),
    Sign("reversed", rf"(?i)(?:{'|'.join(stem[::-1] for stem in (*_STEMS, *_FOREIGN_STEMS))})\b"),
    Sign("reversed", "|".join(fold(stem)[::-1] for stem in _OTHER_SCRIPTS)),
    Sign("encoded", r"[A-Za-z0-9+/]{10,}={1,2}(?:[^=\w]|$)", _one_of("=")),  # a short encoding with its padding
    Sign("encoded", r"[A-Za-z0-9]{24,}", run=24),  # base64, hex: long pieces, of whatever kind
    Sign("encoded", r"(?i)(?:[0-9a-f]{2}[\s,:\-]){11,}", word=2),
    Sign("encoded", r"(?:[01]{8}\s?){6,}", _one_of("01"), run=8),
    Sign("split", r"(?i)" + "|".join(_split(stem) for stem in _STEMS), _SPLITTING),
    Sign("split", r"(?i)[a-z]{1,3}(?:[-_.*~+'^][a-z]{1,2}){3,}", _SPLITTING),  # ig-n-o-re
    Sign("spaced", r"(?i)(?:^|[\W_])(?:[a-z0-9][\W_]{1,4}){5,}[a-z0-9](?:[\W_]|$)", word=1),  # i g n o r e   a l l
    Sign("runs", r"(?i)[a-z]{18,}", run=18),  # words without spaces
    Sign("escapes", r"(?i)(?:\\x[0-9a-f]{2}\W{0,2}){5,}|(?:\\u00[0-9a-f]{2}){4,}", _one_of("\\")),
    Sign("url", r"(?i)%[2-9a-f][0-9a-f]\w*%[2-9a-f][0-9a-f]", _one_of("%")),
    Sign("html", r"(?i)&(?:#x?[0-9a-f]{2,6}|lt|gt|nbsp|quot|apos|shy|zwnj|zerowidthspace|ensp|emsp);", _one_of("&")),
)
"""One disguise may be known by several signs."""
TRIGGERS = tuple(sign.pattern for sign in SIGNS)


class Variant(NamedTuple):
    """A text with one disguise taken off."""

    text: str
    code: str
    start: int
    """Where in the text the disguised piece stands."""
    end: int


def deobfuscated(text: str, signs: Iterable[int]) -> Iterator[Variant]:
    """Yield folded text with each disguise taken off that it shows a sign of; never raises.

    Args:
        text: Folded text.
        signs: Numbers of the triggers that match.
    """
    worn = {SIGNS[sign].disguise for sign in signs}
    if "encoded" in worn:
        yield from _encoded(text)
    seen = {text, text.lower()}
    for name, undo in _WHOLE:
        if name in worn:
            for plain in undo(text):
                if plain not in seen:
                    seen.add(plain)
                    yield Variant(plain, _CODES.get(name, name), 0, len(text))


def _unleeted(text: str) -> Iterator[str]:
    if len(_LEET_LETTERS.findall(text)) < _FEWEST:
        return
    for table in (_UNLEET, _UNLEET_L):  # 1 and | stand for l as often as for i
        plain = text.translate(table)
        lower = plain.lower()
        if not any(text[start:end] != plain[start:end] for start, end in words_in(lower)):
            continue  # random letters and digits: no word of the list came of them
        yield plain
        yield divided(lower)


def _divided(text: str) -> Iterator[str]:
    yield divided(text.lower())
    yield from _unleeted(text)


def _unspaced(text: str) -> Iterator[str]:
    closed = _closed_up(text)
    yield closed
    yield from _divided(closed)


def _rotated(text: str) -> Iterator[str]:
    """Yield text moved by 13 letters, also with accents given back: folding took them off before it was moved."""
    plain = codecs.encode(text, "rot13")
    yield plain
    yield _LONG_WORD.sub(lambda word: _mended(word[0]), plain.lower())


def _mended(word: str) -> str:
    """Return a word of the list that differs in one or two letters, which carried accents; else the word."""
    known = listed()
    if word in known:
        return word
    carried = [at for at, char in enumerate(word) if char in _ACCENTED]
    for places in itertools.chain(((at,) for at in carried), itertools.combinations(carried, 2)):
        letters = list(word)
        for at in places:
            letters[at] = _ACCENTED[word[at]]
        if (mended := "".join(letters)) in known:
            return mended
    return word


_LONG_WORD = re.compile(r"\b[a-z]{4,16}\b")
_ACCENTED = dict(zip(codecs.encode("aeiounc", "rot13"), "aeiounc", strict=True))
"""What a folded letter with an accent becomes when it is moved like the others -> the letter."""
_LEET_LETTERS = re.compile(r"(?<=[A-Za-z])[013457@$!|]+(?=[A-Za-z])")
_FEWEST = 2  # letters that are written as digits or signs within words; one is a model number
_CODES = {"runs": "split"}
_WHOLE: tuple[tuple[str, Callable[[str], Iterable[str]]], ...] = (
    ("leet", _unleeted),
    ("split", lambda text: (_joined(text),)),
    ("spaced", _unspaced),
    ("runs", _divided),
    ("html", lambda text: (fold(html.unescape(text)),)),
    ("url", lambda text: (_unquoted(text),)),
    ("escapes", lambda text: (_unescaped(text),)),
    ("rot13", _rotated),
    ("reversed", lambda text: (text[::-1],)),
)


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
    """Return the parts of bytes that are text, folded; None if there are none."""
    pieces = [piece for piece in _PRINTED.findall(raw.decode(errors="replace")) if _has_words(piece)]
    return fold(" ".join(pieces)) if pieces else None


_PRINTED = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]{4,}")
_LETTERS = re.compile(r"[^\W\d_]+")
_IDEOGRAPHS = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")  # each says as much as two letters


def _has_words(piece: str) -> bool:
    """Return True for text with words; digits and signs around them are ignored."""
    letters = len(piece) - len(_LETTERS.sub("", piece))
    return letters + len(_IDEOGRAPHS.findall(piece)) >= 8 and letters + piece.count(" ") >= 0.2 * len(piece)
