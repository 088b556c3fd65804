"""Random graphs under random operations keep the account, come to rest, and leave nothing behind."""

from __future__ import annotations

import pytest

from tests.fuzz.storm import storm
from tests.golden.conftest import BACKENDS

SEEDS = [seed if seed <= 6 else pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 49)]
"""Each on both backends, about a second a seed and backend."""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_holds(seed: int, backend: str) -> None:
    seen = storm(seed, backend)
    assert seen["journal"] > 0, f"seed {seed} on {backend} did nothing"
