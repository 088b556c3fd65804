"""Payloads of the control family: a sentence, and the agent that can answer it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from genie.contracts.message import Payload, Value


class RouteRequest(Payload, topic="control.route_request", classification="confidential"):
    """Who answers this?"""

    text: Annotated[str, Field(min_length=1, max_length=4_000)]


class RouteScore(Value):
    """How well a request fits a route, from 0 to 1."""

    route: str
    score: Decimal


class RouteAnswer(Payload, topic="control.route_answer", classification="confidential"):
    """Result of a request: an answer, a question back, or the details that the route requires first."""

    status: Literal["answered", "clarify", "needs_input", "no_answer"]
    """``clarify``: nothing fits well enough, or two fit equally. ``needs_input``: the route is clear, and takes more
    than a sentence. ``no_answer``: it was asked, and no answer came."""
    route: str | None
    topic: str | None
    """Topic of the payload that was asked, or must be asked."""
    scores: tuple[RouteScore, ...]
    """Best first, at most three."""
    text: str
