"""Attacks run in virtual time on both backends."""

from __future__ import annotations

from tests.genie.conftest import anyio_backend

__all__ = ("anyio_backend",)
