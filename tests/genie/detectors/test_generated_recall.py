"""Recall on generated values in what carries them, and false alarms on numbers that are nobody's; a small sample.

``make recall`` runs the same over a million strings.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.genie.detectors.generated import (
    INSIDE,
    INSPECTOR,
    MAKERS,
    NOBODYS,
    Sample,
    aadhaar,
    card,
    iban,
    is_found,
    nobodys,
    values,
)

RECALL = 0.995
FALSE_ALARMS = 0.001


def test_every_kind_is_found_in_rows_arrays_markup_logs_tables_and_prose() -> None:
    all_of, found = Counter[str](), Counter[str]()
    for sample in values(seed=3, count=300 * len(MAKERS)):
        all_of[sample.name] += 1
        found[sample.name] += is_found(sample)

    assert {kind: found[kind] / all_of[kind] for kind in all_of if found[kind] < RECALL * all_of[kind]} == {}


def test_what_is_nobodys_is_left_alone() -> None:
    alarms = Counter(sample.name for sample in nobodys(seed=3, count=10_000) if INSPECTOR.examine(sample.text))

    assert {name: count for name, count in alarms.items() if count > FALSE_ALARMS * 10_000 / len(NOBODYS)} == {}


@pytest.mark.parametrize("gap", INSIDE)
@pytest.mark.parametrize("kind", ["card", "aadhaar", "iban"])
def test_numbers_in_fours_are_found_with_any_separator(kind: str, gap: str) -> None:
    chance = random.Random(f"{kind}{gap}")
    made = {"card": lambda: card(chance, size=16), "aadhaar": lambda: aadhaar(chance), "iban": lambda: iban(chance)}[
        kind
    ]
    missed = []
    for _ in range(100):
        plain = made()
        shown = gap.join(plain[at : at + 4] for at in range(0, len(plain), 4))
        for text in (shown, f"paid by {shown} today", f'{{"value":"{shown}"}}'):
            if not is_found(Sample(kind, "", shown, text)):
                missed.append(text)

    assert len(missed) <= 300 * (1 - RECALL), missed[:3]
