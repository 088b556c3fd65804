"""The interface of a detector of one kind of personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from genie.detectors.pii.digit_runs import Digits


class Detector(NamedTuple):
    """One kind of personal data."""

    kind: str
    hints: tuple[str, ...]
    """RE2 patterns; a folded text in which none matches has no data of the kind."""
    find: Callable[[str, Digits], Iterable[tuple[int, int]]]
    """Returns spans in a folded text; the second argument has shared results about its digits."""
