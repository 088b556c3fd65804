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
    """Result of a request: an answer, a request for clarification, or the details that the route requires first."""

    status: Literal["answered", "clarify", "needs_input", "no_answer"]
    """``clarify``: no route fits well enough, or two fit equally.

    ``needs_input``: the route is clear but requires more than a sentence. ``no_answer``: the agent was asked but did
    not answer.
    """
    route: str | None
    topic: str | None
    """Topic of the question that was asked, or is required."""
    scores: tuple[RouteScore, ...]
    """Best first, at most three."""
    text: str
