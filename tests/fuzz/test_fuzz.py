"""Random graphs under random operations keep the account, come to rest, and leave nothing behind."""

from __future__ import annotations

import os

import pytest

from tests.fuzz.storm import storm
from tests.golden.conftest import BACKENDS

SEEDS = 48 if os.environ.get("CI") else 8
"""Seeds, each on both backends: a little more than a second a seed."""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_a_seed_holds(seed: int, backend: str) -> None:
    seen = storm(seed, backend)
    assert seen["journal"] > 0, f"seed {seed} on {backend} did nothing"
