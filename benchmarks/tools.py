"""Cost of a tool call and of a loop, as multiples of ``await create_task(nop)``: ``python -m benchmarks.tools``.

All figures come from one process and one run, as CPU time of this process: the fastest of several repetitions, each
right beside a measurement of the task.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from genie.contracts.agent import Agent, agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.contracts.loop_call import LoopAnswer, Task
from genie.contracts.message import Payload
from genie.contracts.model_call import JsonText, ModelReply, ModelRequest, Stop, Text, ToolCall, Usage
from genie.edges.tools.chain.attempt import RunCalls
from genie.edges.tools.chain.layers import SWITCHED
from genie.edges.tools.tool import tool, tools_of
from genie.edges.tools.toolbox import Toolbox
from genie.loops.react import React
from genie.policies.index import default_set
from genie.policy.policy import Environment
from genie.runtime.runtime import Runtime
from genie.testing import FakeContext

REPETITIONS = 15
LIMITS = {"chain of 17": 12.0, "tool ask": 40.0, "tool ask, ten policies": 50.0, "loop": 250.0}
"""Microseconds on a machine where a task costs 4.2; see ``BASE``."""
BASE = 4.2


@tool("add", effect="read", trusted=True)
async def add(left: int, right: int) -> int:
    """Add two numbers."""
    return left + right


class Go(Payload, topic="bench.go"):
    """Call the tool a number of times."""

    times: int


class Gone(Payload, topic="bench.gone"):
    """CPU seconds of one ask."""

    seconds: float


@agent("asker", asks={add.arguments: add.answer}, clearance="restricted")
async def asker(go: Go, context: Context) -> Gone:
    kind, answer = add.arguments, add.answer
    began = time.process_time()
    for number in range(go.times):  # another question each time, because a repeated one would not be inspected again
        await context.ask(kind.model_validate({"left": number, "right": 3}), answer, to="add")
    return Gone(seconds=(time.process_time() - began) / go.times)


_USAGE = Usage(input=400, output=40)


class Script:
    """The tasks of some runs and the replies to them, made before they are measured.

    Every task, call and answer differs, because texts that were seen before are not inspected again.
    """

    def __init__(self, times: int) -> None:
        self.tasks = [Task(goal=f"Add numbers from {first} on.") for first in range(times)]
        self._replies = iter([reply for first in range(times) for reply in _replies(first)])

    def agent(self) -> Agent[Any]:
        """Return the model."""

        @agent("model", clearance="restricted", concurrency=8)
        async def model(_request: ModelRequest) -> ModelReply:
            return next(self._replies)

        return model


def _replies(first: int) -> tuple[ModelReply, ModelReply]:
    calls = tuple(
        ToolCall(id=f"c{index}", name="add", arguments=JsonText(f'{{"left":{first + index},"right":3}}'))
        for index in range(3)
    )
    text = Text(text=f"The sums begin with {first + 3}.")
    return (
        ModelReply(parts=calls, stop=Stop.TOOL_CALLS, usage=_USAGE, model="scripted"),
        ModelReply(parts=(text,), stop=Stop.ANSWERED, usage=_USAGE, model="scripted"),
    )


async def task_s(times: int) -> float:
    """CPU seconds of ``await create_task(nop)``."""

    async def nop() -> None:
        pass

    began = time.process_time()
    for _ in range(times):
        await asyncio.create_task(nop())
    return (time.process_time() - began) / times


async def chain_s(times: int, layers: frozenset[str] = SWITCHED) -> float:
    """CPU seconds of the chain only, around an ask that answers at once."""
    (one,) = tools_of(add)
    box = Toolbox((one,), layers=layers)
    context = FakeContext(answers={add.answer: add.answer.model_validate({"value": 5})})
    context.asked = []
    run, chain = RunCalls(), box.chains["add"]
    calls = [
        ToolCall(id="c", name="add", arguments=JsonText(f'{{"left":{index},"right":3}}')) for index in range(times)
    ]
    began = time.process_time()
    for call in calls:
        await chain.call(call, context, run)
    return (time.process_time() - began) / times


async def asked_s(times: int, *, policies: bool) -> float:
    """CPU seconds of one tool ask over the bus."""
    chosen = default_set(Environment()) if policies else None
    async with Runtime((asker, add), policies=chosen, caller=Caller(user="ann")) as runtime:
        await runtime.ask(Go(times=10), Gone)
        return (await runtime.ask(Go(times=times), Gone)).seconds


async def loop_s(times: int, *, policies: bool) -> float:
    """CPU seconds of one task: two model calls and three tool calls."""
    chosen = default_set(Environment()) if policies else None
    react = React("loop", model="model", tools=tools_of(add))
    script = Script(times + 1)
    async with Runtime((react, script.agent(), add), policies=chosen, caller=Caller(user="ann")) as runtime:
        first, *tasks = script.tasks
        found = await runtime.ask(first, LoopAnswer)
        assert (found.stop, len(found.calls), found.steps) == ("answered", 3, 2)
        began = time.process_time()
        for task in tasks:
            await runtime.ask(task, LoopAnswer)
        return (time.process_time() - began) / times


async def measured(*, quick: bool) -> dict[str, float]:
    """Return each figure as a multiple of the task."""
    scale = 20 if quick else 1
    asked: dict[str, Callable[[], Awaitable[float]]] = {
        "chain of 17": lambda: chain_s(3_000 // scale),
        "chain, arguments alone": lambda: chain_s(3_000 // scale, frozenset({"arguments"})),
        "tool ask": lambda: asked_s(2_000 // scale, policies=False),
        "tool ask, ten policies": lambda: asked_s(2_000 // scale, policies=True),
        "loop": lambda: loop_s(300 // scale, policies=False),
        "loop, ten policies": lambda: loop_s(300 // scale, policies=True),
    }
    found: dict[str, float] = {}
    base = float("inf")
    for _ in range(2 if quick else REPETITIONS):
        for name, measure in asked.items():
            before = await task_s(2_000 // scale)
            seconds = await measure()
            after = await task_s(2_000 // scale)
            near = min(before, after)
            base = min(base, near)
            found[name] = min(found.get(name, float("inf")), seconds / near)
    return {"await create_task, µs": base * 1e6, **found}


def main() -> None:
    """Print the figures; with --json for machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions: shows that all can be measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(measured(quick=options.quick))
    if options.json:
        print(json.dumps(found))
        return
    base = found.pop("await create_task, µs")
    print(f"await create_task: {base:.2f} µs here; the figures below are multiples of it")
    for name, ratio in found.items():
        limit = LIMITS.get(name)
        goal = "" if limit is None else f"   goal {limit:.0f} µs {'met' if ratio * BASE <= limit else 'missed'}"
        print(f"{name:28} {ratio:7.2f} x   {ratio * BASE:7.1f} µs where a task costs {BASE} µs{goal}")


if __name__ == "__main__":
    main()
