"""A server that starts again: runs with their answers, idempotency keys and sessions, for their owners alone."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from genie.backend.clock import Clock
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.server import spending
from genie.server.principals import ApiKeys, new_key
from genie.server.server import Server, Settings
from genie.server.store import store_at
from genie.server.who import WhoSection
from tests.genie.desk_for_tests import NOW, ORIGIN, Desk, Hand, pipeline, wish
from tests.genie.issuer_for_tests import Provider, token, who
from tests.genie.server.test_back_channel import ENDED
from tests.genie.server.test_code_flow import Browser, configured, provider

pytestmark = pytest.mark.anyio
TALK = """
version: 1
id: talk
agents: [assistant]
models: { desk: { wire: scripted, internal: true, price: { input: "3", output: "15" } } }
policies: [clearance]
input: assistant.question
output: assistant.answer
"""
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


class House:
    """A server that a test starts again and again, with the same keys and the same store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = ApiKeys()
        self.hand = Hand()

    def key(self, user: str = "ann", **facts: Any) -> str:
        given = {
            "roles": ("clerk",),
            "clearance": "restricted",
            "tenant": "north",
            "rights": ("ask", "observe"),
            **facts,
        }
        text, kept = new_key(user=user, **given)
        self.keys.add(kept)
        return text

    @contextlib.asynccontextmanager
    async def open(
        self, section: WhoSection | None = None, pipelines: Sequence[Pipeline] | None = None,
        fetch: Provider | None = None,
    ) -> AsyncIterator[Desk]:  # fmt: skip
        store = store_at(str(self.folder / "store.db"), str(self.folder / "ring.json"), lambda: NOW + self.hand.at)
        server = Server(
            pipelines or [pipeline()], ApiKeys(self.keys.all.values()), Settings(),
            clock=Clock(self.hand, wall=NOW + self.hand.at),
            store=store, who=section, fetch=None if section is None else fetch or Provider(),
        )  # fmt: skip
        async with server.open():
            yield Desk(server, self.hand)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_run_and_its_answer_are_there_after_a_restart_for_the_same_eyes(house: House) -> None:
    ann, eve, bob = house.key("ann"), house.key("eve", tenant="south"), house.key("bob")
    low, auditor = house.key("ann", clearance="public"), house.key("kim", rights=("observe", "audit"))
    async with house.open() as at:
        made = (await at.ask(ann, text="a secret tea")).json()
        failed = (await at.ask(ann, "fail")).json()["run"]
    async with house.open() as at:
        found = await at.get(f"/v1/runs/{made['id']}", ann)
        assert found.json() == made | {"last_event": 0}
        again = (await at.get(f"/v1/runs/{failed}", ann)).json()
        assert (again["status"], again["code"], again["missing"][0]["agent"]) == ("failed", "dead_lettered", "teller")
        assert [one["id"] for one in (await at.get("/v1/runs", ann)).json()["runs"]] == [failed, made["id"]]
        assert (await at.get(f"/v1/runs/{made['id']}", ann, "DELETE")).status_code == 202  # it is over
        for other in (eve, bob):
            assert (await at.get(f"/v1/runs/{made['id']}", other)).status_code == 404
            assert (await at.get("/v1/runs", other)).json()["runs"] == []
        for reader in (low, auditor):
            assert (await at.get(f"/v1/runs/{made['id']}", reader)).json()["withheld"] is True
    stored = b"".join(path.read_bytes() for path in house.folder.iterdir() if path.name.startswith("store"))
    assert b"a secret tea" not in stored
    house.hand.at = 31 * 86_400.0
    async with house.open() as at:
        assert (await at.get(f"/v1/runs/{made['id']}", ann)).status_code == 404


async def test_an_idempotency_key_stands_for_its_run_over_a_restart(house: House) -> None:
    ann, bob = house.key("ann"), house.key("bob")
    async with house.open() as at:
        first = (await at.ask(ann, **{"Idempotency-Key": "k1"})).json()
    async with house.open() as at:
        again = await at.ask(ann, **{"Idempotency-Key": "k1"})
        assert (again.status_code, again.json()["id"], again.json()["answer"]) == (200, first["id"], {"text": "tea"})
        other = await at.ask(ann, text="coffee", **{"Idempotency-Key": "k1"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
        assert (await at.ask(bob, **{"Idempotency-Key": "k1"})).json()["id"] != first["id"]
    house.hand.at = 86_401.0
    async with house.open() as at:
        assert (await at.ask(ann, **{"Idempotency-Key": "k1"})).json()["id"] != first["id"]


async def test_a_session_goes_on_and_one_that_ended_does_not_come_back(house: House) -> None:
    ann = house.key("ann")
    async with house.open() as at, at.http() as http:
        csrf = (await http.post("/v1/session", json={"key": ann}, headers=SAME)).json()["csrf"]
        cookies = dict(http.cookies)
    async with house.open() as at, at.http() as http:
        http.cookies.update(cookies)
        assert (await http.get("/v1/session")).json()["csrf"] == csrf
        asked = await http.post("/v1/ask", json=wish(), headers={**SAME, "X-CSRF-Token": csrf})
        assert asked.status_code == 200
        gone = await http.delete("/v1/session", headers={**SAME, "X-CSRF-Token": csrf})
        assert gone.status_code == 204
        http.cookies.update(cookies)
        assert (await http.get("/v1/session")).status_code == 401
    async with house.open() as at, at.http() as http:
        http.cookies.update(cookies)
        assert (await http.get("/v1/session")).status_code == 401
        http.cookies.set("genie", "guessed")
        assert (await http.get("/v1/session")).status_code == 401


@pytest.mark.parametrize("change", ["revoked", "idle", "used", "too old"])
async def test_a_session_of_before_is_looked_at_as_any_other(house: House, change: str) -> None:
    ann = house.key("ann")
    async with house.open() as at, at.http() as http:
        await http.post("/v1/session", json={"key": ann}, headers=SAME)
        cookies = dict(http.cookies)
        if change == "used":
            house.hand.at = 1_700.0
            assert (await http.get("/v1/session")).status_code == 200
    if change == "revoked":
        kept = next(iter(house.keys.all.values()))
        house.keys.add(kept.model_copy(update={"revoked_at": 1.0}))
    house.hand.at = {"revoked": 1.0, "idle": 1_801.0, "used": 3_400.0, "too old": 43_201.0}[change]
    async with house.open() as at, at.http() as http:
        http.cookies.update(cookies)
        assert (await http.get("/v1/session")).status_code == (200 if change == "used" else 401)


async def test_who_is_trusted_no_more_is_nobody_after_a_restart(house: House) -> None:
    async with house.open(who()) as at, at.http() as http:
        await http.post("/v1/session", json={"key": token()}, headers=SAME)
        cookies = dict(http.cookies)
        run = (await at.ask(token())).json()["id"]
    for section, status in ((who(), 200), (None, 401), (who(audience="other"), 401)):
        async with house.open(section) as at, at.http() as http:
            http.cookies.update(cookies)
            assert (await http.get(f"/v1/runs/{run}")).status_code == status


@pytest.mark.parametrize(("sub", "sid"), [("ann", None), (None, "s1")])
async def test_who_was_signed_out_elsewhere_does_not_come_back_after_a_restart(
    house: House, sub: str | None, sid: str | None
) -> None:
    """The session was in the store alone when its provider ended it."""
    section, issuer = configured(), provider()
    async with house.open(section, fetch=issuer) as at, at.http() as http:
        one = Browser(at, http, issuer)
        await one.leave()
        one.signs(sid="s1")
        await one.come_back()
        assert await one.who() is not None
        cookies = dict(http.cookies)
    house.hand.at = 10.0
    async with house.open(section, fetch=provider()) as at, at.http() as http:
        facts = {**ENDED, "sub": sub, "sid": sid, "jti": f"{sub}{sid}"}
        told = await http.post("/v1/session/back-channel", data={"logout_token": token(None, {"typ": "JWT"}, **facts)})
        assert told.status_code == 200
    async with house.open(section, fetch=provider()) as at, at.http() as http:
        http.cookies.update(cookies)
        assert (await http.get("/v1/session")).status_code == 401


async def test_a_store_that_is_damaged_stops_no_request_and_shows_nothing(house: House) -> None:
    ann = house.key("ann")
    async with house.open() as at:
        made = (await at.ask(ann)).json()["id"]
    (house.folder / "ring.json").unlink()
    async with house.open() as at:
        assert (await at.get(f"/v1/runs/{made}", ann)).status_code == 404
        assert (await at.ask(ann)).status_code == 200


async def test_what_was_spent_is_there_after_a_restart_and_is_counted_once(house: House) -> None:
    ann, eve = house.key(rights=("ask", "operate")), house.key("eve", tenant="south", rights=("operate",))
    talk = parse(TALK, environ={})
    for calls in (1, 2, 3):
        async with house.open(pipelines=[talk]) as at:
            await at.get("/v1/ask", ann, "POST", {"pipeline": "talk", "payload": {"text": "hello"}})
            (row,) = (await at.get("/v1/spend", ann)).json()["rows"]
            assert (row["calls"], row["user"], row["cost"] != "0") == (calls, "ann", True)
            assert (await at.get("/v1/spend", eve)).json()["rows"] == []


async def test_spending_that_makes_room_for_another_tenant_is_read_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spending, "MOST_TENANTS", 1)
    ann, eve = house.key(rights=("ask", "operate")), house.key("eve", tenant="south", rights=("ask", "operate"))
    question = {"pipeline": "talk", "payload": {"text": "hello"}}
    async with house.open(pipelines=[parse(TALK, environ={})]) as at:
        for calls in (1, 2, 3):
            for key in (ann, eve):
                assert (await at.get("/v1/ask", key, "POST", question)).status_code == 200
                await kept(at)
                (row,) = (await at.get("/v1/spend", key)).json()["rows"]
                assert row["calls"] == calls


async def test_spending_that_cannot_be_read_is_not_written_over(house: House) -> None:
    ann = house.key(rights=("ask", "operate"))
    question = {"pipeline": "talk", "payload": {"text": "hello"}}
    body = b""
    for calls, damaged in ((1, False), (1, True), (2, False)):
        with contextlib.closing(sqlite3.connect(house.folder / "store.db")) as base:
            if damaged:
                ((body,),) = base.execute("SELECT body FROM kept WHERE kind = 'spend'").fetchall()
                base.execute("UPDATE kept SET body = ? WHERE kind = 'spend'", (bytes(100),))
            elif body:
                assert base.execute("SELECT body FROM kept WHERE kind = 'spend'").fetchall() == [(bytes(100),)]
                base.execute("UPDATE kept SET body = ? WHERE kind = 'spend'", (body,))
            base.commit()
        async with house.open(pipelines=[parse(TALK, environ={})]) as at:
            await at.get("/v1/ask", ann, "POST", question)
            (row,) = (await at.get("/v1/spend", ann)).json()["rows"]
            assert row["calls"] == calls


async def kept(at: Desk) -> None:
    """Return when everything was written."""
    assert at.server.keeping is not None
    await at.server.keeping.rest()
