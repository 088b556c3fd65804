"""Whatever raises between "accepted" and "settled", the account balances and every caller is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import anyio
import pytest
from pydantic import field_validator

from genie import GenieError, Payload, PolicySet, Retry, agent
from genie.contracts.agent import Join
from genie.errors import RunStalled
from tests.genie.policies_for_tests import Answer, Question, Rule, answerer, denying, running
from tests.reliability.trouble import SOON_S, assert_rests, run_alone

if TYPE_CHECKING:
    from genie.contracts.ports.audit import AuditRecord
    from genie.contracts.ports.journal import JournalRecord
    from genie.policy.policy import Judge, Route

BACKENDS = ("asyncio", "trio")


class Summary(Payload, topic="r.joined"):
    """A payload whose validator has a bug."""

    answer: Answer | None = None

    @field_validator("answer")
    @classmethod
    def _looks_up(cls, _value: object) -> None:
        raise KeyError("no such table")


@pytest.mark.anyio
async def test_a_join_whose_validator_raises_as_its_last_part_comes() -> None:
    join = Join(id="join", into=Summary, parts={"answer": Answer})
    async with running(answerer, joins=[join]) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await runtime.ask(Question(), Summary)
        await assert_rests(runtime)


class EverySeventh:
    """A journal that loses every seventh record with an error."""

    def __init__(self) -> None:
        self.count = 0

    def record(self, entry: JournalRecord) -> None:
        self.count += 1
        if self.count % 7 == 0:
            raise OSError(28, "No space left on device")


@pytest.mark.anyio
async def test_a_journal_that_raises_now_and_then() -> None:
    @agent("flaky", retry=Retry(attempts=2, first_s=1))
    async def flaky(question: Question) -> Answer:
        await anyio.sleep(1)
        if question.number % 3 == 0:
            raise ValueError
        return Answer(number=question.number)

    ended = 0
    async with running(flaky, journal=EverySeventh()) as runtime:

        async def asks(number: int) -> None:
            nonlocal ended
            try:
                await runtime.ask(Question(number=number), Answer, within_s=SOON_S)
            except GenieError:
                pass
            ended += 1

        with anyio.fail_after(2 * SOON_S):
            async with anyio.create_task_group() as group:
                for number in range(20):
                    group.start_soon(asks, number)
        assert ended == 20
        await assert_rests(runtime)


class NoAudit:
    """An audit trail that can write nothing."""

    def record(self, entry: AuditRecord) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.anyio
async def test_an_audit_trail_that_raises() -> None:
    async with running(answerer, audit=NoAudit(), policies=denying("answerer", Question)) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(GenieError):
            await runtime.ask(Question(), Answer)
        await assert_rests(runtime)


class OddError(BaseException):
    """An exception outside the ordinary tree."""


def _raises(_message: object, _sender: object) -> NoReturn:
    raise OddError


def _judges(route: Route) -> Judge | None:
    return _raises if route.payload is Question else None


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_policy_that_raises_what_is_no_exception_denies(backend: str) -> None:
    async def main() -> None:
        async with running(answerer, policies=PolicySet((Rule(_judges),))) as runtime:
            with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
                await runtime.ask(Question(), Answer)
            assert runtime.statistics().totals.denied == 1
            await assert_rests(runtime)

    run_alone(backend, main)


class MuteError(GenieError):
    """An error whose text cannot be made."""

    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.anyio
async def test_a_handler_that_raises_an_error_without_a_text() -> None:
    @agent("mute")
    async def mute(question: Question) -> Answer:
        raise MuteError

    async with running(mute) as runtime:
        with anyio.fail_after(SOON_S), pytest.raises(RunStalled):
            await runtime.ask(Question(), Answer)
        await assert_rests(runtime)
