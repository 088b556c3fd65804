"""What the bus asks in tasks of its own may exit, answer nonsense or never answer: the program goes on, and can end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from pydantic import model_validator

from genie import GenieError, Payload, PolicySet, Runtime, agent
from genie.contracts.agent import Join
from genie.errors import AuditFailedError, RunStalled
from genie.policy.async_policy import AsyncPolicy, AsyncSettings
from genie.runtime.life import CLOSE_S
from genie.testing.control import MemoryControl
from genie.testing.recorders import RecordingAudit
from tests.genie.policies_for_tests import Answer, Question, answerer, running
from tests.reliability.trouble import FOR_EVER_S, SOON_S, assert_rests, run_alone

if TYPE_CHECKING:
    from collections.abc import Callable

    from genie.policy.async_policy import AsyncJudge

BACKENDS = ("asyncio", "trio")
ERRORS = (ValueError, SystemExit, KeyboardInterrupt, GeneratorExit)


class Exits(AsyncPolicy):
    """A slow judge that raises."""

    name = "exits"
    version = "1"

    def __init__(self, error: Callable[[], BaseException]) -> None:
        self._error = error

    @property
    def settings(self) -> AsyncSettings:
        return AsyncSettings(deadline_s=SOON_S)

    def judge_of(self, route: Any) -> AsyncJudge | None:
        async def judge(_message: object, _sender: object) -> Any:
            await anyio.sleep(1)
            raise self._error()

        return judge


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_slow_judge_that_exits_denies(backend: str, error: Callable[[], BaseException]) -> None:
    async def main() -> None:
        async with running(answerer, policies=PolicySet((Exits(error),))) as runtime:
            with anyio.fail_after(SOON_S / 2), pytest.raises(RunStalled) as failed:
                await runtime.ask(Question(), Answer)
            assert failed.value.codes == ("denied",)
            await assert_rests(runtime)

    run_alone(backend, main)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_join_whose_payload_exits_is_a_dead_letter(backend: str, error: Callable[[], BaseException]) -> None:
    class Joined(Payload, topic="r.joined"):
        part: Answer

        @model_validator(mode="after")
        def exits(self) -> Joined:
            raise error()

    class End(Payload, topic="r.end"):
        pass

    @agent("last")
    async def last(joined: Joined) -> End:
        return End()

    async def main() -> None:
        join = Join(id="join", into=Joined, parts={"part": Answer})
        async with running(answerer, last, joins=[join]) as runtime:
            with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
                await runtime.ask(Question(), End)
            await assert_rests(runtime)

    run_alone(backend, main)


class Control(MemoryControl):
    """A control whose exchanges go wrong after the first."""

    def __init__(self, how: Callable[[], Any] | str) -> None:
        super().__init__(interval_s=0.1)
        self._how = how
        self._exchanges = 0

    async def exchange(self, report: Any) -> Any:
        self._exchanges += 1
        if self._exchanges > 1:
            match self._how:
                case "nonsense":
                    return 7
                case "never":
                    await anyio.sleep(FOR_EVER_S)
                case how if callable(how):
                    raise how()
        return await super().exchange(report)


@pytest.mark.parametrize("how", [*ERRORS, "nonsense", "never"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_control_that_fails_stops_neither_runs_nor_the_end(backend: str, how: Callable[[], Any] | str) -> None:
    async def main() -> None:
        async with running(answerer, control=Control(how)) as runtime:
            for _ in range(5):
                await anyio.sleep(0.1)
                assert (await runtime.ask(Question(number=3), Answer)).number == 3
            await assert_rests(runtime)
            left = anyio.current_time()
        assert anyio.current_time() - left <= CLOSE_S + 1

    run_alone(backend, main)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_audit_that_cannot_say_whether_it_records_admits_nothing(backend: str, error: type[BaseException]) -> None:
    class Audit(RecordingAudit):
        @property
        def refusal(self) -> str | None:  # type: ignore[override]  # read alone
            raise error

        @refusal.setter
        def refusal(self, _why: str | None) -> None:
            pass

    async def main() -> None:
        async with running(answerer, audit=Audit()) as runtime:
            with pytest.raises(AuditFailedError):
                await runtime.ask(Question(), Answer)
            await assert_rests(runtime)

    run_alone(backend, main)


@pytest.mark.parametrize("sampling", ["x", -1, 1.5, float("nan"), None, True])
def test_an_audit_whose_sampling_is_no_share_is_refused(sampling: Any) -> None:
    with pytest.raises(ValueError, match="sampling"):
        Runtime([answerer], audit=RecordingAudit(sampling))


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_executor_that_fails_to_close_leaves_no_agent_open(backend: str) -> None:
    closed = []

    class Closes:
        card = agent("closes")(_answer).card

        async def handle(self, _message: object, _context: object) -> Answer:
            return Answer()

        async def close(self) -> None:
            closed.append("closes")

    class Executor:
        def job(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        async def close(self) -> None:
            raise KeyError

    async def main() -> None:
        executor: Any = Executor()
        with suppress(GenieError, KeyError):
            async with running(Closes(), executor=executor):
                pass

    run_alone(backend, main)
    assert closed == ["closes"]


async def _answer(question: Question) -> Answer:
    raise NotImplementedError
