"""Decodes the bytes of a file, or rejects them and names their format."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from genie.errors import InputError, did_you_mean
from genie_finance.insights.reading.headers import header_roles

if TYPE_CHECKING:
    from genie_finance.contracts.statements import StatementProfile
    from genie_finance.insights.reading.choices import Choices

MAX_BYTES = 20 * 1024 * 1024
"""Maximum size of a file: twenty years of a busy account."""

_EXPORT_CSV = "export the statement as CSV, OFX, MT940, CAMT.053 or XLSX and give that file"

_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (xls), or one with a password"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
)

_OTHER_TEXT = (
    (re.compile(r"\{\\rtf"), "an RTF document"),
    (re.compile(r'\{"|\[\{'), "a JSON file"),
    (re.compile(r"01,[^,]{1,20},[^,]{1,20},[0-9]{6},[0-9]{4},"), "a BAI2 file"),
)

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Only character sets: Python's codecs hold others (idna, punycode, unicode_escape) that are slow or change the text.
_ENCODINGS = frozenset((
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "ascii",
    *(f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    *(f"cp125{n}" for n in range(9)), "cp437", "cp850", "cp852", "cp858", "cp865", "cp866", "mac-roman", "koi8-r",
    "koi8-u", "cp874", "gbk", "gb2312", "gb18030", "big5", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949",
))  # fmt: skip

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)))
"""C0 and C1 controls except tab and line ends; a text contains almost none of them."""
_NEL = 0x85

_CANDIDATES = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932", "gb18030", "big5", "cp949",
    "euc_jp", "cp874", "cp850", "cp852", "cp866", "koi8_r", "mac-roman",
)  # fmt: skip
"""Encodings that a file which is not UTF-8 may have; words of its header show which."""
_EASTERN = {
    "cp932": ("\u3041", "\u30ff"), "cp949": ("\uac00", "\ud7a3"), "gb18030": ("\u4e00", "\u9fff"),
}  # fmt: skip
"""Ranges of Japanese, Korean and Chinese letters, which such a file must contain."""
_HEAD = 8_192
_HEAD_LINES = 60
_LONGEST_NAME = 60
_BETWEEN = re.compile(r"[,;\t|]")


def decode(name: str, content: bytes, profile: StatementProfile, choices: Choices, *, declared: str = "") -> str:
    """Return the text of a file.

    Args:
        name: How messages name the file.
        content: The file.
        profile: An encoding in the profile decides.
        choices: Receives a notice if an encoding had to be chosen.
        declared: Encoding in the file's own header; it is used if the bytes fit it.

    Raises:
        InputError: The file is empty, larger than ``MAX_BYTES``, binary, of another format, or not in the encoding
            that the profile names.
    """
    bounded(name, content)
    for magic, what in _MAGIC:
        if content.startswith(magic):
            raise InputError(name, f"is {what}, not a statement that can be read", _EXPORT_CSV)
    text = _text(name, content, profile, choices, declared).removeprefix("\ufeff").rstrip("\x1a")
    if not text.strip():
        raise InputError(name, "contains only white space", _EXPORT_CSV)
    start = text[:64].lstrip().lower()
    for sign, what in _OTHER_TEXT:
        if sign.match(start):
            raise InputError(name, f"is {what}, not a statement that can be read", _EXPORT_CSV)
    controls = len(text) - len(text.translate(_CONTROLS)) - text.count(chr(_NEL))
    if "\0" in text or controls * 100 > len(text):
        raise InputError(name, "contains control characters, as binary files do", _EXPORT_CSV)
    return text


def bounded(name: str, content: bytes) -> None:
    """Refuse a file that is empty or larger than ``MAX_BYTES``.

    Raises:
        InputError: It is.
    """
    if len(content) > MAX_BYTES:
        size_mb = len(content) / (1024 * 1024)
        raise InputError(
            name, f"is {size_mb:.1f} MB, and a statement may have {MAX_BYTES // (1024 * 1024)} MB",
            "split it, or export a shorter period",
        )  # fmt: skip
    if not content:
        raise InputError(name, "is empty", _EXPORT_CSV)


def _text(name: str, content: bytes, profile: StatementProfile, choices: Choices, declared: str) -> str:
    if profile.encoding is not None:
        return _decoded(name, content, known_encoding(name, profile.encoding))
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decoded(name, content, encoding)
    if b"\0" in content:
        wide = content.count(0) * 3 > len(content)
        if wide and len(content) % 2 == 0:
            wider = "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
            try:
                return content.decode(wider)
            except UnicodeDecodeError:
                pass
        seen = "looks like UTF-16 without its byte order mark" if wide else "contains NUL bytes, so it is binary"
        raise InputError(
            name, seen, "give a profile with `encoding: utf-16-le` (or utf-16-be)" if wide else _EXPORT_CSV
        )
    for encoding in filter(None, (declared, "utf-8")):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            pass
    for encoding in _by_headers(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        choices.assume(
            "encoding", encoding,
            f"the file is not UTF-8 and has no byte order mark; the words of its header show that it is {encoding}",
        )  # fmt: skip
        return text
    return _undeclared(content, choices)


def _undeclared(content: bytes, choices: Choices) -> str:
    """Return a text in which no header word shows the encoding."""
    if eastern := _eastern(content):
        choices.assume(
            "encoding", eastern,
            f"the file is not UTF-8 and has no byte order mark; most of its letters are valid {eastern}",
        )  # fmt: skip
        return content.decode(eastern)
    try:
        text, chosen = content.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        text, chosen = content.decode("latin-1"), "latin-1"
    choices.assume(
        "encoding", chosen,
        "the file is not UTF-8 and has no byte order mark; it is read as Western European, which does not affect "
        "figures",
    )  # fmt: skip
    return text


def _by_headers(content: bytes) -> list[str]:
    """Return the encodings in which the file's head has non-ASCII header words, the most words first."""
    head = content[:_HEAD]
    head = head[: head.rfind(b"\n") + 1] or head
    found = []
    for encoding in _CANDIDATES:
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        cells = {
            cell.strip(" \"'") for line in text.splitlines()[:_HEAD_LINES] for cell in _BETWEEN.split(line[:_HEAD])
        }
        known = sum(not cell.isascii() and bool(header_roles(cell)) for cell in cells if len(cell) <= _LONGEST_NAME)
        if known:
            found.append((known, encoding))
    found.sort(key=lambda one: -one[0])  # the order of candidates decides between equals
    return [encoding for _, encoding in found]


def _eastern(content: bytes) -> str:
    """Return the East Asian encoding in which a file without known headers is text, ``""`` if there is none.

    Only bytes that are not Western European text are tried.
    """
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        pass
    else:
        return ""
    for encoding, native in _EASTERN.items():
        try:
            letters = [c for c in content.decode(encoding) if not c.isascii()]
        except UnicodeDecodeError:
            continue
        if 2 * sum(native[0] <= c <= native[1] or "\u4e00" <= c <= "\u9fff" or c > "\uff00" for c in letters) > len(
            letters
        ) and any(native[0] <= c <= native[1] for c in letters):
            return encoding
    return ""


def known_encoding(name: str, encoding: str) -> str:
    """Return Python's name of a profile's encoding.

    Raises:
        InputError: It is not a character set.
    """
    try:
        found = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        found = ""
    if found not in _ENCODINGS:
        near = did_you_mean(encoding.lower(), ("latin-1", *sorted(_ENCODINGS)))
        raise InputError(name, f"the profile's encoding {encoding[:40]!r} is unknown{near}")
    return found


def _decoded(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            name, f"is not {encoding}: byte {error.start + 1} does not fit", "give a profile with another `encoding:`"
        ) from None
