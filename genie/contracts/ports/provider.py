"""The provider port: one model behind one wire. No retry, no cache, no price: those are the model agent's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from genie.contracts.model_call import FailureClass, Part, Stop, Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from genie.contracts.model_call import ModelRequest

SCRIPTED = "scripted/"
"""Families of models that answer by rules begin with it."""


class WireDelta(NamedTuple):
    """A piece of the part of the reply that stands at ``position``."""

    position: int
    kind: Literal["text", "thought", "call"]
    text: str


class WireUsage(NamedTuple):
    """Usage as stated so far; a later one replaces an earlier one."""

    usage: Usage


class WireRates(NamedTuple):
    """What the provider's headers say of its limits: remaining and seconds until reset, by kind (requests, tokens)."""

    remaining: Mapping[str, int]
    reset_s: Mapping[str, float]


class WireEnd(NamedTuple):
    """The reply is whole; always the last part of a success."""

    parts: tuple[Part, ...]
    stop: Stop
    usage: Usage | None
    model: str


WirePart = WireDelta | WireUsage | WireRates | WireEnd


class ProviderError(Exception):
    """A call that failed, in one of the classes that decide about retry, wait, breaker and fallback.

    Args:
        failure: Its class.
        code: The provider's own code where it is a known one; never its text.
        retry_after_s: Seconds that the provider asks to wait.
        status: HTTP status, where there was one.
        usage: What was used before the failure, where the provider said so.
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
        """``provider/family``; opaque parts made by another family are not sent."""
        ...

    @property
    def window(self) -> int:
        """Tokens of context that the model takes."""
        ...

    def open(self, request: ModelRequest, *, first_token_s: float, idle_s: float) -> AsyncIterator[WirePart]:
        """Call the model; closing the iterator closes the connection.

        Args:
            request: What is sent, as judged for this provider.
            first_token_s: Seconds until the first part must have come.
            idle_s: Seconds between two parts at most.

        Raises:
            ProviderError: The call failed, or its stream ended before the reply was whole.
        """
        ...

    async def close(self) -> None:
        """Close connections; called once."""
        ...
