"""Model calls over the bus, beside ``await create_task``: one process, one run, CPU time.

    python -m benchmarks.models [--rounds N]

The model is a scripted one, so what is measured is the bus, the policies and the model agent, and no wire.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from genie.benchmark.policies import CALLER
from genie.contracts.admission import Admission, Budget
from genie.contracts.classification import Classification
from genie.contracts.model_call import ModelDelta, ModelReply, ModelRequest, Role, Stop, Text, Turn, Usage
from genie.contracts.ports.provider import WireDelta, WireEnd
from genie.edges.llm.agent import ModelAgent
from genie.edges.llm.price import Price
from genie.edges.llm.scripted import Rule, ScriptedProvider
from genie.edges.llm.settings import ModelOptions
from genie.policies.clearance import Clearance
from genie.policies.injection import Injection
from genie.policies.payload_size import PayloadSize, PayloadSizeSettings
from genie.policies.pii import Pii
from genie.policies.rbac import TopicRoles, TopicRolesSettings
from genie.policies.required_headers import RequiredHeaders, RequiredHeadersSettings
from genie.policies.residency import Residency
from genie.policies.risk_tier import RiskTier, RiskTierCell, RiskTierSettings
from genie.policies.secrets import Secrets
from genie.policies.tenant_isolation import TenantIsolation
from genie.policy.policy import PolicySet
from genie.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BEST_OF = 7
TOPICS = "model.*"
TEN = PolicySet(
    (
        PayloadSize(PayloadSizeSettings(topics={TOPICS: 1 << 20})),
        RequiredHeaders(RequiredHeadersSettings(topics={TOPICS: ("user", "tenant")})),
        TopicRoles(TopicRolesSettings(topics={TOPICS: ("analyst",)})),
        Clearance(), TenantIsolation(), Residency(),
        RiskTier(RiskTierSettings(cells=(RiskTierCell(environment="production", roles=("operator",)),))),
        Pii(), Secrets(), Injection(),
    )
)  # fmt: skip
REPLY = "It carries messages between agents and judges each of them."
END = WireEnd((Text(text=REPLY),), Stop.ANSWERED, Usage(input=20, output=12), "scripted")
SHORT = (WireDelta(0, "text", REPLY), END)
TOKENS = 2_000
LONG = (
    *(step for at in range(TOKENS) for step in (WireDelta(0, "text", "word "), *((0.0,) if at % 10 == 9 else ()))),
    END,
)
SYSTEM = Turn(role=Role.SYSTEM, parts=(Text(text="Answer in one sentence."),))


QUESTION = "What does a bus carry between agents?"


WARM = Text(text=f"{QUESTION} " * 10_000)
"""Looked into before anything is measured: the automata of the detectors are built while they read."""


def asked(number: int = 0) -> ModelRequest:
    """Return a different question for each number, because a repeated one would not be inspected again."""
    words = Text(text=f"{QUESTION} {number}")
    return ModelRequest(turns=(SYSTEM, Turn(role=Role.USER, parts=(words,))))


ASKED = asked()


def desk(script: tuple[object, ...], **options: object) -> ModelAgent:
    provider = ScriptedProvider(Rule("", script))  # type: ignore[arg-type]  # steps of a script
    return ModelAgent("desk", provider, ModelOptions(clearance="restricted", internal=True, region="in", **options))  # type: ignore[arg-type]  # of the options


async def best(what: Callable[[], Awaitable[object]], rounds: int) -> float:
    """Return the least CPU time of one call, in microseconds."""
    least = float("inf")
    for _ in range(BEST_OF):
        began = time.process_time()
        for _ in range(rounds):
            await what()
        least = min(least, (time.process_time() - began) / rounds * 1e6)
    return least


async def task_us(rounds: int) -> float:
    async def nothing() -> None:
        pass

    return await best(lambda: asyncio.create_task(nothing()), rounds)


async def ask_us(rounds: int, policies: PolicySet, admission: Admission | None = None, **options: object) -> float:
    caller = replace(CALLER, region="in", clearance=Classification.RESTRICTED)
    async with Runtime([desk(SHORT, **options)], policies=policies, caller=caller, admission=admission) as runtime:
        numbers = itertools.count()
        return await best(lambda: runtime.ask(asked(next(numbers)), ModelReply, to="desk"), rounds)


async def made_us(rounds: int) -> float:
    async def make() -> None:
        asked(1)

    return await best(make, rounds)


async def provider_us(rounds: int) -> float:
    provider = desk(SHORT).provider

    async def call() -> None:
        async for _ in provider.open(ASKED, first_token_s=1, idle_s=1):
            pass

    return await best(call, rounds)


async def stream_us(rounds: int, policies: PolicySet) -> tuple[float, int]:
    """Return the microseconds of one token of a stream, and how many pieces one reply came in."""
    caller = replace(CALLER, region="in", clearance=Classification.INTERNAL)
    pieces = 0

    async with Runtime([desk(LONG)], policies=policies, caller=caller) as runtime:

        async def read() -> None:
            nonlocal pieces
            pieces = 0
            async for _ in runtime.stream(ASKED, parts=ModelDelta, end=ModelReply, to="desk"):
                pieces += 1

        return await best(read, rounds) / TOKENS, pieces


async def measured(rounds: int) -> None:
    none, ten = PolicySet(), TEN
    ten.inspectors.inspect(WARM)
    budget = Admission(budgets=(Budget(id="run", cost=Decimal(10), tokens=1_000_000),))
    price = Price(input=Decimal(4), output=Decimal(20))
    unit = await task_us(rounds)
    rows = [
        ("await create_task(nothing)", unit),
        ("making a request", await made_us(rounds)),
        ("scripted provider alone", await provider_us(rounds)),
        ("model ask, no policies", await ask_us(rounds, none)),
        ("model ask, ten policies", await ask_us(rounds, ten)),
        ("model ask, ten policies, budgets, price", await ask_us(rounds, ten, budget, price=price)),
    ]
    print(f"{'CPU time of one call':44}{'us':>10}{'tasks':>10}")
    for name, microseconds in rows:
        print(f"{name:44}{microseconds:10.1f}{microseconds / unit:10.1f}")
    print(f"\n{'a token of a stream':44}{'us':>10}{'tokens/s':>10}{'pieces':>10}")
    for name, policies in (("no policies", none), ("ten policies, gated", ten)):
        microseconds, pieces = await stream_us(max(2, rounds // 200), policies)
        print(f"{name:44}{microseconds:10.2f}{1e6 / microseconds:10,.0f}{pieces:10}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=1_000)
    asyncio.run(measured(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
