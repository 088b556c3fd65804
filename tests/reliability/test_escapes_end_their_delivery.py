"""Whatever a handler raises ends its own delivery by name; the runtime and every other run go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie import AgentCard, Runtime, agent
from genie.errors import RunCancelledError, RunExpiredError, RunStalled
from tests.genie.policies_for_tests import Answer, Note, Opinion, Question, running
from tests.reliability.trouble import SOON_S, assert_rests, run_alone

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie import Context, Message

BACKENDS = ("asyncio", "trio")
ESCAPES: dict[str, Callable[[], BaseException]] = {
    "SystemExit": lambda: SystemExit(0),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "BaseExceptionGroup": lambda: BaseExceptionGroup("several", [KeyboardInterrupt(), ValueError()]),
}
MOMENTS = ("at once", "after a wait", "in answer to a timeout", "in answer to a cancellation")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_exception_of_any_class_is_contained(
    backend: str, name: str, moment: str, caplog: pytest.LogCaptureFixture
) -> None:
    @agent("escapes", timeout_s=5)
    async def escapes(question: Question) -> Answer:
        escape = ESCAPES[name]()
        if moment == "at once":
            raise escape
        if moment == "after a wait":
            await anyio.sleep(1)
            raise escape
        try:
            await anyio.sleep_forever()
        except BaseException:  # noqa: BLE001 - a cancellation of either backend
            raise escape from None
        return Answer()

    @agent("bystander")
    async def bystander(note: Note) -> Opinion:
        await anyio.sleep(SOON_S / 2)
        return Opinion()

    async def main() -> None:
        async with running(escapes, bystander) as runtime:
            other = runtime.start(Note(), Opinion)
            run = runtime.start(Question(), Answer)
            await anyio.sleep(1)
            if moment == "in answer to a cancellation":
                run.cancel()
            with anyio.fail_after(SOON_S):
                with pytest.raises((RunStalled, RunCancelledError, RunExpiredError)):
                    await run.result()
                await other.result()
            if moment in MOMENTS[:2]:
                assert [str(failure.reason).partition("(")[0] for failure in run.failures()] == [name]
            await assert_rests(runtime)

    run_alone(backend, main)
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


GROUPS: dict[str, Callable[[BaseException], BaseException]] = {
    "alone": lambda error: error,
    "in a group": lambda error: BaseExceptionGroup("g", [ValueError(), error]),
    "deep": lambda error: nested(error, 5_000, 1),
    "wide": lambda error: nested(error, 60, 3),
}


def nested(error: BaseException, deep: int, wide: int) -> BaseException:
    """Return groups of groups: read one by one, they would be as many as ``wide ** deep``."""
    for _ in range(deep):
        error = BaseExceptionGroup("g", [error] * wide)
    return error


@pytest.mark.anyio
@pytest.mark.parametrize("put", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("of_the_loop", [True, False])
async def test_a_group_of_whatever_form_ends_its_own_delivery(
    put: Callable[[BaseException], BaseException], of_the_loop: bool
) -> None:
    @agent("escapes")
    async def escapes(question: Question) -> Answer:
        error: BaseException = LookupError()
        if of_the_loop:  # a cancellation that is over, raised once more
            with anyio.move_on_after(0.1):
                try:
                    await anyio.sleep_forever()
                except BaseException as caught:
                    error = caught
                    raise
        raise put(error)

    async with running(escapes) as runtime:
        for _ in range(2):
            with anyio.fail_after(SOON_S), pytest.raises(RunStalled) as failed:
                await runtime.ask(Question(), Answer)
            assert failed.value.codes == ("cancelled" if of_the_loop else "failed",)
        await assert_rests(runtime)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_group_that_fails_while_the_runtime_closes_is_contained(backend: str, request: pytest.FixtureRequest) -> None:
    @agent("grouped")
    async def grouped(question: Question) -> Answer:
        async def fails() -> None:
            try:
                await anyio.sleep_forever()
            finally:
                raise ValueError("at the end")

        async with anyio.create_task_group() as group:
            group.start_soon(fails)
            await anyio.sleep_forever()
        return Answer()

    async def main() -> None:
        async with Runtime([grouped]) as runtime:
            runtime.start(Question(), Answer)
            await anyio.sleep(1)

    run_alone(backend, main)


class Foreign:
    """An agent of a third party whose ``handle`` is a plain function."""

    card = AgentCard(id="foreign", consumes=(Question,), produces=(Answer,))

    def handle(self, message: Message[Any], context: Context) -> Answer:
        """Take the first of nothing."""
        return next(iter(()))


@pytest.mark.anyio
async def test_a_stop_iteration_of_a_plain_function_is_a_failure() -> None:
    async with running(Foreign()) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        totals = runtime.statistics().totals
        assert (totals.handled, totals.dead_lettered) == (0, 1)
