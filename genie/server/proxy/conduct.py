"""One call in progress: asked over the bus, streamed, cut off or settled."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import aclosing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import anyio

from genie.contracts.model_call import ModelDelta, ModelFailed, ModelReply, ModelRestarted, Usage
from genie.contracts.outcome import Outcome
from genie.edges.llm.tokens import tokens_of
from genie.errors import CapacityError, IdentityError, RunError, RunHeld, RuntimeClosedError, class_name
from genie.errors import RuntimeDrainingError as Draining
from genie.errors.tracebacks import place_of
from genie.server.hosting import problem_of_run
from genie.server.proxy.dialect import Mark
from genie.server.proxy.proxy import exceeded
from genie.server.proxy.refusals import OF_FAILURE, OF_PROBLEM, Refusal
from genie.server.proxy.spend import OverError
from genie.server.streams import written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Send

    from genie.contracts.message import Payload
    from genie.runtime.stream import RunStream
    from genie.server.proxy.dialect import Dialect, Speaking
    from genie.server.proxy.proxy import Call, Proxy
    from genie.server.proxy.spend import Ticket

LONGEST_S = 600.0
"""Time limit of a call in seconds, if the pipeline sets none."""
HIDDEN_PER_S = 100.0
"""Assumed tokens a second of a model, for calls that end without a report of their usage."""
AHEAD = 512
"""Tokens that are reserved at a time when a reply exceeds its reservation."""
logger = logging.getLogger("genie.server")
JSON = (b"content-type", b"application/json")
_SSE = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]  # fmt: skip


class Conduct:
    """A call in progress.

    Args:
        proxy: The proxy.
        call: The permitted call.
        ticket: Its reservation.
        dialect: Dialect of the client.
    """

    def __init__(self, proxy: Proxy, call: Call, ticket: Ticket, dialect: Dialect) -> None:
        self._proxy, self.call, self._ticket, self._dialect = proxy, call, ticket, dialect
        self._counted = 0.0
        self._began = anyio.current_time()
        self._started = False
        """True if the head of the response was sent."""
        self._words = False
        self._waiting = anyio.CancelScope()
        self._stopped: Refusal | None = None

    def stop(self, refusal: Refusal) -> None:
        """End the call from outside."""
        self._stopped = refusal
        self._waiting.cancel()

    async def answer(self, send: Send) -> None:
        """Make the call, and send its reply."""
        call, proxy = self.call, self._proxy
        mark = Mark(proxy.named(), int(proxy.server.now()))
        speaking = self._dialect.speaking(call.asked, mark) if call.asked.stream else None
        untouched = False
        proxy.open.add(self)
        try:
            reply = await self._replied(send, speaking)
            if not await self._ended(send, speaking, reply, mark):
                return
        except Refusal as refusal:
            untouched = refusal.code in {"denied", "held"} and not self._words
            await self._refused(send, speaking, refusal)
        except RunError as error:
            why, untouched = self._refusal(error)
            await self._refused(send, speaking, why)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, the client gets an end in its dialect
            logger.error("a call of a model failed: %s at %s", class_name(error), place_of(error))
            await self._refused(send, speaking, Refusal("internal_error"))
        finally:
            proxy.open.discard(self)
            self._settle(untouched=untouched)

    # --- sending the reply ---

    async def _replied(self, send: Send, speaking: Speaking | None) -> ModelReply:
        call, proxy = self.call, self._proxy
        try:
            # Pieces of a reply that is sent as a whole are not needed.
            parts = (ModelDelta, ModelRestarted) if speaking is not None else (ModelRestarted,)
            opened = proxy.runtime.stream(
                call.request, parts=parts, end=(ModelReply, ModelFailed), to=call.agent.card.id,
                within_s=proxy.pipeline.within_s or LONGEST_S, caller=call.who.caller,
            )  # fmt: skip
            self._stream = cast("RunStream[Payload]", opened)
            with self._waiting:
                async with aclosing(self._stream) as stream:
                    async for part in cast("AsyncIterator[Payload]", stream):
                        if type(part) is ModelDelta:
                            if speaking is not None:
                                await self._heard(send, speaking, part)
                        elif isinstance(part, ModelRestarted):
                            if self._words:
                                raise Refusal("restarted")
                        elif isinstance(part, ModelFailed):
                            raise self._failed(part)
                        else:
                            return cast("ModelReply", part)
        except (Draining, RuntimeClosedError):
            raise Refusal("overloaded", "the process is closing", 5) from None
        except IdentityError:
            raise Refusal("unauthenticated") from None
        except CapacityError:
            raise Refusal("overloaded") from None
        raise self._stopped or Refusal("failed")

    async def _heard(self, send: Send, speaking: Speaking, delta: ModelDelta) -> None:
        """Send text, as far as it is paid for."""
        request = self.call.request
        self._counted += tokens_of(delta.text)
        if self._counted > request.max_output:
            self._more()
        piece = speaking.delta(delta)
        if not piece:
            return
        self._words = True
        if not self._started:
            await self._start(send, 200, _SSE)
            piece = speaking.begin() + piece
        if not await written(send, piece):
            raise Refusal("cancelled", "the client does not read")

    def _more(self) -> None:
        """Reserve some tokens ahead for a reply that exceeds its reservation."""
        request, agent = self.call.request, self.call.agent
        over = int(self._counted - request.max_output) // AHEAD * AHEAD + AHEAD
        cost, tokens = self.call.bound
        price = agent.pricing(None)
        if cost is not None and price is not None:
            cost += price.most(0, over)
        if tokens + over <= self._ticket.tokens:
            return
        try:
            self._proxy.spend.more(self._ticket, cost, tokens + over)
        except OverError as error:
            raise exceeded(error) from None
        except sqlite3.Error:
            raise Refusal("overloaded", "the file of spending cannot be written") from None

    def _failed(self, failed: ModelFailed) -> Refusal:
        usage = failed.usage
        self._settle_at(usage, failed.cost, estimated=usage.estimated)
        code = OF_FAILURE.get(failed.failure, "failed")
        return Refusal(code, failed.failure.value if code == "failed" else "", failed.retry_after_s)

    async def _ended(self, send: Send, speaking: Speaking | None, reply: ModelReply, mark: Mark) -> bool:
        self._settle_at(reply.usage, reply.cost, estimated=reply.usage.estimated or reply.attempts > 1)
        if speaking is None:
            body = self._dialect.whole(reply, mark)
            await self._start(send, 200, [JSON, (b"content-length", str(len(body)).encode())])
            return await written(send, body, more=False)
        piece = speaking.end(reply) if self._words else speaking.begin() + self._all(speaking, reply)
        if not self._started:
            await self._start(send, 200, _SSE)
        return await written(send, piece, more=False)

    @staticmethod
    def _all(speaking: Speaking, reply: ModelReply) -> bytes:
        """Return a reply whose text did not come in pieces, such as a cached one."""
        out = b""
        for index, part in enumerate(reply.parts):
            if part.kind in {"text", "thought"} and part.text:
                kind = cast("Any", part.kind)
                out += speaking.delta(ModelDelta(index=index, kind=kind, text=part.text))
        return out + speaking.end(reply)

    async def _start(self, send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._started = True
        await send({"type": "http.response.start", "status": status, "headers": headers})

    # --- what went wrong ---

    def _refusal(self, error: RunError) -> tuple[Refusal, bool]:
        """Return the refusal for a run without an answer, and whether the provider was never asked."""
        failures = self._stream.failures()
        untouched = not self._words and bool(failures) and all(one.outcome is Outcome.DENIED for one in failures)
        if isinstance(error, RunHeld):
            return Refusal("held"), True
        codes = {one.reason.code for one in failures if one.reason is not None}
        if "budget_exceeded" in codes:
            return Refusal("budget_exceeded", "of the pipeline"), untouched
        if codes & {"killed", "paused", "quarantined", "removed"}:
            return Refusal("suspended"), untouched
        problem, _ = problem_of_run(error, failures)
        return Refusal(OF_PROBLEM.get(problem, "failed")), untouched

    async def _refused(self, send: Send, speaking: Speaking | None, refusal: Refusal) -> None:
        if self._started:
            if speaking is not None:
                await written(send, speaking.cut(refusal), more=False)
            return
        await refused(send, self._dialect, refusal)

    # --- costs ---

    def _settle_at(self, usage: Usage, cost: Decimal | None, *, estimated: bool) -> None:
        self._proxy.spend.settle(self._ticket, cost, usage.input + usage.output, estimated=estimated)

    def _settle(self, *, untouched: bool) -> None:
        """Settle a call without a reported usage: by counted tokens, or by what a model may have produced unseen.

        The rest of what was reserved is free again.
        """
        if self._ticket.settled:
            return
        if untouched:
            self._settle_at(Usage(), Decimal(0), estimated=False)
            return
        output = self.call.request.max_output
        unseen = (anyio.current_time() - self._began) * HIDDEN_PER_S
        made = max(self._counted, min(float(output), unseen))
        usage = Usage(input=max(0, self.call.bound[1] - output), output=round(made), estimated=True)
        price = self.call.agent.pricing(None)
        self._settle_at(usage, None if price is None else price.most(usage.input, usage.output), estimated=True)


async def refused(send: Send, dialect: Dialect, refusal: Refusal) -> None:
    """Send a refusal in the form of a dialect."""
    status, body = dialect.refused(refusal)
    headers = [JSON, (b"content-length", str(len(body)).encode()), *refusal.headers()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
