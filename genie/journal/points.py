"""The points of a log's life between which data reaches the disk or the server: a process may end at each.

A log calls ``passing`` at every point. Tests end the process at each point (``tests/durability/matrix.py``) and check
what the next process finds.
"""

from __future__ import annotations

from enum import StrEnum


class Point(StrEnum):
    """A point, in the order in which a process passes them."""

    CONNECTED = "connected"
    """The file and its tables exist; no process owns it yet."""
    TAKEN = "taken"
    """This process has the lease."""
    READ = "read"
    """The open items were read."""
    BEGUN = "begun"
    """The transaction of a commit is open."""
    WRITTEN = "written"
    """Its batches are written but not committed."""
    COMMITTED = "committed"
    """They are committed but not recorded as acknowledged."""
    NOTED = "noted"
    """They are recorded as acknowledged, but nobody was told."""
    LEAVING = "leaving"
    """The log is about to be released."""
    LEFT = "left"
    """The log was released."""


def unwatched(_point: Point) -> None:
    """Pass a point without stopping."""
