"""Common part of the five wires: one POST, one stream, its limits, and the classes of its failures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, ClassVar

import anyio
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from genie.contracts.model_call import FailureClass
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd
from genie.edges.llm.failures import MOST_OF_BODY, failure_of, rates_of
from genie.edges.llm.wires.assembly import Assembly
from genie.edges.llm.wires.settings import WireSettings
from genie.edges.llm.wires.stream import Event, EventSplitter, Splitter, StreamTooLargeError
from genie.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from genie.contracts.model_call import ModelRequest, Sampling
    from genie.contracts.ports.provider import WirePart
    from genie.edges.http.exchange import Answer, Exchange

MOST_OF_REQUEST = 32 << 20
"""Bytes of a request."""
LONGEST_REST_S = 0.5
"""Seconds that a finished stream may take to end, so that its connection can be reused."""
_SHAPE = (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError, ValidationError)
"""Exceptions of reading an event that does not have the form of its dialect."""


class Reading(ABC):
    """Reads one reply; each wire has its own."""

    def __init__(self, assembly: Assembly, settings: WireSettings) -> None:
        self.reply, self.settings = assembly, settings

    @abstractmethod
    def take(self, event: Event) -> Iterable[WirePart]:
        """Return the parts that an event brings; a ``WireEnd`` among them ends the reply.

        Raises:
            ProviderError: The event is an error, or does not have the dialect's form.
        """

    def finish(self) -> WireEnd:
        """Return the end of a stream that ended without a last event.

        Raises:
            ProviderError: The reply is not whole.
        """
        raise ProviderError(FailureClass.TRUNCATED, usage=self.reply.usage)


class Wire(ABC):
    """A client of one dialect; implements ``genie.contracts.ports.provider.Provider``.

    Args:
        settings: Address of the model.
        exchange: For tests: the transport.
    """

    Settings: ClassVar[type[WireSettings]] = WireSettings
    vendor: ClassVar[str]
    base: ClassVar[str]
    accepts: ClassVar[str] = "text/event-stream"
    """Media type of the stream."""

    def __init__(self, settings: WireSettings, *, exchange: Exchange | None = None) -> None:
        self.settings = settings
        self._base = settings.base or self.base
        self._exchange = exchange

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.settings.model}>"

    @property
    def family(self) -> str:
        """See ``Provider.family``."""
        return self.settings.family or f"{self.vendor}/{self.settings.model}"[:128]

    @property
    def window(self) -> int:
        """See ``Provider.window``."""
        return self.settings.window

    # --- methods of each dialect ---

    @abstractmethod
    def path(self) -> str:
        """Return the path of a request, below the base URL."""

    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """Return the headers of the dialect, including the key."""

    @abstractmethod
    def body(self, request: ModelRequest) -> dict[str, Any]:
        """Return a request in the dialect.

        Raises:
            ProviderError: The model does not support the request.
        """

    @abstractmethod
    def reading(self, assembly: Assembly) -> Reading:
        """Return the reader of the reply."""

    def splitter(self) -> Splitter:
        """Return the splitter of the stream."""
        return EventSplitter()

    # --- the call ---

    async def open(
        self, request: ModelRequest, *, first_token_s: float, idle_s: float
    ) -> AsyncGenerator[WirePart, None]:
        """Call the model; see ``Provider.open``."""
        content = self._content(request)
        reading = self.reading(Assembly(request, self.family, self.settings.model))
        deadline = anyio.current_time() + first_token_s
        first: float | None = deadline
        async with AsyncExitStack() as stack:
            answer = await self._answer(stack, content, deadline, idle_s)
            if answer.status != 200 or not self._is_stream(answer):
                raise await _refusal(answer, deadline)
            rates = rates_of(answer.headers)
            if rates is not None:
                yield rates
            splitter, pace = self.splitter(), _Pace(idle_s)
            # Written out, with one try per chunk: `python -m benchmarks.wires` measures the cost of a token.
            while piece := await _read(answer, first, reading):
                try:
                    events = splitter.feed(piece)
                    for event in events:
                        for part in reading.take(event):
                            if isinstance(part, WireDelta):
                                first = None
                            elif isinstance(part, WireEnd):
                                await _rest(answer)
                                yield part
                                return
                            yield part
                except (ProviderError, StreamTooLargeError, *_SHAPE) as error:
                    raise _named(error, reading) from None
                if not events:
                    pace.check(splitter.beats, reading)
            if splitter.unfinished:
                raise ProviderError(FailureClass.TRUNCATED, usage=reading.reply.usage)
            yield _finished(reading)

    async def close(self) -> None:
        """Close the connections."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()

    def _content(self, request: ModelRequest) -> bytes:
        try:
            content = to_json(self.body(request), inf_nan_mode="null")
        except _SHAPE:  # a schema or an opaque part that is not JSON
            raise ProviderError(FailureClass.INVALID_REQUEST, code="request") from None
        if len(content) > MOST_OF_REQUEST:
            raise ProviderError(FailureClass.CONTEXT_TOO_LONG, code="request_too_large")
        return content

    async def _answer(self, stack: AsyncExitStack, content: bytes, limit: float, idle_s: float) -> Answer:
        headers = {
            "Content-Type": "application/json", "Accept": self.accepts, "Accept-Encoding": "identity",
            "User-Agent": "genie", **self.headers(),
        }  # fmt: skip
        with anyio.move_on_after(limit - anyio.current_time()):
            try:
                if self._exchange is None:
                    self._exchange = self._dial()
                url = f"{self._base}{self.path()}"
                called = self._exchange.post(url, headers=headers, content=content, idle_s=idle_s)
                return await stack.enter_async_context(called)
            except EdgeError as error:
                refused = error.again_s is None
                raise ProviderError(
                    FailureClass.REFUSED_ADDRESS if refused else FailureClass.UNREACHABLE
                ) from None  # its text contains the host
        raise ProviderError(FailureClass.TIMEOUT, code="first_token")

    def _dial(self) -> Exchange:
        from genie.edges.http.exchange import HttpExchange  # noqa: PLC0415 - start-up: for those who call

        chosen = self.settings
        return HttpExchange(self._base, http=chosen.http, networks=chosen.networks, connect_s=chosen.connect_s)

    def _is_stream(self, answer: Answer) -> bool:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind == self.accepts and answer.headers.get("content-encoding", "identity").lower() == "identity"

    # --- common parts of bodies ---

    def sampling(self, request: ModelRequest) -> Sampling:
        """Return the sampling settings.

        Raises:
            ProviderError: The model does not accept such settings.
        """
        chosen = request.sampling
        asked = (chosen.temperature, chosen.top_p, chosen.seed)
        if not self.settings.dialect.sampling and any(value is not None for value in asked):
            raise ProviderError(FailureClass.INVALID_REQUEST, code="sampling_unsupported")
        return chosen

    def answer_schema(self, request: ModelRequest) -> dict[str, Any] | None:
        """Return the JSON Schema of the answer.

        Raises:
            ProviderError: The model does not accept a schema.
        """
        if request.answer_schema is None:
            return None
        if not self.settings.dialect.native_schema:
            raise ProviderError(FailureClass.INVALID_REQUEST, code="schema_unsupported")
        return parsed(request.answer_schema)


class _Pace:
    """Watches a stream whose chunks complete nothing: fragments of a line are not a sign of life."""

    __slots__ = ("_beats", "_idle_s", "_since")

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._beats, self._since = -1, 0.0

    def check(self, beats: int, reading: Reading) -> None:
        """Record a chunk without an event; comments are lines, so they are signs of life."""
        now = anyio.current_time()
        if beats != self._beats:
            self._beats, self._since = beats, now
        elif now - self._since > self._idle_s:
            raise ProviderError(FailureClass.TIMEOUT, code="idle", usage=reading.reply.usage)


async def _read(answer: Answer, limit: float | None, reading: Reading) -> bytes:
    """Return the next chunk; before the first text there is an additional limit."""
    code = "idle"
    try:
        if limit is None:
            return await answer.read()
        code = "first_token"
        with anyio.fail_after(limit - anyio.current_time()):
            return await answer.read()
    except TimeoutError:
        raise ProviderError(FailureClass.TIMEOUT, code=code, usage=reading.reply.usage) from None
    except ConnectionError:
        raise ProviderError(FailureClass.TRUNCATED, usage=reading.reply.usage) from None


def _named(error: Exception, reading: Reading) -> ProviderError:
    """Return the failure class of a read error."""
    if isinstance(error, ProviderError):
        if error.usage is None:
            error.usage = reading.reply.usage
        return error
    code = f"{error.args[0]}_too_large" if isinstance(error, StreamTooLargeError) else "event"
    return ProviderError(FailureClass.MALFORMED, code=code, usage=reading.reply.usage)


def _finished(reading: Reading) -> WireEnd:
    try:
        return reading.finish()
    except _SHAPE:
        raise ProviderError(FailureClass.MALFORMED, code="event", usage=reading.reply.usage) from None


async def _rest(answer: Answer) -> None:
    """Read the rest after the last event, which should only be the end; otherwise the connection is closed."""
    with anyio.move_on_after(LONGEST_REST_S):
        try:
            for _ in range(16):
                if not await answer.read():
                    return
        except (ConnectionError, TimeoutError):
            return


async def _refusal(answer: Answer, limit: float) -> ProviderError:
    """Return the error for a response without a stream."""
    body = b""
    with anyio.move_on_after(limit - anyio.current_time()):
        try:
            while len(body) < MOST_OF_BODY and (piece := await answer.read()):
                body += piece[:MOST_OF_BODY]
        except (ConnectionError, TimeoutError):
            pass  # the status has arrived; a missing body can only affect the class
    if answer.status == 200 and body.lstrip()[:1] not in {b"{", b"["}:
        return ProviderError(FailureClass.MALFORMED, code="content_type", status=200)
    if answer.status == 200 and b'"error"' not in body:
        return ProviderError(FailureClass.MALFORMED, code="content_type", status=200)
    return failure_of(None if answer.status == 200 else answer.status, body, answer.headers)


def parsed(text: str | bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: The text is not a JSON object.
    """
    found = from_json(text, allow_inf_nan=False)
    if not isinstance(found, dict):
        raise ValueError
    return found
