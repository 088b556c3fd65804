"""Lines that mypy must refuse; each says with which error code."""

from __future__ import annotations

from genie import Classification, Context, Each, Handlers, Payload, Runtime, agent, ask, handles


class Question(Payload, topic="typing.question"):
    text: str


class Answer(Payload, topic="typing.answer"):
    text: str


class Other(Payload, topic="typing.other"):
    number: int


# --- a wrong payload ---

Question()  # error: call-arg
Question(text=1)  # error: arg-type
Question(text="?", extra="no field")  # error: call-arg
Question(text="?").text = "changed"  # error: misc
Question(text="?").words  # error: attr-defined


# --- a wrong handler ---


@agent("no-payload")  # error: type-var
async def no_payload(text: str) -> Answer:
    return Answer(text=text)


@agent("no-payload-back")  # error: type-var
async def no_payload_back(question: Question) -> str:
    return question.text


@agent("not-async")  # error: arg-type
def not_async(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("not-plain", executor="thread")  # error: type-var
async def not_plain(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("no-context-there", executor="process")  # error: arg-type
def no_context_there(question: Question, context: Context) -> Answer:
    return Answer(text=question.text)


@agent("nowhere", executor="cloud")  # error: call-overload, untyped-decorator
def nowhere(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("too-much")  # error: arg-type
async def too_much(question: Question, context: Context, more: int) -> Answer:
    return Answer(text=question.text * more)


@agent("no-context")  # error: arg-type
async def no_context(question: Question, context: str) -> Answer:
    return Answer(text=context)


@agent("wrong-body")
async def wrong_body(question: Question) -> Answer:
    return Other(number=1)  # error: return-value


@agent("no-option", concurency=2)  # error: call-overload, untyped-decorator
async def no_option(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("no-level", clearance="secret")  # error: call-overload, untyped-decorator
async def no_level(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("no-tier", tier="gold")  # error: call-overload, untyped-decorator
async def no_tier(question: Question) -> Answer:
    return Answer(text=question.text)


@agent("wrong-option", concurrency="two")  # error: call-overload, untyped-decorator
async def wrong_option(question: Question) -> Answer:
    return Answer(text=question.text)


class Desk(Handlers, id="desk"):
    """A method that handles no payload."""

    @handles  # error: type-var
    async def on_text(self, text: str) -> Answer:
        return Answer(text=text)


# --- a wrong reply ---


async def inside(context: Context) -> None:
    await context.publish("text")  # error: arg-type
    other: Other = await context.ask(Question(text="?"), Answer)  # error: arg-type
    print(other)
    views = await context.gather(Question(text="?"), expect=(Answer, Each(Other)))
    wrong_part: Other = views[Answer]  # error: assignment
    wrong_each: Other = views[Each(Other)]  # error: assignment
    print(wrong_part, wrong_each)
    views[Other]  # error: index
    one = await context.gather(Question(text="?"), expect=Answer)
    one[Other]  # error: index
    one[Each(Answer)]  # error: index
    await context.gather(Question(text="?"), expect=Answer, need="most")  # error: call-overload
    await context.gather(Question(text="?"), expect=("answer",))  # error: type-var
    context.ask(Question(text="?"), Answer)  # error: unused-coroutine
    context.headers.tenant = "another"  # error: misc


def blocking() -> None:
    answer: Other = ask([no_option], Question(text="?"), Answer)  # error: assignment
    print(answer)
    ask([no_option], "text", Answer)  # error: call-overload


async def outside(runtime: Runtime) -> None:
    other: Other = await runtime.ask(Question(text="?"), Answer)  # error: arg-type
    print(other)
    run = runtime.start(Question(text="?"), Answer)
    result: Other = await run.result()  # error: assignment
    print(result)
    await runtime.ask("text", Answer)  # error: call-overload
    await runtime.ask(Question(text="?"), str)  # error: type-var
    views = await runtime.gather(Question(text="?"), expect=(Answer,))
    views["typing.answer"]  # error: index
    views[Other]  # error: index
    level: Classification = "public"  # error: assignment
    print(level)
