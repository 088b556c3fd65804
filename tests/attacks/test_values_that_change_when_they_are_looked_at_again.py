"""Attack: tuples, numbers, strings and classes of an agent's own answer one thing when checked, another when used."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from genie import Caller, Classification, Context, Payload, PolicySet, Retry, agent
from genie.contracts.gather import Each
from genie.errors import FetchError, InputError, PayloadDefinitionError, RunStalled
from genie.journal.memory import MemoryJournal
from genie.policies.clearance import Clearance
from genie.testing import settled
from tests.attacks.test_words_in_errors import WORDS, Secret
from tests.genie.policies_for_tests import Answer, Note, Question, running

pytestmark = pytest.mark.anyio


class Twice(tuple):  # type: ignore[type-arg]  # the attack
    """Gives a declared payload the first time, and another the second."""

    __slots__ = ()
    times = 0

    def __iter__(self) -> Iterator[Any]:
        Twice.times += 1
        return iter([Answer()] if Twice.times == 1 else [Note(text=WORDS)])


async def test_a_tuple_that_gives_another_payload_the_second_time_publishes_none_that_is_undeclared() -> None:
    Twice.times, got = 0, []

    @agent("two_faced")
    async def two_faced(question: Question) -> tuple[Answer]:
        return Twice((Answer(),))

    @agent("listener")
    async def listener(note: Note) -> None:
        got.append(note)

    async with running(two_faced, listener) as runtime:
        await runtime.ask(Question(), Answer)
    assert got == []


class Tokens(int):
    """Is negative, and says that it is not."""

    def __ge__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return False

    def __radd__(self, other: int) -> int:
        return 0


class Cost(Decimal):
    def __ge__(self, other: object) -> bool:
        return True

    def __le__(self, other: object) -> bool:
        return True

    __lt__ = __gt__ = __ge__


class Soon(float):
    """No number, and says that it is at least every other."""

    def __ge__(self, other: object) -> bool:
        return True

    __lt__ = __le__ = __gt__ = __ge__

    def __radd__(self, other: object) -> Any:
        return "soon"


def charge(context: Context) -> Any:
    return context.charge(tokens=Tokens(-1_000_000))


def pay(context: Context) -> Any:
    return context.charge(cost=Cost("-1000"))


def after(context: Context) -> Any:
    return context.after(Soon("nan"), Note())


@pytest.mark.parametrize("act", [charge, pay, after])
async def test_a_number_that_lies_about_its_size_is_refused(act: Any) -> None:
    @agent("charger", publishes=(Note,))
    async def charger(question: Question, context: Context) -> Answer:
        with pytest.raises(ValueError, match="must be finite"):
            act(context)
        return Answer()

    async with running(charger) as runtime:
        await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["charger"].tokens == 0


async def test_a_number_of_its_own_class_counts_what_it_is() -> None:
    @agent("charger")
    async def charger(question: Question, context: Context) -> Answer:
        context.charge(tokens=Tokens(7), cost=Cost("0.5"))
        return Answer()

    async with running(charger) as runtime:
        await runtime.ask(Question(), Answer)
        assert runtime.statistics().agents["charger"].tokens == 7


async def test_a_pause_that_is_no_number_does_not_disturb_the_timers() -> None:
    @agent("failing", retry=Retry(attempts=3))
    async def failing(question: Question) -> Answer:
        raise FetchError(host="h", problem="p", again_s=float("nan"))

    async with running(failing) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        assert [letter.code for letter in runtime.operations.dead_letters()] == ["fetch"]


class Shifting(str):
    """Its content is harmless; what it shows is not."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return WORDS

    def __getitem__(self, at: Any) -> str:
        return WORDS

    __str__ = __repr__ = lambda self: WORDS


class HarmlessError(InputError):
    def __str__(self) -> str:
        return Shifting("harmless")


async def test_a_text_that_shows_something_else_than_was_looked_at_is_shown_as_it_was() -> None:
    journal = MemoryJournal()

    @agent("teller", clearance="restricted")
    async def teller(question: Secret, context: Context) -> Answer:
        context.progress(Shifting("harmless"))
        raise HarmlessError("a", "b")

    async with running(teller, journal=journal) as runtime:
        run = runtime.start(Secret(), Answer, caller=Caller(user="ann", clearance=Classification.RESTRICTED))
        with pytest.raises(RunStalled) as raised:
            await run.result()
        events = [event async for event in run.events()]
    assert "harmless" in str(raised.value)
    assert WORDS not in str(raised.value) + repr(events) + repr([(one.reason, one.code) for one in journal])


class AnyEach(Each[Any]):
    """Equal to every other."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = Each.__hash__


class AnyText(str):
    """Is equal to every text."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


async def test_an_addressee_is_named_as_its_card_names_it() -> None:
    """A tap that may not see the payload is shown the addressee, and so is the journal."""
    journal = MemoryJournal()

    @agent("leaks", clearance="restricted", publishes=(Secret,), asks={Secret: (Note,)})
    async def leaks(question: Question, context: Context) -> Answer:
        await context.publish(Secret(), to=AnyText(WORDS))
        context.after(0, Secret(), to=AnyText(WORDS))
        await context.ask(Secret(), Note, to=AnyText(WORDS))
        return Answer()

    @agent("vault", clearance="restricted")
    async def vault(secret: Secret) -> Note:
        return Note()

    async with running(leaks, vault, policies=PolicySet((Clearance(),)), journal=journal) as runtime:
        async with runtime.observe(Secret) as tap:
            await runtime.ask(Question(), Answer, caller=Caller(clearance=Classification.RESTRICTED))
            await settled(runtime)
        observed = [one async for one in tap]
    assert [(one.recipient, one.payload) for one in observed] == [("vault", None)] * 3
    assert WORDS not in repr(observed)
    messages = [entry.message for entry in journal if entry.message is not None]
    assert {message.recipient for message in messages if type(message.payload) is Secret} == {"vault"}


async def test_an_answer_that_only_claims_to_be_declared_is_not_gathered() -> None:
    @agent("asker", asks={Question: Answer})
    async def asker(note: Note, context: Context) -> Answer:
        with pytest.raises(TypeError):
            await context.gather(Question(), expect=AnyEach(Note))
        return Answer(text="refused")

    async with running(asker) as runtime:
        assert (await runtime.ask(Note(), Answer)).text == "refused"


def test_a_payload_class_that_is_equal_to_another_is_refused() -> None:
    class Equal(type(Payload)):  # type: ignore[misc]  # the attack
        def __eq__(cls, other: object) -> bool:
            return True

        __hash__ = type.__hash__

    with pytest.raises(PayloadDefinitionError):

        class Disguised(Payload, metaclass=Equal, topic="attack.disguised"):
            text: str = WORDS
