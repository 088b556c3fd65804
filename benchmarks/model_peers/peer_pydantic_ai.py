"""pydantic-ai: an agent over its own ``FunctionModel``."""

from __future__ import annotations

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from timing import QUESTION, REPLY, SUMS, report


def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart(REPLY)])


def in_two_steps(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    if len(messages) > 1:
        return ModelResponse(parts=[TextPart("The sums are there.")])
    return ModelResponse(parts=[ToolCallPart("add", {"left": left, "right": right}) for left, right in SUMS])


plain: Agent[None, str] = Agent(FunctionModel(answer), system_prompt="Answer in one sentence.")
adding: Agent[None, str] = Agent(FunctionModel(in_two_steps), system_prompt="Use the tools.")
made = 0


@adding.tool_plain
async def add(left: int, right: int) -> int:
    """Add two numbers."""
    global made  # noqa: PLW0603 - shows that the tools ran
    made += 1
    return left + right


async def call() -> None:
    assert (await plain.run(QUESTION)).output == REPLY


async def loop() -> None:
    before = made
    assert (await adding.run("Add some numbers.")).output == "The sums are there."
    assert made == before + len(SUMS)


if __name__ == "__main__":
    report("pydantic-ai-slim", call, loop)
