"""Edges meet real sockets here, so these tests run in real time, and may reach this machine alone."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from typing import TYPE_CHECKING, Any

import pytest

from genie.testing import LoopbackServer, loopback_server, response

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from genie.testing.http import Answer


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run every test marked ``anyio`` on both backends, in real time: virtual time would not wait for a socket."""
    backend: str = request.param
    return backend


@pytest.fixture(autouse=True)
def _this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(own: socket.socket, address: Any) -> None:
        assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address!r}"
        _socket.socket.connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def serve() -> Callable[[Answer], AbstractAsyncContextManager[LoopbackServer]]:
    """Return what starts a server and stops it at the end of its block."""
    return loopback_server


@pytest.fixture
def answered() -> Callable[..., bytes]:
    """Return what makes a whole HTTP answer."""
    return response
