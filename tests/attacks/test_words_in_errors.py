"""Attack: an agent puts a denied payload's words into names of classes, codes, facts, notes and texts of errors."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from genie import Caller, Classification, Context, GenieError, Payload, agent
from genie.errors import (
    ContractError,
    ForgedMessageError,
    HeadersWidenedError,
    ImmutableMessageError,
    RelayedError,
    TransferError,
    UndeclaredMessageError,
    WrongOutputError,
    class_name,
    code_of,
)
from genie.errors.tracebacks import place_of
from genie.journal.memory import MemoryJournal
from tests.genie.bus.test_observers import Kept
from tests.genie.policies_for_tests import Answer, Note, running

pytestmark = pytest.mark.anyio
WORDS = "card_4111111111111111"


class Secret(Payload, topic="attack.words", classification="restricted"):
    """Its words must reach nobody below."""

    text: str = WORDS


def made(name: str, *bases: type, **members: Any) -> Any:
    return type(name, bases, members)


def noted(error: BaseException) -> BaseException:
    error.add_note(WORDS)
    error.__cause__ = ValueError(WORDS)
    error.__context__ = ValueError(WORDS)
    return error


def changed(error: GenieError, **facts: Any) -> GenieError:
    error.__dict__.update(facts)
    return error


class Renaming(type):
    """A class of classes that tells another name than a class has."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]  # the attack
        return WORDS


class RenamedError(Exception, metaclass=Renaming):
    """An importable error."""


def executed() -> BaseException:
    """Raise in code that calls its module by the words."""
    try:
        exec("raise ValueError", {"__name__": WORDS})  # noqa: S102 - the attack
    except ValueError as error:
        return error
    raise AssertionError


def in_module() -> BaseException:
    """Return an exception of a class that says it lives in a module that is there."""
    kind = made(WORDS, ValueError)
    kind.__module__, kind.__qualname__ = "builtins", f"ValueError.{WORDS}"
    error: BaseException = kind(WORDS)
    return error


ERRORS: dict[str, Any] = {
    "a class's name": lambda: made(WORDS, ValueError)(WORDS),
    "a class in a module": in_module,
    "a class of classes that tells another name": lambda: RenamedError(WORDS),
    "a name of 61 letters": made("x" * 61 + WORDS, ValueError),
    "a class of this library": made(WORDS, GenieError, code=WORDS),
    "a code of its own": lambda: changed(ForgedMessageError(agent=WORDS), code=WORDS),
    "a text of its own": lambda: made("Wrong", WrongOutputError, __str__=lambda _self: WORDS)("a", WORDS, (WORDS,)),
    "a wrong output": lambda: WrongOutputError(agent=WORDS, got=WORDS, declared=(WORDS,)),
    "an undeclared message": lambda: UndeclaredMessageError(agent=WORDS, payload=WORDS, verb=WORDS),
    "an assignment": lambda: ImmutableMessageError(agent=WORDS, field=WORDS),
    "an assignment with a field": lambda: ImmutableMessageError(agent=WORDS, field="label"),
    "headers": lambda: HeadersWidenedError(agent=WORDS, widened=(WORDS,)),
    "a transfer": lambda: TransferError(agent=WORDS, problem=WORDS),
    "a relayed error": lambda: RelayedError(agent=WORDS, name=WORDS, text=WORDS),
    "a contract error": lambda: ContractError(agent=WORDS),
    "notes, cause and context": lambda: noted(ValueError(WORDS)),
    "a group": lambda: ExceptionGroup(WORDS, [made(WORDS, ValueError)(WORDS)]),
    "a key": lambda: KeyError(WORDS),
    "a module": executed,
    "a text that fails": made("Bad", GenieError, __str__=lambda self: made(WORDS, ValueError)(WORDS)),
}  # fmt: skip


async def attacked(error: Any, caplog: pytest.LogCaptureFixture, *, act: Any = None) -> str:
    """Return everything that is told outside the journal's originals when a handler fails with an error."""
    caplog.set_level("DEBUG")
    audit, journal, events = Kept(), MemoryJournal(), []

    @agent("teller", clearance="restricted", publishes=(Note,))
    async def teller(question: Secret, context: Context) -> Answer:
        if act is not None:
            return act(context)  # type: ignore[no-any-return]  # the attack
        raise error()

    async with running(teller, audit=audit, journal=journal) as runtime:
        run = runtime.start(Secret(), Answer, caller=Caller(user="ann", clearance=Classification.PUBLIC))

        async def watch() -> None:
            events.extend([event async for event in run.events()])

        with pytest.raises(GenieError) as raised:
            await run.result()
        await watch()
        letters = [repr(letter.reason) for letter in runtime.operations.dead_letters()]
        statistics = repr(runtime.statistics())
        incidents = repr(runtime.operations.incidents())
    records = [(one.kind, one.reason, one.code, dict(one.detail)) for one in journal]
    return json.dumps([
        str(raised.value), repr(raised.value), letters, statistics, incidents, repr(events), repr(records),
        repr(audit.records), caplog.text,
    ])  # fmt: skip


@pytest.mark.parametrize("how", ERRORS)
async def test_the_words_of_an_error_leave_nowhere(how: str, caplog: pytest.LogCaptureFixture) -> None:
    told = await attacked(ERRORS[how], caplog)
    assert WORDS not in told
    assert "4111" not in told


ACTS: dict[str, Any] = {
    "an output's class": lambda context: made(WORDS, object)(),
    "a payload's class": lambda context: made(WORDS, Payload, __module__=__name__)(),
    "an output among others": lambda context: (Answer(), made(WORDS, object)()),
}


@pytest.mark.parametrize("how", ACTS)
async def test_the_name_of_an_undeclared_output_is_shown_only_where_it_can_be_imported(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert "4111" not in await attacked(None, caplog, act=ACTS[how])


async def test_what_the_bus_says_of_a_slip_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    told = await attacked(None, caplog, act=lambda context: Note())
    assert "'teller' returned Note; its annotation declares t.answer" in told


async def test_facts_of_an_error_of_the_bus_that_an_agent_changes_are_not_told(caplog) -> None:
    @agent("changer", clearance="restricted")
    async def changer(question: Secret, context: Context) -> Answer:
        try:
            await context.publish(Note())
        except UndeclaredMessageError as error:
            changed(error, payload=WORDS, agent=WORDS, verb=WORDS, code=WORDS)
            raise
        return Answer()

    async with running(changer) as runtime:
        with pytest.raises(GenieError) as raised:
            await runtime.ask(Secret(), Answer)
    assert "4111" not in str(raised.value) + caplog.text
    assert "'changer' may not publish t.note" in str(raised.value)


def test_names_and_codes_are_those_of_importable_classes() -> None:
    assert class_name(in_module()) == "ValueError"
    assert class_name(made("x" * 61, KeyError)()) == "KeyError"
    assert code_of(made("Own", WrongOutputError, code=WORDS)("a", "b", ())) == "wrong_output"
    assert WORDS not in place_of(executed())
    assert WORDS not in sys.modules
