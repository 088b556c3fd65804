"""Attack: an agent puts into its errors the words of what policies deny the asker, whose clearance would do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from genie import Caller, Classification, Context, GenieError, Payload, agent
from genie.errors import InputError
from genie.policy.policy import ALLOW, Deny, Judge, PolicySet, Redact, Route
from tests.genie.policies_for_tests import Answer, Rule, running

pytestmark = pytest.mark.anyio

SAID = "nothing that a detector knows"


class Open(Payload, topic="attack.open"):
    """The caller's question."""


class Kept(Payload, topic="attack.kept"):
    """What one agent tells another, and nobody else may read."""

    text: str = SAID


class Done(Payload, topic="attack.done"):
    """What another agent waits for."""


@agent("first")
async def first(question: Open) -> Kept:
    return Kept()


@agent("talks")
async def talks(kept: Kept, context: Context) -> Answer:
    context.progress(kept.text)
    raise InputError("a file", kept.text)


@agent("reads_answers", asks={Done: Kept})
async def reads_answers(question: Open, context: Context) -> Answer:
    raise InputError("a file", (await context.ask(Done(), Kept)).text)


@agent("keeper")
async def keeper(asked: Done) -> Kept:
    return Kept()


def refused(verdict: Deny | Redact) -> PolicySet:
    """Return policies that give a verdict on what is kept, for everybody but agents."""

    def compiled(route: Route) -> Judge | None:
        kept = route.payload is Kept and route.recipient.id.startswith("caller")
        return (lambda _message, _sender: verdict) if kept else (lambda _message, _sender: ALLOW)

    return PolicySet((Rule(compiled),))


async def heard(*agents: object, policies: PolicySet | None) -> AsyncIterator[str]:
    """Yield what the caller is told of a run that fails."""
    async with running(*agents, policies=policies) as runtime:
        run = runtime.start(Open(), Answer, caller=Caller(user="ann", clearance=Classification.RESTRICTED))
        with pytest.raises(GenieError) as raised:
            await run.result()
        yield str(raised.value)
        for failure in run.failures():
            yield str(failure)
        async for event in run.events():
            yield repr(event)


@pytest.mark.parametrize(
    "verdict", [Deny("no", "not for callers"), Redact(frozenset({("text",)}))], ids=["deny", "mask"]
)
@pytest.mark.parametrize("agents", [(first, talks), (reads_answers, keeper)], ids=["a message", "an answer"])
async def test_words_of_what_the_caller_is_denied_are_in_no_error(
    agents: tuple[object, ...], verdict: Deny | Redact
) -> None:
    told = [text async for text in heard(*agents, policies=refused(verdict))]
    assert any("InputError" in text for text in told)
    assert not [text for text in told if SAID in text]


async def test_words_of_what_the_caller_would_be_allowed_are_told() -> None:
    told = [text async for text in heard(first, talks, policies=None)]
    assert any(SAID in text for text in told)
