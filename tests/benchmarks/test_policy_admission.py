"""The rows of rates and budgets can be measured; their figures are another matter."""

from __future__ import annotations

import pytest

from benchmarks import policy_admission


def test_every_case_is_measured_among_many_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in {"FANOUT": 3, "ROUNDS": 2}.items():
        monkeypatch.setattr(policy_admission, name, small)
    rows = policy_admission.rows()
    assert len(rows) == 2 * len(policy_admission.CASES)
    assert all(microseconds > 0 for _, microseconds, _ in rows)
