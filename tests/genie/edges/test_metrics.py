"""What a scrape shows: the account, bounded in its series, and the same in every way of reading it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from genie.contracts.admission import Admission, Budget, Rate
from genie.contracts.agent import agent
from genie.contracts.card import AgentCard, Caller
from genie.contracts.context import Context
from genie.contracts.limits import Retry
from genie.contracts.message import Message, Payload
from genie.edges.telemetry.prometheus import Metrics
from genie.policy.policy import ALLOW, Allow, Deny, Judge, PolicySet, PolicySettings, Route, Verdict
from genie.runtime.runtime import Runtime
from genie.testing import settled

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]
DASHBOARD = ROOT / "config" / "grafana" / "dashboard.json"


class Order(Payload, topic="scrape.order"):
    number: int


class Secret(Payload, topic="scrape.secret"):
    text: str


class Note(Payload, topic="scrape.note"):
    number: int


@agent("clerk", concurrency=4, retry=Retry(attempts=2, first_s=0))
async def clerk(order: Order | Secret, context: Context) -> Note | None:
    """Fails on 1, blocks on 2."""
    context.charge(cost=0.25, tokens=3)
    if isinstance(order, Order) and order.number == 1:
        raise ValueError("one")
    if isinstance(order, Order) and order.number == 2:
        await anyio.Event().wait()
    return Note(number=1) if isinstance(order, Order) else None


class Odd:
    """A third party's agent, whose id is whatever it likes."""

    card = AgentCard(id='odd"%name\\', consumes=(Note,))

    async def handle(self, message: Message[Any], context: Context) -> None:
        """Take notes."""


class NoSecrets:
    name: ClassVar[str] = "no_secrets"
    version: ClassVar[str] = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route: Route) -> Judge | None:
        def judge(message: Message[Any], sender: AgentCard) -> Verdict:
            return Deny("secret", "not for you") if isinstance(message.payload, Secret) else ALLOW

        return judge


class Noticing:
    """Allows, with an obligation: no verdict of its own is counted."""

    name: ClassVar[str] = "noticing"
    version: ClassVar[str] = "1"
    settings = PolicySettings()
    inspectors = ()

    def compile(self, route: Route) -> Judge | None:
        return lambda message, sender: Allow(("say so",))


Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series(page: bytes) -> Series:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


ANN = Caller(user="ann-of-accounts", tenant="acme-bank")


async def busy(runtime: Runtime) -> None:
    """Handle three orders, fail on one, leave one running, deny a secret."""
    for number in (0, 0, 0, 1, 2):
        await runtime.publish(Order(number=number), caller=ANN)
    await runtime.publish(Secret(text="card 4111 1111 1111 1111"), caller=ANN)
    await settled(runtime)


ADMISSION = Admission(
    rates=(Rate(id="steady", per_s=1_000, burst=1_000, per=("tenant", "sender")),),
    budgets=(Budget(id="daily", per="tenant_day", cost="1.6", tokens=900, messages=900), Budget(id="runs", wall_s=60)),
)


def runtime() -> Runtime:
    return Runtime([clerk, Odd()], policies=PolicySet((NoSecrets(),)), admission=ADMISSION)


async def test_a_scrape_shows_every_fate_of_every_topic() -> None:
    async with runtime() as open_runtime:
        await busy(open_runtime)
        found = series(Metrics(open_runtime.statistics).page())

    def ended(agent_id: str, topic: str, outcome: str) -> float:
        labels = (("agent", agent_id), ("outcome", outcome), ("topic", topic))
        return found["genie_deliveries_total", labels]

    assert ended("clerk", "scrape.order", "handled") == 3
    assert ended("clerk", "scrape.order", "dead_lettered") == 1
    assert ended("clerk", "scrape.order", "denied") == 0
    assert ended("clerk", "scrape.secret", "denied") == 1
    clerk_alone = (("agent", "clerk"),)
    assert found["genie_accepted_total", clerk_alone] == 6
    assert found["genie_deliveries_in_flight", (("agent", "clerk"), ("state", "running"))] == 1
    assert found["genie_retries_total", clerk_alone] == 1
    assert found["genie_failures_total", clerk_alone] == 2
    assert found["genie_cost_total", clerk_alone] == 0.25 * 6
    assert found["genie_verdicts_total", (("policy", "no_secrets"), ("verdict", "deny"))] == 1
    assert found["genie_runs_in_flight", ()] == 1


async def test_a_scrape_shows_what_budgets_have_and_what_rates_and_budgets_denied() -> None:
    async with runtime() as open_runtime:
        await busy(open_runtime)
        for _ in range(2):
            await open_runtime.publish(Order(number=0), caller=ANN)
            await settled(open_runtime)
        found = series(Metrics(open_runtime.statistics).page())
    cost = (("budget", "daily"), ("unit", "cost"))
    told = {
        name: found[f"genie_budget_{name}", cost]
        for name in ("limit", "spent_total", "reserved", "least_left", "overrun_total", "denied_total")
    }
    assert told == {
        "limit": 1.6, "spent_total": 1.6, "reserved": 0, "least_left": 0, "overrun_total": 0.15, "denied_total": 1,
    }  # fmt: skip
    assert found["genie_budget_denied_total", (("budget", "runs"), ("unit", "wall_s"))] == 0
    assert found["genie_rate_denied_total", (("rate", "steady"),)] == 0
    assert found["genie_rate_buckets", (("rate", "steady"),)] == 2


async def test_the_accounts_law_holds_in_every_scrape() -> None:
    async with runtime() as open_runtime:
        metrics = Metrics(open_runtime.statistics)
        for number in range(4):
            await open_runtime.publish(Order(number=number))
            found = series(metrics.page())
            for one in ("clerk", Odd.card.id):
                of_agent = {key: value for key, value in found.items() if ("agent", one) in key[1]}
                accepted = of_agent["genie_accepted_total", (("agent", one),)]
                ended = sum(value for (name, _), value in of_agent.items() if name == "genie_deliveries_total")
                flying = sum(value for (name, _), value in of_agent.items() if name == "genie_deliveries_in_flight")
                assert accepted == ended + flying


async def test_a_registry_of_ones_own_shows_the_same() -> None:
    async with runtime() as open_runtime:
        await busy(open_runtime)
        metrics = Metrics(open_runtime.statistics)
        registry = CollectorRegistry()
        registry.register(metrics)
        assert series(generate_latest(registry)) == series(metrics.page())
        assert series(metrics.page()) == series(metrics.page())


async def test_buckets_grow_to_the_count_of_handlings() -> None:
    async with runtime() as open_runtime:
        await busy(open_runtime)
        found = series(Metrics(open_runtime.statistics).page())
    bounds = [
        (float(dict(labels)["le"]), value)
        for (name, labels), value in found.items()
        if name == "genie_handling_seconds_bucket" and ("agent", "clerk") in labels
    ]
    counts = [value for _, value in sorted(bounds)]
    assert counts == sorted(counts)
    assert counts[-1] == found["genie_handling_seconds_count", (("agent", "clerk"),)] == 5  # a retry is one more
    assert [bound for bound, _ in sorted(bounds)][:2] == [16e-6, 32e-6]


async def test_labels_name_what_is_registered_and_nobody() -> None:
    async with runtime() as open_runtime:
        metrics = Metrics(open_runtime.statistics)
        await busy(open_runtime)
        before = set(series(metrics.page()))
        await busy(open_runtime)
        page = metrics.page().decode()
        assert set(series(page.encode())) == before  # more runs, the same series
    for secret in ("ann-of-accounts", "acme-bank", "4111", "ValueError"):
        assert secret not in page
    values = {
        value
        for _, labels in before
        for name, value in labels
        if name not in {"le", "agent", "topic", "policy", "rate", "budget", "unit"}
    }
    assert values == {
        "handled", "denied", "expired", "cancelled", "dead_lettered", "queued", "running", "retrying", "held", "timed",
        "deny", "low", "medium", "high", "critical",
    }  # fmt: skip


async def test_counts_outlive_a_change_of_routes() -> None:
    async with runtime() as open_runtime:
        await open_runtime.publish(Order(number=0))
        await settled(open_runtime)
        open_runtime.operations.replace_policies(PolicySet())
        await open_runtime.publish(Order(number=0))
        counted = await settled(open_runtime)
    assert counted.agents["clerk"].topics["scrape.order"].handled == 2
    assert counted.agents["clerk"].handled == 2


async def test_an_allow_with_a_notice_is_no_verdict() -> None:
    async with Runtime([clerk], policies=PolicySet((Noticing(),))) as open_runtime:
        await open_runtime.publish(Order(number=0))
        counted = await settled(open_runtime)
    assert counted.verdicts == {}


# --- the dashboard ---

_NAME = re.compile(r"\bgenie_[a-z_]+")


async def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    async with runtime() as open_runtime:
        await busy(open_runtime)
        found = series(Metrics(open_runtime.statistics).page())
    names = {name for name, _ in found}
    labels = {label for _, pairs in found for label, _ in pairs}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(asked) >= 10
    for expression in asked:
        assert _NAME.findall(expression), expression
        assert set(_NAME.findall(expression)) <= names, expression
        grouped = {word.strip() for group in re.findall(r"\bby \(([^)]*)\)", expression) for word in group.split(",")}
        assert grouped <= labels, expression


async def test_the_dashboard_shows_every_metric() -> None:
    async with runtime() as open_runtime:
        await busy(open_runtime)
        names = {name for name, _ in series(Metrics(open_runtime.statistics).page())}
    shown = set(_NAME.findall(DASHBOARD.read_text()))
    assert names - shown == set()
