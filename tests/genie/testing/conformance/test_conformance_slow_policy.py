"""The suite of slow policies accepts one that does what the bus relies on, and names what a broken one does."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import anyio
import pytest

from genie.contracts.message import Payload
from genie.policy.policy import ALLOW, Allow, AsyncPolicy, AsyncSettings, Deny, Hold, Redact, Route, Verdict
from genie.testing.conformance import SlowPolicyUnderTest, check_slow_policy
from genie.testing.conformance.suite import Make

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.anyio


class Said(Payload, topic="conformance.said"):
    text: str


class Service:
    """What stands behind a policy: it can stall and fail."""

    def __init__(self) -> None:
        self.stalls = self.fails = False
        self.last = ""

    async def objects_to(self, text: str) -> bool:
        if self.fails:
            raise ConnectionError
        self.last = text
        await anyio.sleep(3_600 if self.stalls else 0.001)
        return "bad" in text

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[None]:
        self.stalls = True
        yield
        self.stalls = False

    @asynccontextmanager
    async def broken(self) -> AsyncIterator[None]:
        self.fails = True
        yield
        self.fails = False


class Asking(AsyncPolicy):
    name: ClassVar[str] = "asking"
    version: ClassVar[str] = "1"
    objection: Verdict = Deny("unsafe", "it objects")

    def __init__(self, service: Service, **settings: Any) -> None:
        self.service = service
        self._settings = AsyncSettings(**settings)

    @property
    def settings(self) -> AsyncSettings:
        return self._settings

    def judge_of(self, route: Route) -> Any:
        return self.judge if route.payload is Said else None

    async def judge(self, message: Any, sender: Any) -> Verdict:
        return self.objection if await self.service.objects_to(message.payload.text) else ALLOW


class Holding(Asking):
    objection = Hold("a person decides")


class Masking(Asking):
    objection = Redact(frozenset({("text",)}))


class Named(Asking):
    name = "asking a model"


class Silent(Asking):
    objection = ALLOW


class Elsewhere(Asking):
    objection = Redact(frozenset({("body",)}))


class Moody(Asking):
    count = 0

    async def judge(self, message: Any, sender: Any) -> Verdict:
        self.count += 1
        return ALLOW if self.count == 6 else await super().judge(message, sender)


class Writing(Asking):
    async def judge(self, message: Any, sender: Any) -> Verdict:
        found = await super().judge(message, sender)
        message.payload.__dict__["text"] += " and bad"
        return found


class Mixing(Asking):
    async def judge(self, message: Any, sender: Any) -> Verdict:
        await self.service.objects_to(message.payload.text)
        return self.objection if "bad" in self.service.last else ALLOW


class Stubborn(Asking):
    async def judge(self, message: Any, sender: Any) -> Verdict:
        try:
            return await super().judge(message, sender)
        except anyio.get_cancelled_exc_class():
            return ALLOW


class Hopeful(Asking):
    async def judge(self, message: Any, sender: Any) -> Verdict:
        try:
            return await super().judge(message, sender)
        except ConnectionError:
            return ALLOW


class Yielding(Asking):
    def failed(self, why: str) -> Verdict:
        return Allow()


class Trusting(Asking):
    """Judges nobody but the agent of the tests."""

    def judge_of(self, route: Route) -> Any:
        return self.judge if route.payload is Said and not route.recipient.consumes else None


def made(kind: type[Asking], **settings: Any) -> Make[SlowPolicyUnderTest]:
    @asynccontextmanager
    async def make() -> AsyncIterator[SlowPolicyUnderTest]:
        service = Service()
        yield SlowPolicyUnderTest(
            kind(service, **settings), Said(text="good"), Said(text="bad"), service.stalled, service.broken
        )

    return make


@pytest.mark.parametrize("kind", [Asking, Holding, Masking])
async def test_a_policy_that_does_what_the_bus_relies_on_passes(kind: type[Asking]) -> None:
    await check_slow_policy(made(kind, at_once=4))
    await check_slow_policy(made(kind, on_failure="hold"))


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (Named, "says_what_it_is"), (Silent, "gives_verdicts"), (Elsewhere, "gives_verdicts"),
        (Moody, "judges_the_same_again"), (Writing, "leaves_the_payload"), (Mixing, "keeps_messages_apart"),
        (Stubborn, "stops_when_it_is_cancelled"), (Hopeful, "fails_closed"), (Yielding, "fails_closed"),
        (Trusting, "governs_a_bus"),
    ],
)  # fmt: skip
async def test_a_broken_policy_is_named(
    kind: type[Asking], check: str, caught: Callable[[Awaitable[None]], Awaitable[str]]
) -> None:
    assert await caught(check_slow_policy(made(kind))) == check
