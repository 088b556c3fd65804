"""Custom kinds: a pattern, a checksum of its numbers, and context words before it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import re2

from genie.detectors.pii.digit_runs import Digits, is_word
from genie.detectors.pii.kinds import Detector
from genie.detectors.regex_set import Pattern

CHECKSUMS = {
    "damm": "stdnum.damm", "luhn": "stdnum.luhn", "verhoeff": "stdnum.verhoeff",
    "mod_11_2": "stdnum.iso7064.mod_11_2", "mod_11_10": "stdnum.iso7064.mod_11_10",
    "mod_37_2": "stdnum.iso7064.mod_37_2", "mod_37_36": "stdnum.iso7064.mod_37_36",
    "mod_97_10": "stdnum.iso7064.mod_97_10",
}  # fmt: skip
"""Name of a checksum, and its module. Sources: ISO/IEC 7064, ISO/IEC 7812-1, and the papers of Verhoeff and Damm."""
_MEMORY = 1 << 20
"""Maximum size of a compiled pattern in bytes, which limits the cost of a custom pattern."""
_BEFORE = 40
"""Number of characters before a value in which a context word must occur."""


def problem_of(pattern: str) -> str | None:
    """Return the problem of a pattern; None if there is none."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        return f"is not an RE2 pattern of moderate size: {error}"
    if compiled.groups > 1:
        return "has more than one group; the group, if there is one, is the value"
    return "matches the empty string" if compiled.search("") else None


def detector_of(kind: str, pattern: str, checksum: str | None, words: Sequence[str]) -> Detector:
    """Return the detector of a kind.

    Args:
        kind: Its name.
        pattern: RE2, for folded text. Its group is the value, or the whole match without a group.
        checksum: Name of the check that the letters and digits of a value must pass.
        words: Context words, one of which must occur shortly before the value in any case; empty for none.
    """
    search = Pattern(pattern)
    lower = tuple(word.lower() for word in words)

    def find(text: str, _digits: Digits) -> Iterator[tuple[int, int]]:
        holds = _check(checksum)
        for spans in search.groups(text):
            start, end = spans[-1]
            if start < 0 or start == end or not is_word(text, start, end):
                continue
            if lower and not _named(text[max(0, start - _BEFORE) : start].lower(), lower):
                continue
            if holds("".join(filter(str.isalnum, text[start:end])).upper()):
                yield start, end

    return Detector(kind, (pattern,), find)


def _named(before: str, words: Iterable[str]) -> bool:
    return any(word in before for word in words)


def _check(checksum: str | None) -> Callable[[str], bool]:
    if checksum is None:
        return bool
    check: Callable[[str], bool] = importlib.import_module(CHECKSUMS[checksum]).is_valid
    return check
