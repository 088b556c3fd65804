"""The crash matrix: forty agents in a process that is killed at a point, and the process that goes on after it.

Started as a program, it forks both processes for each point, so that nothing is imported twice, and prints what it saw.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import anyio

from genie import Each, Payload, RunLimits, Runtime, agent
from genie.contracts.agent import Join
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.errors import InputError, NotDoneError, RunHeld
from genie.journal.bodies import checked
from genie.journal.history import History
from genie.journal.sqlite import SqliteLog
from genie.policy.policy import Hold, PolicySet
from genie.simulation.disk import Story
from tests.durability.world import Answer, Both, Left, Question, Right, World
from tests.genie.policies_for_tests import verdict_for

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 2
WORKERS, PAYERS = 20, 10
LONGEST_S = 60.0


class Start(Payload, topic="matrix.start"):
    number: int


class Step(Payload, topic="matrix.step"):
    number: int


class Done(Payload, topic="matrix.done"):
    number: int


class Pay(Payload, topic="matrix.pay"):
    number: int


class Paid(Payload, topic="matrix.paid"):
    number: int


class Big(Payload, topic="matrix.big"):
    number: int


class Kept(Payload, topic="matrix.kept"):
    number: int


class Final(Payload, topic="matrix.final"):
    total: int


def expected(number: int) -> int:
    """Return the answer of a run that nothing has crashed."""
    steps = sum(number + one for one in range(WORKERS))
    question = ((number + 1) + number * 10 + number * 100) * 1000 + 1
    return steps + PAYERS * 10_000_000 + number + question


class Point:
    """Where the process is killed: the points that it passes are counted by name."""

    def __init__(self, name: str | None) -> None:
        self._name, _, count = (name or "").rpartition(" ")
        self._left = int(count or 0)
        self.passed: Counter[str] = Counter()

    def at(self, name: str) -> None:
        """Pass a point, or die there."""
        self.passed[name] += 1
        if name == self._name:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


class Outside:
    """What is outside the process: a line for each effect."""

    def __init__(self, path: Path, point: Point) -> None:
        self._path = path
        self._point = point

    async def pay(self, token: str) -> int:
        """Do it."""
        self._point.at("before effect")
        with self._path.open("a") as file:
            file.write(f"{token}\n")
        self._point.at("after effect")
        return 10_000_000

    async def find(self, token: str) -> int:
        """Look whether it was done."""
        if token not in self.done():
            raise NotDoneError
        return 10_000_000

    def done(self) -> list[str]:
        """Return what was done."""
        return self._path.read_text().split() if self._path.exists() else []


def runtime_of(folder: Path, point: Point) -> Runtime:
    """Return the process: forty agents, a join, timers, retries, a fallback, approvals and effects."""
    # What a killed process has written is kept in either mode.
    log = SqliteLog(folder / "log", synchronous="normal", passing=lambda passed: point.at(passed.value))
    outside = Outside(folder / "effects", point)

    def worker(number: int) -> Any:
        @agent(f"worker{number}")
        async def work(step: Step) -> Done:
            return Done(number=step.number + number)

        return work

    def payer(number: int) -> Any:
        @agent(f"payer{number}")
        async def pay(pay: Pay, ctx: Context) -> Paid:
            probe = outside.find if number % 2 else None
            return Paid(number=await ctx.once("pay", outside.pay, probe=probe))

        return pay

    @agent("vault")
    async def vault(big: Big) -> Kept:
        return Kept(number=big.number)

    asks = {Step: Each(Done), Pay: Each(Paid), Big: Kept, Question: Answer}

    @agent("teller", asks=asks)
    async def teller(start: Start, ctx: Context) -> Final:
        steps = await ctx.gather(Step(number=start.number), expect=Each(Done))
        paid = await ctx.gather(Pay(number=start.number), expect=Each(Paid))
        kept = await ctx.ask(Big(number=start.number), Kept)
        answer = await ctx.ask(Question(size=start.number), Answer)
        total = sum(one.number for one in (*steps[Each(Done)].values(), *paid[Each(Paid)].values()))
        return Final(total=total + kept.number + answer.total)

    agents = [*World().agents, teller, vault, *map(worker, range(WORKERS)), *map(payer, range(PAYERS))]
    assert len(agents) == 40
    policies = PolicySet((verdict_for("vault", Big, Hold("ask", approvers=frozenset({"treasury"}), quorum=2)),))
    join = Join(id="both", parts={"left": Left, "right": Right}, into=Both)
    return Runtime(
        agents, joins=(join,), policies=policies, log=log, seed=7, prefix="m", caller=Caller(user="ann"),
        limits=RunLimits(deadline_s=60.0, deaths=0),
    )  # fmt: skip


async def people(runtime: Runtime, outside: Outside) -> None:
    """Approve what is held, each person in a step of their own, and look up effects that nobody knows."""
    while True:
        for request in runtime.approvals.requests():
            by = "ben" if not request.votes else "eve"
            runtime.approvals.approve(request.id, by=by, roles=("treasury",), reason="agreed")
        for effect in runtime.operations.effects():
            done = effect.token in outside.done()
            try:
                runtime.operations.resolve_effect(effect.id, done=done, result=10_000_000 if done else None)
            except InputError:
                continue  # it was resolved meanwhile
        await anyio.sleep(0.001)


async def process(folder: Path, point: Point) -> None:
    """Run until everything is over; asks under the same keys as every process before it."""
    async with runtime_of(folder, point) as runtime, anyio.create_task_group() as tasks:
        tasks.start_soon(people, runtime, Outside(folder / "effects", point))
        answers: dict[int, int] = {}
        for number in range(1, RUNS + 1):
            run = runtime.start(Start(number=number), Final, key=f"run {number}")
            while number not in answers:
                try:
                    answers[number] = (await run.result()).total
                except RunHeld:
                    await run.decided()
        while runtime.bus.runs.open_runs:
            await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    (folder / "answers").write_text(json.dumps([answers, point.passed]))


def forked(folder: Path, point: str | None, kill_s: float | None = None) -> int:
    """Run a process in a fork; return how it ended. It is killed after some seconds where they are given."""
    child = os.fork()
    if not child:
        ended = 1
        try:
            logging.disable(logging.CRITICAL)
            anyio.run(process, folder, Point(point))
            ended = 0
        finally:
            os._exit(ended)
    until = time.monotonic() + (LONGEST_S if kill_s is None else kill_s)
    while time.monotonic() < until:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)  # noqa: TID251 - another process is waited for, or left alone until it is killed
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def problems_of(folder: Path) -> Iterator[str]:
    """Yield what is wrong after the last process."""
    answers, _ = json.loads((folder / "answers").read_text())
    if answers != {str(number): expected(number) for number in range(1, RUNS + 1)}:
        yield f"answers {answers}"
    done = Counter(Outside(folder / "effects", Point(None)).done())
    if len(done) != RUNS * PAYERS or set(done.values()) != {1}:
        yield f"effects {len(done)}, {max(done.values())} times"
    with sqlite3.connect(folder / "log") as file:
        rows = file.execute("SELECT number, body, sha256 FROM batches ORDER BY number").fetchall()
    batches = [checked(str(folder), number, body, digest)[0] for number, body, digest in rows]
    story = Story()
    for batch in batches:
        story.add(batch)
    yield from story.problems
    yield from (f"no outcome: {one}" for one in story.open())
    if not story.totals().balanced:
        yield f"totals {story.totals()}"
    yield from (f"run {run.record['run']} is open" for run in History(one for batch in batches for one in batch))


def points(folder: Path) -> list[str]:
    """Return every point that an uncrashed process passes."""
    if forked(folder, None):
        return []
    _, passed = json.loads((folder / "answers").read_text())
    return [f"{name} {count}" for name, most in passed.items() for count in range(1, most + 1)]


def main(mode: str, most: int) -> NoReturn:
    """Print the crashes that happened, and what went wrong after them.

    Args:
        mode: ``points``: at every point. ``twice``: at one point, and the process after it at another one.
            ``random``: at random moments.
        most: How many.
    """
    drawn = random.Random(mode)
    killed, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        where = points(Path(folder))
        lasted = time.monotonic() - began
    wrong += list(() if where else ("the uncrashed process failed",))
    if mode == "random":
        chosen = [str(one) for one in range(most)]
    elif mode == "twice":
        chosen = [f"{drawn.choice(where)}, {drawn.choice(where)}" for _ in range(most if where else 0)]
    else:
        chosen = where if len(where) <= most else sorted(drawn.sample(where, most))
    for point in chosen:
        with tempfile.TemporaryDirectory() as name:
            folder_ = Path(name)
            kill_s = drawn.uniform(0.0, lasted) if mode == "random" else None
            code = 0
            for where_ in (None,) if mode == "random" else point.split(", "):
                code = forked(folder_, where_, kill_s)
                killed += code == -signal.SIGKILL
                if code not in {0, -signal.SIGKILL}:
                    wrong.append(f"{point}: ended with {code}")
                if not code:
                    break
            if code and (code := forked(folder_, None)):
                wrong.append(f"{point}: the next process ended with {code}")
            else:
                wrong += [f"{point}: {problem}" for problem in problems_of(folder_)]
    names = sorted({one.rpartition(" ")[0] for one in where})
    sys.stdout.write(json.dumps({
        "points": len(where), "names": names, "killed": killed, "lasted_s": lasted, "wrong": wrong[:20],
    }))  # fmt: skip
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
