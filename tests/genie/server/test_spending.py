"""What models have cost: counted by day, key, pipeline and model, each tenant's for itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.contracts.model_call import FailureClass, ModelFailed, ModelReply, Stop, Text, Usage
from genie.server import spending as module
from genie.server.spending import MOST_ROWS, Place, Row, Spending
from tests.genie.desk_for_tests import Desk, desk

pytestmark = pytest.mark.anyio
DAY = 86_400.0
TEXT = """
version: 1
id: talk
agents: [assistant]
models:
  desk:
    wire: scripted
    internal: true
    {price}
policies: [clearance]
input: assistant.question
output: assistant.answer
"""
PRICED = 'price: { input: "3", output: "15" }'


def talk(price: str = PRICED) -> Pipeline:
    return parse(TEXT.format(price=price), environ={})


async def asked(at: Desk, key: str) -> dict[str, Any]:
    body = {"pipeline": "talk", "payload": {"text": "hello"}}
    found: dict[str, Any] = (await at.get("/v1/ask", key, "POST", body)).json()["answer"]
    return found


async def spent(at: Desk, key: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await at.get("/v1/spend", key)).json()["rows"]
    return rows


async def test_calls_of_a_key_are_summed_exactly() -> None:
    async with desk(talk()) as at:
        key = at.key()
        answers = [await asked(at, key) for _ in range(3)]
        (row,) = await spent(at, key)
        assert (row["user"], row["pipeline"], row["model"]) == ("ann", "talk", "scripted")
        assert (row["calls"], row["failed"], row["unpriced"]) == (3, 0, 0)
        assert row["input"] == sum(one["usage"]["input"] for one in answers)
        assert Decimal(row["cost"]) == sum(Decimal(one["cost"]) for one in answers) > 0


async def test_a_call_without_a_price_is_counted_and_costs_nothing_that_is_known() -> None:
    async with desk(talk("window: 10000")) as at:
        key = at.key()
        await asked(at, key)
        (row,) = await spent(at, key)
        assert (row["calls"], row["unpriced"], row["cost"]) == (1, 1, "0")
        assert (await at.get("/v1/spend", key)).json()["unpriced_models"] == 1


async def test_a_tenant_sees_its_own_rows_alone() -> None:
    async with desk(talk()) as at:
        north, south = at.key(), at.key("sam", tenant="south")
        await asked(at, north)
        assert await spent(at, south) == []
        assert len(await spent(at, north)) == 1
        assert (await at.get("/v1/spend", at.key("obs", rights=("observe",)))).status_code == 403


async def test_a_pipeline_without_models_has_none() -> None:
    async with desk() as at:
        key = at.key()
        await at.ask(key)
        found = (await at.get("/v1/spend", key)).json()
        assert (found["models"], found["rows"]) == (0, [])


def row_of(*replies: ModelReply | ModelFailed) -> dict[str, Any]:
    row = Row()
    for reply in replies:
        row.take(reply)
    return row.shown()


def test_a_failed_call_that_used_tokens_is_without_a_price() -> None:
    failed = ModelFailed(failure=FailureClass.TRUNCATED, usage=Usage(input=10, estimated=True))
    found = row_of(failed, ModelFailed(failure=FailureClass.RATE_LIMITED))
    assert (found["calls"], found["failed"], found["unpriced"], found["estimated"]) == (2, 2, 1, 1)


def test_what_an_earlier_process_counted_is_added() -> None:
    reply = ModelReply(
        parts=(Text(text="x"),), stop=Stop.ANSWERED, usage=Usage(input=1), model="m", cost=Decimal("0.1")
    )
    kept = [Place("2026-01-02", "k", "ann", "talk", "m")._asdict() | row_of(reply)]
    spending = Spending(lambda: 20_455 * DAY)
    spending.take_up("north", kept)
    spending.take_up("north", kept)
    (row,) = spending.rows("north")
    assert (row["calls"], row["cost"]) == (2, "0.2")
    assert spending.rows("south") == []


@pytest.mark.slow
def test_a_table_is_bounded_and_nothing_in_it_is_lost() -> None:
    spending = Spending(lambda: 20_455 * DAY)
    one = row_of(ModelFailed(failure=FailureClass.TIMEOUT))
    for number in range(MOST_ROWS + 10):
        spending.take_up(None, [Place("2026-01-02", str(number), "ann", "talk", "m")._asdict() | one])
    rows = spending.rows(None)
    assert len(rows) <= MOST_ROWS + 1
    assert sum(row["calls"] for row in rows) == MOST_ROWS + 10


def test_days_that_are_long_over_are_forgotten() -> None:
    now = 20_455 * DAY
    spending = Spending(lambda: now)
    one = row_of(ModelFailed(failure=FailureClass.TIMEOUT))
    spending.take_up(None, [Place("2026-01-02", "k", "ann", "talk", "m")._asdict() | one])
    now += 70 * DAY
    assert spending.rows(None) == []


def a_call(name: str = "k", day: str = "2026-01-02") -> list[dict[str, Any]]:
    return [Place(day, name, "ann", "talk", "m")._asdict() | row_of(ModelFailed(failure=FailureClass.TIMEOUT))]


def test_what_a_tenant_has_spent_is_not_forgotten_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TENANTS", 3)
    now = 20_455 * DAY
    spending = Spending(lambda: now)
    for tenant in ("a", "b", "c"):
        assert spending.has_room(tenant)
        spending.take_up(tenant, a_call())
    assert not spending.has_room("d")
    assert all(spending.has_room(tenant) and spending.rows(tenant)[0]["calls"] == 1 for tenant in ("a", "b", "c"))
    now += 70 * DAY  # every day of theirs is over
    assert spending.has_room("d")


def test_rows_of_all_tenants_together_are_bounded_and_each_tenant_keeps_its_sum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_TOGETHER", 4)
    spending = Spending(lambda: 20_455 * DAY)
    for tenant in ("a", "b", "c"):
        for number in range(5):
            spending.take_up(tenant, a_call(str(number)))
    rows = [spending.rows(tenant) for tenant in ("a", "b", "c")]
    assert sum(len(some) for some in rows) <= 4 + 3
    assert [sum(row["calls"] for row in some) for some in rows] == [5, 5, 5]


async def test_questions_of_a_tenant_that_cannot_be_counted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TENANTS", 1)
    body = {"pipeline": "talk", "payload": {"text": "hello"}}
    async with desk(talk()) as at:
        north, south = at.key(), at.key("sam", tenant="south")
        await asked(at, north)
        refused = await at.get("/v1/ask", south, "POST", body)
        assert (refused.status_code, refused.json()["code"]) == (503, "overflow")
        await asked(at, north)
        (row,) = await spent(at, north)
        assert row["calls"] == 2
