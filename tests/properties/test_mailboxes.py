"""Order and overflow: what the mailbox keeps, whatever arrives."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox, Overflow, Retry
from genie.contracts.message import Payload
from genie.errors import MailboxFullError
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable


class Go(Payload):
    script: tuple[tuple[int, int], ...]
    """Key of each item, and how long its sender sleeps before it."""


class Item(Payload, key="account"):
    account: int
    sender: int
    number: int
    time: int


class Plain(Payload):
    account: int
    sender: int
    number: int
    time: int


@dataclass(frozen=True)
class Case:
    """A mailbox, and what several senders send it."""

    scripts: tuple[tuple[tuple[int, int], ...], ...]
    keyed: bool
    concurrency: int
    capacity: int
    overflow: Overflow
    attempts: int
    fails: int
    block_s: float


def cases(**fixed: Any) -> st.SearchStrategy[Case]:
    script = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 0, 1, 2])), max_size=12).map(tuple)
    parts = {
        "scripts": st.lists(script, min_size=1, max_size=3).map(tuple),
        "keyed": st.booleans(),
        "concurrency": st.sampled_from([1, 1, 2, 4]),
        "capacity": st.integers(1, 5),
        "overflow": st.sampled_from(list(Overflow)),
        "attempts": st.integers(1, 3),
        "fails": st.integers(2, 9),
        "block_s": st.sampled_from([math.inf, 0.0, 1.5]),
    }
    return st.builds(Case, **{**parts, **{name: st.just(value) for name, value in fixed.items()}})


class Seen:
    """What a case brought about."""

    def __init__(self) -> None:
        self.first: dict[Any, list[tuple[int, int]]] = defaultdict(list)
        self.ended: dict[Any, list[tuple[int, int]]] = defaultdict(list)
        self.open: set[Any] = set()
        self.attempts: dict[tuple[int, int], int] = defaultdict(int)
        self.full = 0
        self.sent: list[tuple[int, int]] = []
        self.wrong: list[str] = []
        self.overflowed: list[str] = []
        self.handled = self.dead = self.accepted = 0


async def play(case: Case) -> Seen:
    seen = Seen()
    kind: Any = Item if case.keyed else Plain

    def look(runtime: Runtime) -> None:
        reader = runtime._bus.subscribers["reader"]
        if len(reader.queue) - reader.dead + reader.behind_keys > case.capacity:
            seen.wrong.append(f"{len(reader.queue) - reader.dead} + {reader.behind_keys} wait of {case.capacity}")
        if not runtime.statistics().totals.balanced:
            seen.wrong.append(str(runtime.statistics().totals))

    def sender(index: int) -> Any:
        @agent(f"sender{index}", publishes=(kind,))
        async def send(go: Go, context: Context) -> None:
            for number, (account, time) in enumerate(go.script):
                if time:
                    await anyio.sleep(time)
                try:
                    await context.publish(kind(account=account, sender=index, number=number, time=(number * 7) % 3))
                except MailboxFullError:
                    seen.full += 1
                seen.sent.append((index, number))
                look(runtime)

        return send

    async def handle(item: Any, context: Context) -> None:
        key = item.account if case.keyed else context.message.correlation_id
        me = (item.sender, item.number)
        if not seen.attempts[me]:
            seen.first[key].append(me)
        seen.attempts[me] += 1
        if key in seen.open:
            seen.wrong.append(f"two of key {key} at once")
        seen.open.add(key)
        look(runtime)
        try:
            if item.time:
                await anyio.sleep(item.time)
            if case.fails and item.number % case.fails == 1 and seen.attempts[me] < 3:
                raise ValueError
        finally:
            seen.open.discard(key)
        seen.ended[key].append(me)

    options: Any = {
        "concurrency": case.concurrency,
        "mailbox": Mailbox(case.capacity, case.overflow, case.block_s),
        "retry": Retry(case.attempts, first_s=1.0),
    }

    @agent("reader", **options)
    async def items(item: Item, context: Context) -> None:
        await handle(item, context)

    @agent("reader", **options)
    async def plains(item: Plain, context: Context) -> None:
        await handle(item, context)

    senders = [sender(index) for index in range(len(case.scripts))]
    with anyio.fail_after(10_000):
        async with Runtime([*senders, items if case.keyed else plains], seed=1, wall=0.0) as runtime:
            for index, script in enumerate(case.scripts):
                await runtime.publish(Go(script=script), to=f"sender{index}")
            while runtime.statistics().runs:
                await anyio.sleep(1)
            one = runtime.statistics().agents["reader"]
            seen.accepted, seen.handled, seen.dead = one.accepted, one.handled, one.dead_lettered
            seen.overflowed = [
                letter.reason for letter in runtime.operations.dead_letters() if letter.reason == "overflow"
            ]
            if one.in_flight or one.accepted != one.handled + one.dead_lettered:
                seen.wrong.append(str(one))
    assert not seen.wrong, seen.wrong[:3]
    return seen


def in_order(numbers: list[tuple[int, int]]) -> bool:
    by_sender: dict[int, list[int]] = defaultdict(list)
    for sender, number in numbers:
        by_sender[sender].append(number)
    return all(found == sorted(found) for found in by_sender.values())


@settings(max_examples=40)
@given(cases(concurrency=1, attempts=1))
def test_first_handling_is_fifo_per_sender_at_concurrency_one(live: Callable[..., Any], case: Case) -> None:
    seen = live(play, case)
    everything = [me for numbers in seen.first.values() for me in numbers]
    assert all(in_order(numbers) for numbers in seen.first.values())
    assert len(everything) == len(set(everything))


@settings(max_examples=60)
@given(cases())
def test_a_key_is_fifo_and_handled_one_at_a_time_with_retries(live: Callable[..., Any], case: Case) -> None:
    seen = live(play, case)
    assert all(in_order(numbers) for numbers in seen.first.values())
    assert all(in_order(numbers) for numbers in seen.ended.values())


@settings(max_examples=40)
@given(cases(overflow=Overflow.BLOCK, block_s=math.inf, attempts=1, fails=0))
def test_block_loses_nothing(live: Callable[..., Any], case: Case) -> None:
    seen = live(play, case)
    assert seen.handled == seen.accepted == sum(map(len, case.scripts))


@settings(max_examples=40)
@given(cases(attempts=1, fails=0))
def test_overflow_gives_each_message_one_outcome_and_tells_only_where_it_rejects(
    live: Callable[..., Any], case: Case
) -> None:
    seen = live(play, case)
    assert seen.accepted == sum(map(len, case.scripts)) == len(seen.sent)
    assert seen.dead == len(seen.overflowed)
    assert seen.full == (seen.dead if case.overflow is Overflow.REJECT else 0)
    survivors = [me for numbers in seen.first.values() for me in numbers]
    assert len(survivors) == seen.handled
    if case.overflow is Overflow.SHED_OLDEST and seen.sent:
        assert seen.sent[-1] in survivors
