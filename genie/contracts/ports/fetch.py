"""The fetch port: HTTP requests to listed hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fetched(NamedTuple):
    """Response of a URL."""

    status: int
    """HTTP status after redirects; the caller must judge it."""
    headers: Mapping[str, str]
    """Headers by lower-case name; the values of a repeated header are joined by ``", "``."""
    body: bytes
    """The whole body: a response above the size limit is an error, never truncated."""


@runtime_checkable
class Fetch(Protocol):
    """HTTP reads for agents that declare ``ports=(Fetch,)``; the binding lists the allowed hosts."""

    async def get(self, url: str) -> Fetched:
        """Return the response of a URL.

        Raises:
            FetchError: The URL may not be called, or there was no usable response within the time and size limits.
        """
        ...
