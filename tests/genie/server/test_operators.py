"""What an operator of a tenant sees and switches, beside an operator of the server."""

from __future__ import annotations

import pytest

from genie.config.loader import parse
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.policies.index import POLICIES
from tests.genie.desk_for_tests import TEXT, Granted, Order, Wish, buyer, desk

pytestmark = pytest.mark.anyio


async def test_an_operator_of_a_tenant_sees_the_figures_of_the_tenant_alone() -> None:
    async with desk() as at:
        north, south = at.key("ann"), at.key("eve", tenant="south")
        root = at.key("root", tenant=None)
        await at.ask(north)
        await at.ask(south, "fail")
        for _ in range(2):
            await at.ask(south, "order")
        seen = {}
        for name, key in (("north", north), ("south", south), ("root", root)):
            figures = (await at.get("/v1/statistics", key)).json()["pipelines"]["desk"]
            agent = (await at.get("/v1/agents/teller", key)).json()["figures"]
            health = (await at.get("/v1/health", key)).json()["pipelines"]["desk"]
            assert figures["agents"]["teller"] == agent
            seen[name] = (figures["of"], figures["totals"]["handled"], figures["held"], figures["dead_letters"],
                          agent["handled"], health["runs"], health["held"])  # fmt: skip
        assert seen["north"] == ("tenant", 1, 0, 0, 1, 0, 0)
        assert seen["south"] == ("tenant", 2, 2, 1, 2, 2, 2)
        assert seen["root"] == ("server", 3, 2, 1, 3, 2, 2)
        assert (await at.get("/metrics", north)).json()["code"] == "forbidden"
        assert agent["in_flight"] is not None
        unknown = (await at.get("/v1/agents/teller", north)).json()["figures"]
        assert unknown["in_flight"] is None, "it is counted for all tenants together alone"


async def test_an_operator_of_a_tenant_switches_no_agent_of_others() -> None:
    async with desk() as at:
        for act in ("pause", "resume", "kill", "revive"):
            refused = await at.get(f"/v1/agents/teller/{act}", at.key(), "POST", {"reason": "a test"})
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert (await at.get("/v1/agents/teller", at.key())).json()["suspended"] is None
        both = at.key("ops", rights=("operate", "operate_server"))
        assert (await at.get("/v1/agents/teller/pause", both, "POST", {"reason": "a test"})).status_code == 200
        alone = at.key("ops", rights=("observe", "operate_server"))
        assert (await at.get("/v1/agents/teller/pause", alone, "POST", {"reason": "a test"})).status_code == 403


async def test_the_process_is_drained_by_an_operator_of_the_server_who_is_there() -> None:
    async with desk() as at, at.http() as http:
        body = {"reason": "a new version"}
        for key, code in ((at.key(), "forbidden"), (at.key("root", tenant=None), "step_up"),
                          (at.key("kim", tenant=None, rights=("observe",)), "forbidden")):  # fmt: skip
            refused = await at.get("/v1/drain", key, "POST", body)
            assert (refused.status_code, refused.json()["code"]) == (403, code)
        same = {"Origin": "http://127.0.0.1"}
        root = {"key": at.key("root", tenant=None)}
        same["X-CSRF-Token"] = (await http.post("/v1/session", json=root, headers=same)).json()["csrf"]
        assert (await http.post("/v1/drain", json={}, headers=same)).json()["code"] == "invalid"
        at.hand.at = 301.0
        assert (await http.post("/v1/drain", json=body, headers=same)).json()["code"] == "step_up"
        assert not at.server.stopping.is_set()
        same["X-CSRF-Token"] = (await http.post("/v1/session", json=root, headers=same)).json()["csrf"]
        assert (await http.post("/v1/drain", json=body, headers=same)).status_code == 202
        assert at.server.stopping.is_set()


async def test_an_agent_of_one_tenant_is_switched_by_its_operator() -> None:
    @agent("teller", clearance="restricted", risk="low", tier="production", tenants=frozenset({"north"}))
    async def own(wish: Wish) -> Granted | Order | None:
        """Grant wishes of one tenant."""
        return Granted(text=wish.text)

    text = TEXT.format(id="desk", runs=50)
    plugins = Plugins(agents={"teller": own, "buyer": buyer}, policies=POLICIES)
    async with desk(parse(text, environ={}, plugins=plugins)) as at:
        paused = await at.get("/v1/agents/teller/pause", at.key(), "POST", {"reason": "a test"})
        assert paused.json()["suspended"]["code"] == "paused"
        other = await at.get("/v1/agents/teller/resume", at.key(tenant="south"), "POST", {"reason": "a test"})
        assert other.json()["code"] == "not_found"
        assert (await at.get("/v1/health", at.key(tenant="south"))).json()["pipelines"]["desk"]["suspended"] == {}
