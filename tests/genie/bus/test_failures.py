"""What is seen of a failure: class, code and place in production; traceback, cause and payload with ``debug``."""

from __future__ import annotations

import json
import logging

import anyio
import pytest

from genie import Caller, Classification, Context, Payload, Runtime, agent
from genie.errors import InputError, PartMissingError, RunCancelledError, RunStalled
from genie.errors.runs import TRACEBACK_STEP
from genie.errors.tracebacks import place_of, traceback_of
from genie.inflight.interceptors import Interceptor
from genie.policies.clearance import Clearance
from genie.policy.policy import Environment, PolicySet
from tests.genie.policies_for_tests import Answer, Note, Order, Question, answerer, assert_at_rest, running, turns

pytestmark = pytest.mark.anyio
TEXT = "4111 1111 1111 1111"


class Said(Payload, topic="failures.said"):
    text: str = TEXT


class Scan(Payload, topic="failures.scan"):
    content: bytes = b"\x89PNG"


class Hidden(Payload, topic="failures.hidden", classification="restricted"):
    text: str = TEXT


def parsed(text: str) -> object:
    return json.loads(text)


@agent("parser")
async def parser(said: Said) -> Answer:
    parsed(said.text)
    return Answer()


@agent("hider", clearance="restricted")
async def hider(hidden: Hidden) -> Answer:
    raise LookupError


async def test_production_shows_class_code_and_the_authors_line_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    """Sensitive data: neither the log, nor the error, nor its cause carries what the exception said."""
    caplog.set_level("DEBUG")
    async with running(parser, policies=PolicySet(environment=Environment("production"))) as runtime:
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Said(), Answer)
        gathered = await runtime.gather(Said(), expect=Answer)
        with pytest.raises(PartMissingError) as missing:
            _ = gathered[Answer]
    assert stalled.value.__cause__ is None
    assert missing.value.__cause__ is None
    assert TEXT not in caplog.text + str(stalled.value) + str(missing.value)
    line = next(one for one in caplog.records if one.name == "genie.bus")
    own = parsed.__code__.co_firstlineno + 1
    assert line.getMessage() == f"agent parser failed: JSONDecodeError at {__name__}:{own}"
    assert line.levelno == logging.ERROR


async def test_an_error_names_debugging_as_the_next_step_only_where_it_would_show_more() -> None:
    @agent("refuser")
    async def refuser(said: Said) -> Answer:
        raise InputError("said", "is empty")

    steps: list[bool] = []
    for asked, debug in ((parser, False), (parser, True), (refuser, False)):
        async with Runtime([asked], debug=debug) as runtime:
            with pytest.raises(RunStalled) as stalled:
                await runtime.ask(Said(), Answer)
            with pytest.raises(PartMissingError) as missing:
                _ = (await runtime.gather(Said(), expect=Answer))[Answer]
            steps += [TRACEBACK_STEP in str(one.value) for one in (stalled, missing)]
    assert steps == [True, True, False, False, False, False]


async def test_debug_is_refused_in_production() -> None:
    with pytest.raises(InputError, match="production"):
        Runtime(debug=True, policies=PolicySet(environment=Environment("production")))


async def test_debug_shows_the_traceback_from_the_authors_line_and_the_payload(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Runtime([parser], debug=True) as runtime:
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Said(), Answer)
    assert isinstance(stalled.value.__cause__, json.JSONDecodeError)
    (record,) = [one for one in caplog.records if one.name == "genie.debug"]
    lines = record.getMessage().splitlines()
    assert lines[0].startswith("agent parser failed on failures.said")
    assert lines[1].startswith("json.decoder.JSONDecodeError: ")
    assert lines[2].endswith("in parsed")
    assert lines[3].strip() == "return json.loads(text)"
    assert lines[-1] == f'payload: {{"text": "{TEXT}"}}'
    assert not any("worker.py" in line for line in lines)


async def test_debug_shows_bytes_by_their_length_and_no_traceback_of_refused_input(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @agent("scanner")
    async def scanner(scan: Scan) -> Answer:
        if not scan.content:
            raise InputError("scan", "is empty")
        raise ValueError

    async with Runtime([scanner], debug=True) as runtime:
        for scan in (Scan(), Scan(content=b"")):
            with pytest.raises(RunStalled):
                await runtime.ask(scan, Answer)
    (record,) = [one for one in caplog.records if one.name == "genie.debug"]
    assert '"bytes": 4' in record.getMessage()


async def test_debug_hides_a_payload_that_the_caller_may_not_see(caplog: pytest.LogCaptureFixture) -> None:
    caller = Caller(clearance=Classification.INTERNAL)
    async with Runtime([hider], debug=True, caller=caller, policies=PolicySet((Clearance(),))) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Hidden(), Answer)
    assert "payload: withheld" in caplog.text
    assert TEXT not in caplog.text


async def test_debug_names_the_cause_of_each_missing_part() -> None:
    @agent("second")
    async def second(said: Said) -> Note:
        raise KeyError(said.text)

    async with Runtime([parser, second], debug=True) as runtime:
        gathered = await runtime.gather(Said(), expect=(Answer, Note))
        with pytest.raises(PartMissingError) as missing:
            _ = gathered[Note]
        assert isinstance(missing.value.__cause__, KeyError)
        with pytest.raises(RunStalled) as stalled:
            await runtime.ask(Said(), Answer)
        assert isinstance(stalled.value.__cause__, BaseExceptionGroup)
        assert {type(one) for one in stalled.value.__cause__.exceptions} == {json.JSONDecodeError, KeyError}


async def test_debug_names_the_cause_of_an_answer_that_a_handler_asked_for() -> None:
    caught: list[BaseException | None] = []

    @agent("asking", asks={Said: Answer})
    async def asking(question: Question, context: Context) -> Note:
        try:
            await context.ask(Said(), Answer)
        except PartMissingError as error:
            caught.append(error.__cause__)
        return Note()

    async with Runtime([asking, parser], debug=True) as runtime:
        await runtime.ask(Question(), Note)
    assert [type(one) for one in caught] == [json.JSONDecodeError]


async def test_the_authors_line_is_that_of_the_package_that_the_bus_called() -> None:
    with pytest.raises(ValueError, match="Expecting") as raised:
        parsed("no")
    assert place_of(raised.value).startswith(f"JSONDecodeError at {__name__}:")
    assert traceback_of(raised.value).splitlines()[1].endswith("in parsed")
    assert place_of(ValueError("never raised")) == "ValueError"


async def test_a_group_is_also_named_by_what_is_in_it(caplog: pytest.LogCaptureFixture) -> None:
    @agent("grouper")
    async def grouper(said: Said) -> Answer:
        async def part() -> None:
            parsed(said.text)

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(part)
        return Answer()

    async with running(grouper) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Said(), Answer)
    own = parsed.__code__.co_firstlineno + 1
    line = next(one.getMessage() for one in caplog.records if one.name == "genie.bus")
    assert line.startswith(f"agent grouper failed: ExceptionGroup at {__name__}:")
    assert line.endswith(f"(JSONDecodeError at {__name__}:{own}; 2 more)")


async def test_an_error_that_the_bus_has_made_names_no_line_of_the_bus(caplog: pytest.LogCaptureFixture) -> None:
    @agent("liar")
    async def liar(said: Said) -> Answer:
        return Note()  # type: ignore[return-value]  # the very thing that is to be refused

    async with running(liar) as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Said(), Answer)
    assert "agent liar failed: WrongOutputError (wrong_output)" in caplog.messages


class Fragile(Interceptor):
    """Plugged into the bus, and wrong: it raises once, when a delivery ends or is checked."""

    active = True

    def __init__(self, at: str) -> None:
        self._at: str | None = at

    def settled(self, delivery: object, outcome: object) -> None:
        self._broken("settled")

    def failed(self, delivery: object) -> None:
        self._broken("failed")

    def _broken(self, where: str) -> None:
        if self._at == where:
            self._at = None
            raise RuntimeError(TEXT)


async def test_an_internal_error_at_a_handler_that_cancels_itself_ends_its_run_too() -> None:
    cancelled = anyio.get_cancelled_exc_class()

    @agent("cancels")
    async def cancels(question: Question) -> Answer:
        if question.number == 0:
            with anyio.CancelScope() as scope:
                scope.cancel()
                try:
                    await anyio.sleep(1)
                except cancelled as error:
                    stolen = error
            raise stolen
        return Answer(number=question.number)

    async with running(cancels) as runtime:
        runtime.bus.intercept(Fragile("settled"))
        with anyio.fail_after(5), pytest.raises(RunCancelledError, match="internal error: RuntimeError"):
            await runtime.ask(Question(), Answer)
        with anyio.fail_after(5):
            assert (await runtime.ask(Question(number=7), Answer)).number == 7


@pytest.mark.parametrize("suspends", [False, True])
@pytest.mark.parametrize("at", ["settled", "failed"])
async def test_an_internal_error_ends_its_run_by_name_and_no_other(
    at: str, suspends: bool, caplog: pytest.LogCaptureFixture
) -> None:
    @agent("worker")
    async def worker(question: Question) -> Answer:
        if suspends:
            await anyio.lowlevel.checkpoint()
        if at == "failed" and question.number == 0:
            raise ValueError
        return Answer(number=question.number)

    async with running(worker, answerer) as runtime:
        runtime.bus.intercept(Fragile(at))
        with anyio.fail_after(5), pytest.raises((RunCancelledError, RunStalled)) as ended:
            await runtime.ask(Question(number=0), Note)
        assert "internal error: RuntimeError" in str(ended.value)
        assert (await runtime.ask(Question(number=7), Answer)).number == 7
        await turns()
        assert_at_rest(runtime)
    assert TEXT not in caplog.text


async def test_an_internal_error_leaves_no_key_taken() -> None:
    @agent("orders", concurrency=2)
    async def orders(order: Order) -> Answer:
        return Answer(number=order.number)

    async with running(orders) as runtime:
        runtime.bus.intercept(Fragile("settled"))
        with anyio.fail_after(5), pytest.raises(RunCancelledError):
            await runtime.ask(Order(account="a", number=0), Note)
        with anyio.fail_after(5):
            assert (await runtime.ask(Order(account="a", number=7), Answer)).number == 7
