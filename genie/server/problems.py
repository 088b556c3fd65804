"""Problem details (RFC 9457): every error of the API is one, with a stable code and without payload text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from genie.config.environment import hidden
from genie.server.messages import Json

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(NamedTuple):
    """One kind of problem."""

    status: int
    title: str
    again_s: int | None = None
    """Seconds after which a retry can help; sent as ``Retry-After``."""


PROBLEMS: dict[str, Kind] = {
    "malformed": Kind(400, "The request cannot be read"),
    "unauthenticated": Kind(401, "No valid credentials were given"),
    "forbidden": Kind(403, "The caller may not do this"),
    "cross_site": Kind(403, "The request does not come from the page of this server"),
    "step_up": Kind(403, "This needs a recent sign-in"),
    "denied": Kind(403, "A policy denied the message"),
    "not_found": Kind(404, "There is nothing under this address"),
    "method_not_allowed": Kind(405, "The address does not take this method"),
    "too_slow": Kind(408, "The request took too long to arrive"),
    "conflict": Kind(409, "The state of the object does not allow this"),
    "not_replayable": Kind(409, "The run cannot be replayed"),
    "cancelled": Kind(409, "The run was cancelled"),
    "too_large": Kind(413, "The body is too large"),
    "unsupported_media_type": Kind(415, "The body is not JSON"),
    "misdirected": Kind(421, "The host of the request is not served here"),
    "invalid": Kind(422, "The request is not valid"),
    "not_in_bulk": Kind(422, "These must be decided one by one"),
    "idempotency_conflict": Kind(422, "The idempotency key was used for another request"),
    "rate_limited": Kind(429, "Too many requests", 1),
    "quota": Kind(429, "The quota of the tenant is used up", 1),
    "budget": Kind(429, "A budget or a rate is used up", 60),
    "headers_too_large": Kind(431, "The headers are too large"),
    "internal_error": Kind(500, "The server failed"),
    "dead_lettered": Kind(502, "An agent failed, so no answer can come"),
    "stalled": Kind(502, "No answer can come"),
    "overflow": Kind(503, "The process takes no more work now", 1),
    "draining": Kind(503, "The process is closing", 5),
    "suspended": Kind(503, "An agent that the answer needs is switched off", 60),
    "expired": Kind(504, "The deadline passed"),
}
"""Code -> kind of problem. Codes are stable; titles may change."""
MEDIA = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that cannot be answered.

    Args:
        code: A key of ``PROBLEMS``.
        detail: What happened, and the next step; contains only names and limits.
        headers: Further headers of the response.
        more: Extension members, for example ``run`` or ``errors``.
    """

    def __init__(
        self, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Json:
        """Return it as ``application/problem+json``."""
        kind = PROBLEMS[self.code]
        body = {"type": f"/problems/{self.code}", "title": kind.title, "status": kind.status, "code": self.code}
        body |= self.more
        if self.detail:
            body["detail"] = hidden(self.detail)
        headers = dict(self.headers)
        if kind.again_s is not None:
            headers.setdefault("retry-after", str(kind.again_s))
        return Json(body, kind.status, headers, MEDIA.encode())
