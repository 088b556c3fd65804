"""Tests of the core's subtle behaviour, in virtual time on both backends (trio's ``MockClock``, a virtual loop)."""

from __future__ import annotations

from tests.genie.conftest import anyio_backend, blocked

__all__ = ("anyio_backend", "blocked")
