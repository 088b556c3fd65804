"""The send port: HTTP requests that may change something, to listed hosts."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from genie.contracts.ports.fetch import Fetched

Method = Literal["POST", "PUT", "PATCH", "DELETE"]


@runtime_checkable
class Send(Protocol):
    """HTTP writes for agents that declare ``ports=(Send,)``; the binding lists the allowed hosts."""

    async def send(self, method: Method, url: str, *, content: bytes = b"", key: str = "") -> Fetched:
        """Make one call; it is neither retried nor redirected.

        Args:
            method: HTTP method.
            url: Target URL.
            content: JSON; empty for a request without a body.
            key: Sent as ``Idempotency-Key``; empty for a call that changes nothing.

        Raises:
            FetchError: The URL may not be called, or there was no usable response within the time and size limits.
        """
        ...
