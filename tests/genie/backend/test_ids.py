"""Ids: different ones every time, the same ones on demand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from genie.backend.ids import IdSource


@given(st.integers(1, 500))
def test_numbers_are_never_repeated(count: int) -> None:
    source = IdSource()
    assert len({source.name(source.next_number()) for _ in range(count)}) == count


def test_two_sources_do_not_share_a_prefix_and_a_given_one_repeats() -> None:
    assert IdSource().prefix != IdSource().prefix
    names = [[source.name(source.next_number()) for _ in range(20)] for source in (IdSource("t"), IdSource("t"))]
    assert names[0] == names[1]
    assert names[0][:2] == ["t-1", "t-2"]
