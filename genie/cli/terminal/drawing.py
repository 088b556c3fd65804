"""Text that cannot control the terminal."""

from __future__ import annotations

from genie.contracts.rendering import plain

__all__ = ("plain",)
