"""The rows of rates and budgets can be measured; their figures are another matter."""

from __future__ import annotations

import pytest

from benchmarks import policy_admission


def test_every_case_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in {"FANOUT": 3, "REQUESTS": 3, "ROUNDS": 1}.items():
        monkeypatch.setattr(policy_admission, name, small)
    rows = policy_admission.rows()
    assert [name for name, _, _ in rows] == list(policy_admission.CASES)
    assert all(limit == policy_admission.LIMIT_US for _, _, limit in rows)
