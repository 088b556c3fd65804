"""What survives a process, in virtual time (MockClock, and its like for asyncio)."""

from __future__ import annotations

from tests.genie.conftest import anyio_backend

__all__ = ("anyio_backend",)
