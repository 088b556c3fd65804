"""The points of a log's life between which something reaches the disk or the server: a process may end at each.

A log calls ``passing`` at every point. Tests end the process there (``tests/durability/matrix.py``), so each of them is
tried, and what a later point has made durable is there in the next process.
"""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """A point, in the order in which a process passes them."""

    CONNECTED = "connected"
    """The file is there, with its tables; nobody has it yet."""
    TAKEN = "taken"
    """The lease is this process's."""
    READ = "read"
    """What is open was read."""
    BEGUN = "begun"
    """The transaction of a commit is open."""
    WRITTEN = "written"
    """Its batches are written, and not committed."""
    COMMITTED = "committed"
    """They are committed, and not noted."""
    NOTED = "noted"
    """They are noted as acknowledged, and nobody was told."""
    LEAVING = "leaving"
    """The log is about to be given back."""
    LEFT = "left"
    """It was given back."""


def unwatched(_point: Point) -> None:
    """Pass a point without a halt."""
