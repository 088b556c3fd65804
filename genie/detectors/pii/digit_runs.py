"""Runs of digits: their separators, and whether a number stands alone."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from genie.detectors.regex_set import Pattern
from genie.detectors.spans import Found

LONG = r"[0-9](?:[ \t\r\n().\-/,_:|+;~*#=\\]{0,3}[0-9]){8}"
"""Hint for numbers of nine digits or more, with any separators."""
GAP = r"[ \t\r\n.,/_:|+;\-]{0,2}"
"""Separators between the parts of a number that has letters or a check digit."""
_RUN = Pattern(r"[0-9](?:[ \t\r\n.\-]{0,3}[0-9]){11,}")
"""Digits with at most three separators between two of them; Aadhaar, with twelve, is the shortest number."""
_FOURS = Pattern(r"(?:\b|_)[0-9]{4}(?:[ \t\r\n.,/_:|+;\-]{1,3}[0-9]{4}){2,}")
_GROUP = re.compile(r"[0-9]+")
_UNUSUAL = Pattern(r"[0-9]{1,8}(?:[,/_:|+;~*#=\\][ \t]?[0-9]{1,8}){2,}")
SEPARATORS = " \t\r\n.-"
"""Between the digits of a run."""
_UUID = Pattern(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}([-./ ])[01]?[0-9]\1[0-3]?[0-9]"
    r"|[0-3]?[0-9]([-./ ])[0-3]?[0-9]\2(?:19|20)[0-9]{2})(?![0-9])"
)

_REFERENCE = re.compile(
    r"(?i)(?:\b|_)(?:order|ref|reference|txn|transaction|invoice|utr|rrn|arn|ticket|batch|serial|sku|ean|isbn|imei|barcode|"
    r"tracking|awb|parcel|part|model|item|product|case|claim|build|commit|epoch|timestamp|article|artikel|bestellung)s?"
    r"[ \t_]{0,2}(?:no|number|nr|num|id|code)?[ \t.:#=/\-]{0,4}\Z"
)


Group = tuple[int, int, str]
"""Start, end and text of the digits between two separators."""


class Run:
    """A run of digits that may belong together.

    Its groups are computed on demand, because most runs are rejected before.

    Args:
        text: The text that contains the run.
        start: First character of the run.
        end: One past its last character.
    """

    __slots__ = ("_groups", "_text", "end", "start")

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self.start, self.end = start, end
        self._groups: tuple[Group, ...] | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """The digits between separators."""
        if self._groups is None:
            self._groups = tuple(groups_of(self._text, self.start, self.end))
        return self._groups

    @property
    def digits(self) -> int:
        """Total number of digits."""
        return sum([len(digits) for _, _, digits in self.groups])


class Digits:
    """Digit patterns that several detectors need, each searched once.

    Args:
        text: Folded text.
        taken: Findings of stronger detectors; it grows while detectors run.
    """

    def __init__(self, text: str, taken: Sequence[Found] = ()) -> None:
        self._text = text
        self._taken = taken
        self._in_order: list[tuple[int, int]] = []

    def is_taken(self, at: int) -> bool:
        """Return True for a character inside a stronger detector's finding: no number starts there."""
        if len(self._in_order) != len(self._taken):
            self._in_order = sorted([(start, end) for start, end, _, _ in self._taken])
        number = bisect_left(self._in_order, (at + 1, 0)) - 1
        return number >= 0 and self._in_order[number][1] > at

    @functools.cached_property
    def runs(self) -> list[tuple[int, int]]:
        """The maximal runs of at least twelve digits, without UUIDs; ``Run`` has the groups of one."""
        text = self._text
        uuids = [span for span in _UUID.found(text) if is_word(text, *span)] if text.count("-") >= 4 else []
        found = _RUN.found(text)
        return [span for span in found if is_free(uuids, *span)] if uuids else found

    @functools.cached_property
    def fours(self) -> list[tuple[int, int]]:
        """Three groups of four digits or more, with any separators; the last may be a part of a longer group."""
        text = self._text
        return [(start + (text[start] == "_"), end) for start, end in _FOURS.found(text)]

    @functools.cached_property
    def unusual(self) -> list[tuple[Group, ...]]:
        """The rows of ``unusual`` of at least twelve digits."""
        return [row for rows in unusual(self._text, at_least=12) for row in rows]


def unusual(text: str, *, at_least: int) -> Iterator[tuple[tuple[Group, ...], ...]]:
    """Yield digits whose groups are separated by signs that no run has: the groups between equal separators.

    Dates and amounts also have such separators, so callers must check the sizes of the groups.
    """
    for start, end in _UNUSUAL.spans(text):
        if end - start < at_least:
            continue
        rows: list[list[Group]] = [[]]
        before = None
        groups = tuple(groups_of(text, start, end))
        for at, group in enumerate(groups):
            gap = text[groups[at - 1][1] : group[0]] if at else None
            if at > 1 and gap != before:
                rows.append([groups[at - 1]])
            rows[-1].append(group)
            before = gap
        yield tuple(tuple(row) for row in rows if sum(len(digits) for _, _, digits in row) >= at_least)


def groups_of(text: str, start: int, end: int) -> Iterator[Group]:
    """Yield the digits between the separators of a span."""
    parts = text[start:end].split(" ")
    if "" in parts or not "".join(parts).isdigit():  # not only single spaces
        for group in _GROUP.finditer(text, start, end):
            yield group.start(), group.end(), group[0]
        return
    at = start
    for digits in parts:
        last = at + len(digits)
        yield at, last, digits
        at = last + 1


def is_word(text: str, start: int, end: int) -> bool:
    """Return True if no ASCII letter or digit is adjacent to a span."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return not ((before.isalnum() and before.isascii()) or (after.isalnum() and after.isascii()))


def holds_date(text: str) -> bool:
    """Return True when a calendar date in digits is part of the text."""
    return _DATE.search(text) is not None


def is_reference(text: str, start: int) -> bool:
    """Return True if the words before a number indicate an order, an invoice, a parcel or the like."""
    return _REFERENCE.search(text[max(0, start - 32) : start]) is not None


def stands_alone(text: str, start: int, end: int) -> bool:
    """Return True when a span is not part of a longer word, decimal fraction, version or row of dashes.

    A comma, colon, slash, bar or underscore beside it may separate the columns of a row.
    """
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before and (before[-1].isalnum() or (len(before) == 2 and before[-1] in "-." and before[0].isdigit())):
        return False
    return not (after and (after[0].isalnum() or (len(after) == 2 and after[0] in "-." and after[1].isdigit())))


def is_free(taken: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Return True when a span touches none of the taken ones, which are in order and do not overlap."""
    at = bisect_left(taken, (end, 0))
    return at == 0 or taken[at - 1][1] <= start


@functools.cache
def _verhoeff() -> tuple[tuple[tuple[int, ...], ...], tuple[dict[str, int], ...]]:
    """Return the tables of the check digit: products, and the value of a digit at each place from the last."""
    from stdnum import verhoeff  # noqa: PLC0415 - start-up: most runs meet nothing that has the form of such a number

    places = [verhoeff._permutation_table[at % 8] for at in range(12)]  # noqa: SLF001 - its function takes 25 us a number
    return verhoeff._multiplication_table, tuple({str(digit): row[digit] for digit in range(10)} for row in places)  # noqa: SLF001 - as above


def is_aadhaar(digits: str) -> bool:
    """Return True when twelve digits have the first digit and the check digit of an Aadhaar number."""
    if len(digits) != 12 or digits[0] < "2" or digits == digits[::-1]:
        return False
    product, places = _verhoeff()
    check = 0
    for place, digit in zip(places, reversed(digits), strict=True):
        check = product[check][place[digit]]
    return check == 0
