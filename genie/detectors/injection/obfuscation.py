"""Disguises of prompt injection: leetspeak, split words, base64, hex, ROT13, HTML entities, URL escapes; one level.

``TRIGGERS`` are RE2 patterns for the one pass over every text; a disguise is undone only if one of them matches. They
look for words that injections need, so that identifiers and hashes cost no more than one pass.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from genie.detectors.injection.segmentation import divided, listed, words_in
from genie.detectors.regex_set import Pattern
from genie.detectors.unicode import fold
from genie.policy.pattern_sets import TokenPattern

_MOST = 4  # maximum encoded pieces of one string that are examined one by one

_LEET = {"a": "4@", "b": "8", "e": "3", "g": "9", "i": "1!|", "l": "1|", "o": "0", "s": "5$", "t": "7+", "z": "2"}
_UNLEET = str.maketrans("0134578@$!|+9", "oieastbasiltg")
_UNLEET_L = str.maketrans("0134578@$!|+9", "oleastbasiltg")
_STEMS = (
    "ignore", "disregard", "forget", "override", "bypass", "previous", "instruction", "system", "prompt", "reveal",
    "password", "secret", "guidelines", "unrestricted", "jailbreak", "developer", "directive", "restrictions",
)  # fmt: skip
_SPLITTERS = r"[-_.*~+'^\\/]"
_URL_SAFE = str.maketrans("-_", "+/")
_QUOTED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_QUOTED_PART = Pattern(r"[^\s/=?&()%]*(?:%[0-9A-Fa-f]{2}[^\s/=?&()%]*)+")
_LONG = Pattern(r"[A-Za-z0-9+/_\-]{12,}={0,2}")
_SPACED = Pattern(
    r"(?:^|[^0-9A-Fa-f])((?:[0-9A-Fa-f]{2}[\s,:\-]{1,2}){11,}[0-9A-Fa-f]{2})|((?:[01]{8}\s?){6,})"  # hex, or bits
)
_ONE_CASE = Pattern(r"\b(?:[0-9A-Fa-f]+|[A-Z2-7]+)\b")
_is_hex = re.compile("[0-9A-Fa-f]+").fullmatch
_is_base32 = re.compile("[A-Z2-7]+").fullmatch


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

SIGNS = (
    ("leet", r"(?i)[a-z][013457@$!|]+[a-z]{1,4}[013457@$!|]+[a-z]"),
    ("leet", r"(?i)" + "|".join(_leet(stem) for stem in _STEMS)),
    ("leet", r"(?i)(?:\b[a-z]|[a-z]{2})[013457$|]{1,2}[a-z]{2}"),  # a sign in a word of any language
    ("rot13", rf"(?i)\b{_ROT13}\b"),
    ("rot13", rf"(?i)\b(?:{'|'.join(codecs.encode(stem, 'rot13') for stem in (*_STEMS, *_FOREIGN_STEMS))})"),
    ("reversed", rf"(?i)\b{_BACKWARDS}\b"),
    ("reversed", rf"(?i)(?:{'|'.join(stem[::-1] for stem in (*_STEMS, *_FOREIGN_STEMS))})\b"),
    ("reversed", "|".join(fold(stem)[::-1] for stem in _OTHER_SCRIPTS)),
    ("encoded", r"[A-Za-z0-9+/]{10,}={1,2}(?:[^=\w]|$)"),  # a short encoding with its padding
    ("encoded", TokenPattern(r"[A-Za-z0-9]{24,}")),  # base64, hex: long pieces of any kind
    ("encoded", r"(?i)(?:[0-9a-f]{2}[\s,:\-]){11,}"),
    ("encoded", r"(?:[01]{8}\s?){6,}"),
    ("split", r"(?i)" + "|".join(_split(stem) for stem in _STEMS)),
    ("split", r"(?i)[a-z]{1,3}(?:[-_.*~+'^][a-z]{1,2}){3,}"),  # ig-n-o-re
    ("spaced", r"(?i)(?:^|[\W_])(?:[a-z0-9][\W_]{1,4}){5,}[a-z0-9](?:[\W_]|$)"),  # i g n o r e   a l l
    ("runs", TokenPattern(r"(?i)[a-z]{18,}")),  # words without spaces
    ("escapes", r"(?i)(?:\\x[0-9a-f]{2}\W{0,2}){5,}|(?:\\u00[0-9a-f]{2}){4,}"),
    ("url", r"(?i)%[2-9a-f][0-9a-f]\w*%[2-9a-f][0-9a-f]"),
    ("html", r"(?i)&(?:#x?[0-9a-f]{2,6}|lt|gt|nbsp|quot|apos|shy|zwnj|zerowidthspace|ensp|emsp);"),
)
"""Disguise, and a pattern for a sign of it; one disguise may have several signs."""
TRIGGERS = tuple(pattern for _, pattern in SIGNS)


class Variant(NamedTuple):
    """A text with one disguise undone."""

    text: str
    code: str
    start: int
    """Position of the disguised piece in the text."""
    end: int


def deobfuscated(text: str, signs: Iterable[int]) -> Iterator[Variant]:
    """Yield folded text with each disguise undone that it has a sign of; never raises.

    Args:
        text: Folded text.
        signs: Numbers of the triggers that match.
    """
    worn = {SIGNS[sign][0] for sign in signs}
    if "runs" in worn:
        worn.add("leet")  # its triggers need word boundaries, which runs lack
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
    suspects = list(itertools.filterfalse(str.isalpha, text.split()))
    letters = itertools.islice(_LEET_LETTERS.finditer(" ".join(suspects)), _FEWEST)
    if len(list(letters)) < _FEWEST:
        return
    suspects = list(dict.fromkeys(suspects))
    written = " ".join(suspects)
    for table in (_UNLEET, _UNLEET_L):  # 1 and | stand for l as often as for i
        if _legible(written, written.translate(table), suspects):  # otherwise they are random letters and digits
            plain = text.translate(table)
            yield plain
            yield divided(plain.lower())


def _legible(written: str, plain: str, words: Iterable[str]) -> bool:
    """Return True if leetspeak results in a listed word; in a long piece, such as a key, words must fill a share.

    Args:
        written: The pieces, with blanks between them.
        plain: The same with letters for digits and signs.
        words: The pieces.
    """
    found = words_in(plain.lower())
    if not any(written[start:end] != plain[start:end] for start, end in found):
        return False
    ends = list(itertools.accumulate(len(word) + 1 for word in words))
    filled: dict[int, int] = {}
    for start, end in found:
        piece = bisect_right(ends, start)
        if written[start:end] != plain[start:end]:
            filled[piece] = filled.get(piece, 0) + end - start
    sizes = ((ends[piece] - (ends[piece - 1] if piece else 0) - 1, letters) for piece, letters in filled.items())
    return any(size < _LONG_PIECE or letters >= _FILLED * size for size, letters in sizes)


def _unspaced(text: str) -> Iterator[str]:
    closed = _closed_up(text)
    yield closed
    yield divided(closed.lower())
    yield from _unleeted(closed)


def _rotated(text: str) -> Iterator[str]:
    """Yield text rotated by 13 letters, also with restored accents, which folding has removed."""
    plain = codecs.encode(text, "rot13")
    yield plain
    yield _LONG_WORD.sub(lambda word: _mended(word[0]), plain.lower())


def _mended(word: str) -> str:
    """Return the listed word that differs only in one or two letters that had accents; else the word itself."""
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
"""Rotated folded letter -> the accented letter that it may stand for."""
_LEET_LETTERS = re.compile(r"(?<=[A-Za-z])[013457@$!|]+(?=[A-Za-z])")
_FEWEST = 2  # letters that are written as digits or signs within words; one is a model number
_LONG_PIECE, _FILLED = 24, 0.3  # characters of a piece that may be a key, and the share of it that words must fill
_CODES = {"runs": "split"}


def _unquoted(text: str) -> Iterator[str]:
    """Yield text with URL escapes undone, then the escaped parts alone: the address around them reads like a link."""
    for quoted in (text, "\n".join(text[start:end] for start, end in _QUOTED_PART.found(text))):
        plain = _QUOTED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(errors="replace"), quoted)
        yield fold(plain.replace("+", " "))


_WHOLE: tuple[tuple[str, Callable[[str], Iterable[str]]], ...] = (
    ("leet", _unleeted),
    ("split", lambda text: (_joined(text),)),
    ("spaced", _unspaced),
    ("runs", lambda text: (divided(text.lower()),)),
    ("html", lambda text: (fold(html.unescape(text)),)),
    ("url", _unquoted),
    ("escapes", lambda text: (_unescaped(text),)),
    ("rot13", _rotated),
    ("reversed", lambda text: (text[::-1],)),
)


def _joined(text: str) -> str:
    return re.sub(rf"(?<=[A-Za-z]){_SPLITTERS}{{1,3}}(?=[A-Za-z])", "", text)


def _closed_up(text: str) -> str:
    """Join runs of single letters; a wider gap between them ends a word."""

    def close(run: re.Match[str]) -> str:
        narrow = min(len(gap) for gap in re.findall(r"[\W_]+", run[0]))
        return " ".join(re.sub(r"[\W_]+", "", word) for word in re.split(rf"[\W_]{{{narrow + 1},}}", run[0]))

    return re.sub(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9][\W_]{1,4}){5,}[A-Za-z0-9](?![A-Za-z0-9])", close, text)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(
        r"\\x([0-9a-fA-F]{2})\W{0,2}?|\\u00([0-9a-fA-F]{2})", lambda code: chr(int(code[1] or code[2], 16)), text
    )


def _encoded(text: str) -> Iterator[Variant]:
    found = _LONG.found(text)
    if _any_encodes([text[start:end].rstrip("=") for start, end in found]):
        raws = ((span, raw) for span in found for raw in _raws(text[slice(*span)]))
        yield from _bounded(Variant(plain, "base64", *span) for span, raw in raws if (plain := _readable(raw)))
    spaced = (max(spans[1:]) for spans in _SPACED.groups(text))  # the one of the two groups that matched
    yield from _bounded(
        Variant(readable, "hex", *span) for span in spaced if (readable := _of_digits(text[slice(*span)]))
    )


def _any_encodes(pieces: list[str]) -> bool:
    """Return False if no piece is text in base64, and none can be hex or base32; one check for all pieces."""
    if not pieces or _ONE_CASE.search(" ".join(pieces)):
        return bool(pieces)
    together = "AAAA".join([f"{piece}{'A' * (-len(piece) % 4)}" for piece in pieces])  # A is zero, which no text has
    return _readable(binascii.a2b_base64(together.translate(_URL_SAFE))) is not None


def _bounded(pieces: Iterator[Variant]) -> Iterator[Variant]:
    """Yield the first pieces one by one, and all others joined, so that many pieces neither cost much nor hide one."""
    yield from itertools.islice(pieces, _MOST)
    rest = list(pieces)
    if rest:
        yield Variant("\n".join(one.text for one in rest), rest[0].code, rest[0].start, rest[-1].end)


def _of_digits(spaced: str) -> str | None:
    digits = re.sub(r"[^0-9a-fA-F]", "", spaced)
    return _readable(_of_bits(digits) if set(digits) <= {"0", "1"} else _of_hex(digits))


def _raws(piece: str) -> Iterator[bytes]:
    """Yield the decoded bytes of a piece of text in each encoding that it may have."""
    bare = piece.rstrip("=")
    yield _of_base64(bare)
    if _is_hex(piece):
        yield _of_hex(piece)
    if _is_base32(bare):
        yield _of_base32(bare)


def _of_base64(bare: str) -> bytes:
    """Return the decoded bytes of base64; a surplus letter at its end is ignored."""
    size = len(bare)
    return binascii.a2b_base64(bare[: size - (size % 4 == 1)].translate(_URL_SAFE) + "==")


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
_IDEOGRAPHS = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")  # each says as much as two letters


def _has_words(piece: str) -> bool:
    """Return True for text with words; digits and signs around them are ignored."""
    letters = sum(map(str.isalpha, piece))
    says = letters if piece.isascii() else letters + len(_IDEOGRAPHS.findall(piece))
    return says >= 8 and letters + piece.count(" ") >= 0.2 * len(piece)
