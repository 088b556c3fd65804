"""Transfers as tests write them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from genie_finance.contracts.transfers import Transfer


@pytest.fixture
def transfer() -> Callable[..., Transfer]:
    """Return a maker of transfers: ``transfer(when, sender, recipient, rupees, **fields)``."""
    numbers: Iterator[int] = itertools.count(1)

    def make(when: str, sender: str | None, recipient: str | None, rupees: float | str, **fields: Any) -> Transfer:
        given = {
            "transaction_id": f"t{next(numbers):03}", "timestamp": when, "sender": sender, "recipient": recipient,
            "amount": rupees, "channel": "imps",
        }  # fmt: skip
        return Transfer.model_validate(given | fields)

    return make
