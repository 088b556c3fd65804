"""Telephone numbers: with a calling code, in a national form, or after a word such as "phone".

Candidates are validated with the numbering plans of the phonenumbers library (ITU-T E.164 and the national plans). The
plans take 20 ms to load, so they are loaded for the first candidate.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

from genie.detectors.pii.digit_runs import LONG, Digits, holds_date, is_free, is_reference, stands_alone
from genie.detectors.regex_set import Pattern

DEFAULT_REGIONS = ("IN", "US", "GB", "DE", "FR")
_LONGEST = 15  # digits in all, E.164 section 6
_SHORTEST = 7
_MOST_REGIONS = 3  # numbers of one calling code that are checked before the library is called; North America has 25

_SPACED = r"[ \t().\-/]{0,3}"
_BROKEN = r"[ \t\r\n().\-/_:|]{0,3}"
_NAMES = (
    r"(?:phone|telephone|telefono|telefone|telefon|tel|ph|mobile|mobil|mob|movil|handy|cell|cellphone|whatsapp|fax)"
)
_VERBS = r"(?:contact|kontakt|my number|call|dial|ring|sms|text|reach|rufen|anrufen|llame|appelez)"
_FORMS = (
    ("US", r"\([2-9][0-9]{2}\)[ \-]?[2-9][0-9]{2}[ .\-][0-9]{4}"),  # North America: (415) 555-2671
    ("US", r"(?:1[.\-])?[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}"),
    ("US", r"(?:1[.\-])?[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4}"),
    ("IN", r"0?[6-9][0-9]{4}[ \-\n][0-9]{5}"),  # 98765 43210
    ("IN", r"0[1-9][0-9]{1,3}-[0-9]{6,8}"),  # 022-23456789
    ("DE", r"0[1-9][0-9]{1,3}-[0-9]{6,8}"),  # 0151-23456789
    ("DE", r"0[1-9](?:[0-9]{1,3}/[0-9]{6,9}|[0-9]{2,3}/[0-9]{5})"),  # 030/1234567
    ("GB", r"0(?:2[0-9]|11[0-9]) [0-9]{3,4} [0-9]{4}"),  # 020 7946 0958
    ("GB", r"07[0-9]{3} [0-9]{3} ?[0-9]{3}"),
    ("GB", r"0(?:1[0-9]{3} [0-9]{6}|[38]0[0-9] [0-9]{3} [0-9]{4})"),
    ("FR", r"0[1-9](?:(?: [0-9]{2}){4}|(?:\.[0-9]{2}){4}|(?:-[0-9]{2}){4})"),  # 06 12 34 56 78
)
_ANY_FORM = r"\(?[0-9]{2,5}\)?(?:[ \-][0-9]{2,5}){1,4}"
"""How a number of another region may be written: two to five groups."""
_INTERNATIONAL = Pattern(rf"(?:\+|\b00){_BROKEN}[1-9](?:{_BROKEN}[0-9])*")  # groups would cost as much as the match
_SIGNS = "+ \t\r\n().-/_:|"
_AFTER_WORD = Pattern(rf"(?i)\b(?:({_NAMES})|{_VERBS})\b([^0-9+]{{0,20}})([0-9](?:{_SPACED}[0-9]){{6,}})")
_LINKS = r"(?:no|nos|number|numbers|num|nr|nummer|numero|is|was|me|us|on|at|my|her|his|the)"
_JOINT = re.compile(rf"(?i)(?:[ \t\r\n:.#=/()\-]{{1,3}}{_LINKS}?){{0,5}}\Z")
_NO_SIGNS = str.maketrans("", "", _SIGNS)
_DIGITS = re.compile(r"[0-9]+")
_AMOUNT = re.compile(r"[0-9]+[.,][0-9]{1,2}\Z")

WORD_HINT = rf"(?i)\b(?:{_NAMES}|{_VERBS})\b[^0-9+]*[0-9](?:{_SPACED}[0-9]){{6}}"
PLUS_HINT = rf"\+{_BROKEN}[1-9](?:{_BROKEN}[0-9]){{7}}"
SHORT_HINT = rf"[0-9](?:{_SPACED}[0-9]){{6}}"
"""Regions without a form here may have numbers of only seven digits; those with a form have nine or more."""


class Phones:
    """Finds telephone numbers.

    Args:
        regions: ISO 3166 codes of the countries whose national numbers are detected.
    """

    def __init__(self, regions: Sequence[str] = DEFAULT_REGIONS) -> None:
        self._regions = tuple(regions)
        known = {region for region, _ in _FORMS}
        forms = [(form, region) for region, form in _FORMS if region in regions]
        forms += [(_ANY_FORM, region) for region in regions if region not in known]
        by_form: dict[str, tuple[str, ...]] = {}
        for form, region in forms:
            by_form[form] = (*by_form.get(form, ()), region)
        self._forms = tuple((re.compile(form), regions) for form, regions in by_form.items())
        self._any = Pattern("|".join(f"(?:{form})" for form in by_form))
        own = () if known.issuperset(regions) else (SHORT_HINT,)
        self.hints = (PLUS_HINT, WORD_HINT, LONG, *own)
        """RE2; a folded text in which none matches holds no number."""

    def find(self, text: str, digits: Digits) -> list[tuple[int, int]]:
        """Return the spans of telephone numbers in a folded text.

        Ten digits without separators count as a number only next to a word such as "phone".

        Args:
            text: Folded text.
            digits: States which characters a stronger detector has taken; these are not checked.
        """
        found = sorted(_international(text, digits))
        for find in (self._after_word, self._national):
            found = sorted([*found, *find(text, digits, found)])
        return found

    def _after_word(self, text: str, taken: Digits, known: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for (_, last), name, gap, (start, _) in _AFTER_WORD.groups(text):
            named = name[0] >= 0 and _JOINT.match(text[slice(*gap)]) is not None

            def accepts(digits: str, *, named: bool = named) -> bool:
                if not _SHORTEST <= len(digits) <= _LONGEST:
                    return False
                return named or any(is_number(digits, region) for region in self._regions)

            if (not named and is_reference(text, start)) or taken.is_taken(start):
                continue
            end = _longest(text, start, last, accepts)
            if end is not None and not holds_date(text[start:end]) and stands_alone(text, start, end):
                start -= text[start - 1 : start] == "(" and ")" in text[start:end]  # noqa: PLW2901 - an opening bracket
                if is_free(known, start, end):
                    yield start, end

    def _national(self, text: str, taken: Digits, known: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for start, end in self._any.found(text):
            if not is_free(known, start, end):
                continue
            shown = text[start:end]
            if not stands_alone(text, start, end) or _continues(text, start, end) or holds_date(shown):
                continue
            if taken.is_taken(start):
                continue
            regions = next(regions for form, regions in self._forms if form.fullmatch(shown))
            if any(is_number(shown, region) for region in regions):
                yield start, end


@functools.cache
def _plans() -> ModuleType:
    import phonenumbers  # noqa: PLC0415 - it is slow to load, and most texts hold no candidate

    return phonenumbers


def unknown_regions(regions: Sequence[str]) -> tuple[str, ...]:
    """Return the regions without a numbering plan."""
    return tuple(region for region in regions if region not in _plans().SUPPORTED_REGIONS)


@functools.cache
def _numbers_of(code: int, region: str) -> re.Pattern[str] | None:
    """Return the national numbers of a region as its plan has them; None for a region without a plan."""
    plan = _plans().PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if plan is None:
        return None
    kinds = (plan.fixed_line, plan.mobile, plan.toll_free, plan.voip, plan.uan, plan.shared_cost, plan.premium_rate)
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    return re.compile(rf"(?=(?:{plan.general_desc.national_number_pattern})\Z)(?:{'|'.join(patterns)})\Z")


def _is_plain(digits: str, region: str | None) -> bool:
    """Return True for digits that are a number as written; the library checks more, but takes ten times as long."""
    size, plans = (0, _national_plans(region)) if region is not None else _plans_after(digits[:3])
    return any(plan.match(digits, size) for plan in plans)


_Plans = tuple[re.Pattern[str], ...]


@functools.cache
def _national_plans(region: str) -> _Plans:
    plan = _numbers_of(_plans().country_code_for_region(region), region)
    return () if plan is None else (plan,)


@functools.cache  # at most a thousand
def _plans_after(digits: str) -> tuple[int, _Plans]:
    """Return how many of the first three digits are a calling code, and the plans of its regions."""
    codes = _plans().COUNTRY_CODE_TO_REGION_CODE
    size = next((size for size in (1, 2, 3) if int(digits[:size]) in codes), 0)
    code = int(digits[:size] or 0)
    plans = [_numbers_of(code, one) for one in codes.get(code, ())[:_MOST_REGIONS]]
    return size, tuple(plan for plan in plans if plan is not None)


def is_number(text: str, region: str | None) -> bool:
    """Return True when a numbering plan has such a number.

    Args:
        text: Digits, with separators; with ``+`` and a calling code if there is no region.
        region: ISO 3166 code of the country whose national form it is.
    """
    return _is_plain("".join(_DIGITS.findall(text)), region) or _is_known(text, region)


def _is_known(text: str, region: str | None) -> bool:
    """Return the result of the library."""
    plans = _plans()
    try:
        number = plans.parse(text, region)
    except plans.NumberParseException:
        return False
    return bool(plans.is_valid_number(number))


def _international(text: str, taken: Digits) -> Iterator[tuple[int, int]]:
    for start, last in _INTERNATIONAL.found(text):
        if last - start <= _SHORTEST or (start and text[start - 1].isalnum()) or taken.is_taken(start):
            continue
        dialled = text[start] == "0"
        number = last - len(text[start + 1 + dialled : last].lstrip(_SIGNS))
        if dialled and (text[start:last].isdigit() or text[max(0, start - 1) : start] in {".", ",", "-", "/"}):
            continue
        end = _longest(text, number, last, _is_international)
        if dialled and end is not None and text[start:end].isdigit():
            continue  # without separators, two zeros start many references
        if end is not None and not _AMOUNT.match(text[start + 1 : end]) and not text[end : end + 1].isalpha():
            yield start, end


def _is_international(digits: str) -> bool:
    return _SHORTEST < len(digits) <= _LONGEST and (_is_plain(digits, None) or _is_known(f"+{digits}", None))


def _continues(text: str, start: int, end: int) -> bool:
    """Return True when groups between spaces are part of a longer row of numbers, such as a line of a table."""
    return " " in text[start:end] and (
        (text[start - 1 : start] == " " and text[max(0, start - 2) : start - 1].isdigit())
        or (text[end : end + 1] == " " and text[end + 1 : end + 2].isdigit())
    )


def _longest(text: str, start: int, end: int, accepts: Callable[[str], bool]) -> int | None:
    """Return the end of the longest row of groups from ``start`` whose digits are accepted."""
    whole = text[start:end].translate(_NO_SIGNS)
    if whole.isdigit() and len(whole) <= _LONGEST and accepts(whole):
        return end
    digits, ends = "", []
    for group in _DIGITS.finditer(text, start, end):
        digits += group.group()
        if len(digits) > _LONGEST:
            break
        ends.append((len(digits), group.end()))
    return next((at for length, at in reversed(ends) if accepts(digits[:length])), None)
