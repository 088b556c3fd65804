"""Problem details (RFC 9457): every error of the API is one, with a stable code and never the words of a payload."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

PROBLEMS: dict[str, tuple[int, str]] = {
    "unauthenticated": (401, "No valid credentials were given"),
    "forbidden": (403, "The caller may not do this"),
    "denied": (403, "A policy denied the message"),
    "not_found": (404, "There is nothing under this address"),
    "malformed": (400, "The request cannot be read"),
    "unsupported_media_type": (415, "The body is not JSON"),
    "too_large": (413, "The body is too large"),
    "invalid": (422, "The payload is not valid"),
    "conflict": (409, "The state of the object does not allow this"),
    "rate_limited": (429, "Too many requests"),
    "overflow": (503, "The process takes no more work now"),
    "draining": (503, "The process is closing"),
    "expired": (504, "The deadline passed"),
    "failed": (502, "No answer can come"),
    "internal_error": (500, "The server failed"),
}
"""Code -> status and title."""


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that cannot be answered.

    Args:
        code: A key of ``PROBLEMS``.
        detail: What happened, and the next step; made of names and limits alone.
        headers: Further headers of the response.
        more: Extension members, for example ``run`` or ``errors``.
    """

    def __init__(self, code: str, detail: str = "", *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = headers
        self.more = more

    def response(self) -> JSONResponse:
        """Return it as ``application/problem+json``."""
        status, title = PROBLEMS[self.code]
        body = {"type": f"/problems/{self.code}", "title": title, "status": status, "code": self.code, **self.more}
        if self.detail:
            body["detail"] = self.detail
        return JSONResponse(body, status, self.headers, media_type="application/problem+json")
