"""Random graphs under random operations keep the account, come to rest, and leave nothing behind."""

from __future__ import annotations

import pytest

from tests.fuzz.storm import storm
from tests.golden.conftest import BACKENDS

ON_BOTH, ALL = 6, 48
"""The default run takes the first seeds on both backends. Each other one is slow, and runs on one of them in turn."""
STORMS = [
    *((seed, backend) for seed in range(1, ON_BOTH + 1) for backend in BACKENDS),
    *(
        pytest.param(seed, [*BACKENDS][seed % len(BACKENDS)], marks=pytest.mark.slow)
        for seed in range(ON_BOTH + 1, ALL + 1)
    ),
]
"""About a second of CPU each."""


@pytest.mark.parametrize(("seed", "backend"), STORMS)
def test_a_seed_holds(seed: int, backend: str) -> None:
    seen = storm(seed, backend)
    assert seen["journal"] > 0, f"seed {seed} on {backend} did nothing"
