"""Attacks on what governance promises, with plain code and plain input, in virtual time (MockClock and its like)."""

from __future__ import annotations

from tests.genie.conftest import anyio_backend

__all__ = ("anyio_backend",)
