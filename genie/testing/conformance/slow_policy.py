"""The suite of ``AsyncPolicy``: verdicts and codes, a judge that can be stopped, and no allow after a failure."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import anyio

from genie.contracts.agent import agent
from genie.contracts.card import AgentCard
from genie.contracts.message import Envelope, Payload
from genie.contracts.serialization import as_wire
from genie.errors import GenieError
from genie.policy.async_policy import AsyncPolicy, AsyncSettings
from genie.policy.opinions import places_exist
from genie.policy.policy import PolicySet, Route, texts_of
from genie.policy.verdicts import Allow, Deny, Hold, Redact, Verdict, coded
from genie.runtime.runtime import Runtime
from genie.testing.conformance.suite import Make, expect, run_checks, violated

RECIPIENT = "under_test"
"""Id of the agent whose deliveries the policy judges."""
_PROMPT_S = 1.0
"""Seconds within which a cancelled judge must stop."""


class Done(Payload, topic="conformance.done"):
    """The answer of the agent under test."""


@dataclass(frozen=True)
class SlowPolicyUnderTest:
    """A policy, with the inputs that its suite needs."""

    policy: AsyncPolicy
    allowed: Payload
    """A message that it allows for an agent with the id ``RECIPIENT``."""
    objected: Payload
    """A message of the same class that it denies, holds or masks."""
    stalled: Callable[[], AbstractAsyncContextManager[object]]
    """Makes the model or service behind it hang, until the end of the block."""
    broken: Callable[[], AbstractAsyncContextManager[object]]
    """Makes the model or service behind it fail, until the end of the block."""


async def check_slow_policy(make: Make[SlowPolicyUnderTest]) -> None:
    """Run every check of the port.

    Args:
        make: Makes the policy and what stands behind it.

    Raises:
        NonconformanceError: A check failed.
    """
    await run_checks("slow policy", make, CHECKS)


async def says_what_it_is(made: SlowPolicyUnderTest) -> None:
    """Name and version are codes, and its settings can be hashed: decisions and approvals name all three."""
    policy = made.policy
    expect(coded(policy.name) == policy.name, "a name that is a code")
    expect(coded(policy.version) == policy.version, "a version that is a code")
    expect(isinstance(policy.settings, AsyncSettings), "settings that are AsyncSettings")
    first, second = (json.dumps(policy.settings.model_dump(mode="json"), sort_keys=True) for _ in range(2))
    expect(first == second, "settings that are the same each time")
    expect(PolicySet((policy,)).sha256 == PolicySet((policy,)).sha256, "settings whose hash is the same each time")
    texts = texts_of(policy) or {}
    expect(all(coded(code) == code and isinstance(text, str) for code, text in texts.items()), "texts by code")


async def gives_verdicts(made: SlowPolicyUnderTest) -> None:
    """It allows and objects as it should, with a code and with existing places."""
    expect(isinstance(await _judged(made, made.allowed), Allow), "an allow for what it allows")
    verdict = await _judged(made, made.objected)
    expect(isinstance(verdict, (Deny, Hold, Redact)), "a denial, a hold or a redaction for what it objects to")
    expect(not isinstance(verdict, Deny) or coded(verdict.code) == verdict.code, "a code in a denial")
    expect(places_exist(verdict, made.objected), "places that the payload has")


async def judges_the_same_again(made: SlowPolicyUnderTest) -> None:
    """A policy that is compiled again gives the same verdicts: after a reload, and for equal recipients."""
    for payload in (made.allowed, made.objected):
        kinds = {type(await _judged(made, payload)) for _ in range(3)}
        expect(len(kinds) == 1, "the same verdict for the same message")


async def leaves_the_payload(made: SlowPolicyUnderTest) -> None:
    """It reads the original that other recipients also get, so it must not change it."""
    before = as_wire(made.objected)
    await _judged(made, made.objected)
    expect(as_wire(made.objected) == before, "a payload that is as it was")


async def keeps_messages_apart(made: SlowPolicyUnderTest) -> None:
    """Concurrent judgements do not interfere."""
    found: dict[int, Verdict] = {}

    async def ask(number: int) -> None:
        found[number] = await _judged(made, made.objected if number % 2 else made.allowed)

    async with anyio.create_task_group() as tasks:
        for number in range(made.policy.settings.at_once):
            tasks.start_soon(ask, number)
    for number, verdict in found.items():
        expect(isinstance(verdict, Allow) == (number % 2 == 0), "for each message its own verdict")


async def stops_when_it_is_cancelled(made: SlowPolicyUnderTest) -> None:
    """The bus cancels a late judge repeatedly; the judge stops, and judges later messages as before."""
    async with made.stalled():
        for _ in range(made.policy.settings.at_once + 1):
            began = anyio.current_time()
            with anyio.move_on_after(0.01) as waited:
                await _judged(made, made.allowed)
            expect(waited.cancelled_caught, "no verdict while what stands behind it does not answer")
            expect(anyio.current_time() - began < _PROMPT_S, "an end at once when it is cancelled")
    expect(isinstance(await _judged(made, made.allowed), Allow), "an allow afterwards")


async def fails_closed(made: SlowPolicyUnderTest) -> None:
    """Without a verdict nothing is allowed: it is denied, or held if the settings require it."""
    policy = made.policy
    for why in ("late", "busy", "no verdict", "raised ValueError"):
        verdict = policy.failed(why)
        wanted = Hold if policy.settings.on_failure == "hold" else Deny
        expect(isinstance(verdict, wanted), "a denial or a hold, as on_failure says")
    async with made.broken():
        try:
            verdict = await _judged(made, made.allowed)
        except Exception:  # noqa: BLE001 - to raise is one of the two right things: the bus asks `failed` then
            return
    expect(not isinstance(verdict, Allow), "an error or an objection while what stands behind it fails")


async def governs_a_bus(made: SlowPolicyUnderTest) -> None:
    """On a bus the agent gets only messages that are allowed, not those objected to or left unjudged."""
    seen: list[Payload] = []
    kind: Any = type(made.allowed)

    async def handle(payload: Any) -> Done:
        seen.append(payload)
        return Done()

    handle.__annotations__["payload"] = kind
    handler: Any = agent(RECIPIENT, clearance="restricted")(handle)
    async with Runtime([handler], policies=PolicySet((made.policy,))) as runtime:
        await runtime.ask(made.allowed, Done)
        expect(seen == [made.allowed], "the agent to get what is allowed")
        for payload, trouble in ((made.objected, None), (made.allowed, made.broken)):
            seen.clear()
            if trouble is None:
                await _asked(runtime, payload)
            else:
                async with trouble():
                    await _asked(runtime, payload)
            expect(payload not in seen, "the agent not to get the original")


async def _asked(runtime: Runtime, payload: Payload) -> None:
    run = runtime.start(payload, Done)
    await run.settled()
    for held in runtime.approvals.requests():
        runtime.approvals.refuse(held.id, by="suite")
    try:
        await run.result()
    except GenieError:  # denied, or held and refused: the messages seen by the agent are checked
        return


async def _judged(made: SlowPolicyUnderTest, payload: Payload) -> Verdict:
    from genie.contracts.classification import Classification  # noqa: PLC0415 - as below
    from genie.contracts.headers import Headers  # noqa: PLC0415 - as below
    from genie.contracts.message import Inspection, stamp  # noqa: PLC0415 - the parts of a message, for this alone

    card = AgentCard(id=RECIPIENT, clearance=Classification.RESTRICTED)
    judge: Callable[[Envelope[Any], AgentCard], Awaitable[Verdict]] | None
    judge = made.policy.judge_of(Route(type(payload), card))
    if judge is None:
        violated(f"a judge for what {RECIPIENT} gets")
    findings = Inspection(0)
    message = stamp(1, payload, "sender", None, None, 0, 0, Headers(), Classification.PUBLIC, findings)
    return await judge(message, AgentCard(id="sender"))


CHECKS = (
    says_what_it_is, gives_verdicts, leaves_the_payload, judges_the_same_again, keeps_messages_apart,
    stops_when_it_is_cancelled, fails_closed, governs_a_bus,
)  # fmt: skip
