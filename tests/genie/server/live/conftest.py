"""A server on a real socket of this machine; uvicorn runs on asyncio alone, so these tests do."""

from __future__ import annotations

import pytest

from tests.genie.loopback_for_tests import allow_this_machine


@pytest.fixture
def anyio_backend() -> str:
    """Run every test marked ``anyio`` on asyncio, in real time."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    allow_this_machine(monkeypatch)
