"""What the detectors cost by text: the fastest of many passes, beside their limits.

Run it with ``python -m benchmarks.detectors``; it ends with 1 when a limit is missed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from genie.governance.detectors.marks import InjectionInspector, assess
from genie.governance.detectors.ngrams import shipped
from genie.governance.detectors.pii import DETECTORS, PiiInspector
from genie.governance.folding import fold
from genie.message import Classification, Payload
from genie.policy import Inspectors

ASCII = (
    "The statement of May shows a rent payment of 1,250.00 to Harbour Homes, groceries at three shops, and a refund. "
    "Standing orders were executed on time; the fee for the second card was waived after a call with the branch. "
)
OTHER = (
    "Der Auszug vom Mai zeigt die Miete von 1.250,00 € an Hafen & Söhne, Einkäufe in drei Läden und eine Rückzahlung. "
    "Выписка за май показывает аренду и покупки. 五月份的账单包括房租和购物。 मई के विवरण में किराया और खरीदारी है। "
)
REPEATS, ROUNDS = 200, 5


class Note(Payload, topic="bench.note"):
    text: str


class Row(NamedTuple):
    """One figure."""

    name: str
    microseconds: float
    limit: float | None
    """Microseconds, or None for a figure without a limit."""


def fastest(call: Callable[[], object]) -> float:
    """Return the microseconds of the fastest of many calls."""
    best = float("inf")
    for _ in range(ROUNDS * REPEATS):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best * 1e6


def measured() -> list[Row]:
    """Return the figures: all detectors over a message, rules on one string, folding, and the model."""
    label = Classification.RESTRICTED
    every = Inspectors((PiiInspector({one.kind: label for one in DETECTORS}), InjectionInspector(label)))
    inspect, model = every.compiled(Note), shipped()
    rows = []
    for name, text, size, limit in (
        ("ASCII", ASCII, 1_000, 40.0), ("ASCII", ASCII, 10_000, 120.0),
        ("other text", OTHER, 1_000, 150.0), ("other text", OTHER, 10_000, 600.0),
    ):  # fmt: skip
        note = Note(text=(text * (size // len(text) + 1))[:size])
        if inspect(note).findings:
            raise ValueError(f"the {name} sample is not clean; it would measure something else")
        kilobytes = f"{size // 1000} KB of {name}"
        rows += [
            Row(f"all detectors, {kilobytes}", fastest(lambda note=note: inspect(note)), limit),
            Row(f"injection rules, {kilobytes}", fastest(lambda note=note: assess(note.text, model=False)), None),
            Row(f"folding, {kilobytes}", fastest(lambda note=note: fold(note.text)), None),
        ]
        folded = fold(note.text)
        cost = fastest(lambda folded=folded: model.heaviest(folded))
        rows.append(Row(f"the model, {kilobytes}", cost, 100.0 * size / 1000))
    return rows


def main() -> None:
    """Print the figures and say which limits were missed."""
    rows = measured()
    for row in rows:
        limit = "" if row.limit is None else f"  limit {row.limit:,.0f}"
        print(f"{row.name:<40}{row.microseconds:>10,.1f} us{limit}")
    missed = [row.name for row in rows if row.limit is not None and row.microseconds > row.limit]
    if missed:
        print(f"missed: {'; '.join(missed)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
