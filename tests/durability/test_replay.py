"""Replay: a run of a log again, byte for byte, and nothing leaves the process."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from genie import Caller, Payload, Runtime, agent
from genie.contracts.agent import Binding, Join
from genie.contracts.context import Context
from genie.contracts.gather import Each
from genie.contracts.limits import Retry
from genie.errors import GenieError, InputError, RunCancelledError, RunStalled
from genie.journal.past import chosen, past_run
from genie.journal.rings import FileKeyRing
from genie.journal.sqlite import SqliteDatabase, SqliteLog
from genie.policy.policy import Deny, Hold, PolicySet
from genie.replay.errors import NotReplayableError
from genie.replay.replay import Parts, replay
from genie.testing import verdict_for
from tests.durability.shop import ANN, POLICIES, Noted, Order, Price, PriceAsked, Receipt, Stock, World

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from genie.contracts.agent import Agent
    from genie.journal.past import PastRun
    from genie.replay.replay import Replayed

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


def read(path: Path, run: str | None = None) -> PastRun:
    database = SqliteDatabase(path)
    database.connect(create=False)
    try:
        return past_run(database, chosen(database, run))
    finally:
        database.close()


async def again(path: Path, who: Iterable[Agent | Binding], run: str | None = None, **how: Any) -> Replayed:
    """Replay a run in a thread, where no loop runs."""
    parts = Parts(
        [one if isinstance(one, Binding) else Binding(agent=one, card=one.card) for one in who],
        how.pop("within", POLICIES), how.pop("joins", ()),
    )  # fmt: skip
    return await anyio.to_thread.run_sync(partial(replay, read(path, run), parts, **how))


async def test_a_run_is_the_same_byte_for_byte_and_pays_nobody(tmp_path: Path) -> None:
    world, later = World(), World()
    world.failures = 1  # what failed and was tried again is not repeated
    await world.order(tmp_path / "log")
    found = await again(tmp_path / "log", later.agents())
    assert (found.same, found.findings.messages, found.notes) == (True, 7, ())
    assert (world.paid, later.paid) == (1, 0)
    assert found.ran == {"desk": 1, "stock": 1, "price": 1, "clerk": 1}


@pytest.mark.slow
async def test_runs_that_were_mixed_are_replayed_one_by_one(tmp_path: Path) -> None:
    """Ids, orders of answers and randomness of a run depend on others; what is replayed has those of the record."""
    path, world = tmp_path / "log", World()
    async with world.runtime(SqliteLog(path)) as runtime:
        runs = [runtime.start(Order(item=f"tea {number}"), Receipt) for number in range(20)]
        for run in runs:
            await run.result()
            await run.settled()
    for run in runs:
        found = await again(path, World().agents(), run.id)
        assert (found.same, found.findings.messages) == (True, 7), found.findings


async def test_another_implementation_shows_the_first_payload_that_differs(tmp_path: Path) -> None:
    @agent("price")
    async def dearer(_asked: PriceAsked, ctx: Context) -> Price:
        return Price(pence=ctx.random.randrange(1, 10_000) + 1, luck=0.5)

    await World().order(tmp_path / "log")
    found = await again(tmp_path / "log", World().agents(), agents={"price": dearer})
    first = found.findings.first
    assert first is not None
    assert (first.code, first.topic, first.agent) == ("payload", "shop.price@1", "price")
    assert first.before is not None
    assert first.after is not None
    before, after = Price.model_validate_json(first.before), Price.model_validate_json(first.after)
    assert after == Price(pence=before.pence + 1, luck=0.5)
    assert found.findings.counts == {"payload": 2}, "the receipt follows from it"
    with pytest.raises(InputError):
        await again(tmp_path / "log", World().agents(), agents={"nobody": dearer})


async def test_an_implementation_that_does_less_or_more_is_named(tmp_path: Path) -> None:
    @agent("price")
    async def twice(_asked: PriceAsked) -> tuple[Price, Price]:
        return Price(pence=1, luck=0.0), Price(pence=2, luck=0.0)

    await World().order(tmp_path / "log")
    found = await again(tmp_path / "log", World().agents(), agents={"price": twice})
    assert found.findings.counts["extra"] == 1


async def test_other_policies_show_which_verdicts_change(tmp_path: Path) -> None:
    await World().order(tmp_path / "log")
    stricter = PolicySet((*POLICIES.policies, verdict_for("clerk", Noted, Deny("quiet", "no notes"), name="quiet")))
    found = await again(tmp_path / "log", World().agents(), policies=stricter)
    assert [(one.topic, one.agent, one.before, one.after) for one in found.findings.changes] == [
        ("shop.noted@1", "clerk", "redact (clearance, pii)", "deny (quiet)")
    ]
    assert found.findings.counts == {"verdict": 1, "outcome": 1}
    assert not found.same


async def test_a_replay_stops_at_a_message(tmp_path: Path) -> None:
    @agent("price")
    async def dearer(_asked: PriceAsked) -> Price:
        return Price(pence=-1, luck=0.5)

    await World().order(tmp_path / "log")
    run = read(tmp_path / "log")
    numbers = {one["topic"]: f"{run.prefix}-{one['number']:x}" for one in run.of("message")}
    early = await again(tmp_path / "log", World().agents(), to=numbers["shop.price_asked@1"], agents={"price": dearer})
    late = await again(tmp_path / "log", World().agents(), to=numbers["shop.receipt@1"], agents={"price": dearer})
    assert early.same
    assert 1 < early.findings.messages <= 3
    assert late.findings.counts == {"payload": 2}
    with pytest.raises(InputError):
        await again(tmp_path / "log", World().agents(), to="shop-ffff")


# --- what people, clocks and failures did ---


class Job(Payload, topic="replay.job"):
    number: int = 0


class Part(Payload, topic="replay.part"):
    number: int


class Other(Payload, topic="replay.other"):
    number: int


class Sum(Payload, topic="replay.sum"):
    parts: tuple[Part, ...]
    other: Other


class Done(Payload, topic="replay.done"):
    text: str


class Ticked(Payload, topic="replay.ticked"):
    number: int


async def recorded(path: Path, agents: list[Any], question: Payload, answer: type[Payload], **more: Any) -> str:
    """Run one question with a log; return the run's id."""
    failing = more.pop("failing", ())
    meanwhile = more.pop("meanwhile", None)
    async with Runtime(agents, log=SqliteLog(path), caller=ANN, **more) as runtime:
        run = runtime.start(question, answer)
        if meanwhile is not None:
            await meanwhile(runtime, run)
        try:
            await run.result()
        except failing:
            pass
        await run.settled()
    return run.id


def same(found: Replayed, messages: int) -> None:
    assert (found.findings.counts, found.notes, found.findings.messages) == ({}, (), messages)


async def test_joins_streams_delays_and_gathers_are_replayed(tmp_path: Path) -> None:
    @agent("maker", asks={Ticked: (Each(Other),)}, publishes=(Ticked,))
    async def maker(job: Job, ctx: Context) -> AsyncIterator[Part]:
        for number in range(3):
            yield Part(number=number + job.number)

    @agent("other", publishes=(Ticked,))
    async def other(job: Job, ctx: Context) -> Other:
        ctx.after(0.01, Ticked(number=ctx.random.randrange(1_000_000)))
        return Other(number=job.number)

    @agent("counter")
    async def counter(_ticked: Ticked) -> None:
        """Count."""

    @agent("end")
    async def end(found: Sum) -> Done:
        return Done(text=",".join(str(one.number) for one in found.parts))

    join = Join(id="sum", into=Sum, parts={"parts": Part, "other": Other})
    agents = [maker, other, counter, end]
    await recorded(tmp_path / "log", agents, Job(number=7), Done, joins=[join])
    found = await again(tmp_path / "log", agents, within=PolicySet(), joins=[join])
    assert found.findings.counts == {}, found.findings


async def test_what_a_person_approved_or_refused_is_decided_again(tmp_path: Path) -> None:
    @agent("worker")
    async def worker(job: Job) -> Done:
        return Done(text=str(job.number))

    hold = Hold("big", approvers=frozenset({"boss"}), quorum=2)
    policies = PolicySet((verdict_for("worker", Job, hold),))
    for approve in (True, False):

        async def decide(runtime: Runtime, _run: Any, approve: bool = approve) -> None:
            (waiting,) = runtime.approvals.requests()
            for person in ("ben", "bea") if approve else ("ben",):
                vote = runtime.approvals.approve if approve else runtime.approvals.deny
                vote(waiting.id, by=person, roles=frozenset({"boss"}), reason="looked")

        path = tmp_path / f"log {approve}"
        failing = () if approve else (RunStalled,)
        await recorded(path, [worker], Job(), Done, policies=policies, meanwhile=decide, failing=failing)
        found = await again(path, [worker], within=policies)
        same(found, 2 if approve else 1)
        assert read(path).over


async def test_failures_fallbacks_and_timeouts_end_as_they_did(tmp_path: Path) -> None:
    slow = anyio.Event()

    @agent("first", fallback="second", retry=Retry(attempts=2, first_s=0.0))
    async def first(_job: Job) -> Part:
        raise ValueError

    @agent("second")
    async def second(_job: Job) -> Part:
        return Part(number=2)

    @agent("late", timeout_s=0.02)
    async def late(part: Part) -> Other:
        await slow.wait()
        return Other(number=part.number)

    @agent("broken")
    async def broken(_part: Part) -> Other:
        raise KeyError

    agents = [first, second, late, broken]
    await recorded(tmp_path / "log", agents, Job(), Other, failing=(RunStalled,))
    run = read(tmp_path / "log")
    ends = {one["delivery"].partition("@")[2]: (one["outcome"], one["code"]) for one in run.of("ended")}
    assert ends["late"] == ("dead_lettered", "timeout")
    found = await again(tmp_path / "log", agents, within=PolicySet())
    same(found, 2)

    @agent("broken")
    async def mended(part: Part) -> Other:
        return Other(number=part.number)

    found = await again(tmp_path / "log", [first, second, late, mended], within=PolicySet())
    assert found.findings.counts == {"outcome": 1, "extra": 1}, "it failed then, and does not now"


async def test_a_cancelled_run_ends_where_it_did(tmp_path: Path) -> None:
    started = anyio.Event()

    @agent("asks", asks={Part: (Other,)})
    async def asks(job: Job, ctx: Context) -> Done:
        found = await ctx.ask(Part(number=job.number), Other)
        return Done(text=str(found.number))

    @agent("hangs")
    async def hangs(_part: Part) -> Other:
        started.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def cancel(_runtime: Runtime, run: Any) -> None:
        await started.wait()
        run.cancel()

    await recorded(tmp_path / "log", [asks, hangs], Job(), Done, meanwhile=cancel, failing=(RunCancelledError,))
    found = await again(tmp_path / "log", [asks, hangs], within=PolicySet())
    same(found, 2)


class Bank:
    """Something outside."""

    def __init__(self) -> None:
        self.calls = 0

    async def pay(self) -> int:
        self.calls += 1
        return 17


async def test_what_reaches_outside_is_read_from_the_record(tmp_path: Path) -> None:
    @agent("payer", ports=(Bank,), asks={Part: (Other,)}, publishes=(Ticked,))
    async def payer(job: Job, ctx: Context) -> Done:
        other = await ctx.ask(Part(number=job.number), Other)
        await ctx.publish(Ticked(number=other.number))
        return Done(text=str(await ctx.port(Bank).pay()))

    @agent("pure")
    async def pure(part: Part) -> Other:
        return Other(number=part.number + 1)

    bank = Bank()
    bindings = [Binding(agent=payer, card=payer.card, ports={Bank: bank}), Binding(agent=pure, card=pure.card)]
    await recorded(tmp_path / "log", bindings, Job(number=3), Done)
    assert bank.calls == 1
    found = await again(tmp_path / "log", bindings, within=PolicySet())
    same(found, 5)
    assert (found.ran, found.read, bank.calls) == ({"pure": 1}, {"payer": 1}, 1)

    found = await again(tmp_path / "log", bindings, within=PolicySet(), agents={"payer": payer})
    assert [code for code, _ in found.notes] == ["unrecorded_port"]
    assert (found.same, bank.calls) == (False, 1), "a replay makes no calls"


async def test_an_effect_that_the_run_did_not_have_is_refused_by_name(tmp_path: Path) -> None:
    paid: list[str] = []

    async def pay(token: str) -> int:
        paid.append(token)
        return 1

    @agent("worker")
    async def worker(_job: Job) -> Done:
        return Done(text="free")

    @agent("worker")
    async def pays(_job: Job, ctx: Context) -> Done:
        return Done(text=str(await ctx.once("pay", pay)))

    await recorded(tmp_path / "log", [worker], Job(), Done)
    found = await again(tmp_path / "log", [worker], within=PolicySet(), agents={"worker": pays})
    assert [code for code, _ in found.notes] == ["unrecorded_effect"]
    assert (found.same, paid) == (False, [])


async def test_a_clock_of_its_own_is_named_with_its_place(tmp_path: Path) -> None:
    @agent("worker")
    async def worker(_job: Job) -> Done:
        return Done(text=str(time.time_ns()))

    await recorded(tmp_path / "log", [worker], Job(), Done)
    found = await again(tmp_path / "log", [worker], within=PolicySet())
    ((code, text),) = found.notes
    assert code == "nondeterminism"
    assert __file__.rpartition("/")[2] in text
    assert not found.same


async def test_what_the_log_does_not_hold_is_named(tmp_path: Path) -> None:
    @agent("worker")
    async def worker(_job: Job) -> Done:
        return Done(text="")

    @agent("worker")
    async def stranger(_part: Part) -> Done:
        return Done(text="")

    path, ring = tmp_path / "sealed", FileKeyRing(tmp_path / "ring")
    async with Runtime([worker], log=SqliteLog(path, keys=ring), caller=Caller(tenant="acme")) as runtime:
        await runtime.ask(Job(), Done)
    with pytest.raises(NotReplayableError) as sealed:
        await again(path, [worker], within=PolicySet())
    assert sealed.value.why == "encrypted"
    await recorded(tmp_path / "log", [worker], Job(), Done)
    with pytest.raises(NotReplayableError) as unknown:
        await again(tmp_path / "log", [stranger], within=PolicySet())
    assert unknown.value.why == "version"
    assert isinstance(unknown.value, GenieError)


async def test_a_run_that_a_second_process_ended_is_replayed_as_one(tmp_path: Path) -> None:
    path, world = tmp_path / "log", World()
    world.wait_s = 3_600.0
    async with world.runtime(SqliteLog(path)) as runtime:
        run = runtime.start(Order(item="tea"), Receipt)
        await anyio.wait_all_tasks_blocked()
    world.wait_s = 0.0
    async with world.runtime(SqliteLog(path)) as runtime:
        await runtime.run(run.id).settled()
    found = await again(path, World().agents())
    assert (found.findings.counts, found.findings.messages) == ({}, 7), found.findings
    assert Stock.__topic__.name in {one["topic"].partition("@")[0] for one in read(path).of("message")}


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # trio resumes tasks in any order, which nothing records
async def test_answers_that_raced_each_other_come_in_the_order_of_the_record(tmp_path: Path) -> None:
    """What a handler makes of the order of its answers is the same, though nothing takes time in a replay."""

    class Race(Payload, topic="replay.race"):
        lanes: int

    class Lap(Payload, topic="replay.lap"):
        lane: int
        lap: int

    class Done(Payload, topic="replay.lap_done"):
        lane: int
        place: int

    class Result(Payload, topic="replay.result"):
        order: tuple[str, ...]

    @agent("referee", asks={Lap: (Done,)})
    async def referee(race: Race, context: Context) -> Result:
        order: list[str] = []

        async def lane(number: int) -> None:
            for lap in range(4):
                for _ in range(context.random.randrange(4)):
                    await anyio.lowlevel.checkpoint()
                done = await context.ask(Lap(lane=number, lap=lap), Done)
                order.append(f"{number}/{lap}/{done.place}")

        async with anyio.create_task_group() as group:
            for number in range(race.lanes):
                group.start_soon(lane, number)
        return Result(order=tuple(order))

    @agent("runner", concurrency=3)
    async def runner(lap: Lap, context: Context) -> Done:
        context.state["laps"] = place = int(str(context.state.get("laps", 0))) + 1
        for _ in range(lap.lane * lap.lap % 3):
            await anyio.lowlevel.checkpoint()
        return Done(lane=lap.lane, place=place)

    async with Runtime([referee, runner], log=SqliteLog(tmp_path / "log")) as runtime:
        run = runtime.start(Race(lanes=6), Result)
        assert len((await run.result()).order) == 24
        await run.settled()
    found = await again(tmp_path / "log", [referee, runner], within=PolicySet(()))
    assert (found.same, found.findings.messages) == (True, 50), found.findings
