"""The rows of the rules' benchmark can be measured; how long they take is not judged here."""

from __future__ import annotations

from benchmarks.policy_rules import rows


def test_every_row_has_a_name_a_figure_and_a_limit() -> None:
    found = rows(rounds=1, each=3)
    assert len({name for name, _, _ in found}) == len(found) == 4
    assert all(figure > 0 and limit > 0 for _, figure, limit in found)
