"""What tests of tools and loops share: a scripted model agent, some tools, and a loop over them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from decimal import Decimal
from typing import Any

from genie.contracts.agent import FunctionAgent, agent
from genie.contracts.context import Context
from genie.contracts.loop_call import LoopAnswer, Task
from genie.contracts.message import Payload
from genie.contracts.model_call import (
    JsonText,
    ModelFailed,
    ModelReply,
    ModelRequest,
    Role,
    Stop,
    ToolCall,
    ToolResult,
    Usage,
)
from genie.contracts.ports.provider import ProviderError, WireEnd
from genie.edges.llm.scripted import Rule, Script, ScriptedProvider, calls, says
from genie.edges.tools.tool import Tool, ToolFunction, tools_of
from genie.loops.react import React
from genie.runtime.runtime import Runtime

Answer = str | Script | Callable[[ModelRequest], str | Script]


def model(*answers: Answer, id: str = "model", cost: Decimal | None = None) -> FunctionAgent[..., Any]:
    """A model agent that gives the answers in turn, the last one for ever."""
    given = list(answers)

    def next_answer(request: ModelRequest) -> str | Script:
        answer = given.pop(0) if len(given) > 1 else given[0]
        return answer(request) if callable(answer) else answer

    provider = ScriptedProvider(Rule(lambda _: True, next_answer))

    @agent(id, clearance="restricted", concurrency=8)
    async def scripted(request: ModelRequest, context: Context) -> ModelReply | ModelFailed:
        try:
            async with aclosing(provider.open(request, first_token_s=10, idle_s=10)) as parts:
                async for part in parts:
                    if isinstance(part, WireEnd):
                        usage = part.usage or Usage()
                        return ModelReply(parts=part.parts, stop=part.stop, usage=usage, model=part.model, cost=cost)
        except ProviderError as error:
            return ModelFailed(failure=error.failure, code=error.code)
        raise AssertionError("a script ends with its end")

    scripted.provider = provider  # type: ignore[attr-defined]  # for tests that read the requests
    return scripted


def wants(*wanted: tuple[str, str]) -> Callable[[ModelRequest], Script]:
    """A turn of the model that calls tools."""
    return lambda request: calls(*wanted, request=request)


def last_results(request: ModelRequest) -> tuple[ToolResult, ...]:
    """The results in the last turn of a request."""
    turn = request.turns[-1]
    assert turn.role is Role.TOOL
    return tuple(part for part in turn.parts if isinstance(part, ToolResult))


def loop(*tools: Tool | ToolFunction, id: str = "loop", **options: Any) -> React:
    """A react loop over the model agent ``model``."""
    every = [one for tool in tools for one in ([tool] if isinstance(tool, Tool) else tools_of(tool))]
    return React(id, model="model", tools=every, **options)


async def ask(agents: tuple[Any, ...], goal: str = "do it", *, task: Task | None = None, **options: Any) -> LoopAnswer:
    """Run one task through the agent ``loop``."""
    caller = options.pop("caller", None)
    async with Runtime(agents, **options) as runtime:
        return await runtime.ask(task or Task(goal=goal), LoopAnswer, to="loop", caller=caller)


def call_of(name: str, arguments: str, id: str = "c1") -> ToolCall:
    """A call as a model asks for it."""
    return ToolCall(id=id, name=name, arguments=JsonText(arguments))


class Number(Payload, topic="tests.number"):
    """An answer of the tools here."""

    value: int


__all__ = ["Answer", "Number", "Stop", "ask", "call_of", "last_results", "loop", "model", "says", "tools_of", "wants"]
