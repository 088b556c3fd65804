"""Personal data in strings: kinds, how each is found, and how sensitive it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, NamedTuple

import re2

from genie.governance.detectors import cards, contacts, identifiers
from genie.governance.detectors.numerals import is_free
from genie.governance.folding import fold, fold_with_origins
from genie.message import Classification
from genie.policy import Span


class Detector(NamedTuple):
    """One kind of personal data."""

    kind: str
    patterns: tuple[str, ...]
    """RE2; a folded text in which none matches holds nothing of the kind."""
    find: Callable[[str], Iterable[tuple[int, int]]]
    """Spans in a folded text."""


DETECTORS = (
    Detector("iban", (identifiers.IBAN_PATTERN,), identifiers.find_iban),
    Detector("gstin", (identifiers.GSTIN_PATTERN,), identifiers.find_gstin),
    Detector("card", (cards.PATTERN,), cards.find),
    Detector("pan", (identifiers.PAN_PATTERN,), identifiers.find_pan),
    Detector("aadhaar", identifiers.AADHAAR_PATTERNS, identifiers.find_aadhaar),
    Detector("email", (contacts.EMAIL_PATTERN,), contacts.find_email),
    Detector("phone", contacts.PHONE_PATTERNS, contacts.find_phone),
)


class PiiInspector:
    """Finds personal data, each kind checked by more than its looks.

    Where two kinds claim the same characters (a telephone number inside an account number), the one whose check is
    stronger keeps them: the order of ``DETECTORS``.

    Args:
        labels: Clearance needed to see each kind, by its name without ``pii.``; kinds left out are not looked for.
    """

    name: ClassVar[str] = "pii"
    version: ClassVar[str] = "1"

    def __init__(self, labels: Mapping[str, Classification]) -> None:
        self._labels = dict(labels)
        self._detectors = tuple(detector for detector in DETECTORS if detector.kind in labels)
        self._patterns = tuple(pattern for detector in self._detectors for pattern in detector.patterns)
        self._owners = tuple(detector for detector in self._detectors for _ in detector.patterns)
        options = re2.Options()
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        for pattern in self._patterns:
            self._set.Add(pattern)
        if self._patterns:
            self._set.Compile()

    def fold(self, text: str) -> str:
        """Fold Unicode look-alikes, invisible characters and diacritics."""
        return fold(text)

    @property
    def patterns(self) -> tuple[str, ...]:
        """What a text with personal data matches."""
        return self._patterns

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the personal data in a string, in order, without overlaps."""
        folded = fold_with_origins(text)
        hits = self._set.Match(folded.text) if self._patterns else None
        if not hits:
            return ()
        asked = {self._owners[hit] for hit in hits}
        found: dict[tuple[int, int], str] = {}
        for detector in self._detectors:
            if detector in asked:
                taken = sorted(found)
                found |= {span: detector.kind for span in detector.find(folded.text) if is_free(taken, *span)}
        return tuple(
            Span(f"pii.{kind}", *folded.span(start, end), self._labels[kind])
            for (start, end), kind in sorted(found.items())
        )
