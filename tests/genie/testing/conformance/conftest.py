"""Implementations of ports wait for threads, files and sockets, so their suites run in real time, on this machine."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from typing import TYPE_CHECKING, Any

import pytest

from genie.testing.conformance import NonconformanceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run every suite on both backends, in real time."""
    backend: str = request.param
    return backend


@pytest.fixture(autouse=True)
def _this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(own: socket.socket, address: Any) -> None:
        assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address!r}"
        _socket.socket.connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def caught() -> Callable[[Awaitable[None]], Awaitable[str]]:
    """Return a function that runs a suite and returns the name of the check that failed."""

    async def caught(suite: Awaitable[None]) -> str:
        with pytest.raises(NonconformanceError) as failed:
            await suite
        assert failed.value.check in str(failed.value)
        assert failed.value.expectation in str(failed.value)
        return failed.value.check

    return caught
