"""Lines that must pass mypy as they are; the types in `assert_type` are the promise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol, assert_type

from genie import Context, Each, Gathered, Handlers, Payload, Run, Runtime, agent, ask, handles
from genie.policies.clearance import Clearance


class Question(Payload, topic="typing.question"):
    text: str


class Answer(Payload, topic="typing.answer"):
    text: str


class Other(Payload, topic="typing.other"):
    text: str


@agent("plain")
async def plain(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("with-context", publishes=(Other,), asks={Question: (Answer, Each(Other))})
async def with_context(question: Question, context: Context) -> Answer | None:
    await context.publish(Other(text=question.text))
    answer = await context.ask(Question(text="?"), Answer)
    assert_type(answer, Answer)
    views = await context.gather(Question(text="?"), expect=(Answer, Each(Other)), need="all", within_s=1.0)
    held: Gathered = views
    assert_type(held[Answer], Answer)
    assert_type(views[Answer], Answer)
    assert_type(views[Each(Other)], Mapping[str, Other])
    assert_type(views.get(Answer), Answer | None)
    return None


@agent("several")
async def several(question: Question) -> tuple[Answer, Other]:
    return Answer(text=question.text), Other(text=question.text)


@agent("sink")
async def sink(other: Other) -> None:
    assert_type(other.text, str)


@agent("threaded", executor="thread", concurrency=4)
def threaded(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("counted", executor="process")
def counted(question: Question) -> tuple[Answer, Other]:
    return Answer(text=question.text), Other(text=question.text)


@agent("stream")
async def stream(question: Question) -> AsyncIterator[Answer]:
    yield Answer(text=question.text)


class Desk(Handlers, id="desk"):
    """Two handlers in one agent."""

    @handles
    async def on_question(self, question: Question) -> Answer:
        return Answer(text=question.text)

    @handles
    async def on_other(self, other: Other, context: Context) -> None:
        context.progress("seen", fraction=1.0)


class Rates(Protocol):
    """A port: an interface that a pipeline binds."""

    async def rate(self, currency: str) -> str: ...


class Teller(Handlers, id="teller", ports=(Rates,), risk="low", tier="sketch", clearance="restricted"):
    """A handler that uses a port."""

    @handles
    async def on_question(self, question: Question, context: Context) -> Answer:
        port = context.port(Rates)
        assert_type(port, Rates)
        return Answer(text=await port.rate(question.text))


async def outside() -> None:
    async with Runtime([Teller(), plain], policies=[Clearance()]) as ruled:
        ruled.operations.replace_policies([Clearance()])
    async with Runtime([plain, with_context, several, sink, stream, Desk()]) as runtime:
        assert_type(await runtime.ask(Question(text="?"), Answer), Answer)
        run = runtime.start(Question(text="?"), Answer)
        _ = assert_type(run, Run[Answer])
        assert_type(await run.result(), Answer)
        views = await runtime.gather(Question(text="?"), expect=(Answer, Other), need=1)
        assert_type(views[Other], Other)
        six = (Answer, Other, Answer, Other, Answer, Other)
        assert_type(await runtime.gather(Question(text="?"), expect=six), Gathered)
        many: tuple[type[Payload], ...] = six
        assert_type(await runtime.gather(Question(text="?"), expect=many), Gathered)
    # An agent made of a function is still that function, so a test needs no bus.
    assert_type(await plain(Question(text="?")), Answer)
    assert_type(threaded(Question(text="?")), Answer)


def blocking() -> None:
    assert_type(ask([plain, threaded], Question(text="?"), Answer), Answer)
    assert_type(ask("pipeline.yaml"), Payload)
