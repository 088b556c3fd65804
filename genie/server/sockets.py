"""WebSockets: events are written to them as to any other connection, and nothing that a client sends has a meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from genie.server.messages import LINE

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORT, _MIDDLE = 126, 65_536
"""Sizes from which the size of a message takes two bytes more, and eight (RFC 6455, 5.2)."""


class Socket(WebSocketsSansIOProtocol):
    """A WebSocket whose messages are written past uvicorn's coroutines, and are no task's to send.

    Compression is off: its state costs each session more than everything else together.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.queue: Any = _Unread()
        self._first: dict[str, Any] = {"type": "websocket.connect"}
        self.partings: dict[Callable[[], None], None] = {}
        self.room: Callable[[], None] = _nothing
        self.lost = False

    def handle_connect(self, event: Any) -> None:
        """Let the request be told when its client goes away."""
        super().handle_connect(event)
        if not self.close_sent:  # the task of the application begins at the next turn of the loop
            scope: Any = self.scope
            scope[LINE] = self

    async def receive(self) -> Any:
        """Say that a client asks for a WebSocket, and nothing else: what it sends is not read."""
        found, self._first = self._first, {"type": "websocket.disconnect", "code": 1005}
        return found

    def send_receive_event_to_app(self) -> None:
        """Forget what the client has sent."""
        self.frames = []

    def resume_writing(self) -> None:
        """The client has read again."""
        super().resume_writing()
        self.room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that waits."""
        self.lost = True
        super().connection_lost(exc)
        for told in tuple(self.partings):
            told()

    @property
    def full(self) -> bool:
        """The client has not read what was written."""
        return not self.writable.is_set()

    def push(self, parts: list[bytes]) -> None:
        """Write texts, each as one message; never waits."""
        if not (self.close_sent or self.transport.is_closing()):
            transport: Any = self.transport  # as the connection before the upgrade has wrapped it
            transport.whole(framed(parts[0]) if len(parts) == 1 else b"".join([framed(part) for part in parts]))

    def cut(self) -> None:
        """Close at once."""
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """Answer the request; a refusal is an answer like any other, and no error of the log."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            del self.request, self.response  # they are kept for as long as the session otherwise
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True


class _Unread:
    """A queue of messages that nobody reads."""

    def put_nowait(self, message: object) -> None:
        """Forget a message."""


def framed(text: bytes) -> bytes:
    """Return a text as one message; a server masks nothing."""
    size = len(text)
    if size < _SHORT:
        return b"\x81%c%b" % (size, text)
    if size < _MIDDLE:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), text)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), text)


def _nothing() -> None:
    """No stream waits for room."""
