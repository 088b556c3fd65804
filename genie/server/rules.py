"""One route of the table: the required right, the kind of its object, and the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import BaseModel
    from starlette.types import ASGIApp

    from genie.server.principals import Right
    from genie.server.server import Call

Kind = Literal["run", "approval", "agent", "dead_letter", "incident", "passkey", "pipeline", "proposal", "webhook"]
"""Kinds of objects that a route with an id can name."""


EVENTS = "text/event-stream"
"""Media type of streaming routes; they also accept WebSockets."""


class Rule(NamedTuple):
    """One route: required right, object, and endpoint."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    right: Right | None
    """Right that the caller needs; None for a public route without personal data."""
    kind: Kind | None
    """Kind of the object that ``{id}`` names; the caller's tenant and ownership decide whether it is visible."""
    endpoint: Callable[[Call], Awaitable[ASGIApp]]
    body: type[BaseModel] | None = None
    status: int = 200
    """Of a success."""
    media: str = "application/json"
    takes: str = "application/json"
    """Media type of the body."""

    @property
    def scope(self) -> str:
        """Return the scope that a key or token limited to some routes needs: ``runs:read``, ``agents:write``."""
        parts = self.path.strip("/").split("/")
        return f"{parts[1] if len(parts) > 1 else parts[0]}:{'read' if self.method == 'GET' else 'write'}"
