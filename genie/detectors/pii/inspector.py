"""Personal data in strings: kinds, their detection, and their sensitivity."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from genie.contracts.classification import Classification
from genie.detectors import encodings
from genie.detectors.pii import cards, contacts, documents, identifiers
from genie.detectors.pii.digit_runs import LONG, Digits
from genie.detectors.pii.kinds import Detector
from genie.detectors.pii.phones import DEFAULT_REGIONS, Phones
from genie.detectors.regex_set import Hints
from genie.detectors.spans import Found, merged, without_overlaps
from genie.detectors.unicode import fold, fold_with_origins
from genie.policy.inspection import Span


def _plain(
    find: Callable[[str], Iterable[tuple[int, int]]],
) -> Callable[[str, Digits], Iterable[tuple[int, int]]]:
    """Return a finder that does not need the digits."""
    return lambda text, _digits: find(text)


def detectors(regions: Sequence[str] = DEFAULT_REGIONS) -> tuple[Detector, ...]:
    """Return every detector, the strongest check first.

    Args:
        regions: ISO 3166 codes of the countries whose national telephone numbers are detected.
    """
    phones = Phones(regions)
    return (
        Detector("iban", (identifiers.IBAN_HINT,), _plain(identifiers.find_iban)),
        Detector("gstin", (identifiers.GSTIN_HINT,), _plain(identifiers.find_gstin)),
        Detector("passport", documents.PASSPORT_HINTS, _plain(documents.find_passport)),
        Detector("card", (LONG,), cards.find),
        Detector("ssn", (LONG,), _plain(documents.find_ssn)),
        Detector("pan", (identifiers.PAN_HINT,), _plain(identifiers.find_pan)),
        Detector("aadhaar", (LONG,), identifiers.find_aadhaar),
        Detector("nino", (documents.NINO_HINT,), _plain(documents.find_nino)),
        Detector("email", contacts.EMAIL_HINTS, _plain(contacts.find_email)),
        Detector("upi", (contacts.UPI_HINT,), _plain(contacts.find_upi)),
        Detector("phone", phones.hints, phones.find),
    )


DETECTORS = detectors()


def _blank(mask: re.Match[str]) -> str:
    return "\x1f" * len(mask[0])


class PiiInspector:
    """Finds personal data; each kind is validated by more than its form.

    If two kinds match the same characters (a telephone number inside an account number), the kind with the stronger
    check wins: the first in the order of ``detectors``.

    Args:
        labels: Clearance needed to see each kind, by its name without ``pii.``; other kinds are not detected.
        regions: ISO 3166 codes of the countries whose national telephone numbers are detected.
        custom: Detectors of custom kinds, which take precedence over all others.
        also: Detectors of kinds without a check digit, over which all others take precedence.
    """

    name: ClassVar[str] = "pii"
    version: ClassVar[str] = "2"
    reach: ClassVar[int] = 1_024
    """Length in characters of the longest finding with its context; longer texts may be read in slices."""

    def __init__(
        self,
        labels: Mapping[str, Classification],
        *,
        regions: Sequence[str] = DEFAULT_REGIONS,
        custom: Sequence[Detector] = (),
        also: Sequence[Detector] = (),
    ) -> None:
        self._labels = dict(labels)
        known = DETECTORS if tuple(regions) == DEFAULT_REGIONS else detectors(regions)
        self._detectors = (*custom, *(detector for detector in known if detector.kind in labels), *also)
        words = "|".join(
            [*(detector.kind for detector in DETECTORS), *(detector.kind for detector in (*custom, *also))]
        )
        self._masks = re.compile(
            rf"\[(?:{words})(?::[a-z]{{1,40}})?\]"
        )  # what masking leaves; it names nothing that stands beside it
        self._hints = Hints(hint for detector in self._detectors for hint in detector.hints)

    fold = staticmethod(fold)  # one function for all detectors, so that a text is folded once

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of which a text with personal data matches at least one."""
        return (*self._hints.patterns, *encodings.HINTS)

    def examine_all(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Return the result of ``examine`` for each of many strings, in one pass over all of them."""
        return encodings.examined_together(self.examine, texts)

    def examine(self, text: str) -> tuple[Span, ...]:
        """Return the personal data in a string, in order, without overlaps."""
        folded = fold_with_origins(text)
        plain = folded.text
        found = self._found(plain)
        hidden = [
            (*view.span(start, end), kind, label)
            for view in encodings.views(plain)
            for start, end, kind, label in self._found(view.text)
        ]
        if hidden:
            found = merged([*found, *hidden])
        if folded.origins is None:
            new: Callable[..., Span] = tuple.__new__  # a NamedTuple's own constructor takes twice as long
            return tuple([new(Span, (kind, start, end, label, 1.0)) for start, end, kind, label in found])
        return tuple([Span(kind, *folded.span(start, end), label) for start, end, kind, label in found])

    def _found(self, plain: str) -> list[Found]:
        """Return what is in a folded text."""
        found: list[Found] = []
        hints = self._hints(plain)
        if not hints:
            return found
        if "[" in plain:
            plain = self._masks.sub(_blank, plain)
        digits = Digits(plain, found)
        for detector in self._detectors:
            if hints.isdisjoint(detector.hints):
                continue
            kind, label = f"pii.{detector.kind}", self._labels[detector.kind]
            found += [(start, end, kind, label) for start, end in detector.find(plain, digits)]
        return without_overlaps(found, len(plain))
