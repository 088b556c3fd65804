"""Connections to this machine, for tests that need them; every other one is still a failure."""

from __future__ import annotations

import _socket
import ipaddress
import socket
from typing import Any

import pytest


def allow_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sockets connect to loopback addresses alone."""

    def connect(own: socket.socket, address: Any) -> None:
        assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address!r}"
        _socket.socket.connect(own, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def anyio_backend() -> str:
    """Run every test marked ``anyio`` on asyncio: uvicorn and the protocols of the server run on nothing else."""
    return "asyncio"


@pytest.fixture(autouse=True)
def this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests of a module connect to this machine."""
    allow_this_machine(monkeypatch)
