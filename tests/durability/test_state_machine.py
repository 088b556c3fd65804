"""Bus and log, driven rule by rule, against a model of them in plain Python."""

from __future__ import annotations

import json
import logging
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from genie import Payload, RunLimits, Runtime, agent
from genie.contracts.card import Caller
from genie.contracts.outcome import Outcome, Reason
from genie.policy.policy import ALLOW, Hold, PolicySet
from genie.testing import FunctionPolicy, settled
from genie.testing.recorders import RecordingLog
from tests.durability.restarts import Machine


class Order(Payload, topic="rules.order"):
    number: int
    what: str


class Receipt(Payload, topic="rules.receipt"):
    number: int


@agent("till", concurrency=64)
async def till(order: Order) -> Receipt:
    if order.what == "fails":
        raise ValueError
    if order.what == "hangs":
        await anyio.sleep_forever()
    return Receipt(number=order.number)


@agent("book", concurrency=64)
async def book(order: Order) -> None:
    if order.what == "half":
        await anyio.sleep_forever()


def runtime_over(log: RecordingLog) -> Runtime:
    def hold(route: Any) -> Any:
        person = Hold("a person", approvers=frozenset({"boss"}))
        if route.recipient.id != "till":
            return None
        return lambda message, _sender: person if message.payload.what == "held" else ALLOW

    return Runtime(
        [till, book], policies=PolicySet((FunctionPolicy(hold, name="person", version="1"),)), log=log, seed=1,
        prefix="m", caller=Caller(user="ann"), limits=RunLimits(deaths=0, deadline_s=None),
    )  # fmt: skip


FIRST = {"plain": "handled", "fails": "dead_lettered", "held": None, "hangs": None, "half": "handled"}
"""How an order ends at the till that nobody touches; None while it is in flight."""
LEFT = {"held", "hangs", "half"}
"""Orders whose run stays open; of ``half`` the book has not ended."""


class Rules(RuleBasedStateMachine):
    """The runtime under test, and beside it what must be true: the outcome of each order."""

    backend = "asyncio"
    waiting: Bundle[int] = Bundle("waiting")
    """Orders that are held or hang."""

    def __init__(self) -> None:
        super().__init__()
        self.portal_context = start_blocking_portal(self.backend)
        self.portal = self.portal_context.__enter__()
        self.machine = Machine(runtime_over)
        self.model: dict[int, str | None] = {}
        self.book: dict[int, str | None] = {}
        self.what: dict[int, str] = {}
        self.process: Any = None
        self.runtime: Runtime
        self._begin()

    # --- processes ---

    def _begin(self, *, dies: bool = True) -> None:
        self.process = self.portal.wrap_async_context_manager(self.machine.process(dies=dies))
        self.runtime = self.process.__enter__()

    def _end(self) -> None:
        process, self.process = self.process, None
        process.__exit__(None, None, None)

    @rule()
    def crash_and_recover(self) -> None:
        self._end()
        self._begin()

    @rule()
    def restart(self) -> None:
        self._end()
        self._begin(dies=False)
        self._end()
        self._begin()

    @rule(what=st.sampled_from(sorted(FIRST)))
    def crash_before_anybody_has_looked(self, what: str) -> None:
        number = len(self.model)
        self.portal.call(self._start, number, what)
        self._end()
        self._begin()
        self.portal.call(self._start, number, what)  # its caller asks again, under its key
        self._published(number, what)

    # --- orders ---

    async def _start(self, number: int, what: str) -> Any:
        return self.runtime.start(Order(number=number, what=what), Receipt, key=str(number))

    @rule(target=waiting, what=st.sampled_from(sorted(FIRST)))
    def publish(self, what: str) -> Any:
        number = len(self.model)
        self.portal.call(self._start, number, what)
        self._published(number, what)
        return number if what in LEFT else multiple()

    def _published(self, number: int, what: str) -> None:
        self.model[number], self.what[number] = FIRST[what], what
        self.book[number] = None if what == "half" else "handled"

    @rule(number=consumes(waiting), approves=st.booleans())
    def decide(self, number: int, approves: bool) -> None:
        async def vote() -> bool:
            await settled(self.runtime)
            for held in self.runtime.approvals.holds():
                if held.message.payload.number == number:
                    word = self.runtime.approvals.approve if approves else self.runtime.approvals.deny
                    word(held.id, by="ben", roles=("boss",), reason="said so")
                    return True
            return False

        assert self.portal.call(vote) is (self.what[number] == "held")
        if self.what[number] == "held":
            self.model[number] = "handled" if approves else "denied"
        else:
            self.cancel(number)

    @rule(number=consumes(waiting))
    def cancel(self, number: int) -> None:
        async def cut() -> None:
            (await self._start(number, self.what[number])).cancel()

        self.portal.call(cut)
        self.model[number] = self.model[number] or "cancelled"
        self.book[number] = self.book[number] or "cancelled"

    @rule()
    def expire(self) -> None:
        number = len(self.model)

        async def outlive() -> None:
            run = await self._start(number, "hangs")
            await settled(self.runtime)
            bus = self.runtime.bus  # what the timer of a deadline does, at a moment that no clock decides
            (state,) = (one for one in bus.runs.open_runs.values() if one.id == run.id)
            bus.runs.end(state, Outcome.EXPIRED, Reason("deadline"))

        self.portal.call(outlive)
        self._published(number, "hangs")
        self.model[number] = "expired"

    # --- what must be true ---

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        if self.process is None:
            return
        records, letters, holds, runs = self.portal.call(self._seen)
        orders: dict[str, tuple[str, int]] = {}
        for record in records:
            if record["kind"] == "message" and record["topic"] == "rules.order@1":
                for name in ("till", "book"):
                    orders[f"m-{record['number']:x}@{name}"] = (name, json.loads(record["payload"])["number"])
        ends = [(*orders[one["delivery"]], one["outcome"]) for one in records if one["kind"] == "ended"]
        said = [("till", *one) for one in self.model.items()] + [("book", *one) for one in self.book.items()]
        assert sorted(ends) == sorted((name, number, end) for name, number, end in said if end)
        receipts = [
            json.loads(one["payload"])["number"]
            for one in records
            if one["kind"] == "message" and one["topic"] == "rules.receipt@1"
        ]
        assert sorted(receipts) == sorted(number for number, end in self.model.items() if end == "handled")
        assert letters == {number for number, end in self.model.items() if end == "dead_lettered"}
        open_ = {number for number, end in self.model.items() if end is None or self.book[number] is None}
        assert holds == {number for number in open_ if self.what[number] == "held"}
        assert runs == len(open_)

    async def _seen(self) -> tuple[list[dict[str, Any]], set[int], set[int], int]:
        runtime = self.runtime
        await settled(runtime)
        recorder = runtime.bus.observers.recorder
        assert recorder is not None
        await recorder.barrier()
        log: Any = runtime.bus.observers.recorder
        letters = {one.message.payload.number for one in runtime.operations.dead_letters() if one.message is not None}
        holds = {one.message.payload.number for one in runtime.approvals.holds()}
        return list(log._log.records), letters, holds, len(runtime.bus.runs.open_runs)

    def teardown(self) -> None:
        """End the process and its loop."""
        if self.process is not None:
            self._end()
        self.portal_context.__exit__(None, None, None)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_no_order_of_rules_differs_from_the_model(backend: str) -> None:
    logging.disable(logging.CRITICAL)
    try:
        kind = type("Rules", (Rules,), {"backend": backend})
        run_state_machine_as_test(kind, settings=settings(max_examples=15, stateful_step_count=12, deadline=None))
    finally:
        logging.disable(logging.NOTSET)
