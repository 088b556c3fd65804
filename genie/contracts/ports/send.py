"""The send port: HTTP requests that may change something, to listed hosts."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from genie.contracts.ports.fetch import Fetched

Method = Literal["POST", "PUT", "PATCH", "DELETE"]


@runtime_checkable
class Send(Protocol):
    """Writes to the web, for agents that declare ``ports=(Send,)``; its binding lists the hosts that it may call."""

    async def send(self, method: Method, url: str, *, content: bytes = b"", key: str = "") -> Fetched:
        """Make one call, once: it is neither tried again nor redirected.

        Args:
            method: Of HTTP.
            url: Where to.
            content: JSON; nothing is sent as a body where it is empty.
            key: Sent as ``Idempotency-Key``; empty for a call that changes nothing.

        Raises:
            FetchError: The URL may not be called, or nothing usable came in time and size.
        """
        ...
