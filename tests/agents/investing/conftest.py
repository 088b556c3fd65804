"""Builders of questions: a test states what matters, and the rest is as plain as can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from genie_finance.contracts.investing import GoalRequest, SipLumpsumRequest


def _goal(**fields: Any) -> GoalRequest:
    plain = {
        "current_corpus": 0, "monthly_contribution": 0, "target_corpus": 1_000_000, "horizon_months": 120,
        "expected_annual_return": "0.10", "annual_volatility": "0.15", "paths": 2_000,
    }  # fmt: skip
    return GoalRequest.model_validate({**plain, **fields})


def _sip(**fields: Any) -> SipLumpsumRequest:
    plain = {
        "amount": 1_000_000, "horizon_months": 60, "expected_annual_return": "0.12", "annual_volatility": 0,
        "paths": 2_000,
    }  # fmt: skip
    return SipLumpsumRequest.model_validate({**plain, **fields})


@pytest.fixture(scope="session")
def goal() -> Callable[..., GoalRequest]:
    return _goal


@pytest.fixture(scope="session")
def sip() -> Callable[..., SipLumpsumRequest]:
    return _sip
