"""The suite of providers finds what a wire can do wrong, each by the check that is meant for it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.contracts.model_call import FailureClass, Stop, Text, ToolCall
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd
from genie.edges.llm.wires.openai_chat import OpenAIChat
from genie.edges.llm.wires.settings import WireSettings
from genie.testing.conformance import NonconformanceError, Play, ProviderUnderTest, check_provider
from genie.testing.llm_server import FakeModels

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from genie.contracts.model_call import ModelRequest
    from genie.contracts.ports.provider import WirePart

pytestmark = pytest.mark.anyio


class Wrapped:
    """A provider that does everything right, for others to do wrong."""

    family, window = "openai/fake-1", 1_000

    def __init__(self, inner: OpenAIChat) -> None:
        self.inner = inner

    async def open(
        self, request: ModelRequest, *, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        stream = self.inner.open(request, first_token_s=first_token_s, idle_s=idle_s)
        try:
            async for part in stream:
                yield self.change(part)
        except ProviderError as error:
            for part in self.failed(error):
                yield part
        finally:
            await self.left(stream)

    def change(self, part: WirePart) -> WirePart:
        return part

    def failed(self, error: ProviderError) -> list[WirePart]:
        raise error

    async def left(self, stream: AsyncGenerator[WirePart, None]) -> None:
        await stream.aclose()

    async def close(self) -> None:
        await self.inner.close()


class Believing(Wrapped):
    def failed(self, error: ProviderError) -> list[WirePart]:
        return [WireEnd((Text(text="half"),), Stop.ANSWERED, None, "m")]


class Blaming(Wrapped):
    def failed(self, error: ProviderError) -> list[WirePart]:
        raise ProviderError(FailureClass.MALFORMED if error.failure is FailureClass.OVERLOADED else error.failure)


class Hasty(Wrapped):
    def failed(self, error: ProviderError) -> list[WirePart]:
        raise ProviderError(FailureClass.UNREACHABLE if error.failure is FailureClass.TIMEOUT else error.failure)


class Mumbling(Wrapped):
    def change(self, part: WirePart) -> WirePart:
        return part._replace(text=part.text.upper()) if isinstance(part, WireDelta) else part


class Repeating(Wrapped):
    def change(self, part: WirePart) -> WirePart:
        if not isinstance(part, WireEnd):
            return part
        parts = tuple(
            one.model_copy(update={"id": "call_1"}) if isinstance(one, ToolCall) else one for one in part.parts
        )
        return part._replace(parts=parts)


class Boasting(Wrapped):
    def change(self, part: WirePart) -> WirePart:
        return part._replace(stop=Stop.ANSWERED) if isinstance(part, WireEnd) and part.stop is Stop.LENGTH else part


class Hoarding(Wrapped):
    held: list[Any]

    async def left(self, stream: AsyncGenerator[WirePart, None]) -> None:
        self.held = [*getattr(self, "held", []), stream]

    async def close(self) -> None:
        for stream in getattr(self, "held", []):
            await stream.aclose()
        await super().close()


class Nameless(Wrapped):
    family = "nobody"


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (Believing, "takes_no_half_reply_for_a_whole_one"),
        (Blaming, "names_an_error_in_the_stream"),
        (Hasty, "waits_no_longer_than_it_may"),
        (Mumbling, "brings_words"),
        (Repeating, "brings_calls"),
        (Boasting, "names_a_reply_that_was_cut_off"),
        (Hoarding, "lets_go"),
        (Nameless, "says_who_it_is"),
        (Wrapped, None),
    ],
)
async def test_a_mistake_fails_its_check(kind: type[Wrapped], check: str | None) -> None:
    @asynccontextmanager
    async def make(play: Play) -> AsyncIterator[ProviderUnderTest]:
        models = FakeModels([play])
        settings = WireSettings(model="fake-1", base=models.base("openai_chat"), http=True)
        provider = kind(OpenAIChat(settings, exchange=models.exchange()))
        try:
            yield ProviderUnderTest(provider, lambda: models.open)
        finally:
            with anyio.CancelScope(shield=True):
                await provider.close()

    if check is None:
        await check_provider(make)
        return
    with pytest.raises(NonconformanceError) as found:
        await check_provider(make)
    assert (found.value.port, found.value.check) == ("provider", check)
