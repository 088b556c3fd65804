"""The fetch port: HTTP requests to listed hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fetched(NamedTuple):
    """What a URL answered."""

    status: int
    """HTTP status; redirects have been followed, everything else is the caller's to judge."""
    headers: Mapping[str, str]
    """By lower-case name; of a repeated one the values are joined by ``", "``."""
    body: bytes
    """Whole: an answer above the size limit is an error, never cut short."""


@runtime_checkable
class Fetch(Protocol):
    """Reads from the web, for agents that declare ``ports=(Fetch,)``; its binding lists the hosts that it may call."""

    async def get(self, url: str) -> Fetched:
        """Return what a URL answers.

        Raises:
            FetchError: The URL may not be called, or nothing usable came in time and size.
        """
        ...
