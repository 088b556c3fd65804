"""Requests as endpoints read them, and responses of JSON as they are sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import PydanticSerializationError, to_json
from starlette.requests import Request

from genie.contracts.serialization import as_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

LINE = "genie.line"
"""Key of a scope under which the connection of this server is."""
SOCKET = "genie.socket"
"""Key of a scope that is a WebSocket's, under which its ``send`` is."""
WHOLE = "genie.whole"
"""Key of a scope under which the connection of this server takes an answer that is whole."""
ADDED = "genie.added"
"""Key of a scope under which are the lines of headers that every response of it has."""


JSON = b"application/json"


class Incoming(Request):
    """A request; its headers are looked up in a table that is made once."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self.receives = receive
        self.named: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        """Headers by lower-case name; of several with one name the first counts."""

    def header(self, name: bytes) -> str | None:
        """Return the value of a header."""
        found = self.named.get(name)
        return None if found is None else found.decode("latin-1")

    @property
    def line(self) -> Line | None:
        """The connection; None behind any other server."""
        found: Line | None = self.scope.get(LINE)
        return found


class Line(Protocol):
    """The connection of a request: what ASGI offers only with a task for each request."""

    partings: dict[Callable[[], None], None]
    """What is called when the client goes away."""
    lost: bool
    """The client has gone."""
    room: Callable[[], None]
    """Called when the client has read again."""

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
        status: Of the response.
        headers: Further headers.
        media: What it is.
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
        ValueError: It would be two lines.
    """
    if not text.isprintable():
        raise ValueError("the value of a header is printable")
    return f"{name.lower()}: {text}\r\n".encode("latin-1")


def encoded(value: Any) -> bytes:
    """Return JSON values as UTF-8; halves of characters, which UTF-8 does not have, are escaped.

    A number that is not finite, for which JSON has no form, is text.
    """
    try:
        found = to_json(value)
    except (PydanticSerializationError, UnicodeEncodeError):
        found = json.dumps(value).encode()
    if b"NaN" in found or b"Infinity" in found:  # as words of a text, most often
        return json.dumps(as_values(value)).encode()
    return found
