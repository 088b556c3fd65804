"""Fallback: a second agent answers if its primary agent fails or may not run."""

import anyio

from genie import Payload, Runtime, agent


class Question(Payload, topic="desk.question"):
    text: str


class Answer(Payload, topic="desk.answer"):
    text: str


@agent("model", fallback="rules")
async def model(question: Question) -> Answer:
    raise TimeoutError("the model does not answer")


@agent("rules")
async def rules(question: Question) -> Answer:
    return Answer(text=f"by the rules: {question.text}")


async def main() -> None:
    async with Runtime([model, rules]) as runtime:
        print((await runtime.ask(Question(text="a loan?"), Answer)).text)
        counted = runtime.statistics().agents
        print("model failed", counted["model"].dead_lettered, "time, rules answered", counted["rules"].handled)


if __name__ == "__main__":
    anyio.run(main)
