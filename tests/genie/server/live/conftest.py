"""A server on a real socket of this machine; uvicorn runs on asyncio alone, so these tests do."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from typing import Any

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run every test marked ``anyio`` on asyncio, in real time."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(own: socket.socket, address: Any) -> None:
        assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address!r}"
        _socket.socket.connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
