"""Runs of a pipeline's log after a restart, and their replays: for their owners alone."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from genie.backend.clock import Clock
from genie.config.loader import load, parse
from genie.config.plugins import Plugins
from genie.journal.rings import FileKeyRing
from genie.journal.shredding import shred
from genie.journal.sqlite import SqliteDatabase
from genie.journal.upkeep import owned
from genie.policies.index import POLICIES
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings
from genie.server.store import store_at
from genie.server.who import WhoSection
from tests.genie.desk_for_tests import NOW, TEXT, Desk, Hand, buyer, desk, teller, wish
from tests.genie.issuer_for_tests import Provider, token, who

pytestmark = pytest.mark.anyio
CARD = "4539 1488 0343 6467"
MODULE = """
import anyio
from genie.contracts.agent import agent
from genie.contracts.message import Payload

class Wish(Payload, topic="kept.wish"):
    kind: str
    text: str = ""

class Granted(Payload, topic="kept.granted"):
    text: str

@agent("clerk", clearance="restricted", risk="low", tier="production", concurrency=8)
async def clerk(wish: Wish) -> Granted:
    if wish.kind == "slow":
        await anyio.sleep_forever()
    return Granted(text=wish.text)

AGENTS = {"clerk": "kept_agents:clerk"}
"""
ENTRY_POINTS = "[genie.agents]\nkept = kept_agents:AGENTS\n[genie.policies]\ngenie = genie.policies.index:POLICIES\n"
PIPELINE = """
version: 1
id: desk
agents: [clerk]
policies: [tenant_isolation, clearance, pii]
input: kept.wish
output: kept.granted
durability: batched
log: runs.log
"""


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


class House:
    """A server of one pipeline file with a log, which a test starts again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = ApiKeys()

    def key(self, user: str = "ann", **facts: Any) -> str:
        given = {"clearance": "restricted", "tenant": "north", "rights": ("ask", "observe"), **facts}
        text, kept = new_key(user=user, **given)
        self.keys.add(kept)
        return text

    def alter(self, before: str, after: str) -> None:
        """Change the module of the agents for processes that start from now on."""
        file = self.folder / "installed" / "kept_agents.py"
        file.write_text(file.read_text().replace(before, after, 1))

    @contextlib.asynccontextmanager
    async def open(
        self, section: WhoSection | None = None, *, stored: bool = False, replay_s: float = 60.0
    ) -> AsyncIterator[Desk]:
        hand = Hand()
        store = store_at(str(self.folder / "s.db"), str(self.folder / "r.json"), lambda: NOW) if stored else None
        server = Server(
            [load(self.folder / "desk.yaml")],
            ApiKeys(self.keys.all.values()),
            Settings(refused_s=0.0, replay_s=replay_s),
            store=store,
            clock=Clock(hand, wall=NOW),
            who=section,
            fetch=None if section is None else Provider(),
        )
        async with server.open():
            yield Desk(server, hand)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    folder = tmp_path / "installed"
    (folder / "kept-1.dist-info").mkdir(parents=True)
    (folder / "kept_agents.py").write_text(textwrap.dedent(MODULE))
    (folder / "kept-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: kept\nVersion: 1\n")
    (folder / "kept-1.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "kept_agents", raising=False)
    (tmp_path / "desk.yaml").write_text(PIPELINE)
    return House(tmp_path)


def replay_of(run: str) -> tuple[str, str]:
    return f"/v1/runs/{run}/replay", "POST"


async def test_runs_of_a_log_are_there_after_a_restart_for_the_same_eyes(house: House) -> None:
    ann, eve, bob = house.key("ann"), house.key("eve", tenant="south"), house.key("bob")
    namesake = house.key("ann", tenant="south", rights=("ask", "observe", "operate", "audit"))
    auditor = house.key("kim", rights=("observe", "audit"))
    async with house.open() as at:
        over = (await at.ask(ann, text=f"pay with {CARD}")).json()["id"]
        slow = (await at.ask(ann, "slow", Prefer="wait=0, respond-async")).json()["id"]
    async with house.open() as at:
        runs = (await at.get("/v1/runs", ann)).json()["runs"]
        assert {one["id"]: one["status"] for one in runs} == {over: "ended", slow: "running"}
        shown = (await at.get(f"/v1/runs/{over}", ann)).json()
        assert (shown["answer"], shown["messages"]["accepted"], shown["messages"]["in_flight"]) == (None, 1, 0)
        assert [one["id"] for one in (await at.get("/v1/runs?status=ended", auditor)).json()["runs"]] == [over]
        for other in (eve, bob, namesake):
            assert (await at.get("/v1/runs", other)).json()["runs"] == []
            unknown = (await at.get("/v1/runs/unknown", other)).content
            for path, method in ((f"/v1/runs/{over}", "GET"), (f"/v1/runs/{slow}", "DELETE"), replay_of(over)):
                found = await at.get(path, other, method)
                assert (found.status_code, found.content) == (404, unknown)
        assert (await at.get(f"/v1/runs/{slow}", ann, "DELETE")).status_code == 202
        hosted = at.server.hosted["desk"].runs[slow]
        while not hosted.over:
            await hosted.wait()
        assert (await at.get(f"/v1/runs/{slow}", ann)).json()["code"] == "cancelled"


async def test_a_run_whose_caller_could_have_been_another_is_shown_to_operators_alone(house: House) -> None:
    ann, operator = house.key("ann"), house.key("kim", rights=("ask", "observe", "operate"))
    auditor, south = (
        house.key("lea", rights=("observe", "audit")),
        house.key("kim", tenant="south", rights=("ask", "observe", "operate")),
    )
    async with house.open(who()) as at:
        run = (await at.ask(ann, **{"Idempotency-Key": "k1"})).json()["id"]
    async with house.open(who()) as at:  # a key and a token can name the same person
        for other in (ann, auditor, south, token()):
            assert (await at.get(f"/v1/runs/{run}", other)).status_code == 404
            assert (await at.get("/v1/runs", other)).json()["runs"] == []
        found = (await at.get(f"/v1/runs/{run}", operator)).json()
        assert (found["id"], found["status"], found["answer"]) == (run, "ended", None)
        again = (await at.ask(ann, **{"Idempotency-Key": "k1"})).json()  # the key says who asked
        assert (again["id"], again["status"], again["answer"]) == (run, "complete", {"text": "tea"})
        assert (await at.get(f"/v1/runs/{run}", ann)).status_code == 200


async def test_what_the_store_kept_of_a_run_comes_before_what_the_log_says(house: House) -> None:
    ann, eve = house.key("ann"), house.key("eve", tenant="south")
    async with house.open(stored=True) as at:
        run = (await at.ask(ann)).json()["id"]
    async with house.open(stored=True) as at:
        assert (await at.get("/v1/runs", eve)).json()["runs"] == []  # reads the log, before ann's runs were brought
        found = (await at.get(f"/v1/runs/{run}", ann)).json()
        assert (found["status"], found["answer"]) == ("complete", {"text": "tea"})
        assert [one["id"] for one in (await at.get("/v1/runs", ann)).json()["runs"]] == [run]


@pytest.mark.slow
async def test_a_replay_is_the_same_or_shows_the_first_difference_as_the_caller_may_see_it(house: House) -> None:
    ann, auditor = house.key("ann"), house.key("kim", clearance="internal", rights=("ask", "observe", "audit"))
    async with house.open() as at:
        run = (await at.ask(ann, text=f"pay with {CARD}")).json()["id"]
    async with house.open() as at:
        path, method = replay_of(run)
        found = await at.get(path, ann, method)
        assert found.status_code == 200
        told = found.json()
        assert (told["same"], told["messages"], told["ran"], told["first"]) == (True, 2, {"clerk": 1}, None)
        house.alter("Granted(text=wish.text)", "Granted(text=wish.text + '!')")
        told = (await at.get(path, ann, method)).json()
        first = told["first"]
        assert (told["same"], first["code"], first["agent"], first["path"]) == (False, "payload", "clerk", "text")
        assert CARD in first["before"]
        assert CARD in first["after"]
        masked = await at.get(path, auditor, method)
        assert (masked.status_code, masked.json()["first"]["code"]) == (200, "payload")
        assert CARD not in masked.text
        assert at.server.replays == set()


async def test_what_cannot_be_replayed_says_why(house: House) -> None:
    ann, other = house.key("ann"), house.key("bob", tenant="south")
    async with house.open() as at:
        over = (await at.ask(ann)).json()["id"]
    async with house.open() as at:
        slow = (await at.ask(ann, "slow", Prefer="wait=0")).json()["id"]
        theirs = (await at.ask(other, "slow", Prefer="wait=0")).json()["id"]

        async def why(run: str) -> tuple[int, str, str]:
            found = await at.get(*_posted(run, ann))
            return found.status_code, found.json()["code"], found.json().get("why", "")

        assert await why(slow) == (409, "not_replayable", "in_flight")
        assert await why(theirs) == (404, "not_found", "")
        at.server.replays.add("north")
        assert await why(over) == (429, "quota", "")
        at.server.replays = {"south", "east"}
        assert await why(over) == (503, "overflow", "")
        at.server.replays.clear()
        file = house.folder / "desk.yaml"
        file.write_text(PIPELINE.replace(", pii]", "]"))  # it would mask less
        assert await why(over) == (409, "not_replayable", "changed")
        file.write_text(PIPELINE)
        house.alter("import anyio", "import os; os._exit(3)")
        assert await why(over) == (409, "not_replayable", "failed")


async def test_a_replay_that_never_ends_has_a_limit_and_ends_with_its_request(house: House) -> None:
    ann = house.key("ann")
    async with house.open() as at:
        run = (await at.ask(ann)).json()["id"]
    async with house.open(replay_s=0.01) as at:
        house.alter("import anyio", "while True: pass")
        found = await at.get(*_posted(run, ann))
        assert (found.status_code, found.json()["code"], found.json()["why"]) == (409, "not_replayable", "too_long")
        assert at.server.replays == set()
    house.alter("while True: pass", "import anyio")
    async with house.open() as at, anyio.create_task_group() as tasks:
        house.alter("import anyio", "while True: pass")
        tasks.start_soon(at.get, *_posted(run, ann))
        while not at.server.replays:
            await anyio.lowlevel.checkpoint()
        assert (await at.get(f"/v1/runs/{run}", ann)).status_code == 200  # the server goes on answering
        assert at.server.replays == {"north"}
        tasks.cancel_scope.cancel()
    assert at.server.replays == set()


@pytest.mark.slow
async def test_a_run_whose_caller_cannot_be_decrypted_is_shown_to_operators_of_its_tenant(house: House) -> None:
    rights = ("ask", "observe", "operate", "audit")
    ann, south = house.key("ann"), house.key("kim", tenant="south", rights=rights)
    operator = house.key("kim", rights=rights)
    file = house.folder / "desk.yaml"
    file.write_text(PIPELINE.replace("log: runs.log", "log:\n  path: runs.log\n  keys: ring.json"))
    async with house.open() as at:
        run = (await at.ask(ann)).json()["id"]
    async with house.open() as at:
        assert (await at.get(f"/v1/runs/{run}", ann)).json()["user"] == "ann"
        assert (await at.get(*_posted(run, ann))).json()["same"] is True
    database = SqliteDatabase(house.folder / "runs.log")
    lease = owned(database, lambda: NOW)
    shred(database, FileKeyRing(house.folder / "ring.json"), "north", now=NOW, check=lease.check)
    lease.give_back()
    database.close()
    async with house.open() as at:
        for other in (ann, south):
            assert (await at.get(f"/v1/runs/{run}", other)).status_code == 404
        shown = (await at.get(f"/v1/runs/{run}", operator)).json()
        assert (shown["status"], shown["user"], shown["messages"]["accepted"]) == ("ended", "(unknown)", 1)
        found = (await at.get(*_posted(run, operator))).json()
        assert (found["code"], found["why"]) == ("not_replayable", "shredded")


async def test_a_log_that_cannot_be_read_now_is_read_at_the_next_request(house: House) -> None:
    ann = house.key("ann")
    async with house.open() as at:
        run = (await at.ask(ann)).json()["id"]
    async with house.open() as at:
        log, away = house.folder / "runs.log", house.folder / "away"
        log.rename(away)
        assert (await at.get("/v1/runs", ann)).json()["runs"] == []
        away.rename(log)
        assert [one["id"] for one in (await at.get("/v1/runs", ann)).json()["runs"]] == [run]


def _posted(run: str, key: str) -> tuple[str, str, str]:
    path, method = replay_of(run)
    return path, key, method


@contextlib.contextmanager
def stalled(log: Path) -> Iterator[None]:
    """Hold the file's lock, so that nothing is stored."""
    other = sqlite3.connect(log, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("COMMIT")
        other.close()


@pytest.mark.parametrize("act", ["start", "ask", "event", "cancel", "vote", "votes", "redrive", "drop"])
async def test_what_a_response_confirms_is_in_the_log(tmp_path: Path, act: str) -> None:
    text = f"{TEXT.format(id='desk', runs=50)}durability: batched\nlog: {tmp_path / 'log'}\n"
    plugins = Plugins(agents={"teller": teller, "buyer": buyer}, policies=POLICIES)
    async with desk(parse(text, environ={}, plugins=plugins)) as at:
        ann, ben = at.key(), at.key("ben", roles=("checker",))
        await at.ask(ann, "fail")
        await at.ask(ann, "order")
        slow = (await at.get("/v1/runs", ann, "POST", wish("slow"))).json()["id"]
        letter = (await at.get("/v1/dead-letters", ann)).json()["dead_letters"][0]["id"]
        hold = (await at.get("/v1/approvals", ben)).json()["approvals"][0]
        shown = (await at.get(f"/v1/approvals/{hold['id']}", ben)).json()
        ballot = {"approve": True, "reason": "fine", "payload_sha256": shown["payload_sha256"]}
        event = {"specversion": "1.0", "id": "1", "source": "/a", "type": "desk.wish", "data": {"kind": "slow"}}
        path, key, method, body = {
            "start": ("/v1/runs", ann, "POST", wish("slow")),
            "ask": ("/v1/ask", ann, "POST", wish("order")),
            "event": ("/v1/cloudevents", ann, "POST", event),
            "cancel": (f"/v1/runs/{slow}", ann, "DELETE", None),
            "vote": (f"/v1/approvals/{hold['id']}/votes", ben, "POST", ballot),
            "votes": ("/v1/approvals/votes", ben, "POST", {"ballots": [{"id": hold["id"], **ballot}]}),
            "redrive": (f"/v1/dead-letters/{letter}/redrive", ann, "POST", {"reason": "again"}),
            "drop": (f"/v1/dead-letters/{letter}/drop", ann, "POST", {"reason": "again"}),
        }[act]
        statuses: list[int] = []

        async def send() -> None:
            media = {"Content-Type": "application/cloudevents+json"} if act == "event" else {}
            async with at.http(key, **media) as http:
                statuses.append((await http.request(method, path, json=body)).status_code)

        async with anyio.create_task_group() as tasks:
            with stalled(tmp_path / "log"):
                tasks.start_soon(send)
                for _ in range(5):
                    await anyio.wait_all_tasks_blocked()
                assert statuses == []
        assert statuses[0] in {200, 202}
