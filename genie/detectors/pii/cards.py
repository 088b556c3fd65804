"""Payment cards: issuer, length and check digit, with any spacing of the digits.

Source: issuer identification numbers and lengths as the schemes publish them (ISO/IEC 7812-1), its Luhn check.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

from genie.detectors.pii.digit_runs import SEPARATORS, Digits, Group, Run, holds_date, is_aadhaar, is_reference

_ISSUERS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4000, 4999, (13, 16, 19)),  # Visa
    (5100, 5599, (16,)),  # Mastercard
    (2221, 2720, (16,)),
    (3400, 3499, (15,)),  # American Express
    (3700, 3799, (15,)),
    (3000, 3059, (14, 16)),  # Diners Club
    (3095, 3095, (14, 16)),
    (3600, 3699, (14, 16)),
    (3800, 3999, (14, 16)),
    (3528, 3589, (16, 17, 18, 19)),  # JCB
    (6011, 6011, (16, 17, 18, 19)),  # Discover
    (6440, 6599, (16, 17, 18, 19)),
    (6200, 6299, (16, 17, 18, 19)),  # UnionPay
    (6000, 6099, (16,)),  # RuPay
    (8100, 8299, (16,)),
    (5080, 5089, (16,)),
    *((code, code, tuple(range(13, 20))) for code in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)),  # Maestro
    (2200, 2204, (16, 17, 18, 19)),  # Mir
    (9792, 9792, (16,)),  # Troy
    (5060, 5061, (16, 18, 19)),  # Verve
)
"""First and last issuer prefix of four digits, and the lengths of their card numbers."""


@functools.cache
def _forms() -> dict[str, frozenset[int]]:
    """Return the card number lengths for each issuer prefix."""
    forms: dict[str, set[int]] = {}
    for first, last, lengths in _ISSUERS:
        for prefix in range(first, last + 1):
            forms.setdefault(str(prefix), set()).update(lengths)
    return {prefix: frozenset(lengths) for prefix, lengths in forms.items()}


@functools.cache
def _sixteen() -> frozenset[str]:
    """Return the issuer prefixes whose card numbers may have sixteen digits."""
    return frozenset(prefix for prefix, lengths in _forms().items() if 16 in lengths)


_NONE = frozenset[int]()


def _lengths(prefix: str) -> frozenset[int]:
    """Return the card number lengths for four leading digits."""
    return _forms().get(prefix, _NONE)


_ONCE = bytes.maketrans(b"0123456789", bytes(range(10)))
_TWICE = bytes.maketrans(b"0123456789", bytes(n * 2 - 9 * (n > 4) for n in range(10)))
_FIRM = (15, 16)
"""Lengths of most cards. A number of another length, written without separators, is not a card after words such as
"order number"."""
_SHORTEST, _LONGEST = 13, 19
_NO_SEPARATORS = str.maketrans("", "", SEPARATORS)
_LONGEST_PHONE = 15

# A card number may follow these words without a space; after other letters, digits are the end of a reference.
_LEADS = re.compile(
    r"(?i)(?:card|cards|cardno|cardnumber|cc|ccno|karte|carte|tarjeta|visa|mastercard|rupay|amex|no|nr)\Z"
)
_PLAIN_BEFORE = frozenset(("", " ", "\n", "\t", '"', "(", ">", "|", "=", ";", "["))
_PLAIN_AFTER = frozenset(("", " ", "\n", "\t", '"', ")", "<", "|", ",", ";", "]"))
_LETTERS = re.compile(r"[A-Za-z]*\Z")


def is_card(digits: str) -> bool:
    """Return True if digits are a card number: known issuer, its length, and a valid check digit."""
    return len(digits) in _forms().get(digits[:4], _NONE) and _luhn_holds(digits)


def _luhn_holds(digits: str) -> bool:
    # Tables, because a page of numbers calls this thousands of times.
    raw = digits.encode()
    return (sum(raw[-1::-2].translate(_ONCE)) + sum(raw[-2::-2].translate(_TWICE))) % 10 == 0


def find(text: str, found: Digits) -> Iterator[tuple[int, int]]:
    """Yield the spans of card numbers, separators included.

    Args:
        text: Folded text.
        found: Patterns found among its digits.
    """
    done: list[tuple[int, int]] = []
    sixteen = _sixteen()
    for start, end in found.fours:  # most numbers are written like this, and are recognised at once
        if end - start == 19 and (gap := text[start + 4]) == text[start + 9] == text[start + 14]:
            digits = text[start:end].replace(gap, "")
            if (
                digits[:4] in sixteen
                and _luhn_holds(digits)
                and not text[end : end + 1].isdigit()
                and _bounded(text, start, end)
            ):
                done.append((start, end))
    yield from done
    at, count = 0, len(done)
    for start, end in found.runs:
        while at < count and done[at][1] <= start:
            at += 1
        if at < count and done[at][0] < end:
            yield from _around(text, start, end, done, at)
        elif end - start >= _SHORTEST and len(digits := text[start:end].translate(_NO_SEPARATORS)) >= _SHORTEST:
            if len(digits) < end - start:
                yield from _within(text, Run(text, start, end))
            elif _is_piece(text, start, end, digits):
                yield start, end
    for row in found.unusual:
        yield from _in_row(text, row)


def _is_piece(text: str, start: int, end: int, digits: str) -> bool:
    """Return True for a card number in one piece."""
    return is_card(digits) and _bounded(text, start, end) and (len(digits) in _FIRM or not is_reference(text, start))


def _around(text: str, at: int, end: int, done: list[tuple[int, int]], number: int) -> Iterator[tuple[int, int]]:
    """Yield the card numbers in the parts of a run between known numbers, from a given number on."""
    while at < end:
        start, behind = done[number] if number < len(done) else (end, end)
        if start - at >= _SHORTEST:
            rest = text[at : min(start, end)].strip(SEPARATORS)
            if len(rest) >= _SHORTEST and not (len(rest) > _LONGEST and rest.isdigit()):
                first = text.index(rest, at)
                yield from _within(text, Run(text, first, first + len(rest)))
        at, number = behind, number + 1


_ROWS = ((4, 4, 4, 4, 3), (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (8, 8))
"""Group sizes of a card number whose separators also occur in dates and amounts."""


def _in_row(text: str, row: tuple[Group, ...]) -> Iterator[tuple[int, int]]:
    sizes = tuple(len(digits) for _, _, digits in row)
    if set(sizes) == {1}:
        if is_card("".join(digits for _, _, digits in row)):
            yield row[0][0], row[-1][1]
        return
    at = 0
    while at < len(row):
        fitting = (len(form) for form in _ROWS if sizes[at : at + len(form)] == form)
        many = next((many for many in fitting if _is_whole(text, row[at : at + many])), 0)
        if many:
            yield row[at][0], row[at + many - 1][1]
        at += many or 1


def _is_whole(text: str, groups: tuple[Group, ...]) -> bool:
    return is_card("".join(digits for _, _, digits in groups)) and _bounded(text, groups[0][0], groups[-1][1])


def _within(text: str, run: Run) -> Iterator[tuple[int, int]]:
    groups = run.groups
    first = 0
    while first < len(groups):
        end = _card_end(text, run, first)
        if end is None:
            first += 1
        else:
            yield groups[first][0], groups[end - 1][1]
            first = end


def _card_end(text: str, run: Run, first: int) -> int | None:
    """Return the group after the card number that starts with group ``first``, or None; the longest one wins."""
    groups = run.groups
    start, end, opening = groups[first]
    alone = first + 1 == len(groups) or len(opening) + len(groups[first + 1][2]) > _LONGEST
    if alone and len(opening) >= _SHORTEST:
        return first + 1 if _is_piece(text, start, end, opening) else None
    if len(opening) > _LONGEST or (len(opening) >= 4 and not _lengths(opening[:4])):
        return None
    whole = first == 0 and run.digits <= _LONGEST
    if not (whole or len(opening) % 4 == 0 or len(opening) >= 10):
        return None
    if len(opening) == 4 and [len(group[2]) for group in groups[first + 1 : first + 5]] in ([4, 4, 4], [4, 4, 4, 4]):
        digits = opening + groups[first + 1][2] + groups[first + 2][2] + groups[first + 3][2]
        begin, end = groups[first][0], groups[first + 3][1]
        holds = is_card(digits) and _bounded(text, begin, end)
        return first + 4 if holds and not ("\n" in text[begin:end] and _crosses_rows(text, groups, first)) else None
    found, digits, ends = None, "", list[int]()
    for last in range(first, len(groups)):
        digits += groups[last][2]
        size = len(digits)
        if size > _LONGEST:
            break
        # The cheapest check first: in a text full of digits it rejects nearly every candidate.
        if size >= _SHORTEST and size in _lengths(digits[:4]):
            end, usual = groups[last][1], _usual(ends)
            spaced = usual or (whole and last == len(groups) - 1 and _unusual(text[start:end]))
            if spaced and _luhn_holds(digits) and _bounded(text, start, end):
                firm = size in _FIRM or last > first or not is_reference(text, start)
                found = last + 1 if firm else found
        ends.append(size)
    return found


def _crosses_rows(text: str, groups: tuple[Group, ...], first: int) -> bool:
    """Return True where four groups of four are parts of two rows.

    One part continues on its line, or the other three are an Aadhaar number.
    """
    four = groups[first : first + 4]
    gaps = [text[one[1] : two[0]] for one, two in itertools.pairwise(four)]
    breaks = ["\n" in gap for gap in gaps]
    if not any(breaks) or len(set(gaps)) == 1:
        return False
    outside = [text[groups[at][1] : groups[at + 1][0]] for at in (first - 1, first + 3) if 0 <= at < len(groups) - 1]
    if any("\n" not in gap for gap in outside):
        return True
    three = four[:3] if breaks == [False, False, True] else four[1:] if breaks == [True, False, False] else ()
    return bool(three) and is_aadhaar("".join(digits for _, _, digits in three))


def _usual(breaks: list[int]) -> bool:
    """Return True for digits in one piece, in fours (or pieces of several fours), or as 4-6-5 and 4-6-4.

    Args:
        breaks: After how many digits there is a separator.
    """
    return breaks == [4, 8, 12] or not any(digits % 4 for digits in breaks) or breaks in ([4, 10], [10])


def _unusual(shown: str) -> bool:
    """Return True for other spacings, which dates and amounts also have, so that only a whole run counts."""
    return "." not in shown and not holds_date(shown)


def _bounded(text: str, start: int, end: int) -> bool:
    if text[start - 1 : start] in _PLAIN_BEFORE and text[end : end + 1] in _PLAIN_AFTER:
        return True
    before, after = text[max(0, start - 16) : start], text[end : end + 1]
    if after.isalpha():
        return False
    if before[-1:].isalpha():
        letters = _LETTERS.search(before)
        return letters is not None and _LEADS.search(letters.group()) is not None
    # Digits after a decimal point are a fraction, and a number after a plus is a telephone's.
    if before[-1:] == ".":
        return not before[-2:-1].isdigit()
    return before[-1:] != "+" or before[-2:-1].isalnum() or sum(map(str.isdigit, text[start:end])) > _LONGEST_PHONE
