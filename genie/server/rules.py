"""One route of the table: the right that it needs, the kind of what it shows, and what answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import BaseModel
    from starlette.types import ASGIApp

    from genie.server.principals import Right
    from genie.server.server import Call

Kind = Literal["run", "approval", "agent", "dead_letter", "incident", "passkey", "pipeline", "proposal", "webhook"]
"""What a route with an id shows one of."""


EVENTS = "text/event-stream"
"""Media type of routes that stream; a WebSocket may be opened on them as well."""


class Rule(NamedTuple):
    """One route: who may use it, what it is about, and what answers."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    right: Right | None
    """Right that the caller needs; None for one that anybody may use and that shows nothing of anybody."""
    kind: Kind | None
    """Kind of the object that ``{id}`` names; the caller's tenant and ownership decide whether it is there."""
    endpoint: Callable[[Call], Awaitable[ASGIApp]]
    body: type[BaseModel] | None = None
    status: int = 200
    """Of a success."""
    media: str = "application/json"
    takes: str = "application/json"
    """Media type of the body."""

    @property
    def scope(self) -> str:
        """What a key or a token that is limited to some routes must name: ``runs:read``, ``agents:write``."""
        parts = self.path.strip("/").split("/")
        return f"{parts[1] if len(parts) > 1 else parts[0]}:{'read' if self.method == 'GET' else 'write'}"
