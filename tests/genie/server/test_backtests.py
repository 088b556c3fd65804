"""Backtests of drafts on a window of a pipeline's log."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from genie.config.loader import load
from genie.config.plugins import Plugins
from genie.policies.index import POLICIES
from tests.genie.desk_for_tests import NOW, Desk, buyer, desk, teller
from tests.genie.server.test_policy_drafts import NEVER, PIPELINE, TEA

pytestmark = pytest.mark.anyio
LOGGED = PIPELINE.format(id="desk") + "durability: every_message\nlog: runs.log\n"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


@contextlib.asynccontextmanager
async def shop(folder: Path, text: str = LOGGED) -> AsyncIterator[Desk]:
    (folder / "rules.yaml").write_text(NEVER)
    (folder / "desk.yaml").write_text(text)
    plugins = Plugins(agents={"teller": teller, "buyer": buyer}, policies=POLICIES)
    async with desk(load(folder / "desk.yaml", plugins=plugins)) as at:
        yield at


async def tried(at: Desk, user: str = "ann", **more: Any) -> Any:
    key = at.key(user, rights=("govern",))
    body = {"pipeline": "desk", "file": "rules.yaml", "text": TEA, **more}
    return await at.get("/v1/policies/backtest", key, "POST", body)


async def test_a_window_of_the_log_is_judged_for_the_own_tenant(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        for user, tenant, text in (("ann", "north", "tea"), ("ann", "north", "coffee"), ("eve", "south", "tea")):
            assert (await at.ask(at.key(user, tenant=tenant), "grant", text)).status_code == 200
    async with shop(tmp_path) as at:  # nothing in memory, all in the log
        latest = (await tried(at)).json()
        assert (latest["source"], latest["messages"]) == ("latest", 0)
        found = (await tried(at, since=0)).json()
        assert (found["source"], found["complete"], found["until"]) == ("log", True, NOW)
        assert found["messages"] == 4, "two questions and two answers"
        assert found["changed"] == 1
        assert {"before": "allow", "after": "deny", "deliveries": 1} in found["verdicts"]
        assert not found["skipped"], "deliveries of others are not even counted"
        assert (await tried(at, since=NOW - 1)).json()["messages"] == 0
        assert (await tried(at, since=0, until=1)).json()["messages"] == 0


async def test_a_window_that_cannot_be_judged_is_refused(tmp_path: Path) -> None:
    async with shop(tmp_path) as at:
        for more in ({"until": 5}, {"since": 5, "until": 5}, {"since": -1}, {"since": "yesterday"}):
            assert (await tried(at, **more)).json()["code"] == "invalid"
        at.server.replays.add("north")
        assert (await tried(at, since=0)).json()["code"] == "quota"
        at.server.replays.clear()
        assert (await tried(at, since=0)).status_code == 200
        assert not at.server.replays
    async with shop(tmp_path, PIPELINE.format(id="desk")) as at:
        assert (await tried(at, since=0)).json()["code"] == "conflict"
