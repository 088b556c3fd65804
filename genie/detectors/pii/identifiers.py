"""Account and tax numbers: IBAN, and the Indian PAN, Aadhaar and GSTIN.

Sources: ISO 13616 (IBAN registry, as python-stdnum carries it); Income-tax Rules 1962, rule 114 (PAN); UIDAI, "A UID
Numbering Scheme", 2010 (Aadhaar); CGST Rules 2017, rule 10 (GSTIN).
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from genie.detectors.pii.digit_runs import GAP, Digits, Group, groups_of, is_aadhaar, is_word, stands_alone
from genie.detectors.regex_set import Pattern

IBAN_HINT = rf"(?i)(?:\b|_|iban)[a-z]{{2}}[0-9]{{2}}{GAP}[a-z0-9]{{4}}"
_IBAN_HEAD = Pattern(r"[A-Za-z]{2}[0-9]{2}")
_LETTERS = {ord("A") + at: str(10 + at) for at in range(26)}
_GAPS = str.maketrans("", "", " \t\r\n.,/_:|+;-")
_BLANK = frozenset(("", " ", "\n", "\t"))
"""Separators in most numbers."""

_PAN_BODY = rf"[a-z]{{3}}[abcfghjlptk][a-z]{GAP}[0-9]{{4}}{GAP}[a-z]"
PAN_HINT = rf"(?i)(?:\b|_){_PAN_BODY}"
_PAN = Pattern(rf"(?i){_PAN_BODY}")
_PAN_WORD = re.compile(r"(?i)\b(?:pan|permanent account)\b[^0-9]{0,16}\Z")

_AADHAAR_WORD = re.compile(r"(?i)(?:aadhaa?r|adhaa?r|\buid(?:ai)?|आधार)[^0-9]{0,24}\Z")
_AADHAAR_NAMED = Pattern(r"(?i)aadhaa?r|adhaa?r|\buid(?:ai)?|आधार")
_TWELVE = Pattern(r"(?:\b|_)[0-9]{12}(?:\b|_)")
_NEAR = 400
"""Characters on either side within which numbers form one column; well below the inspector's ``reach``."""
_MOST_NEAR = 12
"""Maximum numbers on either side that are considered."""
_COLUMN = 3
"""Different unseparated numbers, nearly all with a valid check digit, that indicate a column of Aadhaar numbers."""
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")

_GSTIN_BODY = rf"[0-9]{{2}}{GAP}[a-z]{{5}}{GAP}[0-9]{{4}}{GAP}[a-z]{GAP}[1-9a-z]{GAP}z{GAP}[0-9a-z]"
GSTIN_HINT = rf"(?i)(?:\b|_){_GSTIN_BODY}"
_GSTIN = Pattern(rf"(?i){_GSTIN_BODY}")
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
    numeric: bool
    """True if the part after the check digits consists only of digits."""


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
        re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}(?:{GAP}[A-Za-z0-9]){{{rest}}}(?![A-Za-z0-9])"),
        re.compile(_STRUCTURE.sub(lambda part: f"{_CLASSES[part[2]]}{{{part[1]}}}", form) + r"\Z"),
        country.translate(_LETTERS),
        all(kind == "n" for _, kind in _STRUCTURE.findall(form)),
    )


def find_iban(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of account numbers whose country, length, structure and check digits hold."""
    done = 0
    for start, _ in _IBAN_HEAD.found(text):
        if start < done or (text[start - 1 : start] not in _BLANK and not _may_begin(text, start)):
            continue
        form = _account(text[start : start + 2].upper())
        if form is None:
            continue
        end = start + form.size
        number = text[start:end]
        if not (number.isalnum() and number.isascii()):
            match = form.spaced.match(text, start)
            if match is None:
                continue
            number, end = match[0].translate(_GAPS), match.end()
        elif len(number) < form.size or (text[end : end + 1] not in _BLANK and not _ends(text, end)):
            continue
        rest = number[4:]
        # The remainder first: it is cheap and rejects 96 of 97 candidates.
        if rest.isdigit():
            sound = int(f"{rest}{form.country}{number[2:4]}") % 97 == 1 and (form.numeric or form.structure.match(rest))
        else:
            number = number.upper()
            sound = int((number[4:] + number[:4]).translate(_LETTERS)) % 97 == 1 and form.structure.match(number, 4)
        if sound:
            done = end
            yield start, end


def _may_begin(text: str, start: int) -> bool:
    """Return True when an account number may begin after the character before: not inside a word, but after "IBAN"."""
    before = text[start - 1]
    return not (before.isascii() and before.isalnum()) or text[max(0, start - 4) : start].lower() == "iban"


def _ends(text: str, end: int) -> bool:
    """Return True when no ASCII letter or digit stands at a position."""
    after = text[end : end + 1]
    return not (after.isascii() and after.isalnum())


def find_pan(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of tax numbers in upper or lower case; in mixed case only after the word PAN.

    With separators it is found after the word, and a person's (fourth letter P) without it. The check of the last
    letter is not published, so only form, holder type and a serial other than 0000 are checked.
    """
    for start, end in _PAN.found(text):
        size, number = end - start, text[start:end]
        if size > 10:
            number = number.translate(_GAPS)
        sure = (size == 10 or (size == 12 and number[3] in "pP")) and (number.isupper() or number.islower())
        if (
            number[5:9] != "0000"
            and is_word(text, start, end)
            and (sure or _PAN_WORD.search(text[max(0, start - 40) : start]))
        ):
            yield start, end


def find_aadhaar(text: str, found: Digits) -> Iterator[tuple[int, int]]:
    """Yield the spans of Aadhaar numbers: in fours, after the word Aadhaar or UID, or in a column of such numbers.

    Twelve digits in one piece without the word count as a payment reference, because one reference in ten passes the
    check digit; a text in which three of them and nearly all others pass it is a column.
    """
    if _AADHAAR_NAMED.search(text):
        for run in found.runs:
            span = _after_word(text, tuple(groups_of(text, *run)))
            if span is not None:
                yield span
    for start, end in found.fours:
        # Groups with equal gaps, most of which are cards, are checked first.
        if end - start == 19 and text[start + 4] == text[start + 9] == text[start + 14]:
            continue
        if end - start == 14 and text[start + 4] == text[start + 9] and not text[end : end + 1].isdigit():
            three = [text[start : start + 4], text[start + 5 : start + 9], text[start + 10 : end]]
            span = _of_three(text, start, end, three)
            if span is not None:
                yield span
        else:
            yield from _in_fours(text, start, end)
    yield from _in_column(text)


def _in_fours(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield numbers written 4-4-4: equal separators inside, and another or none beside them."""
    row = tuple(groups_of(text, start, end))
    row = row[: len(row) - text[end : end + 1].isdigit()]  # the first digits of a longer number are not a group
    gaps = [text[one[1] : two[0]] for one, two in itertools.pairwise(row)]
    alike = len(set(gaps)) == 1
    at, size = 0, len(row)
    if size > 3 and alike and not _is_list_of_threes(row):
        return
    while at + 3 <= size:
        beside = gaps[max(0, at - 1) : at] + gaps[at + 2 : at + 3]
        joined = not alike and any(gap in gaps[at : at + 2] for gap in beside)
        three = [digits for _, _, digits in row[at : at + 3]]
        span = None if joined else _of_three(text, row[at][0], row[at + 2][1], three)
        if span is not None:
            yield span
        at += 1 if span is None else 3


def _is_list_of_threes(row: tuple[Group, ...]) -> bool:
    """Return True when groups of four are Aadhaar numbers from the first to the last."""
    if len(row) % 3:
        return False
    return all(is_aadhaar("".join([digits for _, _, digits in row[at : at + 3]])) for at in range(0, len(row), 3))


def _in_column(text: str) -> Iterator[tuple[int, int]]:
    """Yield unseparated numbers in a column: nearly all numbers near them, several of them different, are valid.

    What is near is bounded, so that a slice of a long text gives what the whole text gives.
    """
    found = [(start + (text[start] == "_"), end - (text[end - 1] == "_")) for start, end in _TWELVE.spans(text)]
    spans = [(start, end) for start, end in found if is_word(text, start, end)]
    if len(spans) < _COLUMN:
        return
    sound = [is_aadhaar(text[start:end]) for start, end in spans]
    first = last = 0
    for place, (start, end) in enumerate(spans):
        if not sound[place]:
            continue
        while spans[first][0] < start - _NEAR:
            first += 1
        while last < len(spans) and spans[last][0] <= start + _NEAR:
            last += 1
        window = range(max(first, place - _MOST_NEAR), min(last, place + _MOST_NEAR + 1))
        valid = [text[slice(*spans[one])] for one in window if sound[one]]
        if len(valid) >= 0.8 * len(window) and len(set(valid)) >= _COLUMN:
            yield start, end


def _of_three(text: str, start: int, end: int, three: list[str]) -> tuple[int, int] | None:
    """Return the span of three groups of four digits, if they form an Aadhaar number."""
    if not is_aadhaar("".join(three)) or not stands_alone(text, start, end):
        return None
    return None if all(map(_YEAR.match, three)) else (start, end)


def _after_word(text: str, groups: tuple[Group, ...]) -> tuple[int, int] | None:
    start, digits = groups[0][0], ""
    for _, end, group in groups[:12]:
        digits += group
        if len(digits) >= 12:
            word = _AADHAAR_WORD.search(text[max(0, start - 40) : start])
            return (start, end) if word and is_aadhaar(digits) else None
    return None


def find_gstin(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of GST numbers: state, tax number inside and check digit hold."""
    for start, end in _GSTIN.spans(text):
        number = text[start:end].translate(_GAPS).upper()
        right = number[:2] in _STATES and is_word(text, start, end)
        if right and _is_pan(number[2:12]) and _ends_in_its_check(number):
            yield start, end


def _is_pan(number: str) -> bool:
    from stdnum.in_ import pan  # noqa: PLC0415 - as for the account numbers

    return bool(pan.is_valid(number))


def _ends_in_its_check(number: str) -> bool:
    from stdnum import luhn  # noqa: PLC0415 - as for the account numbers

    return bool(luhn.is_valid(number, _BASE_36))
