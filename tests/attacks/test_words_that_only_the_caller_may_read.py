"""Attack: an agent puts a payload's words into errors that its caller may read, so that journals and logs keep them."""

from __future__ import annotations

from typing import Any

import pytest

from genie import Caller, Classification, Context, GenieError, Payload, agent
from genie.errors import FetchError, ImmutableMessageError, InputError, PolicyError, RelayedError, TransferError
from genie.inflight.events import Event
from genie.journal.memory import MemoryJournal
from tests.attacks.test_words_in_errors import changed, made
from tests.genie.bus.test_observers import Kept
from tests.genie.policies_for_tests import Answer, running

pytestmark = pytest.mark.anyio


class Open(Payload, topic="attack.open"):
    """Everybody may read it, so an agent's words of it pass every test of labels and findings."""

    text: str = "nothing that a detector knows"


class Outer(Payload, topic="attack.outer"):
    """Leads to the other question."""


class Done(Payload, topic="attack.done"):
    """Its answer."""


SAID = "nothing that a detector knows"


class Sly(str):
    """Equal to the name of a field, and shown as the words."""

    __slots__ = ()

    def __repr__(self) -> str:
        return SAID


class OwnError(GenieError):
    """An error of an agent's own, of a class that can be imported."""

    text: str

    def __str__(self) -> str:
        return self.text


class UnhashableError(OwnError):
    """What keeps errors by their hash fails."""

    __hash__ = None  # type: ignore[assignment]  # the attack


HEARD: dict[str, Any] = {
    "an input error": lambda: InputError(SAID, SAID, SAID),
    "an error of its own": lambda: OwnError(SAID),
    "an error without a hash": lambda: UnhashableError(SAID),
    "a policy error": lambda: PolicyError(SAID, SAID),
    "a host": lambda: FetchError(host=SAID, problem=SAID),
    "a transfer": lambda: TransferError(agent=SAID, problem=SAID),
    "a relayed error": lambda: RelayedError(agent="a", name=SAID, text=SAID),
}
UNHEARD: dict[str, Any] = {
    "a code on the instance": lambda: changed(ImmutableMessageError(agent="a", field="label"), code=SAID),
    "a field that lies": lambda: ImmutableMessageError(agent="a", field=Sly("label")),
    "a pause of a class of its own": lambda: FetchError(host="h", problem="p", again_s=made(SAID, float)("nan")),
}


async def told(error: Any, caplog: pytest.LogCaptureFixture) -> tuple[str, str]:
    """Return what the caller is told, and everything that is told and kept elsewhere."""
    caplog.set_level("DEBUG")
    audit, journal = Kept(), MemoryJournal()
    seen: list[Event] = []

    @agent("teller")
    async def teller(question: Open, context: Context) -> Answer:
        context.progress(SAID)
        raise error()

    async with running(teller, audit=audit, journal=journal) as runtime:
        run = runtime.start(Open(), Answer, caller=Caller(user="ann", clearance=Classification.RESTRICTED))
        with pytest.raises(GenieError) as raised:
            await run.result()
        own = [event async for event in run.events()]
        assert [event.reason for event in own if event.kind == "progress"] == [SAID]
        seen = [event for event in own if event.kind != "progress"]
        letters = [repr((letter.reason, letter.code)) for letter in runtime.operations.dead_letters()]
        kept = [repr(runtime.statistics()), repr(runtime.operations.incidents())]
    records = [repr((one.kind, one.reason, one.code, dict(one.detail))) for one in journal]
    return str(raised.value), "\n".join([*letters, *kept, *records, repr(seen), repr(audit.records), caplog.text])


@pytest.mark.parametrize("how", HEARD)
async def test_the_caller_alone_is_told_what_an_agent_says(how: str, caplog: pytest.LogCaptureFixture) -> None:
    answer, elsewhere = await told(HEARD[how], caplog)
    assert SAID in answer
    assert SAID not in elsewhere


@pytest.mark.parametrize("how", UNHEARD)
async def test_what_an_agent_slips_in_beside_the_text_is_told_to_nobody(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer, elsewhere = await told(UNHEARD[how], caplog)
    assert SAID not in answer + elsewhere


async def test_another_handler_gets_the_words_and_its_own_failure_keeps_none(caplog: pytest.LogCaptureFixture) -> None:
    @agent("inner")
    async def inner(question: Open) -> Answer:
        raise InputError(SAID, SAID)

    @agent("outer", asks={Open: Answer})
    async def outer(question: Outer, context: Context) -> Done:
        await context.ask(Open(), Answer)
        return Done()

    journal, audit = MemoryJournal(), Kept()
    async with running(inner, outer, journal=journal, audit=audit) as runtime:
        with pytest.raises(GenieError) as raised:
            await runtime.ask(Outer(), Done)
        letters = [letter.reason for letter in runtime.operations.dead_letters()]
    assert SAID in str(raised.value)
    assert letters == ["InputError", "PartMissingError"]
    assert SAID not in repr([one.reason for one in journal]) + repr(audit.records) + caplog.text
