"""Edges meet real sockets, so their tests run in real time, and may reach this machine alone."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from typing import Any

import pytest


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
