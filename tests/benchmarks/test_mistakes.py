"""Five mistakes that end a Go program, or pass there unseen, have a named end here; `docs/why-python.md` shows both."""

from __future__ import annotations

import pytest

from benchmarks.mistakes import MISTAKES

ENDS = {
    "fails": "2 answers; missing: second dead_lettered(KeyError); known after",
    "silent": "2 answers; missing: second answered nothing; known after",
    "misspelt": "refused: cent extra_forbidden, cents missing",
    "shared": "the other recipient reads 1; the writer ended dead_lettered(TypeError)",
    "leaves": "100 askers left; deliveries still in flight: 0, cancelled: 300",
}


def test_every_mistake_has_an_expected_end() -> None:
    assert set(ENDS) == set(MISTAKES)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ENDS)
async def test_a_mistake_has_a_named_end(name: str) -> None:
    assert (await MISTAKES[name]()).startswith(ENDS[name])
