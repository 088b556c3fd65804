"""A model server that speaks five dialects from one script: over a local socket, or within the process.

The script defines the answers, including where a stream breaks, stalls or is wrong.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import anyio
from anyio.abc import SocketAttribute, SocketStream

from genie.edges.http.exchange import Answer, Exchange
from genie.errors import EdgeError
from genie.testing.http import received
from genie.testing.llm_dialects import BASES, OVERLOADED, SPEAKERS, ScriptedReply, dialect_of

KEPT_CALLS = 4_096
"""Number of calls that a server remembers."""


class ModelCall(NamedTuple):
    """One call of a client."""

    dialect: str
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: dict[str, Any]


class Refuse(NamedTuple):
    """Answers with an error."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Faulty(NamedTuple):
    """A reply with defects."""

    reply: ScriptedReply
    cut_after: int | None = None
    """Events that are sent before the connection is closed."""
    error_after: int | None = None
    """Events that are sent before an error event; nothing follows it."""
    silent_after: int | None = None
    """Events that are sent before the stream stalls with the connection open."""
    between_s: float = 0.0
    """Seconds before each event."""
    sized: int | None = None
    """Bytes of each piece that is sent; an event by default."""
    headers: tuple[tuple[str, str], ...] = ()


class Raw(NamedTuple):
    """Pieces of a body as they are sent; endless where ``forever``."""

    pieces: tuple[bytes, ...]
    forever: bool = False
    whole: bool = True
    """Whether the body is terminated; otherwise the connection is closed."""
    kind: str | None = None


Step = ScriptedReply | Refuse | Faulty | Raw
Script = Callable[[ModelCall], Step] | Sequence[Step]
"""The answers: a function of the call, or one step per call, of which the last is repeated."""


class _Plan(NamedTuple):
    """An answer, ready to be sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...]
    between_s: float = 0.0
    forever: bool = False
    end: str = "whole"
    """``whole``, ``cut`` or ``silent``."""


@dataclass
class FakeModels:
    """The answers of a script, over any transport."""

    script: Script
    port: int = 8080
    calls: list[ModelCall] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    """Streams that are being sent."""

    def base(self, dialect: str) -> str:
        """Return the base URL of a dialect."""
        return f"http://127.0.0.1:{self.port}{BASES[dialect]}"

    def plan(self, path: str, headers: Mapping[str, str], content: bytes) -> _Plan:
        """Return the answer to a request."""
        dialect = dialect_of(path)
        if dialect is None:
            return _Plan(404, (("content-type", "text/plain"),), (b"no such path",))
        body = json.loads(content)
        call = ModelCall(dialect, path, headers, body)
        step = self.script(call) if callable(self.script) else self.script[min(len(self.calls), len(self.script) - 1)]
        if len(self.calls) < KEPT_CALLS:
            self.calls.append(call)
        speaker = SPEAKERS[dialect]
        stream = (("content-type", speaker.kind),)
        if isinstance(step, Refuse):
            return _Plan(step.status, (("content-type", "application/json"), *step.headers), (step.body,))
        if isinstance(step, Raw):
            kind = stream if step.kind is None else (("content-type", step.kind),)
            return _Plan(200, kind, step.pieces, forever=step.forever, end="whole" if step.whole else "cut")
        streamed = body.get("stream", dialect == "ollama") if dialect != "gemini" else "stream" in path
        if not streamed:
            reply = step.reply if isinstance(step, Faulty) else step
            whole = json.dumps(speaker.whole(reply)).encode()
            return _Plan(200, (("content-type", "application/json"),), (whole,))
        if isinstance(step, ScriptedReply):
            return _Plan(200, stream, tuple(speaker.stream(step)))
        return self._faulty(step, dialect, stream)

    @staticmethod
    def _faulty(step: Faulty, dialect: str, stream: tuple[tuple[str, str], ...]) -> _Plan:
        speaker = SPEAKERS[dialect]
        events, end = speaker.stream(step.reply), "whole"
        if step.cut_after is not None:
            events, end = events[: step.cut_after], "cut"
        if step.silent_after is not None:
            events, end = events[: step.silent_after], "silent"
        if step.error_after is not None:
            failed = speaker.framed(speaker.error(OVERLOADED[dialect], 200), noise=False)
            events = [*events[: step.error_after], failed]
        if step.sized is not None:
            joined = b"".join(events)
            events = [joined[at : at + step.sized] for at in range(0, len(joined), step.sized)]
        return _Plan(200, (*stream, *step.headers), tuple(events), step.between_s, end=end)

    def exchange(self) -> Exchange:
        """Return an exchange that calls this script without a socket, on the clock of the loop."""
        return _MemoryExchange(self)


# --- without a socket ---


class _MemoryAnswer:
    def __init__(self, plan: _Plan, idle_s: float) -> None:
        self.status, self.headers = plan.status, dict(plan.headers)
        self._plan, self._idle_s = plan, idle_s
        self._at = 0

    async def read(self) -> bytes:
        with anyio.fail_after(self._idle_s):
            return await self._piece()

    async def _piece(self) -> bytes:
        await anyio.lowlevel.checkpoint()
        plan = self._plan
        if plan.forever:
            self._at = (self._at + 1) % len(plan.pieces)
            return plan.pieces[self._at - 1]
        while self._at < len(plan.pieces):
            if plan.between_s:
                await anyio.sleep(plan.between_s)
            self._at += 1
            if plan.pieces[self._at - 1]:
                return plan.pieces[self._at - 1]
        if plan.end == "cut":
            raise ConnectionError("cut")
        if plan.end == "silent":
            await anyio.sleep_forever()
        return b""


class _MemoryExchange:
    def __init__(self, models: FakeModels) -> None:
        self._models = models
        self.closed = False

    @asynccontextmanager
    async def post(
        self, url: str, *, headers: Mapping[str, str], content: bytes, idle_s: float
    ) -> AsyncIterator[Answer]:
        if self.closed:
            raise EdgeError("memory", "is closed", 0.0)
        path = "/" + url.split("/", 3)[3]
        plan = self._models.plan(path, {name.lower(): value for name, value in headers.items()}, content)
        self._models.open += 1
        try:
            yield _MemoryAnswer(plan, idle_s)
        finally:
            self._models.open -= 1

    async def close(self) -> None:
        self.closed = True


# --- over a socket ---


@asynccontextmanager
async def llm_server(script: Script) -> AsyncIterator[FakeModels]:
    """Start a server on a free port of 127.0.0.1, and stop it at the end of the block."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port: int = listener.listeners[0].extra(SocketAttribute.local_port)  # noqa: S610 - anyio's, not Django's
    models = FakeModels(script, port)

    async def talk(stream: SocketStream) -> None:
        models.connections += 1
        async with stream:
            while (request := await received(stream)) is not None:
                plan = models.plan(request.line.split()[1], request.headers, request.body)
                models.open += 1
                try:
                    if not await _sent(stream, plan):
                        return
                except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                    return
                finally:
                    models.open -= 1

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, talk)
        yield models
        tasks.cancel_scope.cancel()


async def _sent(stream: SocketStream, plan: _Plan) -> bool:
    """Send an answer in chunks, and return whether the connection can be used again."""
    head = [f"HTTP/1.1 {plan.status} Scripted", "transfer-encoding: chunked"]
    head += [f"{name}: {value}" for name, value in plan.headers]
    await stream.send("\r\n".join([*head, "", ""]).encode())
    at = 0
    while plan.forever or at < len(plan.pieces):
        if plan.between_s:
            await anyio.sleep(plan.between_s)
        piece = plan.pieces[at % len(plan.pieces)]
        at += 1
        if piece:
            await stream.send(b"%x\r\n%b\r\n" % (len(piece), piece))
    if plan.end == "silent":
        await stream.receive()  # until the client disconnects
    if plan.end != "whole":
        return False
    await stream.send(b"0\r\n\r\n")
    return True
