"""Keys that take over from others, keys for some routes, and fresh proofs for acts of high risk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from genie.cli import main
from genie.config.loader import parse
from genie.config.pipeline import Pipeline
from genie.config.plugins import Plugins
from genie.contracts.agent import agent
from genie.errors import InputError
from genie.policies.index import POLICIES
from genie.server.key_use import KeyUse, read_use
from genie.server.principals import ApiKeys, new_key, rotated
from genie.server.routes import RULES
from tests.genie import desk_for_tests as plain
from tests.genie.desk_for_tests import NOW, ORIGIN, Desk, Granted, Order, desk, wish
from tests.genie.issuer_for_tests import Provider, token, who

pytestmark = pytest.mark.anyio
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}


@agent("buyer", clearance="restricted", risk="high", tier="production")
async def dangerous(order: Order) -> Granted:
    """Carry out an order; a wrong one does much harm."""
    return Granted(text=f"bought {order.text}")


def risky() -> Pipeline:
    plugins = Plugins(agents={"teller": plain.teller, "buyer": dangerous}, policies=POLICIES)
    return parse(plain.TEXT.format(id="desk", runs=50), environ={}, plugins=plugins)


# --- rotation ---


async def test_both_keys_are_good_during_the_overlap_and_the_old_one_ends() -> None:
    async with desk() as at:
        old_text = at.key("ann")
        run = (await at.ask(old_text, "slow", Prefer="wait=0")).json()["id"]
        old = next(iter(at.server.keys.all.values()))
        new_text, new, ending = rotated(old, NOW, overlap_s=100, term_s=1_000)
        assert (new.replaces, new.user, new.rights, new.roles) == (old.id, old.user, old.rights, old.roles)
        at.server.take_keys(ApiKeys([new, ending]))
        for text in (old_text, new_text):
            found = await at.get(f"/v1/runs/{run}", text)
            assert (found.status_code, found.json()["status"]) == (200, "running")  # both are the same person
        at.hand.at = 100.0
        assert (await at.get("/v1/runs", old_text)).status_code == 401
        assert (await at.get("/v1/runs", new_text)).status_code == 200
        at.server.end_runs()
        await at.server.hosted["desk"].runs[run].run.settled()
        at.hand.at = 1_000.0
        assert (await at.get("/v1/runs", new_text)).status_code == 401


async def test_a_key_that_now_gives_less_is_refused_where_it_was_used_before() -> None:
    async with desk() as at:
        text = at.key("ann")
        run = (await at.ask(text, "slow", Prefer="wait=0")).json()["id"]
        kept = next(iter(at.server.keys.all.values()))
        at.server.take_keys(ApiKeys([kept.model_copy(update={"roles": ()})]))
        await at.server.hosted["desk"].runs[run].run.settled()
        assert (await at.ask(text)).json()["code"] == "denied"


def test_a_key_that_ended_takes_nothing_over_and_none_gets_a_longer_term() -> None:
    _, old = new_key(user="ann", expires_at=100.0)
    with pytest.raises(InputError):
        rotated(old, 100.0, 10, 10)
    _, _, ending = rotated(old, 50.0, overlap_s=1_000, term_s=10)
    assert ending.expires_at == 100.0


def test_the_command_rotates_and_shows_the_last_use(tmp_path: Path) -> None:
    def genie(*given: str) -> Any:
        return CliRunner().invoke(main, ["keys", *given])

    file = str(tmp_path / "keys.json")
    first = genie("create", file, "--user", "asha", "--scope", "runs:read").stdout.strip()
    name = first.split("_")[1]
    done = genie("rotate", file, name, "--overlap-days", "1")
    assert done.exit_code == 0, done.output
    held = ApiKeys.read(Path(file))
    second = next(key for key in held.all.values() if key.replaces == name)
    assert second.scopes == ("runs:read",)
    now = max(key.expires_at or 0 for key in held.all.values()) - 89 * 86_400
    assert {held.resolve(text, now - 86_000 + 0) is None for text in (first, done.stdout.splitlines()[0])} == {False}
    KeyUse(tmp_path / "keys.json").keep({name: 7_300.0, "gone": 1.0}, held.all)
    assert read_use(tmp_path / "keys.json") == {name: 7_200}
    listed = {key["id"]: key for key in json.loads(genie("list", file, "--json").stdout)}
    assert listed[name]["last_used_at"] == 7_200
    assert listed[second.id]["last_used_at"] is None
    assert "last used 1970-01-01 02h" in genie("list", file).stdout
    assert genie("rotate", file, "nothing").exit_code == 2
    assert genie("create", file, "--user", "asha", "--scope", "everything").exit_code == 2


async def test_the_last_use_is_known_by_key() -> None:
    async with desk() as at:
        await at.get("/v1/runs", at.key())
        at.key("bob")
        assert list(at.server.keys.used.values()) == [NOW]


# --- scopes ---


def test_every_route_has_a_scope_that_a_key_can_name() -> None:
    for rule in RULES:
        new_key(user="ann", scopes=[rule.scope])  # or it raises
    assert {rule.scope for rule in RULES} >= {"runs:read", "runs:write", "ask:write", "approvals:write", "agents:write"}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.right], ids=lambda rule: f"{rule.method} {rule.path}")
async def test_a_key_reaches_the_routes_of_its_scopes_alone(rule: Any) -> None:
    everything = ("ask", "observe", "approve", "operate", "operate_server", "audit", "govern")
    others = sorted({one.scope for one in RULES} - {rule.scope})
    async with desk() as at:
        path = rule.path.replace("{id}", "x") + ("?seconds=1" if rule.path == "/v1/profile" else "")
        refused = await at.get(path, at.key(rights=everything, scopes=others), rule.method, {})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert not at.server.sessions._open
        if rule.media == "application/json":
            found = await at.get(path, at.key(rights=everything, scopes=[rule.scope]), rule.method, {})
            assert found.status_code not in {401, 403}


async def test_a_token_is_limited_by_the_scopes_that_it_names() -> None:
    limited = {"roles": "realm.roles", "tenant": "org", "scopes": "scope"}
    async with desk(who=who(claims=limited), fetch=Provider()) as at:
        sent = token(scope="openid runs:read")
        assert (await at.get("/v1/runs", sent)).status_code == 200
        assert (await at.ask(sent)).status_code == 403
        assert (await at.get("/v1/runs", token(scope=None))).status_code == 403


# --- step-up ---


async def held(at: Desk) -> tuple[str, dict[str, Any]]:
    """Return the path of an approval of high risk, and a vote for it."""
    await at.ask(at.key("zoe"), "order")
    one = at.server.hosted["desk"].runtime.approvals.holds()[-1].request
    ballot = {"approve": True, "reason": "needed", "payload_sha256": one.payload_sha256}
    return f"/v1/approvals/{one.id}/votes", ballot


async def test_a_key_in_a_program_approves_nothing_of_high_risk() -> None:
    async with desk(risky()) as at:
        path, ballot = await held(at)
        key = at.key("bob", roles=("checker",))
        found = await at.get(path, key, "POST", ballot)
        assert (found.status_code, found.json()["code"], found.json()["within_s"]) == (403, "step_up", 300.0)
        assert 'error="insufficient_user_authentication", max_age="300"' in found.headers["www-authenticate"]
        assert (await at.get("/v1/approvals", key)).json()["approvals"][0]["risk"] == "high"
        refused = await at.get(path, key, "POST", {**ballot, "approve": False})
        assert (refused.status_code, refused.json()["state"]) == (200, "denied")


async def test_a_person_who_signed_in_lately_approves_and_signs_in_again_later() -> None:
    async with desk(risky()) as at, at.http() as http:
        path, ballot = await held(at)
        key = at.key("bob", roles=("checker",))

        async def signed_in() -> dict[str, str]:
            found = await http.post("/v1/session", json={"key": key}, headers=SAME)
            return {**SAME, "X-CSRF-Token": found.json()["csrf"]}

        first = await signed_in()
        at.hand.at = 301.0
        assert (await http.post(path, json=ballot, headers=first)).json()["code"] == "step_up"
        found = await http.post(path, json=ballot, headers=await signed_in())
        assert (found.status_code, found.json()["state"]) == (200, "approved")


async def test_where_tokens_prove_a_person_a_key_does_not_and_the_token_must_be_fresh() -> None:
    checker = {"realm": {"roles": ["bank-checkers"]}, "sub": "bob"}
    async with desk(risky(), who=who(), fetch=Provider()) as at, at.http() as http:
        path, ballot = await held(at)
        key = at.key("bob", roles=("checker",))
        found = await http.post("/v1/session", json={"key": key}, headers=SAME)
        assert found.json()["proved_at"] is None
        headers = {**SAME, "X-CSRF-Token": found.json()["csrf"]}
        assert (await http.post(path, json=ballot, headers=headers)).json()["code"] == "step_up"
        for stale in (token(**checker), token(**checker, auth_time=NOW - 301)):
            assert (await at.get(path, stale, "POST", ballot)).json()["code"] == "step_up"
        found = await at.get(path, token(**checker, auth_time=NOW - 299), "POST", ballot)
        assert (found.status_code, found.json()["state"]) == (200, "approved")


async def test_several_votes_at_once_are_cast_but_never_for_high_risk() -> None:
    checker = {"realm": {"roles": ["bank-checkers"]}, "sub": "bob"}
    fresh = token(**checker, auth_time=NOW)
    async with desk(risky(), replace(plain.pipeline("tame")), who=who(), fetch=Provider()) as at:
        ann = at.key("zoe")
        async with at.http(ann) as http:
            for of in ("tame", "tame", "desk"):
                await http.post("/v1/ask", json=wish("order", of=of))
        shown = (await at.get("/v1/approvals", fresh)).json()["approvals"]
        ballots = [
            {"id": one["id"], "approve": True, "reason": "all good", "payload_sha256": one["payload_sha256"]}
            for one in shown
        ]
        assert sorted(one["risk"] for one in shown) == ["high", "low", "low"]
        refused = await at.get("/v1/approvals/votes", fresh, "POST", {"ballots": ballots})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_in_bulk")
        assert len((await at.get("/v1/approvals", fresh)).json()["approvals"]) == 3
        tame = [one for one, facts in zip(ballots, shown, strict=True) if facts["risk"] == "low"]
        twice = await at.get("/v1/approvals/votes", fresh, "POST", {"ballots": [tame[0], tame[0]]})
        assert twice.json()["code"] == "conflict"
        unknown = await at.get("/v1/approvals/votes", fresh, "POST", {"ballots": [*tame, {**tame[0], "id": "x"}]})
        assert unknown.status_code == 404
        tame[1]["payload_sha256"] = "0" * 64
        found = await at.get("/v1/approvals/votes", fresh, "POST", {"ballots": tame})
        assert [one["code"] for one in found.json()["approvals"]] == ["", "conflict"]
        assert found.json()["approvals"][0]["state"] == "approved"


async def test_a_person_kills_an_agent_only_after_a_fresh_sign_in_and_a_program_with_its_key() -> None:
    async with desk() as at, at.http() as http:
        key = at.key("root", tenant=None)
        same = {"Sec-Fetch-Site": "same-origin"}
        csrf = (await http.post("/v1/session", json={"key": key}, headers=same)).json()["csrf"]
        at.hand.at = at.server.who.step_up.within_s + 1
        headers = {**same, "X-CSRF-Token": csrf}
        late = await http.post("/v1/agents/teller/kill", json={"reason": "a test"}, headers=headers)
        assert (late.status_code, late.json()["code"]) == (403, "step_up")
        assert (await at.ask(at.key())).status_code == 200
        csrf = (await http.post("/v1/session", json={"key": key}, headers=same)).json()["csrf"]
        headers["X-CSRF-Token"] = csrf
        assert (
            await http.post("/v1/agents/teller/kill", json={"reason": "a test"}, headers=headers)
        ).status_code == 200
        assert (await at.get("/v1/agents/teller/revive", key, "POST", {"reason": "a test"})).status_code == 200
        assert (await at.get("/v1/agents/teller/kill", key, "POST", {"reason": "a program"})).status_code == 200
