"""Identity numbers: social security (US), national insurance (UK), passports.

Sources: SSA, "Social Security Number Randomization", 2011 (SSN); HMRC, National Insurance
Manual NIM39110 (NINO); ICAO Doc 9303 part 4 (machine readable zone of a passport).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from genie.detectors.pii.digit_runs import GAP, is_reference, is_word, stands_alone
from genie.detectors.regex_set import Pattern

_SSN_WORDS = r"(?:\bssn|social[ \t\r\n_\-]{0,2}security|\bsoc[. ]{1,2}sec\b)"
_SSN = Pattern(r"[0-9]{3} ?- ?[0-9]{2} ?- ?[0-9]{4}")
_SSN_AFTER_WORD = Pattern(
    rf"(?i){_SSN_WORDS}[^0-9]{{0,24}}([0-9]{{3}}{GAP}[0-9]{{2}}{GAP}[0-9]{{4}})(?:[^0-9A-Za-z]|$)"
)
_TAIL = re.compile(r"-[0-9A-Za-z]")
_ADVERTISED = frozenset({"078051120", "219099999", "457555462"})

_NINO_BODY = rf"[a-ceghj-prstw-z][a-ceghj-nprstw-z]{GAP}[0-9]{{2}}{GAP}[0-9]{{2}}{GAP}[0-9]{{2}}{GAP}[a-d]"
NINO_HINT = rf"(?i)(?:\b|_){_NINO_BODY}"
_NINO = Pattern(rf"(?i){_NINO_BODY}")
_NINO_WORD = re.compile(r"(?i)(?:\bnino\b|national insurance|\bni (?:no|number)\b)[^0-9]{0,24}\Z")
_NOT_ISSUED = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})

_PASSPORT_WORDS = r"(?:passport|reisepass|passeport|pasaporte|passaporto|passaporte|paspoort|पासपोर्ट)"
_LINKS = r"(?:no|nos|number|num|nr|nummer|numero|is|was|id|book|holder|details|my|her|his|the)"
_BETWEEN = rf"(?:[ \t\r\n:.#=/()\-]{{1,3}}{_LINKS}?){{0,6}}"
_PASSPORT_NUMBER = r"([a-z]{0,2} ?[0-9]{6,9}[a-z]?|[a-z][0-9a-z]{1,4}[0-9][0-9a-z]{2,5})(?:\b|_)"
PASSPORT_HINTS = (
    rf"(?i){_PASSPORT_WORDS}[^0-9]*[0-9]",
    r"[0-9][A-Z<]{3}[0-9]{7}[MFX<][0-9]{7}",
)
_PASSPORT = Pattern(rf"(?i){_PASSPORT_WORDS}{_BETWEEN}{_PASSPORT_NUMBER}")
_ZONE_BODY = r"[A-Z0-9<]{9}[0-9][A-Z<]{3}[0-9]{7}[MFX<][0-9]{7}[A-Z0-9<]{14}[0-9<][0-9]"
_ZONE = Pattern(_ZONE_BODY)
_FIRST_LINE = re.compile(r"(?:^|[^A-Z0-9<])(P[A-Z<]{43}[ \t\r\n]{1,3})\Z")
_DAY = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]\Z")
_NO_DIGIT = re.compile(r"[^0-9]+")
_VALUES = {char: at for at, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


def find_ssn(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of social security numbers: with dashes, or in any way after a word that names them.

    Numbers never issued (area 000, 666 or from 900, group 00, serial 0000, those used in advertising) are skipped.
    """
    taken: set[int] = set()
    for _, (start, end) in _SSN_AFTER_WORD.groups(text):
        if _is_issued(text[start:end]):
            taken.add(start)
            yield start, end
    for start, end in _SSN.spans(text):
        alone = start not in taken and stands_alone(text, start, end) and not is_reference(text, start)
        alone = alone and text[start - 1 : start] != "-" and not _TAIL.match(text, end)
        if alone and _is_issued(text[start:end]):
            yield start, end


def _is_issued(shown: str) -> bool:
    number = _NO_DIGIT.sub("", shown)
    area, group, serial = number[:3], number[3:5], number[5:]
    never = area in {"000", "666"} or area >= "900" or group == "00" or serial == "0000"
    return not never and number not in _ADVERTISED


def find_nino(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of national insurance numbers: in one case, or in mixed case after a word that names them."""
    for start, end in _NINO.spans(text):
        number = text[start:end]
        if number[:2].upper() in _NOT_ISSUED or not is_word(text, start, end):
            continue
        one_case = number.isupper() or number.islower()
        if (one_case and not is_reference(text, start)) or _NINO_WORD.search(text[max(0, start - 48) : start]):
            yield start, end


def find_passport(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of passport numbers after the word, and of machine readable zones whose check digits hold."""
    for start, end in _ZONE.spans(text):
        if _zone_holds(text[start:end]) and text[end : end + 2] != "<<":
            above = _FIRST_LINE.search(text, max(0, start - 48), start)
            yield (start if above is None else above.start(1)), end
    for _, (start, end) in _PASSPORT.groups(text):
        number = text[start:end]
        if sum(map(str.isdigit, number)) >= 5 and not _DAY.match(number):
            yield start, end


def _zone_holds(line: str) -> bool:
    parts = ((line[:9], line[9]), (line[13:19], line[19]), (line[21:27], line[27]))
    whole = line[:10] + line[13:20] + line[21:43]
    return all(_check_digit(part) == digit for part, digit in (*parts, (whole, line[43])))


def _check_digit(part: str) -> str:
    return str(sum(_VALUES[char] * (7, 3, 1)[at % 3] for at, char in enumerate(part)) % 10)
