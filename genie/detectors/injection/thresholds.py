"""Thresholds from which text counts as an attack."""

from __future__ import annotations

from typing import NamedTuple

MARKED = 0.5
"""Score from which a text counts as an attack, unless settings say otherwise."""


class Sensitivity(NamedTuple):
    """Settings of the detector for one topic."""

    threshold: float = MARKED
    """Score from which text is marked, in (0, 1]."""
    model: bool = False
    """True if the linear model is used in addition to the rules."""
