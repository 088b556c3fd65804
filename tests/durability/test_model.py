"""A runtime and its log against a model in plain Python: any order of questions, votes, restarts and crashes."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie import Payload, RunLimits, Runtime, agent
from genie.contracts.card import Caller
from genie.contracts.context import Context
from genie.errors import NotDoneError, RunHeld, RunStalled
from genie.policy.policy import ALLOW, Hold, PolicySet
from genie.simulation.disk import SimulatedDisk
from genie.simulation.event_loop import SimulationLoop, run
from genie.testing import FunctionPolicy

ASKED_S = 1.0
"""Virtual seconds in which everything has come to rest."""


class Order(Payload, topic="model.order"):
    number: int
    what: str


class Receipt(Payload, topic="model.receipt"):
    number: int


@dataclass
class Model:
    """What must be true: the whole of the semantics that this test is about."""

    orders: dict[int, str] = field(default_factory=dict)
    """Number of an order -> ``plain``, ``held`` or ``fails``."""
    decided: dict[int, bool] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)

    def paid(self) -> set[int]:
        """Return the orders whose effect has happened, once."""
        return {n for n, what in self.orders.items() if what != "held" or self.decided.get(n)}

    def held(self) -> set[int]:
        """Return the orders that wait for a person."""
        return {n for n, what in self.orders.items() if what == "held" and n not in self.decided}

    def letters(self) -> set[int]:
        """Return the orders that are dead letters."""
        return {n for n, what in self.orders.items() if what == "fails"} - self.dropped

    def answer(self, number: int) -> str:
        """Return how a question about an order ends."""
        if number in self.held():
            return "held"
        if self.orders[number] == "fails" or self.decided.get(number) is False:
            return "stalled"
        return str(number)


OPERATIONS = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 5), st.sampled_from(["plain", "held", "fails"])),
    st.tuples(st.sampled_from(["approve", "deny", "drop"]), st.integers(0, 5), st.just("")),
    st.tuples(st.sampled_from(["crash", "torn_write", "restart"]), st.integers(0, 30), st.just("")),
)


class World:
    """A machine on which one process runs after the other, and the world outside of it."""

    def __init__(self, seed: int) -> None:
        self.disk = SimulatedDisk(random.Random(seed))
        self.paid: list[str] = []
        self.numbers: list[int] = []

    def runtime(self) -> Runtime:
        @agent("till")
        async def till(order: Order, ctx: Context) -> Receipt:
            async def pay(token: str) -> int:
                await anyio.sleep(0.01)
                self.paid.append(token)
                self.numbers.append(order.number)
                await anyio.sleep(0.01)
                return order.number

            async def find(token: str) -> int:
                if token not in self.paid:
                    raise NotDoneError
                return order.number

            number = await ctx.once("pay", pay, probe=find)
            if order.what == "fails":
                raise ValueError
            return Receipt(number=number)

        def hold(route: Any) -> Any:
            person = Hold("a person", approvers=frozenset({"boss"}))
            if route.recipient.id != "till":
                return None
            return lambda message, _sender: person if message.payload.what == "held" else ALLOW

        return Runtime(
            [till], policies=PolicySet((FunctionPolicy(hold, name="person", version="1"),)), log=self.disk.log(),
            seed=1, prefix="m", caller=Caller(user="ann"), limits=RunLimits(deaths=0),
        )  # fmt: skip


async def play(program: list[tuple[str, int, str]], seed: int) -> None:
    world, model = World(seed), Model()
    left = list(program)
    while True:
        crash: str | None = None
        async with world.runtime() as runtime:
            for number, what in model.orders.items():  # callers ask again under their keys
                runtime.start(Order(number=number, what=what), Receipt, key=str(number))
            while left and crash is None:
                operation, number, what = left.pop(0)
                if operation in {"crash", "torn_write", "restart"}:
                    await anyio.sleep(number / 1000)
                    crash = operation
                elif operation == "ask":
                    what = model.orders.setdefault(number, what)
                    runtime.start(Order(number=number, what=what), Receipt, key=str(number))
                    if left and left[0][0] not in {"crash", "torn_write"}:
                        await anyio.sleep(ASKED_S)
                else:
                    await anyio.sleep(ASKED_S)
                    decide(runtime, model, operation, number)
                    await runtime.bus.observers.recorder.barrier()  # type: ignore[union-attr]  # it has a log
            if crash is None:
                await anyio.sleep(ASKED_S)
                await compare(runtime, world, model)
                return
            if crash != "restart":
                world.disk.crash(crash)


def decide(runtime: Runtime, model: Model, operation: str, number: int) -> None:
    """Let a person decide, where there is something to decide."""
    if operation == "drop":
        for letter in runtime.operations.dead_letters():
            if letter.message is not None and letter.message.payload.number == number:
                runtime.bus.dead_letters.pop(letter.id)
                model.dropped.add(number)
        return
    for held in runtime.approvals.holds():
        if held.message.payload.number == number:
            vote = runtime.approvals.approve if operation == "approve" else runtime.approvals.deny
            vote(held.id, by="ben", roles=("boss",), reason="said so")
            model.decided[number] = operation == "approve"


async def compare(runtime: Runtime, world: World, model: Model) -> None:
    """Compare everything that can be seen with the model."""
    assert sorted(world.numbers) == sorted(model.paid())
    assert {held.message.payload.number for held in runtime.approvals.holds()} == model.held()
    letters = {one.message.payload.number for one in runtime.operations.dead_letters() if one.message is not None}
    assert letters == model.letters()
    for number, what in model.orders.items():
        try:
            found = str((await runtime.ask(Order(number=number, what=what), Receipt, key=str(number))).number)
        except RunHeld:
            found = "held"
        except RunStalled:
            found = "stalled"
        assert found == model.answer(number), number
    assert list(world.disk.problems(over=False)) == []
    assert len(runtime.bus.runs.open_runs) == len(model.held())


@settings(max_examples=60, deadline=None)
@given(st.lists(OPERATIONS, max_size=14), st.integers(0, 2**16))
def test_no_order_of_events_differs_from_the_model(program: list[tuple[str, int, str]], seed: int) -> None:
    logging.disable(logging.CRITICAL)
    try:
        run(play(program, seed), SimulationLoop(seed))
    finally:
        logging.disable(logging.NOTSET)
