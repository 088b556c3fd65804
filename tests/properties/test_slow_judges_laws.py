"""Laws of slow judges: whatever they say, however long it takes and whoever is cancelled, order and account hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard
from genie.contracts.context import Context
from genie.contracts.limits import Mailbox
from genie.contracts.message import Payload
from genie.policy.policy import ALLOW, AsyncPolicy, AsyncSettings, Deny, Hold, PolicySet, Redact, Route, Verdict
from genie.runtime.runtime import Runtime


class Step(NamedTuple):
    account: int
    says: str
    takes_s: float


class Go(Payload, topic="slow.go"):
    steps: tuple[tuple[int, str, float], ...]


class Item(Payload, topic="slow.item", key="account"):
    account: int
    number: int
    says: str
    takes_s: float


class Done(Payload, topic="slow.done"):
    number: int = 0


VERDICTS: dict[str, Verdict] = {
    "allow": ALLOW, "deny": Deny("no", "no"), "redact": Redact(frozenset({("says",)})), "hold": Hold("unsure"),
}  # fmt: skip


class Slow(AsyncPolicy):
    name: ClassVar[str] = "slow"
    version: ClassVar[str] = "1"

    def __init__(self, chosen: AsyncSettings) -> None:
        self._settings = chosen
        self.now = self.most = 0
        self.judged: list[Any] = []

    @property
    def settings(self) -> AsyncSettings:
        return self._settings

    def judge_of(self, route: Route) -> Callable[[Any, AgentCard], Awaitable[Verdict]] | None:
        return self._judge if route.payload is Item else None

    async def _judge(self, message: Any, _sender: AgentCard) -> Verdict:
        item: Item = message.payload
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await anyio.sleep(item.takes_s)
        finally:
            self.now -= 1
        self.judged.append((message.scope.run.id, item.account, item.number))
        if item.says == "raise":
            raise ValueError
        return VERDICTS[item.says]


steps = st.tuples(
    st.integers(0, 2), st.sampled_from(["allow", "allow", "deny", "redact", "raise", "hold"]),
    st.sampled_from([0.0, 0.5, 1.0, 7.0]),
)  # fmt: skip


@given(
    st.lists(st.lists(steps, max_size=8).map(tuple), min_size=1, max_size=3),
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 20), st.none() | st.floats(0.1, 9),
)  # fmt: skip
@settings(max_examples=60)
def test_order_and_account_hold(
    live: Any, scripts: list[Any], concurrency: int, at_once: int, most_waiting: int, cancelled_after_s: float | None
) -> None:
    live(_lived, scripts, concurrency, at_once, most_waiting, cancelled_after_s)


async def _lived(
    scripts: list[Any], concurrency: int, at_once: int, most_waiting: int, cancelled_after_s: float | None
) -> None:
    policy = Slow(AsyncSettings(deadline_s=5, at_once=at_once, most_waiting=most_waiting))
    handled: dict[tuple[str, int], list[int]] = defaultdict(list)

    @agent("sender", publishes=(Item,), concurrency=4)
    async def sender(go: Go, context: Context) -> Done:
        for number, (account, says, takes_s) in enumerate(go.steps):
            await context.publish(Item(account=account, number=number, says=says, takes_s=takes_s))
        return Done()

    @agent("clerk", concurrency=concurrency, mailbox=Mailbox(capacity=4))
    async def clerk(item: Item, context: Context) -> None:
        handled[context.message.correlation_id, item.account].append(item.number)

    with anyio.fail_after(100_000):
        async with Runtime((sender, clerk), policies=PolicySet((policy,)), seed=1, wall=0.0) as runtime:
            runs = [runtime.start(Go(steps=script), Done) for script in scripts]
            if cancelled_after_s is not None:
                await anyio.sleep(cancelled_after_s)
                assert runtime.statistics().totals.balanced
                runs[0].cancel()
            else:
                await anyio.sleep(200)
            for request in runtime.approvals.requests():
                runtime.approvals.deny(request.id, by="ben", reason="no")
            await anyio.sleep(200)
            for request in runtime.approvals.requests():
                runtime.approvals.deny(request.id, by="ben", reason="no")
            for run in runs:
                await run.settled()
            totals = runtime.statistics().totals
            assert totals.balanced
            assert totals.in_flight == 0
            assert len(runtime.bus.pending) == 0
            assert policy.most <= at_once
            assert policy.now == 0
            for numbers in handled.values():
                assert numbers == sorted(set(numbers))
            allowed = {
                (run.id, number)
                for run, script in zip(runs, scripts, strict=True)
                for number, (_, says, takes_s) in enumerate(script) if says in {"allow", "redact"} and takes_s < 5
            }  # fmt: skip
            assert {(key[0], number) for key, numbers in handled.items() for number in numbers} <= allowed
