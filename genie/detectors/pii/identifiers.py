"""Account and tax numbers: IBAN, and the Indian PAN, Aadhaar and GSTIN.

Sources: ISO 13616 (IBAN registry, as python-stdnum carries it); Income-tax Rules 1962, rule 114 (PAN); UIDAI, "A UID
Numbering Scheme", 2010 (Aadhaar); CGST Rules 2017, rule 10 (GSTIN).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from genie.detectors.pii.digit_runs import Group, Run, stands_alone
from genie.detectors.regex_set import Pattern

IBAN_HINT = r"(?i)(?:\b|_|iban)[a-z]{2}[0-9]{2}[ \t\r\n\-]{0,2}[a-z0-9]{4}"
_IBAN_HEAD = Pattern(r"[A-Za-z]{2}[0-9]{2}")
_LETTERS = {ord("A") + at: str(10 + at) for at in range(26)}
_GAPS = str.maketrans("", "", " \t\r\n-")

PAN_HINT = r"(?i)(?:\b|_)[a-z]{3}[abcfghjlptk][a-z][ \t\r\n\-]{0,2}[0-9]{4}[ \t\r\n\-]{0,2}[a-z]"
_PAN = re.compile(
    r"(?i)(?<![a-z0-9])[a-z]{3}[abcfghjlptk][a-z][ \t\r\n\-]{0,2}[0-9]{4}[ \t\r\n\-]{0,2}[a-z](?![a-z0-9])"
)
_PAN_WORD = re.compile(r"(?i)\b(?:pan|permanent account)\b[^0-9]{0,16}\Z")

_AADHAAR_WORD = re.compile(r"(?i)(?:aadhaa?r|adhaa?r|\buid(?:ai)?|आधार)[^0-9]{0,24}\Z")
_AADHAAR_NAMED = Pattern(r"(?i)aadhaa?r|adhaa?r|\buid(?:ai)?|आधार")
_IN_FOURS = Pattern(r"[2-9][0-9]{3}[ \t\r\n\-]{1,3}[0-9]{4}[ \t\r\n\-]{1,3}[0-9]{4}")
_THREE_FOURS = re.compile(r"(?<!4)4{3}(?!4)")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")

_GSTIN_BODY = (
    r"[0-9]{2}[ \t\r\n\-]{0,2}[a-z]{5}[ \t\r\n\-]{0,2}[0-9]{4}[ \t\r\n\-]{0,2}[a-z][ \t\r\n\-]{0,2}"
    r"[1-9a-z][ \t\r\n\-]{0,2}z[ \t\r\n\-]{0,2}[0-9a-z]"
)
GSTIN_HINT = rf"(?i)(?:\b|_){_GSTIN_BODY}"
_GSTIN = re.compile(rf"(?i)(?<![a-z0-9]){_GSTIN_BODY}(?![a-z0-9])")
_STATES = frozenset(f"{code:02}" for code in (*range(1, 39), 97, 99))  # 97 and 99: other territory, centre
_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class _Account(NamedTuple):
    """The form of account numbers of one country."""

    size: int
    """Characters without separators."""
    spaced: re.Pattern[str]
    """With separators."""
    structure: re.Pattern[str]
    """The part after the check digits: digits or letters at each position."""
    country: str
    """The country's letters as digits, for the check."""


_STRUCTURE = re.compile(r"([1-9][0-9]*)!([nac])")
_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Za-z0-9]"}


@functools.lru_cache(maxsize=1024)  # at most 676 country codes
def _account(country: str) -> _Account | None:
    """Return the form of account numbers of a country, None for a country without IBAN."""
    from stdnum import numdb  # noqa: PLC0415 - start-up: most runs meet nothing that has the form of such a number

    form = numdb.get("iban").info(country)[0][1].get("bban")
    if form is None:
        return None
    rest = sum(int(count) for count, _ in _STRUCTURE.findall(form))
    return _Account(
        4 + rest,
        re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}(?:[ \t\r\n\-]{{0,2}}[A-Za-z0-9]){{{rest}}}(?![A-Za-z0-9])"),
        re.compile(_STRUCTURE.sub(lambda part: f"{_CLASSES[part[2]]}{{{part[1]}}}", form) + r"\Z"),
        country.translate(_LETTERS),
    )


def find_iban(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of account numbers whose country, length, structure and check digits hold."""
    done = 0
    for start, _ in _IBAN_HEAD.spans(text):
        if start < done or (start and not _may_begin(text, start)):
            continue
        country = text[start : start + 2].upper()
        form = _account(country)
        if form is None:
            continue
        number, end = _written(text, start, form)
        if number[4:].isdigit():
            remainder = int(number[4:] + form.country + number[2:4]) % 97
        else:
            remainder = int((number[4:] + number[:4]).translate(_LETTERS)) % 97 if number else 0
        # The remainder first: it is cheap and rejects 96 of 97 candidates.
        if remainder == 1 and form.structure.match(number, 4):
            done = end
            yield start, end


def _may_begin(text: str, start: int) -> bool:
    """Return True when an account number may begin after the character before: not inside a word, but after "IBAN"."""
    before = text[start - 1]
    return not (before.isascii() and before.isalnum()) or text[max(0, start - 4) : start].lower() == "iban"


def _written(text: str, start: int, form: _Account) -> tuple[str, int]:
    """Return the candidate from a position, in capitals without separators, and its end; empty if there is none."""
    end = start + form.size
    number = text[start:end]
    if number.isascii() and number.isalnum():
        after = text[end : end + 1]
        whole = len(number) == form.size and not (after.isascii() and after.isalnum())
        return (number.upper(), end) if whole else ("", end)
    match = form.spaced.match(text, start)
    return ("", end) if match is None else (match.group().translate(_GAPS).upper(), match.end())


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


def find_aadhaar(text: str, found: Iterable[Run]) -> Iterator[tuple[int, int]]:
    """Yield the spans of Aadhaar numbers: written 4-4-4, or in any way after the word Aadhaar or UID.

    Twelve digits in one piece without the word count as a payment reference, because one reference in ten passes the
    check digit.
    """
    named, in_fours = _AADHAAR_NAMED.search(text), _IN_FOURS.search(text)
    for run in found if named or in_fours else ():
        span = _after_word(text, run.groups) if named else None
        if span is not None:
            yield span
        elif run.fours is None:  # four fours are a card's
            for three in _THREE_FOURS.finditer(
                "".join(["4" if len(digits) == 4 else "-" for _, _, digits in run.groups])
            ):
                span = _of_three(text, run.groups[three.start() : three.end()])
                if span is not None:
                    yield span


def _of_three(text: str, groups: tuple[Group, ...]) -> tuple[int, int] | None:
    """Return the span of three groups of four digits, if they are a number."""
    start, end = groups[0][0], groups[2][1]
    three = [digits for _, _, digits in groups]
    if "." in text[start:end] or not stands_alone(text, start, end) or all(_YEAR.match(group) for group in three):
        return None
    return (start, end) if _is_aadhaar("".join(three)) else None


def _after_word(text: str, groups: tuple[Group, ...]) -> tuple[int, int] | None:
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


def _is_pan(number: str) -> bool:
    from stdnum.in_ import pan  # noqa: PLC0415 - as for the account numbers

    return bool(pan.is_valid(number))


def _is_aadhaar(digits: str) -> bool:
    from stdnum.in_ import aadhaar  # noqa: PLC0415 - as for the account numbers

    return bool(aadhaar.is_valid(digits))


def _ends_in_its_check(number: str) -> bool:
    from stdnum import luhn  # noqa: PLC0415 - as for the account numbers

    return bool(luhn.is_valid(number, _BASE_36))
