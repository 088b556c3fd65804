"""A tool's chain, compiled once: two tuples of plain functions around one ask of the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from genie.contracts.model_call import ToolResult
from genie.edges.tools.chain import (
    arguments,
    failure_budget,
    idempotency,
    loop_guard,
    results,
)
from genie.edges.tools.chain import (
    breaker as breakers,
)
from genie.edges.tools.chain.attempt import HELD, INTERNAL_ERROR, INVALID_ARGUMENTS, Attempt, RunCalls
from genie.edges.tools.chain.layers import SWITCHED
from genie.edges.tools.schema import canonical
from genie.errors import GenieError, PartMissingError, class_name, code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.contracts.context import Context
    from genie.contracts.headers import Headers
    from genie.contracts.model_call import ToolCall
    from genie.edges.tools.chain.breaker import Breaker
    from genie.edges.tools.tool import Tool

_CODES = {"hold": HELD, "budget_exceeded": "budget", "": "failed"}
MOST_CODE = 64


class Chain:
    """The chain that every call of one tool passes.

    Args:
        tool: The tool.
        breaker: Breaker of its agent.
        approved: Called with the run and the agent of each executed call.
        layers: Layers that are compiled in, of ``SWITCHED``; all by default.
    """

    __slots__ = ("_after", "_approved", "_before", "_boundary", "_breaker", "_guarded", "_joins", "_write", "tool")

    def __init__(
        self, tool: Tool, breaker: Breaker, *, approved: Callable[[str, str], None] | None = None,
        layers: frozenset[str] = SWITCHED,
    ) -> None:  # fmt: skip
        self._approved = approved
        self.tool = tool
        self._boundary = "boundary" in layers
        self._breaker = breaker if "breaker" in layers else None
        self._joins = "idempotency" in layers
        self._guarded = "loop_guard" in layers
        self._write = results.writer(tool.answers)
        before: list[Callable[[Attempt], ToolResult | None]] = [
            arguments.layer(tool.arguments) if "arguments" in layers else arguments.unchecked(tool.arguments)
        ]
        after: list[Callable[[Attempt], None]] = []
        if "idempotency" in layers:
            before.append(idempotency.layer)
        if "loop_guard" in layers:
            before.append(loop_guard.layer)
        if "failure_budget" in layers:
            before.append(failure_budget.layer)
            after.append(failure_budget.finished)
        if "breaker" in layers:
            before.append(breakers.layer(breaker))
        if "result_trust" in layers:
            after.append(results.trust_layer)
        if "result_size" in layers:
            after.append(results.size_layer)
        if "idempotency" in layers:
            after.append(idempotency.finished)
        if "loop_guard" in layers:
            after.append(loop_guard.finished)
        self._before, self._after = tuple(before), tuple(after)

    async def call(self, call: ToolCall, context: Context, run: RunCalls, headers: Headers | None = None) -> ToolResult:
        """Make one call; every outcome but a cancellation is a result.

        Args:
            call: The model's call.
            context: Context of the calling handler.
            run: State of the run.
            headers: Narrower headers for the call.
        """
        attempt = Attempt(call, self.tool, run)
        for layer in self._before:
            refused = layer(attempt)
            if refused is not None:
                return self._refused(attempt, refused)
        key = attempt.key
        if self._joins and key is not None:
            first = run.running.get(key)
            if first is not None:
                return await _joined(first, call)
            run.running[key] = attempt
        try:
            await self._ask(attempt, context, headers)
            for layer_after in self._after:
                layer_after(attempt)
        except BaseException:  # includes cancellation: inform the breaker, then re-raise
            if self._breaker is not None:
                self._breaker.ended("cancelled")
            raise
        finally:
            if self._joins and key is not None:
                run.running.pop(key, None)
            if attempt.done is not None:
                attempt.done.set()
        if self._breaker is not None:
            self._breaker.ended(attempt.code)
        run.codes[attempt.code] += 1
        result = attempt.result
        return attempt.refused(INTERNAL_ERROR, _failed(INTERNAL_ERROR)) if result is None else result

    def _refused(self, attempt: Attempt, refused: ToolResult) -> ToolResult:
        """Return the result of a call that a layer refused; a model may repeat a wrong call endlessly, too."""
        if refused.code == INVALID_ARGUMENTS and self._guarded:
            again = loop_guard.layer(attempt)
            if again is None:
                loop_guard.finished(attempt)
            refused = again or refused
        attempt.run.codes[refused.code] += 1
        return refused

    async def _ask(self, attempt: Attempt, context: Context, headers: Headers | None) -> None:
        tool, payload = self.tool, attempt.payload
        if payload is None:
            attempt.refused(INTERNAL_ERROR, _failed(INTERNAL_ERROR))
            return
        kinds = tool.answers
        try:
            answer = await context.ask(
                payload, kinds[0] if len(kinds) == 1 else kinds, to=tool.agent, within_s=tool.within_s, headers=headers
            )
            text = self._write(answer)
        except PartMissingError as error:
            if not self._boundary:
                raise
            code = _CODES.get(error.why, error.why)[:MOST_CODE]
            attempt.refused(code, _failed(code))
            return
        except Exception as error:  # the boundary of a call: reported to the model and the log by code and class
            if not self._boundary:
                raise
            code = code_of(error) if isinstance(error, GenieError) else INTERNAL_ERROR
            context.logger.warning("tool %s failed: %s", tool.name, class_name(error))
            attempt.refused(code[:MOST_CODE], _failed(code))
            return
        if self._approved is not None:
            self._approved(context.message.correlation_id, tool.agent)
        attempt.answer = answer
        attempt.result = ToolResult(id=attempt.call.id, name=attempt.call.name, text=text)


def _failed(code: str) -> str:
    """Return the message for the model about a failure: its code, and no internal details."""
    return canonical({"error": code})


async def _joined(first: Attempt, call: ToolCall) -> ToolResult:
    """Wait for an identical call, and return its result under this call's id."""
    first.run.joined += 1
    if first.result is None:
        if first.done is None:
            first.done = anyio.Event()
        await first.done.wait()
    result = first.result
    if result is None:  # the first call was cancelled
        return ToolResult(id=call.id, name=call.name, text=_failed("cancelled"), code="cancelled")
    return result.model_copy(update={"id": call.id, "name": call.name})
