"""Personal data in strings: kinds, how each is found, and how sensitive it is."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from genie.contracts.classification import Classification
from genie.detectors.pii import cards, contacts, documents, identifiers
from genie.detectors.pii.digit_runs import LONG, is_free
from genie.detectors.pii.phones import DEFAULT_REGIONS, Phones
from genie.detectors.regex_set import Hints
from genie.detectors.unicode import fold, fold_with_origins
from genie.policy.policy import Span


class Detector(NamedTuple):
    """One kind of personal data."""

    kind: str
    hints: tuple[str, ...]
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
        Detector("iban", (identifiers.IBAN_HINT,), identifiers.find_iban),
        Detector("gstin", (identifiers.GSTIN_HINT,), identifiers.find_gstin),
        Detector("passport", documents.PASSPORT_HINTS, documents.find_passport),
        Detector("card", (LONG,), cards.find),
        Detector("ssn", (LONG,), documents.find_ssn),
        Detector("pan", (identifiers.PAN_HINT,), identifiers.find_pan),
        Detector("aadhaar", (LONG,), identifiers.find_aadhaar),
        Detector("nino", (documents.NINO_HINT,), documents.find_nino),
        Detector("email", contacts.EMAIL_HINTS, contacts.find_email),
        Detector("upi", (contacts.UPI_HINT,), contacts.find_upi),
        Detector("phone", phones.hints, phones.find),
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
        self._hints = Hints(hint for detector in self._detectors for hint in detector.hints)

    fold = staticmethod(fold)  # one function for all detectors, so that a text is folded once

    @property
    def patterns(self) -> tuple[str, ...]:
        """What a text with personal data matches."""
        return self._hints.patterns

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the personal data in a string, in order, without overlaps."""
        folded = fold_with_origins(text)
        hints = self._hints(folded.text)
        if not hints:
            return ()
        taken: list[tuple[int, int]] = []
        kinds: dict[tuple[int, int], str] = {}
        for detector in self._detectors:
            if hints.isdisjoint(detector.hints):
                continue
            for span in detector.find(folded.text):
                if is_free(taken, *span):
                    insort(taken, span)
                    kinds[span] = detector.kind
        return tuple(Span(f"pii.{kinds[span]}", *folded.span(*span), self._labels[kinds[span]]) for span in taken)
