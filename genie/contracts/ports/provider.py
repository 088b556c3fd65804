"""The provider port: one model behind one wire. Retries, caching and prices belong to the model agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from genie.contracts.model_call import FailureClass, Part, Stop, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from genie.contracts.model_call import ModelRequest

SCRIPTED = "scripted/"
"""Families of models that answer by rules begin with it."""


class WireDelta(NamedTuple):
    """A piece of the part of the reply at ``position``."""

    position: int
    kind: Literal["text", "thought", "call"]
    text: str


class WireUsage(NamedTuple):
    """Usage so far; a later report replaces an earlier one."""

    usage: Usage


class WireRates(NamedTuple):
    """The provider's rate limits from its headers: remaining and seconds until reset, by kind (requests, tokens)."""

    remaining: Mapping[str, int]
    reset_s: Mapping[str, float]


class WireEnd(NamedTuple):
    """The reply is complete; always the last item of a successful stream."""

    parts: tuple[Part, ...]
    stop: Stop
    usage: Usage | None
    model: str


WirePart = WireDelta | WireUsage | WireRates | WireEnd


class ProviderError(Exception):
    """A failed call; its class decides about retry, wait, breaker and fallback.

    Args:
        failure: Its class.
        code: The provider's own code if it is known; never its text.
        retry_after_s: Seconds that the provider asks to wait.
        status: HTTP status, if there was one.
        usage: Usage before the failure, if the provider reported it.
    """

    def __init__(
        self, failure: FailureClass, *, code: str = "", retry_after_s: float | None = None,
        status: int | None = None, usage: Usage | None = None,
    ) -> None:  # fmt: skip
        super().__init__(f"{failure}{f' ({code})' if code else ''}")
        self.failure = failure
        self.code = code
        self.retry_after_s = retry_after_s
        self.status = status
        self.usage = usage


@runtime_checkable
class Provider(Protocol):
    """One model at one provider."""

    @property
    def family(self) -> str:
        """``provider/family``; opaque parts of another family are not sent."""
        ...

    @property
    def window(self) -> int:
        """Size of the model's context window, in tokens."""
        ...

    def open(self, request: ModelRequest, *, first_token_s: float, idle_s: float) -> AsyncIterator[WirePart]:
        """Call the model; closing the iterator closes the connection.

        Args:
            request: The request, as judged for this provider.
            first_token_s: Longest wait for the first part, in seconds.
            idle_s: Longest wait between two parts, in seconds.

        Raises:
            ProviderError: The call failed, or its stream ended before the reply was whole.
        """
        ...

    async def close(self) -> None:
        """Close connections; called once."""
        ...
