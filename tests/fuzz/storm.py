"""One seed: a random graph, callers that come and go, an operator in the middle, and what must hold at rest."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from genie import Admission, Budget, GenieError, Payload, PolicySet, Rate, Run, RunLimits, Runtime
from genie.contracts.agent import Join
from genie.errors import MailboxFullError
from genie.journal.memory import MemoryJournal
from genie.policy.policy import ALLOW, Deny, Hold, Redact
from tests.fuzz.agents import KINDS, Fifth, Hostile, Joined, Plain, Second, Shop, random_agent
from tests.genie.policies_for_tests import Rule
from tests.golden.conftest import BACKENDS

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from genie.policy.policy import Judge, Route

LONGEST_S = 100_000
"""Virtual seconds after which a seed counts as hung."""
RUN_S = 60.0
"""Deadline of every run, so that whatever waits ends."""
ROUNDS = 3
CALLS = 25
ACTS = 12
OUTCOMES = frozenset({"handled", "denied", "expired", "cancelled", "dead_lettered"})


class BrokenError(AssertionError):
    """Something that must hold does not; says which seed shows it."""


def storm(seed: int, backend: str) -> Counter[str]:
    """Run one seed, and return what happened in it.

    Raises:
        BrokenError: Something does not hold; whatever else is raised left the runtime, which must not happen either.
    """
    return anyio.run(Storm(seed).run, backend=backend, backend_options=BACKENDS[backend]())


class Storm:
    """One fuzzed runtime."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draw = random.Random(f"{seed}/storm")
        self._journal = MemoryJournal()
        self._runs: list[Run[Any]] = []
        self._seen: Counter[str] = Counter()
        self._shop: Shop
        self._runtime: Runtime
        self._removed: set[str] = set()

    async def run(self) -> Counter[str]:
        """Run it whole, under a watchdog in virtual time."""
        with anyio.fail_after(LONGEST_S):
            before = {task.id for task in anyio.get_running_tasks()}
            async with anyio.create_task_group() as group:
                self._shop = Shop(self._seed, group)
                async with self._open() as self._runtime:
                    await self._rounds()
                    for _ in range(5):
                        with suppress(MailboxFullError):
                            self._runtime.start(self._question(), Plain)  # what is in flight while it closes
                group.cancel_scope.cancel()
            left = [task for task in anyio.get_running_tasks() if task.id not in before]
            self._must(not left, f"tasks outlive the runtime: {left}")
        self._seen["journal"] = len(self._journal)
        return self._seen

    def _open(self) -> Runtime:
        draw = self._draw
        count = draw.randint(5, 40)
        agents = [random_agent(self._shop, number, count, draw) for number in range(count)]
        join = Join(
            id="join", into=Joined, parts={"one": Plain, "two": Second}, within_s=draw.choice((None, 1, 20)),
            need=draw.choice(("all", "first", 2)), partial=draw.choice(("publish", "fail")),
        )  # fmt: skip
        admission = Admission(
            rates=(Rate(id="rate", per_s=50, burst=20, wait_s=draw.choice((0, 2)), topics=frozenset({"z.second"})),),
            budgets=(Budget(id="budget", messages=200, cost=20),),
        )
        return Runtime(
            agents, joins=[join], journal=self._journal, seed=self._seed, wall=0.0, prefix="f",
            policies=self._policies(), admission=draw.choice((None, None, admission)),
            limits=RunLimits(max_messages=80, max_hops=8, deadline_s=RUN_S, hold_s=30, max_runs=100),
        )  # fmt: skip

    def _policies(self) -> PolicySet:
        number = self._draw.randint(0, 2**32)

        def choose(route: Route) -> Judge | None:
            drawn = random.Random(f"{number}/{route.recipient.id}/{route.payload.__name__}").random()
            if drawn > 0.12:
                return None
            verdict = (
                Deny("no", "not for you") if drawn < 0.04
                else Hold("ask a person", 20) if drawn < 0.08 and route.payload is not Fifth
                else Redact(frozenset({("text",)})) if "text" in route.payload.model_fields
                else ALLOW
            )  # fmt: skip
            return lambda _message, _sender: verdict

        return PolicySet((Rule(choose),))

    # --- what happens ---

    async def _rounds(self) -> None:
        async with self._runtime.observe(capacity=4) as tap, anyio.create_task_group() as watching:
            watching.start_soon(self._observes, tap)
            for _ in range(ROUNDS):
                async with anyio.create_task_group() as group:
                    for _ in range(CALLS):
                        group.start_soon(self._calls, random.Random(self._draw.random()))
                    for _ in range(ACTS):
                        group.start_soon(self._operates, random.Random(self._draw.random()), group)
                await self._rests()
            watching.cancel_scope.cancel()

    async def _observes(self, tap: Any) -> None:
        async for _ in tap:
            self._seen["observed"] += 1
            await anyio.sleep(0.3)

    def _question(self) -> Payload:
        return self._draw.choice(KINDS)(account=self._draw.choice("abc"))

    async def _calls(self, draw: random.Random) -> None:
        """One caller: asks, gathers, starts or publishes, and may go away before the end."""
        await anyio.sleep(draw.choice((0, 0, 1, 5)))
        question = draw.choice(KINDS)(account=draw.choice("abc"))
        answer = draw.choice((*KINDS, Joined))
        try:
            with anyio.move_on_after(draw.choice((0.5, 3, 1_000))):
                match draw.choice(("ask", "ask", "gather", "start", "start", "publish")):
                    case "ask":
                        await self._runtime.ask(question, answer, within_s=draw.choice((None, 0, 2)))
                    case "gather":
                        need = draw.choice(("all", "first", 1))
                        await self._runtime.gather(question, expect=(answer,), need=need, within_s=draw.choice((1, 9)))
                    case "start":
                        run = self._runtime.start(question, answer)
                        self._runs.append(run)
                        await anyio.sleep(draw.choice((0, 1, 4)))
                        if draw.random() < 0.3:
                            run.cancel()
                        await run.result()
                    case _:
                        await self._runtime.publish(question)
            self._seen["called"] += 1
        except GenieError as error:
            self._seen[type(error).__name__] += 1

    async def _operates(self, draw: random.Random, group: TaskGroup) -> None:
        """One act of an operator, and mostly what undoes it, a while later."""
        await anyio.sleep(draw.random() * 10)
        runtime = self._runtime
        agent = draw.choice(sorted(self._shop.cards))
        act = draw.choice(("kill", "pause", "policies", "remove", "decide", "letters", "everything"))
        self._seen[act] += 1
        try:
            match act:
                case "kill":
                    runtime.operations.kill(agent, for_s=draw.choice((None, 2)))
                case "pause":
                    runtime.operations.pause(agent, for_s=draw.choice((None, 2)))
                case "policies":
                    runtime.operations.replace_policies(self._policies())
                case "everything":
                    runtime.operations.kill(everything=True, for_s=1)
                case "remove":
                    await self._replaces(agent, draw)
                case "decide":
                    for held in runtime.approvals.holds():
                        draw.choice((runtime.approvals.release, runtime.approvals.refuse))(held.id)
                case "letters":
                    for letter in runtime.operations.dead_letters()[:3]:
                        await runtime.redrive(letter.id)
            await anyio.sleep(draw.choice((0, 3)))
            if agent not in self._removed:
                runtime.operations.revive(agent)
                runtime.operations.resume(agent)
        except GenieError as error:
            self._seen[type(error).__name__] += 1

    async def _replaces(self, agent: str, draw: random.Random) -> None:
        if agent in self._removed:
            return
        self._removed.add(agent)
        try:
            await self._runtime.remove(agent)
            await anyio.sleep(draw.choice((0, 2)))
            await self._runtime.add(Hostile(self._shop, self._shop.cards[agent]))
        finally:
            self._removed.discard(agent)

    # --- what must hold ---

    async def _rests(self) -> None:
        """Wait until nothing is in flight, and look at every account."""
        runtime = self._runtime
        with anyio.move_on_after(20 * RUN_S) as late:
            while (seen := runtime.statistics()).runs:
                self._must(seen.totals.balanced, f"the account does not balance: {seen.totals}")
                await anyio.sleep(1)
        await anyio.wait_all_tasks_blocked()
        statistics = runtime.statistics()
        self._must(not late.cancelled_caught, f"it does not come to rest: {statistics}")
        totals = statistics.totals
        self._must(totals.balanced, f"the account does not balance: {totals}")
        self._must(not (totals.in_flight or statistics.runs or statistics.held or statistics.timed), str(statistics))
        for name, one in statistics.agents.items():
            ended = one.handled + one.denied + one.expired + one.cancelled + one.dead_lettered
            self._must(one.accepted == ended, f"{name} does not balance: {one}")
            left = one.in_flight or one.queued or one.running or one.retrying or one.held or one.timed
            self._must(not left, f"{name} is not at rest: {one}")
        for run in self._runs:
            counts = run.messages()
            self._must(run.at_rest and counts.balanced and not counts.in_flight, f"run {run.id}: {counts}")
        self._runs.clear()
        self._once()

    def _once(self) -> None:
        """Every message that an agent was given ended there once, unless it stood in for another as well."""
        fallbacks = {card.fallback for card in self._shop.cards.values()}
        ended = Counter(
            (one.message_id, one.recipient) for one in self._journal
            if one.kind in OUTCOMES and one.recipient in self._shop.cards and one.recipient not in fallbacks
        )  # fmt: skip
        asked = {recipient for _, recipient in ended if self._shop.cards[str(recipient)].asks}
        twice = {key: count for key, count in ended.items() if count > 1 and key[1] not in asked}
        self._must(not twice, f"more than one outcome: {twice}")

    def _must(self, holds: bool, complaint: str) -> None:
        if not holds:
            raise BrokenError(complaint)
