"""Personal data in strings: kinds, how each is found, and how sensitive it is."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import re2

from genie.governance.detectors import cards, contacts, documents, identifiers
from genie.governance.detectors.numerals import is_free
from genie.governance.detectors.phones import DEFAULT_REGIONS, Phones
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


def detectors(regions: Sequence[str] = DEFAULT_REGIONS) -> tuple[Detector, ...]:
    """Return every detector, the strongest check first.

    Args:
        regions: ISO 3166 codes of the countries whose national telephone numbers are looked for.
    """
    phones = Phones(regions)
    return (
        Detector("iban", (identifiers.IBAN_PATTERN,), identifiers.find_iban),
        Detector("gstin", (identifiers.GSTIN_PATTERN,), identifiers.find_gstin),
        Detector("passport", documents.PASSPORT_PATTERNS, documents.find_passport),
        Detector("card", (cards.PATTERN,), cards.find),
        Detector("ssn", documents.SSN_PATTERNS, documents.find_ssn),
        Detector("pan", (identifiers.PAN_PATTERN,), identifiers.find_pan),
        Detector("aadhaar", identifiers.AADHAAR_PATTERNS, identifiers.find_aadhaar),
        Detector("nino", (documents.NINO_PATTERN,), documents.find_nino),
        Detector("email", contacts.EMAIL_PATTERNS, contacts.find_email),
        Detector("upi", (contacts.UPI_PATTERN,), contacts.find_upi),
        Detector("phone", phones.patterns, phones.find),
    )


DETECTORS = detectors()


class PiiInspector:
    """Finds personal data, each kind checked by more than its looks.

    Where two kinds claim the same characters (a telephone number inside an account number), the one whose check is
    stronger keeps them: the order of ``detectors``.

    Args:
        labels: Clearance needed to see each kind, by its name without ``pii.``; kinds left out are not looked for.
        regions: ISO 3166 codes of the countries whose national telephone numbers are looked for.
    """

    name: ClassVar[str] = "pii"
    version: ClassVar[str] = "2"

    def __init__(self, labels: Mapping[str, Classification], *, regions: Sequence[str] = DEFAULT_REGIONS) -> None:
        self._labels = dict(labels)
        known = DETECTORS if tuple(regions) == DEFAULT_REGIONS else detectors(regions)
        self._detectors = tuple(detector for detector in known if detector.kind in labels)
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
        asked = {self._owners[hit].kind for hit in hits}
        taken: list[tuple[int, int]] = []
        kinds: dict[tuple[int, int], str] = {}
        for detector in self._detectors:
            if detector.kind not in asked:
                continue
            for span in detector.find(folded.text):
                if is_free(taken, *span):
                    insort(taken, span)
                    kinds[span] = detector.kind
        return tuple(Span(f"pii.{kinds[span]}", *folded.span(*span), self._labels[kinds[span]]) for span in taken)
