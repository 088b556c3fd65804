"""openai-agents: ``Runner.run`` over a model of our own that answers at once; tracing is off."""

from __future__ import annotations

import json
from typing import Any

from agents.items import ModelResponse
from agents.models.interface import Model
from agents.usage import Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from timing import QUESTION, REPLY, SUMS, report

from agents import Agent, Runner, function_tool, set_tracing_disabled

set_tracing_disabled(True)
made = 0


def said(text: str) -> ResponseOutputMessage:
    content = ResponseOutputText(text=text, type="output_text", annotations=[])
    return ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[content])


def wanted(number: int, left: int, right: int) -> ResponseFunctionToolCall:
    arguments = json.dumps({"left": left, "right": right})
    return ResponseFunctionToolCall(call_id=f"c{number}", name="add", arguments=arguments, type="function_call")


class Scripted(Model):
    async def get_response(self, system_instructions: Any, input: Any, *args: Any, **more: Any) -> ModelResponse:  # noqa: A002 - its name
        return ModelResponse(output=[said(REPLY)], usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **more: Any) -> Any:
        raise NotImplementedError


class InTwoSteps(Scripted):
    async def get_response(self, system_instructions: Any, input: Any, *args: Any, **more: Any) -> ModelResponse:  # noqa: A002 - as above
        again = not isinstance(input, str) and len(input) > 1
        output = [said("The sums are there.")] if again else [wanted(at, *sums) for at, sums in enumerate(SUMS)]
        return ModelResponse(output=output, usage=Usage(), response_id=None)  # type: ignore[arg-type]  # of two kinds


@function_tool
async def add(left: int, right: int) -> int:
    """Add two numbers."""
    global made  # noqa: PLW0603 - shows that the tools ran
    made += 1
    return left + right


plain = Agent(name="plain", instructions="Answer in one sentence.", model=Scripted())
adding = Agent(name="adding", instructions="Use the tools.", model=InTwoSteps(), tools=[add])


async def call() -> None:
    assert (await Runner.run(plain, QUESTION)).final_output == REPLY


async def loop() -> None:
    before = made
    assert (await Runner.run(adding, "Add some numbers.")).final_output == "The sums are there."
    assert made == before + len(SUMS)


if __name__ == "__main__":
    report("openai-agents", call, loop)
