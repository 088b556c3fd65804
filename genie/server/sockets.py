"""WebSockets: events are written to them as to any other connection; messages from clients are ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from genie.server.messages import LINE

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORT, _MIDDLE = 126, 65_536
"""Message sizes from which the length field takes two more bytes, and eight (RFC 6455, 5.2)."""


class Socket(WebSocketsSansIOProtocol):
    """A WebSocket whose messages bypass uvicorn's coroutines and need no sending task.

    Compression is off: its state uses more memory per session than everything else together.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.queue: Any = _Unread()
        self._first: dict[str, Any] = {"type": "websocket.connect"}
        self.partings: dict[Callable[[], None], None] = {}
        self.room: Callable[[], None] = _nothing
        self.lost = False

    def handle_connect(self, event: Any) -> None:
        """Let the request be notified when its client disconnects."""
        super().handle_connect(event)
        if not self.close_sent:  # the application's task starts in the next turn of the loop
            scope: Any = self.scope
            scope[LINE] = self

    async def receive(self) -> Any:
        """Receive only the opening request: messages of the client are ignored."""
        found, self._first = self._first, {"type": "websocket.disconnect", "code": 1005}
        return found

    def send_receive_event_to_app(self) -> None:
        """Drop the messages of the client."""
        self.frames = []

    def resume_writing(self) -> None:
        """The client has read again."""
        super().resume_writing()
        self.room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the waiting request."""
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
            transport: Any = self.transport  # wrapped like the connection before the upgrade
            transport.whole(framed(parts[0]) if len(parts) == 1 else b"".join([framed(part) for part in parts]))

    def cut(self) -> None:
        """Close at once."""
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """Answer the request; a refusal is an ordinary answer, not an error in the log."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            del self.request, self.response  # otherwise they stay referenced for the whole session
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True


class _Unread:
    """A queue that drops all messages."""

    def put_nowait(self, message: object) -> None:
        """Drop a message."""


def framed(text: bytes) -> bytes:
    """Return a text as one message; servers do not mask messages."""
    size = len(text)
    if size < _SHORT:
        return b"\x81%c%b" % (size, text)
    if size < _MIDDLE:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), text)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), text)


def _nothing() -> None:
    """No stream waits for room."""
