"""Text that cannot control the terminal, and counts with their nouns."""

from __future__ import annotations

from genie.contracts.rendering import counted, plain

__all__ = ("counted", "plain")
