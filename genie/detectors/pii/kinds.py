"""What a detector of one kind of personal data is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from genie.detectors.pii.digit_runs import Digits


class Detector(NamedTuple):
    """One kind of personal data."""

    kind: str
    hints: tuple[str, ...]
    """RE2; a folded text in which none matches holds nothing of the kind."""
    find: Callable[[str, Digits], Iterable[tuple[int, int]]]
    """Spans in a folded text, of whose digits is given what several kinds look for."""
