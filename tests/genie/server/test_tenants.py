"""Tenants side by side: runs begin in turn, and each tenant has its quota."""

from __future__ import annotations

import anyio
import pytest

from genie.server.problems import Problem
from genie.server.turns import ACTIVE_S, AT_ONCE, MOST_WAITING, Turns
from tests.genie.desk_for_tests import Hand, desk, pipeline, wish

pytestmark = pytest.mark.anyio


async def test_a_backlog_of_one_tenant_does_not_delay_another() -> None:
    turns, order = Turns(Hand()), list[str]()

    async def ask(tenant: str, place: int) -> None:
        await turns.take(tenant)
        order.append(f"{tenant}{place}")

    async with anyio.create_task_group() as tasks:
        await turns.take("quiet")
        for place in range(100):
            tasks.start_soon(ask, "loud", place)
        while turns.waiting < 100 - AT_ONCE:
            await anyio.lowlevel.checkpoint()
        for tenant in ("quiet", "third"):
            tasks.start_soon(ask, tenant, 0)
        while turns.waiting < 102 - AT_ONCE:
            await anyio.lowlevel.checkpoint()
        begun = len(order)
        turns.give()
        while len(order) < begun + AT_ONCE:
            await anyio.lowlevel.checkpoint()
        assert {"quiet0", "third0"} <= set(order[begun:])
        tasks.start_soon(turns.run)
        while len(order) < 102:
            await anyio.lowlevel.checkpoint()
        assert sorted(order) == sorted([*(f"loud{place}" for place in range(100)), "quiet0", "third0"])
        tasks.cancel_scope.cancel()


async def test_a_tenant_that_asks_alone_never_waits() -> None:
    hand = Hand()
    turns = Turns(hand)
    await turns.take("other")
    hand.at = ACTIVE_S + 0.1
    for _ in range(50):
        await turns.take("alone")
    assert turns.waiting == 0


async def test_what_waits_is_bounded() -> None:
    turns = Turns(Hand())
    await turns.take("quiet")
    async with anyio.create_task_group() as tasks:
        for _ in range(MOST_WAITING + AT_ONCE):
            tasks.start_soon(turns.take, "loud")
        while turns.waiting < MOST_WAITING:
            await anyio.lowlevel.checkpoint()
        with pytest.raises(Problem) as refused:
            await turns.take("loud")
        assert refused.value.code == "quota"
        tasks.cancel_scope.cancel()


async def test_a_tenant_has_as_many_runs_in_flight_as_it_may_have() -> None:
    async with desk(pipeline("one"), pipeline("two"), tenant_runs=2) as at:
        loud, quiet = at.key("ann", tenant="loud"), at.key("bob", tenant="quiet")
        runs = []
        async with at.http(loud) as http:
            for name in ("one", "two"):
                runs.append((await http.post("/v1/runs", json=wish("slow", of=name))).json()["id"])
            refused = await http.post("/v1/ask", json=wish(of="one"))
            assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "quota", "1")
        async with at.http(quiet) as http:
            assert (await http.post("/v1/ask", json=wish(of="one"))).status_code == 200
        async with at.http(loud) as http:
            assert (await http.delete(f"/v1/runs/{runs[0]}")).status_code == 202
            while not at.server.hosted["one"].runs[runs[0]].over:
                await anyio.lowlevel.checkpoint()
            assert (await http.post("/v1/ask", json=wish(of="one"))).status_code == 200
        assert at.server.quotas.runs == {"loud": 1}


async def test_a_tenant_has_a_rate_whoever_of_it_asks() -> None:
    async with desk(tenant_per_s=1.0) as at:
        codes = [(await at.get("/v1/runs", at.key(f"user {number}", tenant="loud"))).status_code for number in range(3)]
        assert codes == [200, 200, 429]
        assert (await at.get("/v1/runs", at.key("bob", tenant="quiet"))).status_code == 200
        at.hand.at = 1.0
        assert (await at.get("/v1/runs", at.key("ann", tenant="loud"))).status_code == 200
