"""Tenants side by side: runs begin in turn, and each tenant has its quota."""

from __future__ import annotations

import anyio
import httpx
import pytest

from genie.server.problems import Problem
from genie.server.turns import ACTIVE_S, AT_ONCE, DEAREST, MOST_WAITING, Turns
from tests.genie.desk_for_tests import Hand, desk, pipeline, wish

pytestmark = pytest.mark.anyio


async def taken(turns: Turns, tenant: str) -> None:
    turn = turns.enter(tenant)
    if turn is not None:
        await turn.wait()


async def test_a_backlog_of_one_tenant_does_not_delay_another() -> None:
    turns, order = Turns(Hand()), list[str]()

    async def ask(tenant: str, place: int) -> None:
        await taken(turns, tenant)
        order.append(f"{tenant}{place}")

    async with anyio.create_task_group() as tasks:
        await taken(turns, "quiet")
        for place in range(100):
            tasks.start_soon(ask, "loud", place)
        while turns.waiting < 100 - AT_ONCE:
            await anyio.lowlevel.checkpoint()
        for tenant in ("quiet", "third"):
            tasks.start_soon(ask, tenant, 0)
        while turns.waiting < 102 - AT_ONCE:
            await anyio.lowlevel.checkpoint()
        begun = len(order)
        for _ in range(2):  # of three tenants two at a time
            turns.give()
        while len(order) < begun + 2 * AT_ONCE:
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
    assert turns.enter("other") is None
    hand.at = ACTIVE_S + 0.1
    assert all(turns.enter("alone") is None for _ in range(50))
    assert turns.waiting == 0


async def test_what_waits_is_bounded() -> None:
    turns = Turns(Hand())
    turns.enter("quiet")
    for _ in range(MOST_WAITING + AT_ONCE):
        turns.enter("loud")
    assert turns.waiting == MOST_WAITING
    with pytest.raises(Problem) as refused:
        turns.enter("loud")
    assert refused.value.code == "quota"


@pytest.mark.parametrize("size", [b"150000", b"9" * 30, b"many", None])
def test_a_tenant_with_large_requests_waits_for_several_turns(size: bytes | None) -> None:
    turns = Turns(Hand())
    for name in ("first", "second", "third"):
        turns.enter(name)
    order: list[str] = []
    turned = [(name, turns.enter(name, size if name == "large" else b"100"))
              for name in ("large", "large", *["small"] * 20)]  # fmt: skip
    while turns.waiting:
        turns.give()
        order += [name for name, turn in turned if turn is not None and turn.is_set()]
        turned = [one for one in turned if one[1] is not None and not one[1].is_set()]
    assert order[0] == "large"
    between = order.index("large", 1) - 1
    assert between >= (3 if size == b"150000" else DEAREST - 1)


async def test_requests_of_a_loud_tenant_do_not_begin_before_those_of_another() -> None:
    crowd = 200
    async with desk() as at:
        loud, quiet = at.key("ann", tenant="loud"), at.key("bob", tenant="quiet")
        runs = at.server.hosted["desk"].runs

        async def ask(http: httpx.AsyncClient) -> None:
            assert (await http.post("/v1/ask", json=wish())).status_code == 200

        async with at.http(loud) as http, at.http(quiet) as other:
            await ask(other)
            async with anyio.create_task_group() as tasks:
                for _ in range(crowd):
                    tasks.start_soon(ask, http)
                while at.server.turns.waiting < crowd // 2:
                    await anyio.lowlevel.checkpoint()
                before = len(runs)
                await ask(other)
                assert len(runs) - before < crowd // 2, "it had its turn before half of those that came earlier"


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
