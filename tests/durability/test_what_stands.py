"""What stands after a crash: votes, approvals, budgets, dead letters, deaths, versions and late timers."""

from __future__ import annotations

from typing import Any

import pytest
from anyio import sleep, sleep_forever

from genie import Payload, Retry, RunLimits, Runtime, agent
from genie.contracts.admission import Admission, Budget
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.errors import InputError, RunHeld, RunStalled
from genie.journal.history import History
from genie.policy.policy import Hold, PolicySet
from genie.testing import settled
from genie.testing.recorders import RecordingLog
from tests.durability.restarts import Machine
from tests.genie.policies_for_tests import verdict_for

pytestmark = pytest.mark.anyio


class Order(Payload, topic="stands.order"):
    amount: int


class Receipt(Payload, topic="stands.receipt"):
    amount: int


class Later(Payload, topic="stands.later"):
    number: int


@agent("till")
async def till(order: Order) -> Receipt:
    return Receipt(amount=order.amount)


CALLER = Caller(user="ann")
ASKED: dict[str, Any] = {"by": "ben", "roles": ("treasury",), "reason": "agreed"}


def guarded(*, recipient: str = "till", kind: type[Payload] = Order) -> Machine:
    hold = Hold("two people", approvers=frozenset({"treasury"}), quorum=2)
    policies = PolicySet((verdict_for(recipient, kind, hold),))
    return Machine(lambda log: Runtime([till], policies=policies, log=log, seed=1, prefix="h", caller=CALLER))


@pytest.mark.parametrize("held", ["delivery", "answer"])
async def test_a_vote_counts_after_a_restart_and_the_hold_keeps_its_id_and_term(held: str) -> None:
    machine = guarded() if held == "delivery" else guarded(recipient=CALLER.card().id, kind=Receipt)
    async with machine.process() as runtime:
        run = runtime.start(Order(amount=1), Receipt).id
        await settled(runtime)
        (before,) = runtime.approvals.requests()
        runtime.approvals.approve(before.id, **ASKED)
        await settled(runtime)
    async with machine.process() as runtime:
        (after,) = runtime.approvals.requests()
        assert (after.id, after.opened, after.expires) == (before.id, before.opened, before.expires)
        assert [vote.by for vote in after.votes] == ["ben"]
        with pytest.raises(RunHeld):
            await runtime.run(run).result()
        going_on = runtime.run(run)
        with pytest.raises(InputError):  # the same person counts once, whatever process hears it
            runtime.approvals.approve(after.id, **ASKED)
        runtime.approvals.approve(after.id, by="eve", roles=("treasury",), reason="agreed")
        assert await going_on.result() == Receipt(amount=1)


@pytest.mark.parametrize("held", ["delivery", "answer"])
async def test_what_was_approved_is_not_asked_again_and_what_was_denied_stays_denied(held: str) -> None:
    for approve in (True, False):
        machine = guarded() if held == "delivery" else guarded(recipient=CALLER.card().id, kind=Receipt)
        async with machine.process() as runtime:
            run = runtime.start(Order(amount=1), Receipt).id
            await settled(runtime)
            (request,) = runtime.approvals.requests()
            for by in ("ben", "eve") if approve else ():
                runtime.approvals.approve(request.id, by=by, roles=("treasury",), reason="agreed")
            if not approve:
                runtime.approvals.deny(request.id, **ASKED)
        # The vote is in the last batch or not at all: a process goes on from each.
        for cut in machine.log.batches:
            again = guarded() if held == "delivery" else guarded(recipient=CALLER.card().id, kind=Receipt)
            again.log.records = machine.log.records[:cut]
            decided = [one for one in again.of("decided") if one["outcome"] is None or not approve]
            async with again.process() as runtime:
                await settled(runtime)
                if decided:
                    assert runtime.approvals.requests() == ()
                elif any(one["kind"] == "hold" for one in again.log.records):
                    assert [one.id for one in runtime.approvals.requests()] == [request.id]
        assert run


async def test_an_edited_payload_goes_on_as_the_delivery_that_it_replaces() -> None:
    machine = guarded()
    async with machine.process() as runtime:
        run = runtime.start(Order(amount=1), Receipt).id
        await settled(runtime)
        (request,) = runtime.approvals.requests()
        edit = Order(amount=5)
        runtime.approvals.approve(request.id, by="ben", roles=("treasury",), reason="less", edit=edit)
        await settled(runtime)
    async with machine.process(dies=False) as runtime:
        (request,) = runtime.approvals.requests()
        assert [one.by for one in request.edits] == ["ben"]
        for by in ("eve", "joe"):
            runtime.approvals.approve(request.id, by=by, roles=("treasury",), reason="agreed")
        assert await runtime.run(run).result() == Receipt(amount=5)
        assert (await settled(runtime)).totals.accepted == 1
    assert list(History(machine.log.records)) == []


async def test_a_run_goes_on_with_what_is_left_of_its_budget() -> None:
    @agent("spender", retry=Retry(attempts=9, first_s=0.001))
    async def spender(order: Order, ctx: Context) -> Receipt:
        ctx.charge(tokens=40)
        await sleep_forever()
        return Receipt(amount=order.amount)

    admission = Admission(budgets=(Budget(id="tokens", per="run", tokens=100),))
    machine = Machine(lambda log: Runtime([spender], admission=admission, log=log, seed=1, prefix="b"))
    spent = []
    async with machine.process() as runtime:
        runtime.start(Order(amount=1), Receipt)
        await settled(runtime)
    async with machine.process() as runtime:
        await settled(runtime)
        spent.append(next(iter(runtime.statistics().budgets.values())).least_left)
    assert spent == [20]


async def test_a_message_during_which_the_process_died_twice_is_quarantined() -> None:
    at_work: list[int] = []

    @agent("till", concurrency=4)
    async def stuck(order: Order) -> Receipt:
        at_work.append(order.amount)
        if order.amount == 1:
            await sleep_forever()
        return Receipt(amount=order.amount)

    machine = Machine(lambda log: Runtime([stuck], log=log, seed=1, prefix="p"))
    async with machine.process() as runtime:
        runtime.start(Order(amount=1), Receipt)
        assert await runtime.ask(Order(amount=2), Receipt) == Receipt(amount=2)
        await settled(runtime)
    async with machine.process() as runtime:
        await settled(runtime)
    assert at_work == [1, 2, 1]
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
        (letter,) = runtime.operations.dead_letters()
        assert (letter.code, letter.agent) == ("poison", "till")
    assert at_work == [1, 2, 1]
    async with machine.process() as runtime:
        (letter,) = runtime.operations.dead_letters()
        await runtime.redrive(letter.id)
        await settled(runtime)
        assert at_work == [1, 2, 1, 1]


async def test_a_clean_end_blames_nobody() -> None:
    handled = 0

    @agent("till")
    async def slow(order: Order) -> Receipt:
        nonlocal handled
        handled += 1
        await sleep_forever()
        return Receipt(amount=order.amount)

    machine = Machine(lambda log: Runtime([slow], log=log, seed=1, prefix="p"))
    async with machine.process(dies=False) as runtime:
        runtime.start(Order(amount=1), Receipt)
        await settled(runtime)
    for _ in range(4):
        async with machine.process(dies=False) as runtime:
            await settled(runtime)
            assert runtime.operations.dead_letters() == ()
    assert handled == 5


async def test_dead_letters_survive_with_what_is_known_of_them() -> None:
    broken = True

    @agent("till", retry=Retry(attempts=3, first_s=0.001))
    async def unlucky(order: Order) -> Receipt:
        if broken:
            raise (OSError if order.amount else ValueError)
        return Receipt(amount=order.amount)

    machine = Machine(lambda log: Runtime([unlucky], log=log, seed=1, prefix="d", caller=CALLER))
    async with machine.process() as runtime:
        with pytest.raises(RunStalled):
            await runtime.ask(Order(amount=3), Receipt)
        (before,) = runtime.operations.dead_letters()
        await settled(runtime)
    broken = False
    async with machine.process(dies=False) as runtime:
        (letter,) = runtime.operations.dead_letters()
        assert (letter.id, letter.code, letter.reason) == (before.id, "failed", before.reason)
        assert (letter.attempts, letter.failures) == (3, ("OSError",) * 3)
        assert letter.message is not None
        assert letter.message.payload == Order(amount=3)
        assert letter.message.headers.user == CALLER.user
        await runtime.redrive(letter.id)
        assert (await settled(runtime)).totals.handled == 1
        assert runtime.operations.dead_letters() == ()
    async with machine.process() as runtime:
        assert runtime.operations.dead_letters() == ()


async def test_the_oldest_dead_letters_are_dropped_from_the_log_as_well() -> None:
    @agent("till")
    async def broken(order: Order) -> Receipt:
        raise ValueError

    limits = RunLimits(dead_letters=2)
    machine = Machine(lambda log: Runtime([broken], log=log, seed=1, prefix="d", limits=limits))
    async with machine.process(dies=False) as runtime:
        for amount in range(4):
            await runtime.publish(Order(amount=amount))
        await settled(runtime)
    assert len(History(machine.log.records).letters) == 2


def versions(*kinds: Any) -> Machine:
    return Machine(lambda log: Runtime(kinds, log=log, seed=1, prefix="v"))


async def test_an_unknown_version_is_a_dead_letter_until_a_class_reads_it() -> None:
    old = versions(till)
    async with old.process() as runtime:
        runtime.start(Order(amount=4), Receipt)
        await settled(runtime)
    old.log.records = [one for one in old.log.records if one["kind"] in {"runtime", "life", "run", "scope"}] + [
        next(one for one in old.of("message") if one["topic"] == "stands.order@1")
    ]
    taken = []

    def later(*, reads: bool) -> Any:
        class NewOrder(Payload, topic="stands.order", version=2):
            cents: int

            @classmethod
            def upcast(cls, version: int, fields: dict[str, Any]) -> dict[str, Any] | None:
                return {"cents": fields["amount"] * 100} if reads and version == 1 else None

        @agent("till")
        async def new_till(order: NewOrder) -> Receipt:
            taken.append(order.cents)
            return Receipt(amount=order.cents)

        return new_till

    machine = versions(later(reads=False))
    machine.log.records = list(old.log.records)
    async with machine.process(dies=False) as runtime:
        (letter,) = runtime.operations.dead_letters()
        assert (letter.code, letter.message) == ("version", None)
        with pytest.raises(InputError):
            await runtime.redrive(letter.id)
    assert taken == []
    records = machine.log.records
    machine = versions(later(reads=True))
    machine.log.records = records
    async with machine.process() as runtime:
        (letter,) = runtime.operations.dead_letters()
        await runtime.redrive(letter.id)
        await settled(runtime)
    assert taken == [400]
    taken.clear()
    machine = versions(later(reads=True))  # where the class reads it at once, nothing becomes a dead letter
    machine.log.records = list(old.log.records)
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
        assert runtime.operations.dead_letters() == ()
    assert taken == [400]


async def test_late_timers_fire_in_the_order_of_their_due_times_and_say_how_late() -> None:
    fired: list[int] = []

    @agent("planner", publishes=(Later,))
    async def planner(order: Order, ctx: Context) -> None:
        for number in (3, 1, 2):
            ctx.after(number * 10 + order.amount, Later(number=number * 10 + order.amount))

    @agent("taker")
    async def taker(later: Later) -> None:
        fired.append(later.number)

    wall = 1_000_000.0
    machine = Machine(lambda log: Runtime([planner, taker], log=log, seed=1, prefix="t", wall=wall))
    async with machine.process() as runtime:
        for amount in (1, 0):
            await runtime.publish(Order(amount=amount))
        await settled(runtime)
    wall += 3_600
    async with machine.process(dies=False) as runtime:
        await settled(runtime)
    assert fired == [10, 11, 20, 21, 30, 31]


async def test_a_clock_that_went_back_between_processes_delays_timers_and_changes_no_hold() -> None:
    fired: list[int] = []

    @agent("planner", publishes=(Later,))
    async def planner(order: Order, ctx: Context) -> None:
        for number in (2, 1):
            ctx.after(number * 10.0, Later(number=number * order.amount))

    @agent("taker")
    async def taker(later: Later) -> None:
        fired.append(later.number)

    def runtime(log: RecordingLog) -> Runtime:
        policies = PolicySet((verdict_for("till", Order, Hold("ask", approvers=frozenset({"treasury"}))),))
        return Runtime(
            [planner, taker, till], policies=policies, log=log, seed=1, prefix="c", caller=CALLER, wall=wall,
            limits=RunLimits(deadline_s=None),
        )  # fmt: skip

    wall = 1_000_000.0
    machine = Machine(runtime)
    async with machine.process() as first:
        run = first.start(Order(amount=1), Receipt).id
        await settled(first)
        (before,) = first.approvals.requests()
    wall -= 3_600
    async with machine.process() as second:
        await sleep(30.0)
        assert fired == []  # until the clock is right again
        (after,) = second.approvals.requests()
        assert (after.id, after.opened, after.expires) == (before.id, before.opened, before.expires)
        second.approvals.approve(after.id, **ASKED)
        await settled(second)
    wall += 3_630
    async with machine.process(dies=False) as third:
        going_on = third.run(run)
        await sleep(1.0)
        assert fired == [1, 2]
        assert await going_on.result() == Receipt(amount=1)
