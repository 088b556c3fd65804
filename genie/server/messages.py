"""Requests as endpoints read them, and JSON responses in sent form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import PydanticSerializationError, to_json
from starlette.requests import Request

from genie.contracts.serialization import as_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

NAMED = "genie.named"
"""Scope key of the request's headers by name, the first of each."""
LINE = "genie.line"
"""Scope key of this server's connection."""
SOCKET = "genie.socket"
"""Scope key of a WebSocket's ``send``."""
WHOLE = "genie.whole"
"""Scope key of the connection's function for complete answers."""
ADDED = "genie.added"
"""Scope key of the header lines that every response has."""


JSON = b"application/json"


class Incoming(Request):
    """A request; its headers are looked up in a table that is built once."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self.receives = receive
        self.named: dict[bytes, bytes] = scope.get(NAMED) or dict(reversed(scope["headers"]))
        """Headers by lower-case name; of repeated headers the first counts."""

    def header(self, name: bytes) -> str | None:
        """Return the value of a header."""
        found = self.named.get(name)
        return None if found is None else found.decode("latin-1")

    @property
    def line(self) -> Line | None:
        """The connection; None behind another server."""
        found: Line | None = self.scope.get(LINE)
        return found


class Line(Protocol):
    """The connection of a request: it offers directly what ASGI only offers with a task for each request."""

    partings: dict[Callable[[], None], None]
    """Callbacks for the disconnect of the client."""
    lost: bool
    """The client has gone."""
    room: Callable[[], None]
    """Called when the client reads again."""

    @property
    def full(self) -> bool:
        """The client has not read what was written."""
        ...

    def push(self, parts: list[bytes]) -> None:
        """Write parts of a body whose head was sent; never waits."""
        ...

    def cut(self) -> None:
        """Close at once."""
        ...


class Json:
    """A JSON response: encoded once, and sent in one piece if the connection supports that.

    Args:
        value: JSON values.
        status: HTTP status.
        headers: Further headers.
        media: Media type.
    """

    __slots__ = ("body", "headers", "media", "status")

    def __init__(
        self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None, media: bytes = JSON
    ) -> None:
        self.body = encoded(value)
        self.status = status
        self.headers = headers
        self.media = media

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        given = self.headers or {}
        whole, added = scope.get(WHOLE), scope.get(ADDED)
        if whole is not None and added is not None and "connection" not in given:
            lines = b"".join([_line(name, text) for name, text in given.items()])
            head = b"content-type: %b\r\ncontent-length: %d\r\n%b%b" % (self.media, len(self.body), lines, added)
            if whole(self.status, head, self.body):
                return
        headers = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in given.items()]
        headers += [(b"content-type", self.media), (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def _line(name: str, text: str) -> bytes:
    """Return the line of a header.

    Raises:
        ValueError: The value contains a line break or other unprintable characters.
    """
    if not text.isprintable():
        raise ValueError("the value of a header must be printable")
    return f"{name.lower()}: {text}\r\n".encode("latin-1")


def encoded(value: Any) -> bytes:
    """Return JSON values as UTF-8; lone surrogates, which UTF-8 cannot encode, are escaped.

    A number that is not finite, for which JSON has no form, is text.
    """
    try:
        found = to_json(value)
    except (PydanticSerializationError, UnicodeEncodeError):
        found = json.dumps(value).encode()
    if b"NaN" in found or b"Infinity" in found:  # as words of a text, most often
        return json.dumps(as_values(value)).encode()
    return found
