"""Account and tax numbers: IBAN, and the Indian PAN, Aadhaar and GSTIN.

Sources: ISO 13616 (IBAN registry, as python-stdnum carries it); Income-tax Rules 1962, rule 114 (PAN); UIDAI, "A UID
Numbering Scheme", 2010 (Aadhaar); CGST Rules 2017, rule 10 (GSTIN).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from genie.detectors.pii.digit_runs import runs, stands_alone
from genie.detectors.regex_set import compiled

IBAN_HINT = r"(?i)(?:\b|_|iban)[a-z]{2}[0-9]{2}[ \t\r\n\-]{0,2}[a-z0-9]{4}"
_IBAN_HEAD = re.compile(r"(?:(?<![A-Za-z0-9])|(?<=[Ii][Bb][Aa][Nn]))[A-Za-z]{2}[0-9]{2}")
_LETTERS = {ord("A") + at: str(10 + at) for at in range(26)}
_GAPS = str.maketrans("", "", " \t\r\n-")

PAN_HINT = r"(?i)(?:\b|_)[a-z]{3}[abcfghjlptk][a-z][ \t\r\n\-]{0,2}[0-9]{4}[ \t\r\n\-]{0,2}[a-z]"
_PAN = re.compile(
    r"(?i)(?<![a-z0-9])[a-z]{3}[abcfghjlptk][a-z][ \t\r\n\-]{0,2}[0-9]{4}[ \t\r\n\-]{0,2}[a-z](?![a-z0-9])"
)
_PAN_WORD = re.compile(r"(?i)\b(?:pan|permanent account)\b[^0-9]{0,16}\Z")

_AADHAAR_WORD = re.compile(r"(?i)(?:aadhaa?r|adhaa?r|\buid(?:ai)?|आधार)[^0-9]{0,24}\Z")
_AADHAAR = compiled(
    r"[2-9][0-9]{3}[ \t\r\n\-]{1,3}[0-9]{4}[ \t\r\n\-]{1,3}[0-9]{4}|(?i:aadhaa?r|adhaa?r|\buid(?:ai)?|आधार)"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")

_GSTIN_BODY = (
    r"[0-9]{2}[ \t\r\n\-]{0,2}[a-z]{5}[ \t\r\n\-]{0,2}[0-9]{4}[ \t\r\n\-]{0,2}[a-z][ \t\r\n\-]{0,2}"
    r"[1-9a-z][ \t\r\n\-]{0,2}z[ \t\r\n\-]{0,2}[0-9a-z]"
)
GSTIN_HINT = rf"(?i)(?:\b|_){_GSTIN_BODY}"
_GSTIN = re.compile(rf"(?i)(?<![a-z0-9]){_GSTIN_BODY}(?![a-z0-9])")
_STATES = frozenset(f"{code:02}" for code in (*range(1, 39), 97, 99))  # 97 and 99: other territory, centre
_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@functools.lru_cache(maxsize=1024)  # at most 676 country codes
def _account(country: str) -> re.Pattern[str] | None:
    """Return what an account number of a country looks like, None for a country without any."""
    from stdnum import numdb  # noqa: PLC0415 - start-up: most runs meet nothing that has the form of such a number

    found = numdb.get("iban").info(country)[0][1].get("bban")
    if found is None:
        return None
    rest = sum(int(part) for part in re.findall(r"[0-9]+", found))
    return re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}(?:[ \t\r\n\-]{{0,2}}[A-Za-z0-9]){{{rest}}}(?![A-Za-z0-9])")


def find_iban(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of account numbers whose country, length, structure and check digits hold."""
    done = 0
    for head in _IBAN_HEAD.finditer(text):
        start = head.start()
        form = _account(text[start : start + 2].upper()) if start >= done else None
        match = form.match(text, start) if form is not None else None
        if match is None:
            continue
        number = match.group().translate(_GAPS).upper()
        # The remainder first: it is quick, and right for one text in ninety-seven; then what the country demands.
        if int((number[4:] + number[:4]).translate(_LETTERS)) % 97 == 1 and _is_iban(number):
            done = match.end()
            yield match.span()


def find_pan(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of tax numbers in capitals; in other letters or with separators only after the word PAN.

    A person's (fourth letter P) may have separators without the word. The last letter's check is not published, so
    form, holder type and a serial other than 0000 are all there is.
    """
    for match in _PAN.finditer(text):
        start, end = match.span()
        number = match.group().translate(_GAPS)
        sure = number.isupper() and (end - start == 10 or (number[3] == "P" and end - start == 12))
        if (sure or _PAN_WORD.search(text[max(0, start - 40) : start])) and _is_pan(number):
            yield start, end


def find_aadhaar(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of Aadhaar numbers: written 4-4-4, or in any way after the word Aadhaar or UID.

    Twelve digits in one piece, without the word, are taken for a reference: one in ten payment references passes the
    check digit.
    """
    for run in runs(text, at_least=12) if _AADHAAR.search(text) else ():
        groups = run.groups
        found = _after_word(text, groups)
        if found is not None:
            yield found
        elif len(groups) >= 3:
            for first in range(len(groups) - 2):
                found = _in_fours(text, groups, first) if len(groups[first][2]) == 4 else None
                if found is not None:
                    yield found


def _in_fours(text: str, groups: tuple[tuple[int, int, str], ...], first: int) -> tuple[int, int] | None:
    """Return the span of three groups of four from ``first``, unless a fourth makes them a card's."""
    around = groups[max(0, first - 1) : first + 4]
    four = [len(group[2]) == 4 for group in around]
    if four != [False, True, True, True, False][1 if first == 0 else 0 :][: len(four)] or sum(four) != 3:
        return None
    start, end = groups[first][0], groups[first + 2][1]
    three = [group[2] for group in groups[first : first + 3]]
    if "." in text[start:end] or not stands_alone(text, start, end) or all(_YEAR.match(group) for group in three):
        return None
    return (start, end) if _is_aadhaar("".join(three)) else None


def _after_word(text: str, groups: tuple[tuple[int, int, str], ...]) -> tuple[int, int] | None:
    start, digits = groups[0][0], ""
    for _, end, group in groups[:12]:
        digits += group
        if len(digits) >= 12:
            word = _AADHAAR_WORD.search(text[max(0, start - 40) : start])
            return (start, end) if word and _is_aadhaar(digits) else None
    return None


def find_gstin(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of GST numbers: state, tax number inside and check digit hold."""
    for match in _GSTIN.finditer(text):
        number = match.group().translate(_GAPS).upper()
        if number[:2] in _STATES and _is_pan(number[2:12]) and _ends_in_its_check(number):
            yield match.span()


def _is_iban(number: str) -> bool:
    from stdnum import iban  # noqa: PLC0415 - as above

    return bool(iban.is_valid(number, check_country=False))


def _is_pan(number: str) -> bool:
    from stdnum.in_ import pan  # noqa: PLC0415 - as above

    return bool(pan.is_valid(number))


def _is_aadhaar(digits: str) -> bool:
    from stdnum.in_ import aadhaar  # noqa: PLC0415 - as above

    return bool(aadhaar.is_valid(digits))


def _ends_in_its_check(number: str) -> bool:
    from stdnum import luhn  # noqa: PLC0415 - as above

    return bool(luhn.is_valid(number, _BASE_36))
