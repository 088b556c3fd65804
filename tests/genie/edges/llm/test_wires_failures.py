"""Each row of the table of errors gives its class, its wait, and what the breaker does with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.contracts.model_call import FailureClass as Class
from genie.edges.llm.failures import LONGEST_WAIT_S, TRAITS, failure_of, rates_of, retry_after_s, seconds_of


def openai(code: str | None, kind: str = "invalid_request_error", message: str = "words") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(kind: str, message: str = "words", **more: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message, **more}}


def gemini(code: int, status: str, *details: dict[str, Any], message: str = "words") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


DAILY = {"@type": "QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}
RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37.5s"}
AFTER = {"retry-after": "7"}

# status, body, headers -> class, wait, the breaker
MATRIX: list[tuple[int | None, Any, dict[str, str], Class, float | None, str]] = [
    # OpenAI
    (429, openai("rate_limit_exceeded", "requests"), AFTER, Class.RATE_LIMITED, 7.0, "no"),
    (429, openai("slow_down", "requests"), {}, Class.RATE_LIMITED, None, "no"),
    (429, openai("insufficient_quota", "insufficient_quota"), AFTER, Class.OUT_OF_MONEY, 7.0, "opens"),
    (429, openai(None, "insufficient_quota"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (429, openai("rate_limit_exceeded", "insufficient_quota"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (429, openai("credit_balance_exhausted"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (429, openai("organization_spend_limit_exceeded"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (429, openai("project_spend_limit_exceeded"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (429, openai("organization_usage_limit_exceeded"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (503, openai(None, "server_error"), {}, Class.OVERLOADED, None, "counts"),
    (500, openai("server_error", "server_error"), {}, Class.OVERLOADED, None, "counts"),
    (408, openai(None), {}, Class.TIMEOUT, None, "counts"),
    (504, None, {}, Class.TIMEOUT, None, "counts"),
    (400, openai("context_length_exceeded"), {}, Class.CONTEXT_TOO_LONG, None, "no"),
    (400, openai("content_filter"), {}, Class.FILTERED, None, "no"),
    (400, openai("invalid_prompt"), {}, Class.FILTERED, None, "no"),
    (400, openai("bio_policy"), {}, Class.FILTERED, None, "no"),
    (400, openai(None), {}, Class.INVALID_REQUEST, None, "no"),
    (422, openai(None), {}, Class.INVALID_REQUEST, None, "no"),
    (404, openai("model_not_found"), {}, Class.NOT_FOUND, None, "no"),
    (401, openai("invalid_api_key"), {}, Class.UNAUTHORISED, None, "opens"),
    (403, openai("data_residency_mismatch"), {}, Class.FORBIDDEN, None, "no"),
    # Anthropic
    (429, anthropic("rate_limit_error"), AFTER, Class.RATE_LIMITED, 7.0, "no"),
    (429, anthropic("ramp_limit_exceeded"), AFTER, Class.RATE_LIMITED, 7.0, "no"),
    (429, anthropic("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}), {},
     Class.OUT_OF_MONEY, None, "opens"),
    (429, anthropic("enforced_spend_limit_reached"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (402, anthropic("billing_error"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (400, anthropic("invalid_request_error", "You have reached your specified API usage limits."), {},
     Class.OUT_OF_MONEY, None, "opens"),
    (400, anthropic("invalid_request_error", "Your credit balance is too low to access the API."), {},
     Class.OUT_OF_MONEY, None, "opens"),
    (529, anthropic("overloaded_error"), {}, Class.OVERLOADED, None, "counts"),
    (500, anthropic("api_error"), {}, Class.OVERLOADED, None, "counts"),
    (None, anthropic("overloaded_error"), {}, Class.OVERLOADED, None, "counts"),
    (504, anthropic("timeout_error"), {}, Class.TIMEOUT, None, "counts"),
    (400, anthropic("invalid_request_error", "prompt is too long: 212312 tokens > 200000"), {},
     Class.CONTEXT_TOO_LONG, None, "no"),
    (413, anthropic("request_too_large"), {}, Class.CONTEXT_TOO_LONG, None, "no"),
    (400, anthropic("invalid_request_error"), {}, Class.INVALID_REQUEST, None, "no"),
    (404, anthropic("not_found_error"), {}, Class.NOT_FOUND, None, "no"),
    (401, anthropic("authentication_error"), {}, Class.UNAUTHORISED, None, "opens"),
    (403, anthropic("permission_error"), {}, Class.FORBIDDEN, None, "no"),
    # Gemini
    (429, gemini(429, "RESOURCE_EXHAUSTED", RETRY_INFO), {}, Class.RATE_LIMITED, 37.5, "no"),
    (429, [gemini(429, "RESOURCE_EXHAUSTED", RETRY_INFO)], {}, Class.RATE_LIMITED, 37.5, "no"),
    (429, gemini(429, "RESOURCE_EXHAUSTED", DAILY, RETRY_INFO), {}, Class.OUT_OF_MONEY, 37.5, "opens"),
    (402, gemini(402, "FAILED_PRECONDITION"), {}, Class.OUT_OF_MONEY, None, "opens"),
    (503, gemini(503, "UNAVAILABLE"), {}, Class.OVERLOADED, None, "counts"),
    (500, gemini(500, "INTERNAL"), {}, Class.OVERLOADED, None, "counts"),
    (504, gemini(504, "DEADLINE_EXCEEDED"), {}, Class.TIMEOUT, None, "counts"),
    (400, gemini(400, "INVALID_ARGUMENT"), {}, Class.INVALID_REQUEST, None, "no"),
    (400, gemini(400, "INVALID_ARGUMENT", message="The input token count exceeds the maximum number of tokens"), {},
     Class.CONTEXT_TOO_LONG, None, "no"),
    (400, gemini(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}), {}, Class.UNAUTHORISED, None, "opens"),
    (401, gemini(401, "UNAUTHENTICATED"), {}, Class.UNAUTHORISED, None, "opens"),
    (403, gemini(403, "PERMISSION_DENIED"), {}, Class.FORBIDDEN, None, "no"),
    (404, gemini(404, "NOT_FOUND"), {}, Class.NOT_FOUND, None, "no"),
    # local servers
    (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, {},
     Class.OVERLOADED, None, "counts"),
    (400, {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error"}}, {},
     Class.CONTEXT_TOO_LONG, None, "no"),
    (404, {"error": "model 'x' not found"}, {}, Class.NOT_FOUND, None, "no"),
    (None, {"error": "llama runner process has terminated"}, {}, Class.OVERLOADED, None, "counts"),
    # gateways
    (502, "<html>bad gateway</html>", {}, Class.OVERLOADED, None, "counts"),
    (418, "{", {}, Class.INVALID_REQUEST, None, "no"),
    (302, "", {}, Class.REFUSED_ADDRESS, None, "no"),
    (429, "slow", {"retry-after-ms": "1500", "retry-after": "9"}, Class.RATE_LIMITED, 1.5, "no"),
    (599, None, {}, Class.OVERLOADED, None, "counts"),
]  # fmt: skip


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: f"{row[0]}-{row[3]}")
def test_the_matrix(row: tuple[int | None, Any, dict[str, str], Class, float | None, str]) -> None:
    status, body, headers, kind, wait, breaker = row
    sent = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
    found = failure_of(status, sent, headers)
    assert (found.failure, found.retry_after_s, found.status) == (kind, wait, status)
    assert TRAITS[found.failure].breaker == breaker
    assert "words" not in repr(found) + str(found)


def test_every_class_says_what_its_caller_does() -> None:
    assert set(TRAITS) == set(Class)
    empty = TRAITS[Class.OUT_OF_MONEY]
    assert (empty.retry, empty.fallback) == ("never", True)  # called once
    assert {kind for kind, trait in TRAITS.items() if trait.breaker == "counts"} == {
        Class.OVERLOADED, Class.TIMEOUT, Class.TRUNCATED, Class.MALFORMED, Class.UNREACHABLE,
    }  # fmt: skip


NOW = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:30 GMT", "date": NOW}, 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": NOW}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:01:30 GMT"}, None),  # without the server's time it says nothing
        ({"retry-after": "9" * 19}, LONGEST_WAIT_S),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "inf", "retry-after": "2"}, 2.0),
        ({}, None),
    ],
)
def test_waits(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after_s(headers) == wait


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("1h2m3.5s", 3723.5), ("", None), ("s", None), ("1s x", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_rates_in_the_headers_of_both_kinds() -> None:
    openai_rates = rates_of(
        {
            "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-tokens": "1000",
            "x-ratelimit-reset-tokens": "6m0s",
        }
    )  # fmt: skip
    assert openai_rates is not None
    assert (openai_rates.remaining, openai_rates.reset_s) == (
        {"requests": 59, "tokens": 1000},
        {"requests": 1.0, "tokens": 360.0},
    )
    anthropic_rates = rates_of(
        {
            "anthropic-ratelimit-input-tokens-remaining": "5",
            "anthropic-ratelimit-input-tokens-reset": "2026-11-22T10:00:30Z", "date": NOW,
        }
    )  # fmt: skip
    assert anthropic_rates is not None
    assert (anthropic_rates.remaining, anthropic_rates.reset_s) == ({"input_tokens": 5}, {"input_tokens": 30.0})


def test_rates_without_sense_are_no_rates() -> None:
    absurd = {"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "-1"}
    assert rates_of(absurd) is None
    assert rates_of({"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"}) is None
    assert rates_of({}) is None


FIELDS = ("error", "code", "type", "details", "violations", "quotaId", "retryDelay", "x")
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats() | st.just("PerDay"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=8,
)
words = st.text(max_size=30) | st.sampled_from(["1s", "0", NOW, "2026-11-22T10:00:30Z", "2026-11-22", "9" * 30, "1e9"])


@given(st.none() | st.integers(100, 599), junk, words, words)
def test_whatever_a_server_answers_is_a_failure_with_a_name(
    status: int | None, body: Any, wait: str, date: str
) -> None:
    headers = {
        "retry-after": wait, "retry-after-ms": date, "date": date, "x-ratelimit-remaining-tokens": wait,
        "anthropic-ratelimit-tokens-remaining": "5", "anthropic-ratelimit-tokens-reset": wait,
    }  # fmt: skip
    found = failure_of(status, json.dumps(body).encode(), headers)
    assert found.failure in Class
    assert found.retry_after_s is None or 0 <= found.retry_after_s <= LONGEST_WAIT_S
    assert len(found.code) <= 64
    assert rates_of(headers) is not None
    failure_of(status, wait.encode(errors="surrogatepass"), {})
