"""JSON text of payloads and other values."""

from __future__ import annotations

import json

from genie.contracts.serialization import as_values, as_wire

__all__ = ("as_values", "as_wire", "to_line", "to_text")


def to_line(value: object) -> str:
    """Return a value as one line of ASCII JSON, which cannot control a terminal."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def to_text(value: object) -> str:
    """Return a value as indented ASCII JSON."""
    return json.dumps(value, indent=2, allow_nan=False)
