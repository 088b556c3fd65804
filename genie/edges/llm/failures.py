"""Why a model call failed: by the provider's own code first, then by the status, never by the status alone.

If a provider gives no code, the text of an error body is compared with a few known phrases; it is not stored.
"""

from __future__ import annotations

import datetime
import email.utils
import math
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from pydantic_core import from_json

from genie.contracts.model_call import FailureClass as Class
from genie.contracts.ports.provider import ProviderError, WireRates

MOST_OF_BODY = 65_536
"""Maximum size of an error body that is read, in bytes."""
MOST_OF_TEXT = 4_096
"""Maximum length of an error text that is searched."""
LONGEST_WAIT_S = 7 * 86_400.0
"""Longest wait that is passed on, in seconds; longer ones are reduced to it."""


class Trait(NamedTuple):
    """Consequences of a failure class for the caller of a model."""

    retry: Literal["never", "before_output", "once"]
    """When to retry. ``before_output``: while no part of a reply was sent. ``once``: after a change, such as
    compaction."""
    breaker: Literal["no", "counts", "opens"]
    """Effect on the circuit: ``counts`` towards opening it; ``opens`` it at once, for the key."""
    fallback: bool
    """True if another model may be asked instead."""


TRAITS: Mapping[Class, Trait] = MappingProxyType(
    {
        Class.OUT_OF_MONEY: Trait("never", "opens", fallback=True),
        Class.UNAUTHORISED: Trait("never", "opens", fallback=True),
        Class.FORBIDDEN: Trait("never", "no", fallback=True),
        Class.NOT_FOUND: Trait("never", "no", fallback=True),
        Class.INVALID_REQUEST: Trait("never", "no", fallback=False),
        Class.CONTEXT_TOO_LONG: Trait("once", "no", fallback=True),
        Class.RATE_LIMITED: Trait("before_output", "no", fallback=True),
        Class.OVERLOADED: Trait("before_output", "counts", fallback=True),
        Class.TIMEOUT: Trait("before_output", "counts", fallback=True),
        Class.TRUNCATED: Trait("before_output", "counts", fallback=True),
        Class.MALFORMED: Trait("once", "counts", fallback=True),
        Class.FILTERED: Trait("never", "no", fallback=False),
        Class.UNREACHABLE: Trait("before_output", "counts", fallback=True),
        Class.REFUSED_ADDRESS: Trait("never", "no", fallback=True),
        Class.CIRCUIT_OPEN: Trait("never", "no", fallback=True),
        Class.CASSETTE_MISS: Trait("never", "no", fallback=False),
    }
)

_BY_CODE: Mapping[str, Class] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
                "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
                "billing_not_active", "billing_error", "enforced_spend_limit_reached", "daily_quota",
                "genie_budget_exceeded",
            ),
            Class.OUT_OF_MONEY,
        ),
        **dict.fromkeys(
            ("rate_limit_exceeded", "slow_down", "rate_limit_error", "ramp_limit_exceeded", "resource_exhausted",
             "too_many_requests"),
            Class.RATE_LIMITED,
        ),
        **dict.fromkeys(
            ("overloaded_error", "engine_overloaded", "unavailable", "unavailable_error"), Class.OVERLOADED
        ),
        **dict.fromkeys(("timeout_error", "deadline_exceeded"), Class.TIMEOUT),
        **dict.fromkeys(
            ("context_length_exceeded", "exceed_context_size_error", "request_too_large",
             "model_context_window_exceeded"),
            Class.CONTEXT_TOO_LONG,
        ),
        **dict.fromkeys(
            ("content_filter", "content_policy_violation", "invalid_prompt", "bio_policy",
             "misalignment_policy_violation", "responsibleaipolicyviolation"),
            Class.FILTERED,
        ),
        **dict.fromkeys(
            ("invalid_api_key", "authentication_error", "unauthenticated", "api_key_invalid", "account_deactivated"),
            Class.UNAUTHORISED,
        ),
        **dict.fromkeys(
            ("permission_error", "permission_denied", "data_residency_mismatch",
             "unsupported_country_region_territory"),
            Class.FORBIDDEN,
        ),
        **dict.fromkeys(("model_not_found", "not_found_error", "not_found"), Class.NOT_FOUND),
    }
)  # fmt: skip
"""Codes that identify the failure, in lower case."""

_GENERAL: Mapping[str, Class] = MappingProxyType(
    {
        **dict.fromkeys(
            ("invalid_request_error", "invalid_argument", "failed_precondition", "out_of_range"), Class.INVALID_REQUEST
        ),
        **dict.fromkeys(("server_error", "api_error", "internal", "internal_server_error"), Class.OVERLOADED),
    }
)
"""Codes that say no more than the status; used if there is no more specific status."""

_BY_STATUS: Mapping[int, Class] = MappingProxyType(
    {
        400: Class.INVALID_REQUEST, 401: Class.UNAUTHORISED, 402: Class.OUT_OF_MONEY, 403: Class.FORBIDDEN,
        404: Class.NOT_FOUND, 408: Class.TIMEOUT, 409: Class.INVALID_REQUEST, 410: Class.NOT_FOUND,
        413: Class.CONTEXT_TOO_LONG, 422: Class.INVALID_REQUEST, 429: Class.RATE_LIMITED, 500: Class.OVERLOADED,
        502: Class.OVERLOADED, 503: Class.OVERLOADED, 504: Class.TIMEOUT, 529: Class.OVERLOADED,
    }
)  # fmt: skip

_PHRASES: tuple[tuple[str, Class], ...] = (
    ("credit balance is too low", Class.OUT_OF_MONEY),
    ("reached your specified api usage limits", Class.OUT_OF_MONEY),
    ("prompt is too long", Class.CONTEXT_TOO_LONG),
    ("maximum context length", Class.CONTEXT_TOO_LONG),
    ("exceeds the maximum number of tokens", Class.CONTEXT_TOO_LONG),
    ("exceeds the available context size", Class.CONTEXT_TOO_LONG),
    ("api key not valid", Class.UNAUTHORISED),
)
"""Phrases of providers that only give a general code; searched with status 400, and without a status."""

_GRAVE = (Class.OUT_OF_MONEY, Class.CONTEXT_TOO_LONG, Class.FILTERED)
"""Classes that take precedence if a body names several: an exhausted account is also reported as a rate limit."""


def failure_of(
    status: int | None, body: bytes | Mapping[str, Any] | None, headers: Mapping[str, str] | None = None
) -> ProviderError:
    """Return the error for a response or an event in a stream.

    Args:
        status: HTTP status; None in a stream, whose status was 200.
        body: Unparsed error body, or a parsed event.
        headers: Headers of the response, by lower-case name.
    """
    error = _error_in(_parsed(body) if isinstance(body, bytes) else body)
    kind, code = _classified(status, error)
    wait = retry_after_s(headers or {})
    return ProviderError(kind, code=code, retry_after_s=_retry_delay(error) if wait is None else wait, status=status)


def _classified(status: int | None, error: Mapping[str, Any]) -> tuple[Class, str]:
    codes = tuple(_codes(error))
    found = [(_BY_CODE[code], code) for code in codes if code in _BY_CODE]
    for grave in _GRAVE:
        for kind, code in found:
            if kind is grave:
                return kind, code
    if status in {None, 400}:
        text = str(error.get("message", ""))[:MOST_OF_TEXT].lower()
        for phrase, kind in _PHRASES:
            if phrase in text:
                return kind, next((code for code in codes if code in _GENERAL), "")
    if found:
        return found[0]
    general = next((code for code in codes if code in _GENERAL), "")
    if status is not None and status in _BY_STATUS:
        return _BY_STATUS[status], general
    if status is not None and 300 <= status < 400:
        return Class.REFUSED_ADDRESS, "redirect"  # nobody has checked its target
    if status is not None and 400 <= status < 500:
        return Class.INVALID_REQUEST, general
    return _GENERAL.get(general, Class.OVERLOADED), general


def _parsed(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = from_json(body[:MOST_OF_BODY])
    except ValueError:
        return None
    if isinstance(found, list) and found:  # Gemini answers a list where a stream was asked for
        found = found[0]
    return found if isinstance(found, dict) else None


def _error_in(body: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the error in a body of any dialect."""
    if body is None:
        return {}
    error = body.get("error", body)
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    """Yield the codes of an error, the most specific first, in lower case."""
    details = list(_details(error))
    for one in details:
        for violation in one.get("violations", ()) if isinstance(one.get("violations"), list) else ():
            if isinstance(violation, dict) and "PerDay" in str(violation.get("quotaId", ""))[:256]:
                yield "daily_quota"
    nested = error.get("details")
    for found in (
        error.get("code"), nested.get("error_code") if isinstance(nested, dict) else None,
        *(one.get("reason") for one in details), error.get("type"), error.get("status"),
    ):  # fmt: skip
        if isinstance(found, str):
            yield found[:64].lower()


def _details(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = error.get("details")
    if isinstance(details, list):
        yield from (one for one in details[:32] if isinstance(one, dict))


def _retry_delay(error: Mapping[str, Any]) -> float | None:
    """Return the delay of a ``RetryInfo`` among the details."""
    delays = (one.get("retryDelay") for one in _details(error))
    return next((wait for delay in delays if isinstance(delay, str) and (wait := seconds_of(delay)) is not None), None)


# --- waits and limits in headers ---


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that the response headers request, in seconds; None if there is none, or it cannot be parsed.

    A date is compared with the answer's own ``Date``, so this machine's clock plays no part.
    """
    in_ms = _number(headers.get("retry-after-ms"))
    if in_ms is not None:
        return _bounded(in_ms / 1_000)
    text = headers.get("retry-after")
    if text is None:
        return None
    seconds = _number(text)
    return _bounded(seconds) if seconds is not None else _until(text, headers.get("date"))


_UNIT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def seconds_of(text: str) -> float | None:
    """Return a duration such as ``20ms``, ``37s`` or ``6m0s`` in seconds; None if it is not one."""
    total, at = 0.0, 0
    while (found := _UNIT.match(text, at)) is not None and at < 64:
        total += float(found[1]) * _SECONDS[found[2]]
        at = found.end()
    return _bounded(total) if at and at == len(text) else None


def rates_of(headers: Mapping[str, str]) -> WireRates | None:
    """Return the provider's limits in the headers; None if there are no plausible ones."""
    remaining: dict[str, int] = {}
    reset_s: dict[str, float] = {}
    for kind, prefix in (
        *((kind, f"x-ratelimit-{{}}-{kind}") for kind in ("requests", "tokens")),
        *(
            (kind.replace("-", "_"), f"anthropic-ratelimit-{kind}-{{}}")
            for kind in ("requests", "tokens", "input-tokens", "output-tokens")
        ),
    ):
        left, most = (_number(headers.get(prefix.format(word))) for word in ("remaining", "limit"))
        if left is None or (most is not None and most <= 0):
            continue  # a gateway that sends -1 and 0 has no limit
        remaining[kind] = int(left)
        text = headers.get(prefix.format("reset"), "")
        wait = seconds_of(text)
        wait = _until(text, headers.get("date")) if wait is None else wait
        if wait is not None:
            reset_s[kind] = wait
    return WireRates(remaining, reset_s) if remaining else None


def _number(text: str | None) -> float | None:
    """Return a plain number that is not negative."""
    if text is None or len(text) > 20 or re.fullmatch(r"\s*[0-9]+(\.[0-9]*)?\s*", text) is None:
        return None
    return float(text)


def _until(text: str, now: str | None) -> float | None:
    at, since = _instant(text), _instant(now or "")
    return None if at is None or since is None else _bounded(max(0.0, (at - since).total_seconds()))


def _instant(text: str) -> datetime.datetime | None:
    if not text or len(text) > 64:
        return None
    for read in (email.utils.parsedate_to_datetime, datetime.datetime.fromisoformat):
        try:
            found = read(text)
        except (ValueError, OverflowError):
            continue
        return found.replace(tzinfo=found.tzinfo or datetime.UTC)
    return None


def _bounded(seconds: float) -> float | None:
    return min(seconds, LONGEST_WAIT_S) if math.isfinite(seconds) and seconds >= 0 else None
