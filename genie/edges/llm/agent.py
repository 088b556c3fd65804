"""The model agent: one model as an agent of the bus, so that every call of it is a governed delivery.

The bus admits a call, reserves its budgets and judges it for this model's card. Then: cache, rates, breaker, provider.
A call that fails before any part of its reply was sent is retried, within one budget of attempts. If another model may
answer instead, the delivery fails, so that the bus gives the original to the fallback, as a new delivery judged for its
card.
"""

from __future__ import annotations

import contextlib
import datetime
import math
from collections import OrderedDict
from decimal import Decimal
from types import AsyncGeneratorType
from typing import TYPE_CHECKING

import anyio

from genie.backend.asyncio_trio import now
from genie.contracts.agent import Handlers, handles
from genie.contracts.card import make_card
from genie.contracts.context import Context
from genie.contracts.limits import EXACT, Estimate, Mailbox, Overflow
from genie.contracts.model_call import (
    FailureClass,
    ModelDelta,
    ModelFailed,
    ModelReply,
    ModelRequest,
    ModelRestarted,
    Usage,
)
from genie.contracts.ports.provider import ProviderError, WireDelta, WireEnd, WireRates, WireUsage
from genie.edges.llm.breaker import Breaker
from genie.edges.llm.cache import ReplyCache
from genie.edges.llm.compaction import CompactionError, compacted
from genie.edges.llm.failures import TRAITS
from genie.edges.llm.meter import Meter
from genie.edges.llm.pieces import Pieces
from genie.edges.llm.price import priced
from genie.edges.llm.rates import RateGate
from genie.edges.llm.summary import summary_of
from genie.edges.llm.tokens import Ratio, estimate
from genie.edges.llm.transcript import for_family
from genie.errors import ModelCallError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from genie.contracts.card import AgentCard
    from genie.contracts.ports.provider import Provider, WirePart
    from genie.edges.llm.price import Pricing
    from genie.edges.llm.settings import ModelOptions

MOST_CALLS = 4_096
"""Number of calls with a fallback whose attempts are remembered."""
ZERO = Decimal(0)
LONGEST_S = 8.0
"""Longest wait before an attempt in seconds, unless the provider requests more."""


class Call:
    """State of one question, shared by a model and its fallbacks."""

    __slots__ = ("attempts", "cost", "limit", "streamed", "usage")

    def __init__(self) -> None:
        self.attempts = 0
        self.usage: Usage | None = None
        """Usage charged for failed attempts; None for nothing."""
        self.cost: Decimal | None = None
        """Cost of ``usage``; None if a part of it has no price."""
        self.limit = 0
        """Total number of attempts, of which each model has at least one; 0 until the first model sets it."""
        self.streamed = False
        """True once pieces of a reply were sent."""

    def failed(self, usage: Usage, cost: Decimal | None) -> None:
        """Add the usage charged for a failed attempt."""
        if usage.input or usage.output:
            self.usage, self.cost = self.with_failed(usage, cost)

    def with_failed(self, usage: Usage, cost: Decimal | None) -> tuple[Usage, Decimal | None]:
        """Return the usage of an attempt, plus that of the failed attempts before it."""
        failed = self.usage
        if failed is None:
            return usage, cost
        return failed.plus(usage), None if cost is None or self.cost is None else EXACT.add(self.cost, cost)


class Calls:
    """Questions that another model may take over, by message; shared by the models of one pipeline."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, Call] = OrderedDict()

    def of(self, message_id: str) -> Call:
        """Return the state of a question."""
        call = self._calls.get(message_id)
        if call is None:
            call = self._calls[message_id] = Call()
            if len(self._calls) > MOST_CALLS:
                self._calls.popitem(last=False)
        return call

    def over(self, message_id: str) -> None:
        """A question is answered, or no model can answer it."""
        self._calls.pop(message_id, None)


class ModelAgent(Handlers, id="model", publishes=(ModelDelta, ModelRestarted)):
    """One model behind a provider.

    Args:
        id: Id of the agent.
        provider: Calls the model.
        options: Settings of the agent.
        calls: Shared by models that are fallbacks of each other.
        takes_over: Whether it is the fallback of another model.
    """

    isolated = True  # replies are cached by tenant, label and judged request; the rest are counters

    def __init__(
        self, id: str, provider: Provider, options: ModelOptions, *, calls: Calls | None = None,  # noqa: A002 - the card's word
        takes_over: bool = False,
    ) -> None:  # fmt: skip
        self.provider = provider
        self.options = options
        self.card = self._card(id)
        self.breaker = Breaker(**options.breaker.model_dump())
        self.rates = RateGate()
        self.ratio = Ratio()
        self._latest: tuple[ModelRequest | None, float] = (None, 0.0)
        self.cache = ReplyCache(options.cache) if options.cache else None
        self._calls = calls or Calls()
        self._chained = takes_over or bool(options.fallback)

    def _card(self, id: str) -> AgentCard:  # noqa: A002 - as above
        options = self.options
        return make_card(
            id, consumes=(ModelRequest,), produces=(ModelReply, ModelFailed),
            doc=f"Answers as the model behind {id}", publishes=(ModelDelta, ModelRestarted), risk="medium",
            tier="production", capabilities=("model.answer",), clearance=options.clearance, region=options.region,
            tenants=options.tenants, egress=not options.internal, concurrency=options.limits.concurrency,
            mailbox=Mailbox(capacity=options.limits.queue, overflow=Overflow.REJECT), estimate=self.estimate,
            fallback=options.fallback[0] if options.fallback else None, timeout_s=options.timeout_s,
            asks={} if options.compaction.summary is None else {ModelRequest: (ModelReply, ModelFailed)},
        )  # fmt: skip

    async def close(self) -> None:
        """Close the provider."""
        await self.provider.close()

    # --- before a call ---

    def _estimated(self, request: ModelRequest) -> float:
        """Return the estimate of a request; the latest one is cached, because it is needed several times."""
        latest, found = self._latest
        if latest is not request:
            found = estimate(request)
            self._latest = (request, found)
        return found

    def pricing(self, context: Context | None) -> Pricing | None:
        """Return the price of the day; of the newest one if the day is unknown."""
        named = self.options.price
        if not isinstance(named, str):
            return named
        return priced(named, datetime.date.max if context is None else context.now().date())

    def estimate(self, request: ModelRequest) -> Estimate:
        """Return the upper limit of a call's usage, which budgets reserve before the call."""
        asked = min(math.ceil(self._estimated(request) * self.ratio.bound), self.provider.window)
        answered = min(request.max_output, self.options.max_output)
        price = self.pricing(None)
        return Estimate(0 if price is None else price.most(asked, answered), asked + answered)  # type: ignore[arg-type]  # an int is as exact

    def _fits(self, request: ModelRequest, share: float) -> float | None:
        """Return the upper limit of a request's tokens; None if it fills more than a share of the window."""
        bound = self._estimated(request) * self.ratio.bound
        return bound if bound <= (self.provider.window - request.max_output) * share else None

    def _own(self, request: ModelRequest) -> ModelRequest:
        """Return the request as this model takes it: without foreign opaque parts, and with its own limit of output."""
        request = for_family(request, self.provider.family)
        output = min(request.max_output, self.options.max_output)
        return request if output == request.max_output else request.model_copy(update={"max_output": output})

    async def _shortened(self, request: ModelRequest, context: Context) -> tuple[ModelRequest, float]:
        """Return a request that fills too much of the window made shorter, with the bound of its tokens.

        Args:
            request: As this model takes it.
            context: Of the handler.
        """
        options, ratio = self.options.compaction, self.ratio.bound
        room = self.provider.window - request.max_output
        for part in (options.to, 1.0):  # the part that must stay may need more than the target share
            with contextlib.suppress(CompactionError):
                limit = round(room * part / ratio)
                made = compacted(request, limit, options)
                short = made.request
                if options.summary is not None and made.reported:
                    summary = await summary_of(made.reported, options.summary, context)
                    short = compacted(request, limit, options, summary).request
                return short, self._estimated(short) * ratio
        raise ProviderError(FailureClass.CONTEXT_TOO_LONG, code="window")

    # --- the call ---

    @handles
    async def answer(self, request: ModelRequest, context: Context) -> ModelReply | ModelFailed:
        """Answer a request, or fail with a code; pieces are published if anyone reads them."""
        if not (request.cache and self.cache is not None):
            return await self._answer(request, context)
        key = self.cache.key(request, context.message, context.policy_set)  # type: ignore[arg-type]  # it carries a request
        return await self.cache.get(key, lambda: self._answer(request, context), ModelReply)

    async def _answer(self, request: ModelRequest, context: Context) -> ModelReply | ModelFailed:
        number = context.message.id if self._chained else ""
        call = self._calls.of(number) if self._chained else Call()
        call.limit = call.limit or self.options.attempts
        began = now()
        if call.streamed:  # used by the model whose fallback this one is
            call.streamed = False
            await context.publish(ModelRestarted())
        try:
            reply = await self._attempts(request, context, call, began)
        except ProviderError as error:
            if self.options.fallback and TRAITS[error.failure].fallback:
                raise ModelCallError(
                    host=self.card.id, problem=f"{error.failure.value}{f' ({error.code})' if error.code else ''}"
                ) from None
            self._calls.over(number)
            return ModelFailed(
                failure=error.failure, code=error.code[:64], retry_after_s=error.retry_after_s, model=self.card.id,
                attempts=call.attempts, usage=call.usage or Usage(), cost=ZERO if call.usage is None else call.cost,
            )  # fmt: skip
        self._calls.over(number)
        return reply

    async def _attempts(self, request: ModelRequest, context: Context, call: Call, began: float) -> ModelReply:
        share, tries = self.options.compaction.at, 0
        last: ProviderError | None = None
        own = self._own(request)
        while True:
            asked, bound = own, self._fits(own, share)
            if bound is None:
                asked, bound = await self._shortened(own, context)
            if self.rates.known or self.breaker.tripped:
                await self._turn(asked, context, last)
            call.attempts += 1
            tries += 1
            try:
                return await self._attempt(asked, bound, context, call, began)
            except ProviderError as error:
                trait, last = TRAITS[error.failure], error
                self.breaker.failed(trait.breaker, now())
                again = trait.retry == "before_output" or (trait.retry == "once" and share != 0)
                # Each possible fallback keeps one attempt.
                if not again or call.streamed or call.attempts >= call.limit - len(self.options.fallback):
                    raise
                if trait.retry == "once":
                    share = 0.0 if error.failure is FailureClass.CONTEXT_TOO_LONG else share
                    if tries > 1:
                        raise
                await self._wait(self._again_s(error, tries, context), context, error)
            except BaseException:  # cut off by a budget, or cancelled: not counted by the breaker
                self.breaker.left()
                raise

    def _again_s(self, error: ProviderError, tries: int, context: Context) -> float:
        if error.failure in {FailureClass.CONTEXT_TOO_LONG, FailureClass.MALFORMED}:
            return 0.0
        backoff: float = min(LONGEST_S, self.options.backoff_s * 2 ** (tries - 1)) * (0.5 + context.random.random() / 2)
        return max(error.retry_after_s or 0.0, backoff)

    async def _wait(self, wait_s: float, context: Context, error: ProviderError) -> None:
        """Wait before an attempt; raise at once if it would be too late."""
        if wait_s > self.options.max_wait_s or anyio.current_time() + wait_s >= context.deadline:
            raise error
        if wait_s:
            await anyio.sleep(wait_s)

    async def _turn(self, asked: ModelRequest, context: Context, last: ProviderError | None) -> None:
        """Wait until the provider has room for a call according to its headers, and the circuit is closed."""
        if self.rates.known:
            tokens = self._estimated(asked) + asked.max_output
            while (wait_s := self.rates.wait_s(tokens, now())) > 0:
                limited = ProviderError(FailureClass.RATE_LIMITED, code="rates", retry_after_s=wait_s)
                await self._wait(wait_s, context, limited)
            self.rates.take(tokens)
        open_s = self.breaker.wait_s(now()) if self.breaker.tripped else 0.0
        if open_s:
            raise last or ProviderError(FailureClass.CIRCUIT_OPEN, retry_after_s=open_s)

    async def _attempt(
        self, asked: ModelRequest, bound: float, context: Context, call: Call, began: float
    ) -> ModelReply:
        options, provider = self.options, self.provider
        meter = Meter(context, self.pricing(context), min(math.ceil(bound), provider.window), asked.max_output)
        if call.attempts > 1:  # for the first, the bus has reserved as much
            meter.hold()
        first_s: float | None = None

        def heard(part: WirePart) -> None:
            nonlocal first_s
            if type(part) is WireDelta:
                if first_s is None:
                    first_s = now() - began
                meter.wrote(part.text)
            elif type(part) is WireUsage:
                meter.stated(part.usage)
            elif type(part) is WireRates:
                self.rates.heard(part, now())

        parts = provider.open(asked, first_token_s=options.first_token_s, idle_s=options.idle_s)
        pieces: Pieces | None = None
        end: WireEnd | None = None
        try:
            if context.wanted(ModelDelta):
                pieces = Pieces(parts, heard)
                end = await pieces.run(context.publish)
            else:
                end = await _read(parts, heard)
        except ProviderError as error:
            call.failed(*meter.failed(error))
            raise
        except BaseException:  # cut off by a budget, or cancelled: the provider may bill what it has produced so far
            meter.settle(None)
            raise
        finally:
            call.streamed = call.streamed or (pieces is not None and pieces.sent)
            if end is None or type(parts) is not AsyncGeneratorType:  # a generator that was read to its end is over
                await _close(parts)
        self.breaker.succeeded()
        if end.usage is not None:
            self.ratio = self.ratio.after(self._estimated(asked), end.usage.input)
        usage, cost = call.with_failed(*meter.settle(end.usage))
        return ModelReply(
            parts=end.parts, stop=end.stop, usage=usage, model=end.model, provider=provider.family, cost=cost,
            attempts=max(1, call.attempts), first_token_s=first_s, total_s=now() - began,
        )  # fmt: skip


async def _read(parts: AsyncIterator[WirePart], heard: Callable[[WirePart], None]) -> WireEnd:
    """Read a reply whose pieces are not streamed to anybody."""
    end: WireEnd | None = None
    async for part in parts:
        if type(part) is WireEnd:
            end = part
        else:
            heard(part)
    if end is None:
        raise ProviderError(FailureClass.TRUNCATED)
    return end


async def _close(parts: AsyncIterator[WirePart]) -> None:
    close = getattr(parts, "aclose", None)
    if close is not None:
        await close()
