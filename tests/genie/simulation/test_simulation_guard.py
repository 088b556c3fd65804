"""An agent that reads what no seed repeats is caught, and named with its file and line."""

from __future__ import annotations

import datetime as calendar
import os
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from random import choice
from time import monotonic

import anyio
import numpy.random
import pytest

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.message import Payload
from genie.simulation.runner import simulate
from tests.genie.simulation.conftest import Made


class Ask(Payload, topic="guard.ask"):
    which: int


class Told(Payload, topic="guard.told"):
    text: str


def _imported() -> object:
    from datetime import datetime as late

    return late.now(UTC)


READS: dict[str, Callable[[], object]] = {
    "time.time": lambda: time.time(),
    "time.monotonic": lambda: monotonic(),
    "time.perf_counter": lambda: time.perf_counter(),
    "time.localtime": lambda: time.localtime(),
    "datetime.now": lambda: datetime.now(UTC),
    "datetime.utcnow": lambda: calendar.datetime.utcnow(),
    "datetime.today": lambda: datetime.today(),
    "date.today": lambda: calendar.date.today(),
    "random.random": lambda: random.random(),
    "random.choice": lambda: choice([1, 2]),
    "random.Random()": lambda: random.Random(),
    "os.urandom": lambda: os.urandom(4),
    "uuid.uuid4": lambda: uuid.uuid4(),
    "secrets.token_hex": lambda: secrets.token_hex(),
    "datetime.now ": _imported,
    "time.clock_gettime": lambda: time.clock_gettime(time.CLOCK_REALTIME),
    "time.thread_time": lambda: time.thread_time(),
    "random.SystemRandom": lambda: random.SystemRandom().random(),
    "numpy.random.default_rng": lambda: numpy.random.default_rng().random(),
    "numpy.random.normal": lambda: numpy.random.normal(),
}
ONE = "duration: 1h\nworkload:\n  arrivals: [{every: 1h}]\n  questions: [{fields: {which: 0}}]\n"


@pytest.mark.parametrize("name", READS)
def test_the_clock_and_unseeded_randomness_are_named(name: str, made: Made) -> None:
    @agent("reader")
    async def reader(_ask: Ask) -> Told:
        return Told(text=str(READS[name]()))

    record = simulate(made({"reader": reader}, "guard.ask -> guard.told", ONE))
    breach = next(one for one in record.violations if one.invariant == "repeatable")
    assert f"agent 'reader' calls {name.strip()} at " in breach.text
    assert "test_simulation_guard.py:" in breach.text
    assert record.outcomes() == {"failed": 1}


def test_a_task_of_a_handler_is_the_handlers(made: Made) -> None:
    async def look() -> None:
        time.time()

    @agent("parent")
    async def parent(_ask: Ask) -> Told:
        async with anyio.create_task_group() as group:
            group.start_soon(look)
        return Told(text="done")

    record = simulate(made({"parent": parent}, "guard.ask -> guard.told", ONE))
    assert "agent 'parent' calls time.time" in record.violations[0].text


def test_a_thread_is_refused(made: Made) -> None:
    @agent("spinner")
    async def spinner(_ask: Ask) -> Told:
        threading.Thread(target=print).start()
        return Told(text="done")

    record = simulate(made({"spinner": spinner}, "guard.ask -> guard.told", ONE))
    assert "a thread, started by agent 'spinner' is not there in a simulation" in record.violations[0].text


def test_what_a_seed_repeats_is_left_alone(made: Made) -> None:
    @agent("good")
    async def good(_ask: Ask, context: Context) -> Told:
        moment = context.now()
        assert isinstance(moment, datetime)
        assert isinstance(calendar.date(2026, 1, 1), calendar.date)
        context.logger.info("a log record reads the clock, and is not the agent's")
        given = datetime(2026, 1, 1, tzinfo=UTC), time.gmtime(0), random.Random(7).random()
        seeded = numpy.random.default_rng(7).random(), numpy.random.default_rng(seed=7).random()
        return Told(text=f"{moment} {context.random.random()} {given} {seeded}")

    scenario = made({"good": good}, "guard.ask -> guard.told", ONE)
    first, second = simulate(scenario), simulate(scenario)
    assert first.violations == []
    assert first.runs[0].answer == second.runs[0].answer
    assert datetime.now is not None  # and all is as it was afterwards
    assert time.time() > 1e9
    assert type(datetime(2026, 1, 1, tzinfo=UTC)) is datetime
