"""Requests as endpoints read them, and responses of JSON as they are sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_core import PydanticSerializationError, to_json
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

LINE = "genie.line"
"""Key of a scope under which the connection of this server is."""
SOCKET = "genie.socket"
"""Key of a scope that is a WebSocket's, under which its ``send`` is."""
_JSON = (b"content-type", b"application/json")


class Incoming(Request):
    """A request; its headers are looked up in a table that is made once."""

    @property
    def named(self) -> dict[bytes, bytes]:
        """Headers by lower-case name; of several with one name the first counts."""
        found: dict[bytes, bytes] | None = getattr(self, "_named", None)
        if found is None:
            found = self._named = dict(reversed(self.scope["headers"]))
        return found

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
    """A response of JSON: encoded once, sent in two messages.

    Args:
        value: JSON values.
        status: Of the response.
        headers: Further headers.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body = encoded(value)
        self.status = status
        self.headers = headers

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [_JSON, (b"content-length", b"%d" % len(self.body))]
        if self.headers:
            headers += [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def encoded(value: Any) -> bytes:
    """Return JSON values as UTF-8; halves of characters, which UTF-8 does not have, are escaped."""
    try:
        return to_json(value)
    except (PydanticSerializationError, UnicodeEncodeError):
        return json.dumps(value).encode()
