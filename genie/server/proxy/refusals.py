"""Reasons for refusing or cutting a call, with the status and type that each dialect has for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from genie.contracts.model_call import FailureClass


class Kind(NamedTuple):
    """One reason of a refusal."""

    status: int
    """Status for clients of OpenAI."""
    type: str
    """OpenAI's name of the error."""
    other_status: int
    """Status for clients of Anthropic."""
    other_type: str
    """Anthropic's name of the error."""
    text: str
    again: bool = False
    """True if the same call may succeed later; otherwise clients are told not to retry."""


_INVALID, _OTHER_INVALID = "invalid_request_error", "invalid_request_error"
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "invalid": Kind(400, _INVALID, 400, _OTHER_INVALID, "the request is not valid"),
        "unsupported": Kind(400, _INVALID, 400, _OTHER_INVALID, "the request asks for something that this proxy does "
                                                                "not support"),
        "unauthenticated": Kind(401, "authentication_error", 401, "authentication_error", "the key is not valid"),
        "forbidden": Kind(403, "permission_error", 403, "permission_error", "the key may not use this model"),
        "denied": Kind(403, "permission_error", 403, "permission_error", "a policy denied the call"),
        "held": Kind(403, "permission_error", 403, "permission_error", "the call waits for a person"),
        "model_not_found": Kind(404, _INVALID, 404, "not_found_error", "there is no such model"),
        "too_large": Kind(413, _INVALID, 413, "request_too_large", "the body is too large"),
        "budget_exceeded": Kind(429, "insufficient_quota", 402, "billing_error", "a budget is used up"),
        "unpriced": Kind(429, "insufficient_quota", 402, "billing_error", "the model has no price"),
        "loop": Kind(429, "insufficient_quota", 402, "billing_error", "the same request was sent too often"),
        "rate_limited": Kind(429, "rate_limit_error", 429, "rate_limit_error", "too many requests", again=True),
        "context_length_exceeded": Kind(400, _INVALID, 400, _OTHER_INVALID, "the prompt is too long for the model"),
        "content_filter": Kind(400, _INVALID, 400, _OTHER_INVALID, "the model's provider refused the content"),
        "cancelled": Kind(409, _INVALID, 409, _OTHER_INVALID, "the call was cancelled"),
        "suspended": Kind(503, "server_error", 529, "overloaded_error", "the model is switched off"),
        "failed": Kind(502, "server_error", 500, "api_error", "the model did not answer"),
        "restarted": Kind(502, "server_error", 500, "api_error", "another model took over; ask again", again=True),
        "overloaded": Kind(503, "server_error", 529, "overloaded_error", "the model takes no calls now", again=True),
        "expired": Kind(504, "server_error", 504, "timeout_error", "the model took too long"),
        "internal_error": Kind(500, "server_error", 500, "api_error", "the proxy failed"),
    }
)  # fmt: skip
"""Code -> kind of refusal; clients see the code with the prefix ``genie_``."""

OF_PROBLEM: Mapping[str, str] = MappingProxyType(
    {
        "budget": "budget_exceeded", "denied": "denied", "suspended": "suspended", "expired": "expired",
        "cancelled": "cancelled", "overflow": "overloaded", "draining": "overloaded", "rate_limited": "rate_limited",
        "unauthenticated": "unauthenticated", "forbidden": "forbidden", "too_large": "too_large",
        "malformed": "invalid", "unsupported_media_type": "invalid", "too_slow": "invalid",
        "internal_error": "internal_error",
    }
)  # fmt: skip
"""Code of a server problem -> ours; any other becomes ``failed``."""

OF_FAILURE: Mapping[FailureClass, str] = MappingProxyType(
    {
        FailureClass.INVALID_REQUEST: "invalid", FailureClass.CONTEXT_TOO_LONG: "context_length_exceeded",
        FailureClass.FILTERED: "content_filter", FailureClass.RATE_LIMITED: "rate_limited",
        FailureClass.OVERLOADED: "overloaded", FailureClass.CIRCUIT_OPEN: "overloaded",
        FailureClass.TIMEOUT: "expired",
    }
)  # fmt: skip
"""Class of a failure -> ours; any other becomes ``failed``: problems with our own key do not concern the client."""


class Refusal(Exception):  # noqa: N818 - an answer of the protocol, not a fault
    """A call without a reply, or without the rest of it.

    Args:
        code: A key of ``KINDS``.
        detail: What and where; contains only names and limits.
        again_s: Seconds after which a retry can help.
    """

    def __init__(self, code: str, detail: str = "", again_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail
        self.again_s = again_s

    @property
    def text(self) -> str:
        """Text for people."""
        return f"{self.kind.text}: {self.detail}" if self.detail else self.kind.text

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that the vendors' own clients honour."""
        again = self.kind.again
        found = [(b"x-should-retry", b"true" if again else b"false"), (b"x-genie-code", self.code.encode())]
        if again:
            found.append((b"retry-after", str(max(1, round(self.again_s or 1))).encode()))
        return found
