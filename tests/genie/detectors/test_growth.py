"""No detector takes more than in proportion to a text: lines of code that run are counted, for every class of text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.growth import CLASSES, PIECES, detectors, text_of
from genie.detectors.injection.prefilter import shipped

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT, LONG = 400, 1_600
SLACK = 3_000
"""Lines that a text of any length may take once: what is loaded, compiled or kept."""


def lines_run(work: Callable[[], object]) -> int:
    """Return how many lines of Python code run."""
    count = 0

    def trace(_frame: Any, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", detectors())
def test_four_times_the_text_takes_about_four_times_the_work(name: str) -> None:
    look = detectors()[name]
    for piece in (*CLASSES, *PIECES):
        look(text_of(piece, SHORT))  # what is made at the first use
        short = lines_run(lambda piece=piece: look(text_of(piece, SHORT, 1)))  # type: ignore[misc]  # bound now
        long = lines_run(lambda piece=piece: look(text_of(piece, LONG, 1)))  # type: ignore[misc]  # bound now
        assert long <= short * LONG / SHORT * 1.5 + SLACK, (piece, short, long)


def test_a_run_of_one_character_costs_the_prefilter_a_few_places() -> None:
    """Words of the grammar begin with digits: each place of a run of digits was compared with all of them."""
    text = "4" * 10_000
    assert lines_run(lambda: tuple(shipped().matching(text))) < 25_000
