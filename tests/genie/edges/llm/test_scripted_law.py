"""The scripted provider keeps the law of the port too."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from genie.contracts.model_call import FailureClass, ModelRequest, Text, ToolCall
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd
from genie.edges.llm.scripted import Rule, ScriptedProvider, Step
from genie.testing.conformance import Play, ProviderUnderTest, check_provider
from genie.testing.llm_server import Faulty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio


def script_of(play: Play, request: ModelRequest) -> list[Step]:
    reply = play.reply if isinstance(play, Faulty) else play
    deltas: list[Step] = []
    parts = []
    for position, part in enumerate(reply.parts):
        if isinstance(part, ToolCall):
            # A script gives the ids itself, so it gives those that the transcript does not have.
            parts.append(part.model_copy(update={"id": f"{part.id}_{len(request.turns)}"}))
            deltas.append(WireDelta(position, "call", part.arguments))
        elif isinstance(part, Text):
            parts.append(part)
            deltas += [WireDelta(position, "text", letter) for letter in part.text]
    if isinstance(play, Faulty):
        for after, last in (
            (play.cut_after, ProviderError(FailureClass.TRUNCATED)),
            (play.error_after, ProviderError(FailureClass.OVERLOADED)),
            (play.silent_after, 10_000.0),
        ):
            if after is not None:
                return [*deltas[:after], last]
    return [*deltas, WireEnd(tuple(parts), reply.stop, reply.usage, reply.model)]


async def test_a_scripted_provider_keeps_the_law() -> None:
    @asynccontextmanager
    async def make(play: Play) -> AsyncIterator[ProviderUnderTest]:
        provider = ScriptedProvider(Rule("", lambda request: script_of(play, request)))
        yield ProviderUnderTest(provider, lambda: provider.calls - provider.ended)
        await provider.close()

    await check_provider(make)
