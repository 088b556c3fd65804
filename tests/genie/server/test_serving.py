"""The API: what each outcome becomes, who sees what, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from genie.server import hosting
from genie.server.principals import RIGHTS
from genie.server.problems import PROBLEMS
from genie.server.proposals import Proposal, Proposed
from genie.server.rings import Ring
from genie.server.routes import RULES
from tests.genie.desk_for_tests import NOW, ORIGIN, Desk, desk, pipeline, wish

pytestmark = pytest.mark.anyio


# --- outcomes ---


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("grant", 200, ""),
        ("fail", 502, "dead_lettered"),
        ("silent", 502, "stalled"),
        ("order", 202, ""),
        ("slow", 202, ""),
    ],
)
async def test_each_outcome_has_its_status(kind: str, status: int, code: str) -> None:
    async with desk() as at:
        found = await at.ask(at.key(), kind, Prefer="wait=0" if kind == "slow" else "wait=5")
        assert found.status_code == status
        if code:
            assert found.headers["content-type"] == "application/problem+json"
            assert found.json()["code"] == code
            assert found.json()["run"] == found.headers["location"].rpartition("/")[2]
            assert "secret text" not in found.text
        else:
            assert found.json()["status"] == {"grant": "complete", "order": "held", "slow": "running"}[kind]


async def test_a_denial_names_the_policy_and_never_the_text() -> None:
    async with desk() as at:
        found = await at.ask(at.key(roles=()), "grant", "my hidden words")
        assert (found.status_code, found.json()["code"]) == (403, "denied")
        assert found.json()["missing"][0]["outcome"] == "denied"
        assert "hidden words" not in found.text


async def test_a_deadline_that_passes_is_expired() -> None:
    async with desk() as at, at.http(at.key()) as http:
        found = await http.post("/v1/ask", json={**wish("slow"), "within_s": 0.01})
        assert (found.status_code, found.json()["code"]) == (504, "expired")


async def test_a_run_that_somebody_cancels_is_cancelled() -> None:
    async with desk() as at, at.http(at.key()) as http:
        run = (await http.post("/v1/runs", json=wish("slow"))).json()["id"]
        assert (await http.delete(f"/v1/runs/{run}")).status_code == 202
        hosted = at.server.hosted["desk"].runs[run]
        while not hosted.over:
            await hosted.wait()
        found = (await http.get(f"/v1/runs/{run}")).json()
        assert (found["status"], found["code"]) == ("failed", "cancelled")


async def test_an_agent_that_is_switched_off_is_named_by_a_code() -> None:
    async with desk() as at:
        key = at.key(tenant=None)
        paused = await at.get("/v1/agents/teller/pause", key, "POST", {"reason": "a test"})
        assert (paused.status_code, paused.json()["suspended"]["code"]) == (200, "paused")
        assert (await at.ask(key)).json()["code"] == "suspended"
        assert (await at.get("/v1/agents/teller/resume", key, "POST", {"reason": "over"})).status_code == 200
        assert (await at.ask(key)).status_code == 200


async def test_too_many_runs_are_an_overflow_and_a_drain_says_so() -> None:
    async with desk(pipeline(runs=1)) as at:
        key = at.key()
        await at.ask(key, "slow", Prefer="wait=0")
        found = await at.ask(key)
        assert (found.status_code, found.json()["code"], found.headers["retry-after"]) == (503, "overflow", "1")
        at.server.hosted["desk"].runtime.operations.kill(everything=True)
        at.server.hosted["desk"].runtime.operations.revive(everything=True)
        await at.server.drain()
        found = await at.ask(key)
        assert (found.status_code, found.json()["code"]) == (503, "draining")
        assert (await at.get("/readyz")).status_code == 503
        assert (await at.get("/livez")).status_code == 200


async def test_a_process_that_cannot_record_its_runs_is_alive_and_not_ready() -> None:
    async with desk() as at:
        assert (await at.get("/readyz")).status_code == 200
        failed: Any = SimpleNamespace(refusal="no room")  # an audit, as far as it is asked
        at.server.hosted["desk"].runtime.bus.observers.audit = failed
        found = await at.get("/readyz")
        assert (found.status_code, found.json()) == (503, {"status": "audit_failed"})
        assert (await at.ask(at.key())).json()["reason"] == "audit_failed"
        assert (await at.get("/livez")).status_code == 200


async def test_what_is_masked_for_a_caller_is_masked_in_its_answer() -> None:
    async with desk() as at:
        words = "write to ann@example.com"
        assert words in (await at.ask(at.key(), text=words)).text
        found = await at.ask(at.key(clearance="internal"), text=words)
        assert (found.status_code, found.json()["status"]) == (200, "complete")
        assert "ann@example.com" not in found.text


# --- who ---

PRINCIPALS = ("nobody", "other tenant", "other owner", "owner", "auditor")
"""Of the matrix; the last one may audit in the owner's tenant."""
BODIES = {"reason": "a test"}


def _rights(right: str, principal: str) -> tuple[str, ...]:
    return (right, "audit") if principal == "auditor" else (right,)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.path}")
async def test_every_route_asks_who_calls(rule: Any) -> None:
    async with desk() as at:
        path = rule.path.replace("{id}", "x")
        body = BODIES if rule.method == "POST" else None
        found = await at.get(path, None, rule.method, body)
        if rule.right is None:
            assert found.status_code in {200, 403, 404}  # the page's own routes; what is not configured is not there
            return
        assert (found.status_code, found.json()["code"]) == (401, "unauthenticated")
        assert found.headers["www-authenticate"].startswith("Bearer")
        others = RIGHTS - {rule.right}
        found = await at.get(path, at.key(rights=tuple(others)), rule.method, body)
        assert (found.status_code, found.json()["code"]) == (403, "forbidden")


OBJECTS = [rule for rule in RULES if rule.kind not in {None, "passkey"} and rule.media == "application/json"]
"""Passkeys need a store, whose thread works in real time: ``test_passkeys`` has their matrix."""


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("rule", OBJECTS, ids=lambda rule: f"{rule.method} {rule.path}")
async def test_what_belongs_to_others_is_not_there(rule: Any, principal: str) -> None:
    async with desk() as at:
        owner = at.key("ann", rights=("ask", "observe", "approve", "operate"))
        ids = await _objects(at, owner)
        tenant = "south" if principal == "other tenant" else "north"
        user = "ann" if principal == "owner" else "bob"
        key = None if principal == "nobody" else at.key(user, tenant=tenant, rights=_rights(rule.right, principal))
        body: Any = BODIES if rule.method == "POST" else None
        if rule.path.endswith("/votes"):
            body = {"approve": False, "reason": "a test", "payload_sha256": "0" * 64}
        found = await at.get(rule.path.replace("{id}", ids[rule.kind]), key, rule.method, body)
        if principal == "nobody":
            assert found.status_code == 401
        elif rule.kind == "proposal" and principal != "other tenant":  # what it changes is the process's
            assert found.status_code in {200, 403, 409}
        elif rule.kind in {"agent", "pipeline"}:
            shared = rule.kind == "agent" and rule.method == "POST"  # its switches are an operator's of the server
            assert found.status_code == (403 if shared else 200)
        elif (
            principal == "other tenant"
            or (rule.kind == "run" and principal == "other owner")
            or (rule.kind == "webhook" and principal != "owner")
        ):
            unknown = await at.get(rule.path.replace("{id}", "unknown"), key, rule.method, body)
            assert found.status_code == 404
            assert found.content == unknown.content
        elif rule.method == "DELETE" and principal == "auditor":
            assert found.status_code == 403  # who may look need not stop it
        else:
            assert found.status_code in {200, 202, 409}


async def _objects(at: Desk, key: str) -> dict[str, str]:
    """Return the id of one object of each kind, of the key's owner."""
    run = (await at.ask(key, "slow", Prefer="wait=0")).json()["id"]
    await at.ask(key, "order")
    await at.ask(key, "fail")
    hosted = at.server.hosted["desk"].runtime
    draft = Proposed(pipeline="desk", file="rules.yaml", text="", base_sha256="0" * 64, reason="a test")
    at.server.proposals.add(Proposal("p1", draft, Path("rules.yaml"), "ann", "north", NOW))
    return {
        "proposal": "p1",
        "webhook": (await at.get("/v1/webhooks", key, "POST", {"url": "https://receiver.example"})).json()["id"],
        "run": run, "agent": "teller", "pipeline": "desk", "approval": hosted.approvals.holds()[0].id,
        "dead_letter": hosted.operations.dead_letters()[0].id, "incident": hosted.operations.incidents()[0].id,
    }  # fmt: skip


async def test_an_answer_is_shown_to_whom_it_was_judged_for_alone() -> None:
    async with desk() as at:
        run = (await at.ask(at.key("ann"))).json()["id"]
        lower = await at.get(f"/v1/runs/{run}", at.key("ann", clearance="public"))
        auditor = await at.get(f"/v1/runs/{run}", at.key("eve", rights=("observe", "audit")))
        for found in (lower, auditor):
            assert (found.status_code, found.json()["answer"], found.json()["withheld"]) == (200, None, True)
        assert (await at.get(f"/v1/runs/{run}", at.key("ann"))).json()["answer"] == {"text": "tea"}


async def test_a_key_that_ended_or_was_revoked_is_refused_and_its_runs_end() -> None:
    async with desk() as at:
        short = at.key("ann", expires_at=NOW + 10)
        assert (await at.get("/v1/runs", short)).status_code == 200
        at.hand.at = 10.0
        assert (await at.get("/v1/runs", short)).status_code == 401
        key = at.key("bob")
        run = (await at.ask(key, "slow", Prefer="wait=0")).json()["id"]
        kept = next(one for one in at.server.keys.all.values() if one.user == "bob")
        at.server.take_keys(type(at.server.keys)([kept.model_copy(update={"revoked_at": 1.0})]))
        assert (await at.get("/v1/runs", key)).status_code == 401
        await at.server.hosted["desk"].runs[run].run.settled()


async def test_pages_of_a_list_show_each_run_once() -> None:
    async with desk() as at:
        key = at.key()
        made = [(await at.ask(key, "grant", Prefer="wait=5")).json()["id"] for _ in range(5)]
        seen: list[str] = []
        after = ""
        while True:
            found = (await at.get(f"/v1/runs?limit=2{after}", key)).json()
            seen += [run["id"] for run in found["runs"]]
            if found["next"] is None:
                break
            after = f"&after={found['next']}"
        assert sorted(seen) == sorted(made)


# --- approvals ---


async def test_a_held_run_is_approved_by_another_person_for_what_they_saw() -> None:
    async with desk() as at:
        run = (await at.ask(at.key("ann"), "order", "one desk")).json()
        checker = at.key("bob", roles=("checker",))
        shown = (await at.get(f"/v1/approvals/{run['held'][0]}", checker)).json()
        assert shown["payload"] == {"text": "one desk"}
        ballot = {"approve": True, "reason": "needed", "payload_sha256": shown["payload_sha256"]}
        votes = f"/v1/approvals/{shown['id']}/votes"
        own = at.key("ann", roles=("checker",))
        assert (await at.get(votes, own, "POST", ballot)).json()["code"] == "conflict"
        stale = {**ballot, "payload_sha256": "0" * 64}
        assert (await at.get(votes, checker, "POST", stale)).status_code == 409
        assert (await at.get(votes, checker, "POST", ballot)).json()["state"] == "approved"
        hosted = at.server.hosted["desk"].runs[run["id"]]
        while not hosted.over:
            await hosted.wait()
        assert (await at.get(f"/v1/runs/{run['id']}", at.key("ann"))).json()["answer"] == {"text": "bought one desk"}
        assert (await at.get(votes, checker, "POST", ballot)).status_code == 404


# --- repeats ---


async def test_one_idempotency_key_starts_one_run() -> None:
    async with desk() as at:
        key = at.key()
        found: list[Any] = []

        async def send() -> None:
            found.append(await at.ask(key, "grant", "tea", **{"Idempotency-Key": "k1"}))

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(send)
        assert {one.status_code for one in found} == {200}
        assert len({one.json()["id"] for one in found}) == 1
        assert len(at.server.hosted["desk"].runs) == 1
        other = await at.ask(key, "grant", "coffee", **{"Idempotency-Key": "k1"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
        theirs = await at.ask(at.key("bob"), "grant", "tea", **{"Idempotency-Key": "k1"})
        assert theirs.json()["id"] != found[0].json()["id"]


# --- streams of runs that are over ---


def told(text: str) -> list[tuple[str, str, Any]]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.split("\n") if ": " in line)
        if "data" in fields:
            found.append((fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])))
    return found


async def test_a_stream_has_every_event_once_resumes_and_ends() -> None:
    async with desk() as at:
        key = at.key()
        run = (await at.ask(key)).json()["id"]
        path = f"/v1/runs/{run}/events"
        whole = told((await at.get(path, key)).text)
        assert [kind for kind, _, _ in whole][-1] == "end"
        ids = [name for _, name, _ in whole if name]
        assert len(set(ids)) == len(ids) >= 3
        async with at.http(key) as http:
            rest = told((await http.get(path, headers={"Last-Event-ID": ids[0]})).text)
            assert [name for _, name, _ in rest if name] == ids[1:]
            assert (await http.get(path, headers={"Last-Event-ID": ids[-1]})).status_code == 204
            gap = told((await http.get(path, headers={"Last-Event-ID": "another.7"})).text)[0]
            assert (gap[0], gap[2]["restarted"], gap[2]["snapshot"]["id"]) == ("gap", True, run)
            for wrong in ("7", "a.b", "a.-1", "x" * 99, ".1"):
                assert (await http.get(path, headers={"Last-Event-ID": wrong})).status_code in {200, 400}


async def test_events_that_are_kept_no_more_are_a_gap_with_the_present_state() -> None:
    async with desk() as at:
        key = at.key()
        run = (await at.ask(key)).json()["id"]
        ring = at.server.hosted["desk"].runs[run].ring
        ring.drop(1)
        first = told((await at.get(f"/v1/runs/{run}/events", key)).text)[0]
        assert (first[0], first[2]["from"], first[2]["to"]) == ("gap", 1, 1)


async def test_of_many_runs_a_sample_is_kept_for_those_who_try_policies_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "MOST_RECENT", 4)
    monkeypatch.setattr(hosting, "RECENT_EVERY_S", 1e9)
    async with desk() as at:
        key, recent = at.key(), at.server.hosted["desk"].recent
        while len(recent) < 4:
            await at.ask(key)
        kept = list(recent)
        await at.ask(key)
        assert list(recent) == kept
        monkeypatch.setattr(hosting, "RECENT_EVERY_S", 0.0)
        await at.ask(key)
        assert list(recent) != kept


def test_a_ring_keeps_the_latest_events_and_their_numbers() -> None:
    ring: Ring[str] = Ring(3)
    for number in range(1, 11):
        ring.append(f"event {number}")
        assert min(3, number) <= len(ring.kept) <= 5
        assert ring.last == number
        assert ring.after(ring.first - 1) == ring.kept
    assert ring.after(9) == ["event 10"]
    assert ring.after(10) == []


# --- the document ---


async def test_the_document_names_every_route_and_the_served_classes() -> None:
    async with desk() as at:
        found = (await at.get("/openapi.json", at.key())).json()
        assert found["openapi"] == "3.1.0"
        listed = {(method.upper(), path) for path, of in found["paths"].items() for method in of}
        assert listed == {(rule.method, rule.path) for rule in RULES}
        assert "Wish" in found["components"]["schemas"]
        operations = [one["operationId"] for of in found["paths"].values() for one in of.values()]
        assert len(set(operations)) == len(operations)


def test_every_problem_is_an_error_with_a_title() -> None:
    assert all(400 <= kind.status < 600 and kind.title for kind in PROBLEMS.values())
    assert ORIGIN.startswith("http://127.")
