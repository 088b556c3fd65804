"""E-mail addresses and telephone numbers.

Sources: RFC 5321 section 4.1.2 (addresses, without quoted local parts); ITU-T E.164 and the national numbering plans of
India, North America, the United Kingdom, Germany and France (telephone numbers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import re2

from genie.governance.detectors.numerals import holds_date, is_free, stands_alone

EMAIL_PATTERN = r"[A-Za-z0-9._%+'\-]*[A-Za-z0-9_%+\-]@(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,24}\b"
_EMAIL = re2.compile(EMAIL_PATTERN)
_FILES = frozenset({"css", "gif", "html", "jpeg", "jpg", "js", "json", "pdf", "png", "py", "svg", "ts", "webp"})


def find_email(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of e-mail addresses; a domain that ends like a file name (``logo@2x.png``) is none."""
    for match in _EMAIL.finditer(text):
        address = match.group()
        if address.rpartition(".")[2].lower() not in _FILES:
            yield match.end() - len(address.lstrip(".'")), match.end()


# Digits of the national number by calling code; every other code takes what E.164 allows.
_NATIONAL: dict[str, tuple[int, int]] = {
    "1": (10, 10), "7": (10, 10), "30": (10, 10), "31": (9, 9), "32": (8, 9), "33": (9, 9), "34": (9, 9), "36": (8, 9),
    "39": (8, 11), "40": (9, 9), "41": (9, 9), "43": (8, 12), "44": (9, 10), "45": (8, 8), "46": (7, 10), "47": (8, 8),
    "48": (9, 9), "49": (8, 11), "91": (10, 10), "351": (9, 9), "352": (6, 9), "353": (7, 9), "354": (7, 7),
    "356": (8, 8), "357": (8, 8), "358": (6, 11), "359": (8, 9), "370": (8, 8), "371": (8, 8), "372": (7, 8),
    "385": (8, 9), "386": (8, 8), "420": (9, 9), "421": (9, 9), "423": (7, 7),
}  # fmt: skip
_OTHER = (7, 12)
_LONGEST = 15  # digits in all, E.164 section 6

_SPACED = r"[ \t().\-/]{0,3}"
_WORDS = (
    r"(?:phone|telephone|telefono|telefone|telefon|tel|ph|mobile|mobil|mob|movil|handy|cell|whatsapp|fax|contact|kontakt|"
    r"call (?:me|us)(?: on| at)?)"
)
_NATIONAL_FORMS = (
    r"\([2-9][0-9]{2}\)[ \-]?[2-9][0-9]{2}[ .\-][0-9]{4}",  # North America: (415) 555-2671
    r"(?:1[.\-])?[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}",
    r"(?:1[.\-])?[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4}",
    r"0?[6-9][0-9]{4}[ \-][0-9]{5}",  # India: 98765 43210
    r"0[1-9][0-9]{1,3}-[0-9]{6,8}",  # India and Germany: 022-23456789, 0151-23456789
    r"0[1-9][0-9]{1,3}/[0-9]{5,9}",  # Germany: 030/1234567
    r"0(?:2[0-9]|11[0-9]) [0-9]{3,4} [0-9]{4}",  # United Kingdom: 020 7946 0958
    r"07[0-9]{3} [0-9]{3} ?[0-9]{3}",
    r"0(?:1[0-9]{3} [0-9]{6}|[38]0[0-9] [0-9]{3} [0-9]{4})",
    r"0[1-9](?:(?: [0-9]{2}){4}|(?:\.[0-9]{2}){4}|(?:-[0-9]{2}){4})",  # France: 06 12 34 56 78
)
PHONE_PATTERNS = (
    rf"\+{_SPACED}[1-9](?:{_SPACED}[0-9]){{7}}",
    rf"(?i)\b{_WORDS}[^0-9]{{0,12}}[0-9](?:{_SPACED}[0-9]){{6}}",
    *_NATIONAL_FORMS,
)
_ANY_NATIONAL = re.compile("|".join(f"(?:{form})" for form in _NATIONAL_FORMS))
_INTERNATIONAL = re.compile(rf"\+{_SPACED}(?P<number>[1-9](?:{_SPACED}[0-9])*)")
_AFTER_WORD = re.compile(rf"(?i)\b{_WORDS}\b[^0-9]{{0,12}}(?P<number>[0-9](?:{_SPACED}[0-9]){{6,}})")
_DIGITS = re.compile(r"[0-9]+")
_AMOUNT = re.compile(r"[0-9]+[.,][0-9]{1,2}\Z")


def find_phone(text: str) -> list[tuple[int, int]]:
    """Return the spans of telephone numbers: with a calling code, in a national form, or after a word such as "phone".

    Ten digits in one piece without such a word are taken for something else.
    """
    found: list[tuple[int, int]] = []
    for find in (_international, _after_word, _national):
        found = sorted([*found, *[span for span in find(text) if is_free(found, *span)]])
    return found


def _international(text: str) -> Iterator[tuple[int, int]]:
    for match in _INTERNATIONAL.finditer(text):
        start = match.start()
        if start and text[start - 1].isalnum():
            continue
        end = _longest(text, match.start("number"), match.end(), _is_international)
        if end is not None and not _AMOUNT.match(text[start + 1 : end]) and not text[end : end + 1].isalpha():
            yield start, end


def _after_word(text: str) -> Iterator[tuple[int, int]]:
    for match in _AFTER_WORD.finditer(text):
        start = match.start("number")
        end = _longest(text, start, match.end(), lambda digits: 7 <= len(digits) <= _LONGEST)
        if end is not None and not holds_date(text[start:end]) and stands_alone(text, start, end):
            yield start, end


def _national(text: str) -> Iterator[tuple[int, int]]:
    for match in _ANY_NATIONAL.finditer(text):
        start, end = match.span()
        if stands_alone(text, start, end) and not _continues(text, start, end):
            yield start, end


def _continues(text: str, start: int, end: int) -> bool:
    """Return True when groups between spaces are part of a longer row of numbers, such as a line of a table."""
    return " " in text[start:end] and (
        (text[start - 1 : start] == " " and text[max(0, start - 2) : start - 1].isdigit())
        or (text[end : end + 1] == " " and text[end + 1 : end + 2].isdigit())
    )


def _longest(text: str, start: int, end: int, accepts: Callable[[str], bool]) -> int | None:
    """Return the end of the longest row of groups from ``start`` whose digits are accepted."""
    digits, found = "", None
    for group in _DIGITS.finditer(text, start, end):
        digits += group.group()
        if len(digits) > _LONGEST:
            break
        if accepts(digits):
            found = group.end()
    return found


def _is_international(digits: str) -> bool:
    for length in (1, 2, 3):
        bounds = _NATIONAL.get(digits[:length])
        if bounds is not None:
            national = digits[length:]
            if digits[0] == "1":
                return len(national) == 10 and national[0] in "23456789" and national[3] in "23456789"
            return bounds[0] <= len(national) <= bounds[1]
    return _OTHER[0] + 3 <= len(digits) <= _OTHER[1] + 3
