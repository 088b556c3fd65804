"""The suite of the ``Provider`` port: one model behind one wire.

The author states how a provider under test plays a neutral script: a wire calls a server with its dialect, such as
``genie.testing.llm_server``; a provider without a server plays it itself. Times are short and of the loop's clock, so
the suite runs in virtual time and in real time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import anyio

from genie.contracts.model_call import (
    FailureClass,
    JsonText,
    ModelRequest,
    Role,
    Stop,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Turn,
    Usage,
)
from genie.contracts.ports.provider import Provider, ProviderError, WireDelta, WireEnd, WirePart
from genie.testing.conformance.suite import expect, run_checks, violated
from genie.testing.llm_dialects import ScriptedReply
from genie.testing.llm_server import Faulty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ProviderUnderTest(NamedTuple):
    """A provider, with access to the state of its connections."""

    provider: Provider
    open_streams: Callable[[], int] | None = None
    """Number of calls in progress; None if unknown."""


Play = ScriptedReply | Faulty
"""The answer to a call. The events of ``Faulty`` are those of the dialect, or deltas if there is none."""
MakeProvider = Callable[[Play], AbstractAsyncContextManager[ProviderUnderTest]]

USAGE = Usage(input=12, output=7)
GREETING = ScriptedReply((Text(text="Grüße: ten \N{INDIAN RUPEE SIGN}, then “more”.\n\n"),), usage=USAGE)
CALLING = ScriptedReply(
    (
        Text(text="I look."),
        ToolCall(id="x", name="rate_of", arguments=JsonText('{"pair":"EURINR","on":"2026-01-02"}')),
        ToolCall(id="y", name="clock", arguments=JsonText("{}")),
    ),
    stop=Stop.TOOL_CALLS,
    usage=USAGE,
)
LONG_S = 30.0
SHORT_S = 0.1
TURNS = 20_000
"""Turns of the loop after which the other side has noticed that a call was closed; about a second of real time."""


def request(*more: Turn, text: str = "Say hello.") -> ModelRequest:
    """Return a request with two tools."""
    schema = JsonText('{"type":"object","properties":{}}')
    tools = tuple(ToolSpec(name=name, description="A tool.", parameters=schema) for name in ("rate_of", "clock"))
    return ModelRequest(turns=(Turn(role=Role.USER, parts=(Text(text=text),)), *more), tools=tools)


async def check_provider(make: MakeProvider) -> None:
    """Run every check of the port.

    Args:
        make: Makes a provider whose every call is answered with what is given, and releases it at the end of the block.

    Raises:
        NonconformanceError: A check failed.
    """

    @asynccontextmanager
    async def made() -> AsyncIterator[MakeProvider]:
        yield make

    await run_checks("provider", made, CHECKS)


class _Read(NamedTuple):
    parts: list[WirePart]
    error: ProviderError | None

    @property
    def deltas(self) -> list[WireDelta]:
        return [part for part in self.parts if isinstance(part, WireDelta)]

    @property
    def end(self) -> WireEnd:
        last = self.parts[-1] if self.parts else None
        if self.error is not None or not isinstance(last, WireEnd):
            violated(f"a WireEnd as the last part; {self.error or type(last).__name__} came")
        return last


async def read(
    provider: Provider, asked: ModelRequest, *, first_token_s: float = LONG_S, idle_s: float = LONG_S
) -> _Read:
    """Return all parts of a call, and the error that ended it."""
    parts: list[WirePart] = []
    try:
        async for part in provider.open(asked, first_token_s=first_token_s, idle_s=idle_s):
            parts.append(part)  # noqa: PERF401 - what came before an error is kept
    except ProviderError as error:
        return _Read(parts, error)
    return _Read(parts, None)


async def says_who_it_is(make: MakeProvider) -> None:
    """It is a ``Provider`` with a family and a window."""
    async with make(GREETING) as made:
        expect(isinstance(made.provider, Provider), "an object with family, window, open and close")
        expect("/" in made.provider.family, "a family of the form provider/family")
        expect(made.provider.window > 0, "a window of at least one token")


async def brings_words(make: MakeProvider) -> None:
    """A text reply is complete, its deltas match, and usage and stop reason are as stated."""
    async with make(GREETING) as made:
        found = await read(made.provider, request())
        expect(found.end.parts == GREETING.parts, "the parts of the reply")
        expect(found.end.stop is Stop.ANSWERED, "the stop reason answered")
        expect(found.end.usage in {USAGE, None}, "the usage that was stated, or None")
        expect(found.end.model, "the name of the model")
        _agree(found)


async def brings_calls(make: MakeProvider) -> None:
    """Tool calls arrive with names, arguments, and ids that are unique in the transcript."""
    async with make(CALLING) as made:
        first = await read(made.provider, request())
        expect(first.end.stop is Stop.TOOL_CALLS, "the stop reason tool_calls")
        calls = _calls(first)
        wanted = [part for part in CALLING.parts if isinstance(part, ToolCall)]
        expect([call.name for call in calls] == [call.name for call in wanted], "the names of the tools, in order")
        expect(
            [json.loads(call.arguments) for call in calls] == [json.loads(call.arguments) for call in wanted],
            "the arguments of the calls",
        )
        _agree(first)
        results = tuple(ToolResult(id=call.id, name=call.name, text="1") for call in calls)
        again = await read(
            made.provider,
            request(Turn(role=Role.ASSISTANT, parts=first.end.parts), Turn(role=Role.TOOL, parts=results)),
        )
        ids = [call.id for call in (*calls, *_calls(again))]
        expect(len(set(ids)) == len(ids), "ids of calls that repeat neither in a reply nor in the transcript")


async def names_a_reply_that_was_cut_off(
    make: MakeProvider,
) -> None:
    """A reply that reached its limit says so."""
    async with make(GREETING._replace(stop=Stop.LENGTH)) as made:
        found = await read(made.provider, request())
        expect(found.end.stop is Stop.LENGTH, "the stop reason length")


async def takes_no_half_reply_for_a_whole_one(
    make: MakeProvider,
) -> None:
    """A stream that breaks off at any place is reported as truncated."""
    for events in (0, 1, 2, 3, 5):
        async with make(Faulty(GREETING, cut_after=events)) as made:
            found = await read(made.provider, request())
            expect(not any(isinstance(part, WireEnd) for part in found.parts), "no end of a stream that was cut")
            _failed(found, FailureClass.TRUNCATED)


async def names_an_error_in_the_stream(
    make: MakeProvider,
) -> None:
    """An error after the first parts is an error of its class, and never an end."""
    async with make(Faulty(GREETING, error_after=3)) as made:
        found = await read(made.provider, request())
        _failed(found, FailureClass.OVERLOADED)
        expect("words" not in str(found.error), "an error that does not quote the server")


async def waits_no_longer_than_it_may(
    make: MakeProvider,
) -> None:
    """A server that says nothing, at once or later, is a timeout."""
    async with make(Faulty(GREETING, silent_after=0)) as made:
        _failed(await read(made.provider, request(), first_token_s=SHORT_S), FailureClass.TIMEOUT)
    async with make(Faulty(GREETING, silent_after=4)) as made:
        _failed(await read(made.provider, request(), idle_s=SHORT_S), FailureClass.TIMEOUT)


async def lets_go(make: MakeProvider) -> None:
    """Closing the iterator ends the call, and the provider can be asked again."""
    async with make(GREETING) as made:
        stream = made.provider.open(request(), first_token_s=LONG_S, idle_s=LONG_S)
        async with aclosing(stream):  # type: ignore[type-var] # an async generator, as open promises by "closing"
            async for part in stream:
                if isinstance(part, WireDelta):
                    break
        if made.open_streams is not None:
            for _ in range(TURNS):
                if not made.open_streams():
                    break
                await anyio.lowlevel.checkpoint()
            expect(not made.open_streams(), "no call that is still being answered")
        expect((await read(made.provider, request())).end.parts == GREETING.parts, "a second call that is answered")


async def keeps_calls_apart(make: MakeProvider) -> None:
    """Calls at the same time get their own parts."""
    async with make(CALLING) as made:
        found: list[_Read] = []

        async def one() -> None:
            found.append(await read(made.provider, request()))

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(one)
        expect(len({found_one.end.parts for found_one in found}) == 1, "the same reply for the same question")
        for found_one in found:
            _agree(found_one)


def _calls(found: _Read) -> list[ToolCall]:
    return [part for part in found.end.parts if isinstance(part, ToolCall)]


def _agree(found: _Read) -> None:
    """Every part is the sum of the deltas at its position."""
    for position, part in enumerate(found.end.parts):
        pieces = [delta for delta in found.deltas if delta.position == position]
        kind, text = ("call", part.arguments) if isinstance(part, ToolCall) else ("text", getattr(part, "text", ""))
        expect(all(piece.kind == kind for piece in pieces), f"deltas of kind {kind} at position {position}")
        joined = "".join(piece.text for piece in pieces)
        expect(joined in {text, ""} if kind == "call" else joined == text, f"the deltas of part {position} to be it")


def _failed(found: _Read, failure: FailureClass) -> None:
    if found.error is None:
        violated(f"ProviderError of class {failure}; the call succeeded")
    expect(found.error.failure is failure, f"ProviderError of class {failure}; it was {found.error.failure}")


CHECKS = (
    says_who_it_is,
    brings_words,
    brings_calls,
    names_a_reply_that_was_cut_off,
    takes_no_half_reply_for_a_whole_one,
    names_an_error_in_the_stream,
    waits_no_longer_than_it_may,
    lets_go,
    keeps_calls_apart,
)
