"""Tenants side by side: runs begin in turn, and each tenant has its quota."""

from __future__ import annotations

import anyio
import httpx
import pytest

from genie.server.problems import Problem
from genie.server.turns import ACTIVE_S, DEAREST, MOST_WAITING, PAUSE, Turns
from tests.genie.desk_for_tests import Hand, desk, pipeline, wish

pytestmark = pytest.mark.anyio


def busy() -> Turns:
    """Return turns of which some tenants have just had theirs."""
    turns = Turns(Hand())
    for name in ("first", "second", "loud"):
        turns.enter(name)
    return turns


def begun(turns: Turns, waiting: dict[str, anyio.Event | None], rounds: int) -> list[str]:
    """Return who begins in some turns of the loop, in order."""
    order: list[str] = []
    for _ in range(rounds):
        turns.give()
        order += [name for name, turn in waiting.items() if turn is not None and turn.is_set() and name not in order]
    return order


def test_a_tenant_of_which_nothing_waits_begins_at_once() -> None:
    turns = busy()
    backlog = {f"loud{number}": turns.enter("loud") for number in range(100)}
    assert turns.waiting == 100
    assert turns.enter("quiet") is None
    assert turns.enter("quiet") is not None, "one in a turn of the loop"
    assert begun(turns, backlog, PAUSE) == [], "the loop is left to what has begun"
    assert begun(turns, backlog, 3) == ["loud0", "loud1"], "then the tenants take turns"


def test_a_backlog_goes_on_while_others_begin_at_once() -> None:
    turns = busy()
    backlog = {f"loud{number}": turns.enter("loud") for number in range(10)}
    order: list[str] = []
    for _ in range(3 * (PAUSE + 1)):
        assert turns.enter("quiet") is None
        order = begun(turns, backlog, 1) or order
    assert len([one for one in backlog.values() if one is not None and one.is_set()]) == 3


def test_everybody_begins_and_then_nothing_waits() -> None:
    turns = busy()
    waiting = {f"{name}{number}": turns.enter(name) for number in range(20) for name in ("loud", "quiet", "third")}
    late = [name for name, turn in waiting.items() if turn is not None]
    assert sorted(begun(turns, waiting, PAUSE + len(late))) == sorted(late)
    assert turns.waiting == 0


def test_a_tenant_that_asks_alone_never_waits() -> None:
    hand = Hand()
    turns = Turns(hand)
    assert turns.enter("other") is None
    hand.at = ACTIVE_S + 0.1
    assert all(turns.enter("alone") is None for _ in range(50))
    assert turns.waiting == 0


def test_what_waits_is_bounded() -> None:
    turns = busy()
    for _ in range(MOST_WAITING):
        turns.enter("loud")
    with pytest.raises(Problem) as refused:
        turns.enter("loud")
    assert refused.value.code == "quota"


@pytest.mark.parametrize("size", [b"150000", b"9" * 30, b"many", None])
def test_a_tenant_with_large_requests_waits_for_several_turns(size: bytes | None) -> None:
    turns = busy()
    turns.enter("small")
    large = {f"large{number}": turns.enter("large", size) for number in range(2)}
    small = {f"small{number}": turns.enter("small") for number in range(40)}
    order = begun(turns, large | small, 60)
    between = order.index("large1") - order.index("large0") - 1
    assert between >= (3 if size == b"150000" else DEAREST)


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
