"""OpenTelemetry for models and tools: a span and metrics of each call, as the conventions for generative AI name them.

An observer of the bus: it learns of calls after they happened, and no call waits for it. It records names, counts and
times. The text of requests and replies is recorded only if configured, and then as a tap of its clearance sees it. The
providers are those of the process (``opentelemetry.trace.set_tracer_provider``), or given.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import anyio
from opentelemetry import metrics, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from genie.contracts.classification import Classification
from genie.contracts.loop_call import LoopAnswer
from genie.contracts.model_call import ModelFailed, ModelReply, ModelRequest, Text
from genie.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from genie.contracts.card import AgentCard
    from genie.contracts.message import Payload

MOST_OPEN = 10_000
"""Number of calls whose start is remembered; the oldest are dropped."""
MOST_CONTENT = 32_000
"""Maximum characters of the recorded text of one reply."""
NAME = "genie"
_ENDS = frozenset({"handled", "denied", "dead_lettered", "expired", "cancelled"})

PROFILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "v1_36": MappingProxyType(
            {
                "provider": "gen_ai.system", "cache_write": "gen_ai.usage.cache_creation.input_tokens",
                "tokens": "gen_ai.client.token.usage", "duration": "gen_ai.client.operation.duration",
                "first": "gen_ai.server.time_to_first_token",
            }
        ),
        "main": MappingProxyType(
            {
                "provider": "gen_ai.provider.name", "cache_write": "gen_ai.usage.cache_write.input_tokens",
                "tokens": "gen_ai.client.token.usage", "duration": "gen_ai.client.inference.duration",
                "first": "gen_ai.client.inference.time_to_first_chunk",
            }
        ),
    }
)  # fmt: skip
"""Differences between editions of the conventions, none of which is stable (read 2026-11-22)."""


class Watched(Protocol):
    """The parts of an open runtime that this observer needs."""

    @property
    def bus(self) -> Any:
        """Knows the clock."""
        ...

    def observe(
        self,
        *topics: type[Payload],
        id: str = ...,  # noqa: A002 - the word of the runtime
        clearance: Classification = ...,
        capacity: int = ...,
    ) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """Open a tap."""
        ...

    def events(self) -> AsyncIterator[Any]:
        """Yield what happens."""
        ...

    def cards(self) -> tuple[AgentCard, ...]:
        """Return the cards of the agents."""
        ...


class _Call(NamedTuple):
    """One call whose start was observed."""

    run: str
    traceparent: str | None


class GenAi:
    """Spans and metrics of one runtime.

    Args:
        tools: Ids of agents that are tools.
        offset: Seconds from the loop's clock to the epoch.
        profile: Edition of the conventions: a key of ``PROFILES``.
        content: Record the words of replies.
        tracers: Where spans go; the process's by default.
        meters: Where metrics go; the process's by default.

    Raises:
        InputError: There is no such edition.
    """

    def __init__(
        self, tools: Iterable[str], offset: float, *, profile: str = "main", content: bool = False,
        tracers: TracerProvider | None = None, meters: MeterProvider | None = None,
    ) -> None:  # fmt: skip
        if profile not in PROFILES:
            raise InputError(f"profile {profile!r}", "is not known", f"use one of {', '.join(PROFILES)}")
        self._names = names = PROFILES[profile]
        self._tools, self._offset, self._content = frozenset(tools), offset, content
        self._tracer = trace.get_tracer(NAME, tracer_provider=tracers)
        meter = metrics.get_meter(NAME, meter_provider=meters)
        self._tokens = meter.create_histogram(names["tokens"], "{token}", "Tokens of calls of models.")
        self._duration = meter.create_histogram(names["duration"], "s", "Duration of calls of models.")
        self._first = meter.create_histogram(names["first"], "s", "Time to the first piece of a reply.")
        self._tool_duration = meter.create_histogram("gen_ai.execute_tool.duration", "s", "Duration of calls of tools.")
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        self._started: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._ended: OrderedDict[str, tuple[Any, float]] = OrderedDict()

    # --- observations ---

    def observed(self, seen: Any) -> None:
        """Process an observation of the tap."""
        payload = seen.payload
        traceparent = None if seen.headers is None else seen.headers.traceparent
        if isinstance(payload, ModelReply):
            self._reply(payload, seen, traceparent)
        elif isinstance(payload, ModelFailed):
            self._failed(payload, seen, traceparent)
        elif isinstance(payload, LoopAnswer):
            self._loop(payload, seen, traceparent)
        else:
            _keep(self._calls, seen.id, _Call(seen.run_id, traceparent))
            ended = self._ended.pop(seen.id, None)
            if ended is not None:
                self._call(*ended)

    def happened(self, event: Any) -> None:
        """Process an event; a call is reported once both its start and its end are known."""
        recipient = event.recipient
        if recipient is None or (recipient not in self._tools and event.topic != "model.request"):
            return
        if event.kind == "started":
            _keep(self._started, (event.message_id, recipient), event.at)
        elif event.kind in _ENDS:
            began = self._started.pop((event.message_id, recipient), event.at)
            if event.message_id in self._calls:
                self._call(event, began)
            else:
                _keep(self._ended, event.message_id, (event, began))

    # --- spans ---

    def _reply(self, reply: ModelReply, seen: Any, traceparent: str | None) -> None:
        names, usage = self._names, reply.usage
        vendor = reply.provider.partition("/")[0]
        told: dict[str, Any] = {
            names["provider"]: vendor, "gen_ai.response.model": reply.model,
            "gen_ai.response.finish_reasons": (reply.stop.value,), "gen_ai.usage.input_tokens": usage.input,
            "gen_ai.usage.output_tokens": usage.output, "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
            names["cache_write"]: usage.cache_write, "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
            "genie.attempts": reply.attempts, "genie.cached": reply.cached, "genie.usage.estimated": usage.estimated,
        }  # fmt: skip
        if reply.cost is not None:
            told["genie.cost"] = f"{reply.cost:f}"
        if self._content:
            text = "".join(part.text for part in reply.parts if isinstance(part, Text))[:MOST_CONTENT]
            message = [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]
            told["gen_ai.output.messages"] = json.dumps(message, ensure_ascii=False)
        total = reply.total_s or 0.0
        self._span(
            f"chat {reply.model}", "chat", seen.sender, seen.run_id, traceparent, (seen.at - total, seen.at), told
        )
        labels = {"gen_ai.operation.name": "chat", names["provider"]: vendor, "gen_ai.response.model": reply.model}
        for kind, count in (("input", usage.input), ("output", usage.output)):
            self._tokens.record(count, {**labels, "gen_ai.token.type": kind})
        self._duration.record(total, labels)
        if reply.first_token_s is not None:
            self._first.record(reply.first_token_s, labels)

    def _failed(self, failed: ModelFailed, seen: Any, traceparent: str | None) -> None:
        told = {"gen_ai.request.model": failed.model, "genie.attempts": failed.attempts}
        error = failed.failure.value
        at = (seen.at, seen.at)
        self._span(f"chat {failed.model}", "chat", seen.sender, seen.run_id, traceparent, at, told, error)
        self._duration.record(0.0, {"gen_ai.operation.name": "chat", "error.type": error})

    def _loop(self, answer: LoopAnswer, seen: Any, traceparent: str | None) -> None:
        told = {
            "gen_ai.usage.input_tokens": answer.usage.input, "gen_ai.usage.output_tokens": answer.usage.output,
            "genie.loop.stop": answer.stop.value, "genie.loop.steps": answer.steps,
            "genie.loop.calls": len(answer.calls),
        }  # fmt: skip
        error = "" if answer.answered else answer.stop.value
        at = (seen.at, seen.at)
        self._span(
            f"invoke_agent {seen.sender}", "invoke_agent", seen.sender, seen.run_id, traceparent, at, told, error
        )

    def _call(self, event: Any, began: float) -> None:
        """Report a call of a tool, or a model call that was never made."""
        call = self._calls.pop(event.message_id)
        error = "" if event.kind == "handled" else event.code or event.kind
        at = (began, event.at)
        if event.topic == "model.request":
            if error:
                told = {"gen_ai.request.model": event.recipient, "genie.outcome": event.kind}
                name = f"chat {event.recipient}"
                self._span(name, "chat", event.recipient, call.run, call.traceparent, at, told, error)
            return
        told = {
            "gen_ai.tool.name": event.recipient,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": event.message_id,
        }
        name = f"execute_tool {event.recipient}"
        self._span(name, "execute_tool", event.recipient, call.run, call.traceparent, at, told, error)
        labels = {"gen_ai.tool.name": event.recipient, **({"error.type": error} if error else {})}
        self._tool_duration.record(max(0.0, event.at - began), labels)

    def _span(
        self, name: str, operation: str, agent: str, run: str, traceparent: str | None, at: tuple[float, float],
        told: Mapping[str, Any], error: str = "",
    ) -> None:  # fmt: skip
        more = {"gen_ai.operation.name": operation, "genie.agent": agent, "genie.run.id": run}
        if error:
            more["error.type"] = error
        span = self._tracer.start_span(
            name, trace.set_span_in_context(NonRecordingSpan(_parent(run, traceparent))),
            SpanKind.CLIENT if operation == "chat" else SpanKind.INTERNAL, {**told, **more}, start_time=self._ns(at[0]),
        )  # fmt: skip
        if error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(self._ns(max(at)))

    def _ns(self, at: float) -> int:
        return round((at + self._offset) * 1e9)


def _keep(table: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    table[key] = value
    if len(table) > MOST_OPEN:
        table.popitem(last=False)


def _parent(run: str, traceparent: str | None) -> SpanContext:
    """Return the parent of a run's spans: the caller's trace, or one derived from the run's id."""
    parts = (traceparent or "").split("-")
    if len(parts) == 4 and len(parts[1]) == 32 and len(parts[2]) == 16:
        return SpanContext(int(parts[1], 16), int(parts[2], 16), True, TraceFlags(int(parts[3], 16)))  # noqa: FBT003 - of the library
    digest = hashlib.sha256(run.encode()).digest()
    return SpanContext(int.from_bytes(digest[:16]), int.from_bytes(digest[16:24]), True, TraceFlags(1))  # noqa: FBT003 - as above


@asynccontextmanager
async def traced(
    runtime: Watched, *, tools: Iterable[str] = (), profile: str = "main", content: bool = False,
    clearance: Classification = Classification.CONFIDENTIAL, tracers: TracerProvider | None = None,
    meters: MeterProvider | None = None,
) -> AsyncIterator[GenAi]:  # fmt: skip
    """Record calls of models and tools of an open runtime until the block ends.

    Args:
        runtime: The runtime.
        tools: Ids of agents that are tools.
        profile: Edition of the conventions.
        content: Record the words of replies, as a tap of this clearance sees them.
        clearance: Highest label that the telemetry may see; calls above it are recorded by name and time alone.
        tracers: Where spans go; the process's by default.
        meters: Where metrics go; the process's by default.
    """
    names = frozenset(tools)
    kinds = [kind for card in runtime.cards() if card.id in names for kind in card.consumes]
    found = GenAi(names, runtime.bus.clock.offset, profile=profile, content=content, tracers=tracers, meters=meters)

    async def events() -> None:
        async for event in runtime.events():
            found.happened(event)

    async def observations(tap: AsyncIterator[Any]) -> None:
        async for seen in tap:
            found.observed(seen)

    own: tuple[type[Payload], ...] = (ModelRequest, ModelReply, ModelFailed, LoopAnswer)
    topics = tuple(dict.fromkeys((*own, *kinds)))
    async with (
        runtime.observe(*topics, id="opentelemetry", clearance=clearance, capacity=MOST_OPEN) as tap,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(events)
        tasks.start_soon(observations, tap)
        await anyio.lowlevel.checkpoint()
        try:
            yield found
        finally:
            with anyio.CancelScope(shield=True):
                for _ in range(50):  # events so far are reported; nothing waits for this
                    await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
