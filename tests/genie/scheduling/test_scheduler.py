"""Schedules over a runtime, in virtual time: firing, overlap, missed runs, drain, and clocks that are moved."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie.backend.clock import Clock
from genie.contracts.agent import FunctionAgent, agent
from genie.contracts.context import Context
from genie.contracts.limits import RunLimits
from genie.contracts.schedule import Schedule
from genie.errors import GenieError, InputError
from genie.policy.policy import PolicySet
from genie.runtime.runtime import Runtime
from genie.scheduling.scheduler import Firings, Notice, Scheduler
from tests.genie.policies_for_tests import Answer, Question, holding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
HOURLY = "0 * * * *"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Desk:
    """An agent that notes when it was asked, and may take its time."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.asked: list[tuple[str, str]] = []

        @agent("clerk")
        async def clerk(question: Question, context: Context) -> Answer:
            self.asked.append((f"{context.now():%d %H:%M:%S}", question.text))
            await pass_by(takes_s / 3600)
            return Answer()

        self.agent: FunctionAgent[..., Any] = clerk


@asynccontextmanager
async def serving(
    start: str, desk: Desk, *schedules: Schedule, limits: RunLimits | None = None, policies: PolicySet | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Scheduler, list[Notice]]]:  # fmt: skip
    told: list[Notice] = []
    wall = at(start).timestamp()
    async with Runtime([desk.agent], wall=wall, limits=limits, policies=policies) as runtime:
        scheduler = Scheduler(runtime, schedules, Answer, tell=told.append, **options)
        async with scheduler.running():
            yield scheduler, told


async def pass_by(hours: float) -> None:
    with anyio.move_on_after(hours * 3600):
        await anyio.sleep_forever()


async def test_it_fires_when_due_and_tells() -> None:
    desk = Desk()
    schedule = Schedule("hourly", HOURLY, payload=Question(text="now?"))
    async with serving("2025-06-01T08:59:30", desk, schedule) as (scheduler, told):
        assert scheduler.upcoming() == {"hourly": at("2025-06-01T09:00")}
        await pass_by(2.1)
        assert desk.asked == [("01 09:00:00", "now?"), ("01 10:00:00", "now?"), ("01 11:00:00", "now?")]
        assert scheduler.firings == {"hourly": Firings(fired=3, handled=3)}
        assert [(one.what, one.due) for one in told[:2]] == [
            ("fired", at("2025-06-01T09:00")), ("handled", at("2025-06-01T09:00")),
        ]  # fmt: skip
    await pass_by(2)
    assert len(desk.asked) == 3


@pytest.mark.parametrize(
    ("zone", "cron", "start", "expected"),
    [
        ("Europe/Berlin", "30 2 * * *", "2025-03-28T12:00", ["29 01:30", "30 01:00", "31 00:30"]),
        ("Europe/Berlin", "30 2 * * *", "2025-10-24T12:00", ["25 00:30", "26 00:30", "27 01:30"]),
        ("America/New_York", "30 2 * * *", "2025-03-07T12:00", ["08 07:30", "09 07:00", "10 06:30"]),
        ("America/New_York", "30 1 * * *", "2025-10-31T12:00", ["01 05:30", "02 05:30", "03 06:30"]),
    ],
    ids=["Berlin, spring", "Berlin, autumn", "New York, spring", "New York, autumn"],
)
async def test_each_day_fires_once_where_clocks_change(zone: str, cron: str, start: str, expected: list[str]) -> None:
    desk = Desk()
    async with serving(start, desk, Schedule("daily", cron, zone, Question())) as (scheduler, _):
        await pass_by(72)
        assert [when[:8] for when, _ in desk.asked] == expected
        assert scheduler.firings["daily"] == Firings(fired=3, handled=3)


async def test_schedules_do_not_wait_for_one_another() -> None:
    desk = Desk()
    schedules = (Schedule("a", HOURLY, payload=Question(text="a")), Schedule("b", "*/30 * * * *", payload=Question()))
    async with serving("2025-06-01T08:45", desk, *schedules) as (scheduler, _):
        await pass_by(1)
        assert {name: one.fired for name, one in scheduler.firings.items()} == {"a": 1, "b": 2}


async def test_a_firing_while_the_last_run_goes_on_is_skipped_and_counted() -> None:
    desk = Desk(takes_s=5400)
    async with serving("2025-06-01T08:30", desk, Schedule("slow", HOURLY, payload=Question())) as (scheduler, told):
        await pass_by(3)
        assert [when for when, _ in desk.asked] == ["01 09:00:00", "01 11:00:00"]
        assert scheduler.firings["slow"] == Firings(fired=2, overlapped=1, handled=1)
        overlapped = next(one for one in told if one.what == "overlapped")
        assert overlapped.detail == told[0].detail  # the run that is in the way


async def test_a_run_that_waits_for_a_person_still_goes_on() -> None:
    desk = Desk()
    schedule = Schedule("held", HOURLY, payload=Question())
    async with serving("2025-06-01T08:30", desk, schedule, policies=holding("clerk", Question)) as (scheduler, _):
        await pass_by(2)
        assert scheduler.firings["held"] == Firings(fired=1, overlapped=1)
        assert desk.asked == []


async def test_a_run_that_fails_is_told_with_its_reason() -> None:
    @agent("broken")
    async def broken(question: Question) -> Answer:
        raise LookupError(question.text)

    desk = Desk()
    desk.agent = broken
    schedule = Schedule("hourly", HOURLY, payload=Question(text="secret"))
    async with serving("2025-06-01T08:30", desk, schedule) as (scheduler, told):
        await pass_by(1)
        assert scheduler.firings["hourly"] == Firings(fired=1, failed=1)
        assert "broken: dead_lettered(LookupError)" in told[-1].detail
        assert "secret" not in str(told)


# --- missed ---


@pytest.mark.parametrize(("missed", "fired"), [("skip", 0), ("once", 1)])
async def test_what_was_missed_before_the_start(missed: Any, fired: int) -> None:
    desk = Desk()
    schedule = Schedule("hourly", HOURLY, payload=Question(), missed=missed)
    since = {"hourly": at("2025-05-31T20:30")}
    async with serving("2025-06-01T08:30", desk, schedule, since=since) as (scheduler, _):
        await pass_by(0.1)
        assert scheduler.firings["hourly"] == Firings(fired=fired, missed=12 - fired, handled=fired)
        await pass_by(1)
        assert scheduler.firings["hourly"].fired == fired + 1


async def test_a_firing_noticed_within_a_minute_is_on_time() -> None:
    desk = Desk()
    since = {"hourly": at("2025-06-01T07:30")}
    async with serving("2025-06-01T09:00:45", desk, Schedule("hourly", HOURLY, payload=Question()), since=since) as (
        scheduler,
        _,
    ):
        await pass_by(0.1)
        assert scheduler.firings["hourly"] == Firings(fired=1, missed=1, handled=1)


async def test_after_a_long_absence_counting_stops() -> None:
    desk = Desk()
    since = {"often": at("2005-06-01T00:00")}
    async with serving("2025-06-01T09:00", desk, Schedule("often", "* * * * *", payload=Question()), since=since) as (
        scheduler,
        told,
    ):
        await pass_by(0.01)
        assert told[0].what == "missed"
        assert told[0].detail.endswith(" or more")
        assert scheduler.firings["often"].fired == 1
        assert scheduler.upcoming()["often"] == at("2025-06-01T09:01")


async def test_a_state_from_the_future_does_not_keep_it_from_firing() -> None:
    desk = Desk()
    since = {"hourly": at("2099-01-01T00:00")}
    async with serving("2025-06-01T08:30", desk, Schedule("hourly", HOURLY, payload=Question()), since=since) as (
        scheduler,
        _,
    ):
        await pass_by(1)
        assert scheduler.firings["hourly"].fired == 1


class System:
    """A system clock that can be moved, as by a suspended machine."""

    def __init__(self, start: str) -> None:
        self.start = at(start).timestamp()
        self.ahead = 0.0

    def __call__(self) -> float:
        return self.start + anyio.current_time() + self.ahead


@pytest.mark.parametrize(("missed", "fired"), [("skip", 1), ("once", 2)])
async def test_a_machine_that_slept_notices_what_it_missed(missed: Any, fired: int) -> None:
    desk = Desk()
    async with Runtime([desk.agent]) as runtime:
        system = System("2025-06-01T08:30")
        runtime.bus.clock = Clock(runtime.bus.now, system=system)
        schedule = Schedule("hourly", HOURLY, payload=Question(), missed=missed)
        scheduler = Scheduler(runtime, (schedule,), Answer)
        async with scheduler.running():
            await pass_by(1)
            assert scheduler.firings["hourly"].fired == 1
            system.ahead = 7.3 * 3600
            await pass_by(0.1)
            assert scheduler.firings["hourly"] == Firings(fired=fired, missed=8 - fired, handled=fired)


async def test_a_clock_set_back_fires_nothing_twice() -> None:
    desk = Desk()
    async with Runtime([desk.agent]) as runtime:
        system = System("2025-06-01T08:30")
        runtime.bus.clock = Clock(runtime.bus.now, system=system)
        scheduler = Scheduler(runtime, (Schedule("hourly", HOURLY, payload=Question()),), Answer)
        async with scheduler.running():
            await pass_by(1)
            system.ahead = -3600.0
            await pass_by(1)
            assert scheduler.firings["hourly"].fired == 1
            await pass_by(1)
            assert scheduler.firings["hourly"].fired == 2


def test_a_fixed_clock_stays_fixed() -> None:
    clock = Clock(lambda: 5.0, wall=100.0, system=lambda: 1e9)
    clock.resynchronise()
    assert clock.wall() == datetime.fromtimestamp(100, UTC)


# --- drain, and what is refused ---


async def test_draining_skips_and_counts_and_lets_the_run_end() -> None:
    desk = Desk(takes_s=5400)
    schedules = (Schedule("slow", HOURLY, payload=Question()), Schedule("other", "30 * * * *", payload=Question()))
    async with serving("2025-06-01T08:45", desk, *schedules) as (scheduler, told):
        await pass_by(0.5)
        await scheduler.drain(within_s=7200)
        assert scheduler.firings["slow"] == Firings(fired=1, drained=1, handled=1)
        assert scheduler.firings["other"] == Firings(drained=2)
        assert told[-1].what == "handled"


async def test_what_still_runs_at_the_limit_is_cancelled_and_told() -> None:
    desk = Desk(takes_s=5400)
    async with serving("2025-06-01T08:45", desk, Schedule("slow", HOURLY, payload=Question())) as (scheduler, told):
        await pass_by(0.5)
        await scheduler.drain(within_s=60)
        assert scheduler.firings["slow"] == Firings(fired=1, failed=1)
        assert "cancelled(drain)" in told[-1].detail


async def test_a_runtime_that_drains_by_itself_is_not_asked() -> None:
    desk = Desk()
    async with Runtime([desk.agent], wall=at("2025-06-01T08:30").timestamp()) as runtime:
        scheduler = Scheduler(runtime, (Schedule("hourly", HOURLY, payload=Question()),), Answer)
        async with scheduler.running():
            await runtime.drain(0)
            await pass_by(1)
        assert scheduler.firings["hourly"] == Firings(drained=1)


async def test_a_run_that_is_not_admitted_is_counted_with_its_reason() -> None:
    desk = Desk(takes_s=7200)
    schedules = (Schedule("first", HOURLY, payload=Question()), Schedule("second", "5 * * * *", payload=Question()))
    async with serving("2025-06-01T08:45", desk, *schedules, limits=RunLimits(max_runs=1)) as (scheduler, told):
        await pass_by(0.5)
        assert scheduler.firings["second"] == Firings(refused=1)
        assert "max_runs" in told[-1].detail


async def test_a_question_is_made_anew_at_each_firing_and_may_fail() -> None:
    desk = Desk()
    texts = iter(("first", None, "third"))

    def question() -> Question:
        text = next(texts)
        if text is None:
            raise InputError("statement.csv", "there is no such file", "check the path")
        return Question(text=text)

    async with serving("2025-06-01T08:45", desk, Schedule("hourly", HOURLY), question=question) as (scheduler, told):
        await pass_by(3)
        assert [text for _, text in desk.asked] == ["first", "third"]
        assert scheduler.firings["hourly"] == Firings(fired=2, handled=2, refused=1)
        assert "there is no such file" in next(one for one in told if one.what == "refused").detail


async def test_leaving_stops_the_firing_and_leaves_the_run() -> None:
    desk = Desk(takes_s=600)
    async with Runtime([desk.agent], wall=at("2025-06-01T08:59:59").timestamp()) as runtime:
        async with Scheduler(runtime, (Schedule("hourly", HOURLY, payload=Question()),), Answer).running():
            await pass_by(0.01)
        await pass_by(2)
        assert runtime.statistics().totals.handled == 1
        assert len(desk.asked) == 1


# --- errors of others ---


class GoneError(BrokenPipeError):
    pass


async def test_a_reader_that_went_away_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def tell(notice: Notice) -> None:
        raise GoneError

    desk = Desk()
    schedule = Schedule("hourly", HOURLY, payload=Question(text="secret"))
    async with Runtime([desk.agent], wall=at("2025-06-01T08:30").timestamp()) as runtime:
        scheduler = Scheduler(runtime, (schedule,), Answer, tell=tell)
        async with scheduler.running():
            await pass_by(2)
            assert scheduler.firings["hourly"] == Firings(fired=2, handled=2)
            assert scheduler.untold == 4
            assert await runtime.ask(Question(), Answer, within_s=1) == Answer()  # deadlines still work
    said = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert len(said) == 1
    assert "hourly" in said[0]
    assert "GoneError" in said[0]


class WordlessError(GenieError):
    def __str__(self) -> str:
        raise LookupError


@pytest.mark.parametrize(
    "error", [KeyError("secret"), SystemExit(3), WordlessError(), BaseExceptionGroup("", [GeneratorExit()])]
)
async def test_a_question_that_raises_anything_is_a_skipped_firing_and_the_next_one_comes(error: BaseException) -> None:
    errors: list[BaseException | None] = [error, None]

    def question() -> Question:
        found = errors.pop(0)
        if found is not None:
            raise found
        return Question(text="second")

    desk = Desk()
    async with serving("2025-06-01T08:30", desk, Schedule("hourly", HOURLY), question=question) as (scheduler, told):
        await pass_by(2)
        assert [text for _, text in desk.asked] == ["second"]
        assert scheduler.firings["hourly"] == Firings(fired=1, handled=1, refused=1)
    assert told[0].what == "refused"
    assert type(error).__name__ in told[0].detail
    assert "secret" not in told[0].detail


async def test_a_question_that_is_not_a_payload_is_a_skipped_firing() -> None:
    desk = Desk()
    wrong: Any = "well?"
    async with serving("2025-06-01T08:30", desk, Schedule("hourly", HOURLY), question=lambda: wrong) as (scheduler, _):
        await pass_by(2)
        assert scheduler.firings["hourly"] == Firings(refused=2)
