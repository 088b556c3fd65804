"""Passkeys: registered by an invitation, used to sign in, and refused in every other way."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from click.testing import CliRunner

from genie.backend.clock import Clock
from genie.cli import main
from genie.errors import ConfigError, InputError
from genie.server.ceremonies import Ceremonies
from genie.server.principals import ApiKeys, new_key, rotated
from genie.server.problems import Problem
from genie.server.server import LOGINS_AT_ONCE, Server, Settings
from genie.server.store import store_at
from genie.server.who import WhoSection, read_who
from tests.genie.authenticator_for_tests import PRESENT, Authenticator, encoded
from tests.genie.desk_for_tests import NOW, Desk, Hand, Transport, pipeline
from tests.genie.issuer_for_tests import Provider, token, who
from tests.genie.server.test_keys_and_step_up import held, risky

pytestmark = pytest.mark.anyio
ORIGIN = "http://localhost"
SAME = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
WHO = WhoSection.model_validate_json(
    json.dumps({"version": 1, "passkeys": {"host": "localhost", "origins": [ORIGIN]}})
)  # fmt: skip
HOUR = 3_600.0


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Return a backend in real time: threads do not wait for a virtual clock."""
    return str(request.param)


class Site:
    """A server with passkeys, and browsers of people."""

    def __init__(self, at: Desk) -> None:
        self.at = at

    def invitation(self, user: str = "ann", **facts: Any) -> str:
        given = {"roles": ("clerk",), "clearance": "restricted", "tenant": "north", "rights": ("ask", "observe"),
                 "invited_until": NOW + HOUR, "expires_at": NOW + 100 * HOUR, **facts}  # fmt: skip
        text, kept = new_key(user=user, **given)
        self.at.server.keys.add(kept)
        return text

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=Transport(self.at.app), base_url=ORIGIN, headers=SAME)

    async def begin(self, http: httpx.AsyncClient, invitation: str) -> dict[str, Any]:
        found = await http.post("/v1/passkeys/registration", json={"invitation": invitation})
        assert found.status_code == 200, found.text
        options: dict[str, Any] = found.json()
        return options

    async def challenge(self, http: httpx.AsyncClient) -> dict[str, Any]:
        found = await http.post("/v1/session/passkey/challenge", json={})
        assert found.status_code == 200, found.text
        options: dict[str, Any] = found.json()
        return options

    async def registered(self, device: Authenticator, user: str = "ann", **facts: Any) -> None:
        invitation = self.invitation(user, **facts)
        async with self.browser() as http:
            made = device.create(await self.begin(http, invitation))
            found = await http.post(
                "/v1/passkeys", json={"invitation": invitation, "credential": made, "name": "phone"}
            )
            assert found.status_code == 200, found.text

    async def signs_in(self, http: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
        return await http.post("/v1/session/passkey", json={"credential": device.get(await self.challenge(http))})


@contextlib.asynccontextmanager
async def site(folder: Path, hand: Hand | None = None, keys: ApiKeys | None = None, **more: Any) -> AsyncIterator[Site]:
    hand = hand or Hand()
    store = store_at(str(folder / "store.db"), str(folder / "ring.json"), lambda: NOW + hand.at)
    server = Server(
        [more.pop("pipeline", None) or pipeline()], keys or ApiKeys(), store=store, who=more.pop("who", WHO),
        fetch=more.pop("fetch", None), settings=Settings(**more),
        clock=Clock(hand, wall=NOW + hand.at),
    )  # fmt: skip
    async with server.open():
        yield Site(Desk(server, hand))


async def test_an_invitation_makes_a_passkey_that_signs_in_as_its_person_also_after_a_restart(tmp_path: Path) -> None:
    device, keys = Authenticator(), ApiKeys()
    async with site(tmp_path, keys=keys) as at:
        await at.registered(device)
        async with at.browser() as http:
            found = await at.signs_in(http, device)
            assert (found.status_code, found.json()["user"], found.json()["tenant"]) == (200, "ann", "north")
            assert found.json()["proved_at"] == NOW
            assert (await http.get("/v1/runs")).status_code == 200
        assert (await at.at.get("/v1/sign-in")).json() == {"ways": ["key", "passkey"], "issuers": []}
    async with site(tmp_path, keys=keys) as at, at.browser() as http:
        assert (await at.signs_in(http, device)).status_code == 200
        owned = (await http.get("/v1/passkeys")).json()["passkeys"]
        assert [one["name"] for one in owned] == ["phone"]
        csrf = {"X-CSRF-Token": (await http.get("/v1/session")).json()["csrf"]}
        assert (await http.delete(f"/v1/passkeys/{owned[0]['id']}")).status_code == 403
        assert (await http.delete(f"/v1/passkeys/{owned[0]['id']}", headers=csrf)).status_code == 204
        assert (await at.signs_in(http, device)).status_code == 401


async def test_an_invitation_is_no_key_and_is_used_once_and_in_time(tmp_path: Path) -> None:
    async with site(tmp_path) as at, at.browser() as http:
        invitation = at.invitation()
        assert (await at.at.get("/v1/runs", invitation)).status_code == 401
        assert (await http.post("/v1/session", json={"key": invitation})).status_code == 401
        options, other = await at.begin(http, invitation), Authenticator()
        another = at.browser()
        late = await at.begin(another, invitation)
        first = other.create(options)
        sent = {"invitation": invitation, "credential": first}
        assert (await http.post("/v1/passkeys", json=sent)).status_code == 200
        assert (await http.post("/v1/passkeys", json=sent)).status_code == 401  # the challenge was used
        second = {"invitation": invitation, "credential": Authenticator().create(late)}
        for path, body in (("/v1/passkeys", second), ("/v1/passkeys/registration", {"invitation": invitation})):
            refused = await another.post(path, json=body)
            assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        await another.aclose()
        copied = at.invitation("eve")
        taken = {"invitation": copied, "credential": other.create(await at.begin(http, copied))}
        assert (await http.post("/v1/passkeys", json=taken)).status_code == 409  # the same passkey for somebody else
        for text in (at.at.key(), at.invitation(invited_until=NOW), invitation[:-3], "gk_", "x" * 900):
            assert (await http.post("/v1/passkeys/registration", json={"invitation": text})).status_code == 401
        kept = next(key for key in at.at.server.keys.all.values() if key.invited_until is not None)
        with pytest.raises(InputError):
            rotated(kept, NOW, 10, 10)


def changed(given: dict[str, Any], **response: Any) -> dict[str, Any]:
    return {**given, "response": {**given["response"], **response}}


async def test_what_the_device_of_this_person_did_not_sign_now_for_here_is_refused(tmp_path: Path) -> None:
    device, evil = Authenticator(), Authenticator()
    async with site(tmp_path, per_s=1_000.0) as at, at.browser() as http, at.browser() as victim:
        at.at.server.logins = at.at.server.rates
        await at.registered(device)
        evil.id, evil.handle = device.id, device.handle

        async def refused(given: Any) -> bool:
            found = await http.post("/v1/session/passkey", json={"credential": given})
            return (found.status_code, found.json()["code"]) == (401, "unauthenticated")

        good = device.get(await at.challenge(http))
        assert (await http.post("/v1/session/passkey", json={"credential": good})).status_code == 200
        assert await refused(good)  # replayed
        device.origin = "http://localhost.evil.example"
        assert await refused(device.get(await at.challenge(http)))
        device.origin, device.host = ORIGIN, "evil.example"
        assert await refused(device.get(await at.challenge(http)))
        device.host, device.flags = "localhost", PRESENT
        assert await refused(device.get(await at.challenge(http)))  # nobody unlocked it
        device.flags = 0x05
        assert await refused(device.get(await at.challenge(http), kind="webauthn.create"))
        assert await refused(evil.get(await at.challenge(http)))  # another key under the same id
        assert await refused(device.get({"challenge": encoded(bytes(32))}))  # nobody gave that challenge out
        assert await refused(device.get(await at.challenge(victim)))  # another browser's challenge
        assert await refused(device.get(await at.begin(http, at.invitation("bob"))))  # a challenge for something else
        stale = await at.challenge(http)
        at.at.hand.at = 301.0
        assert await refused(device.get(stale))
        device.count = 0
        assert await refused(device.get(await at.challenge(http)))  # a copy of the device counts from an older state
        device.count = 100
        found = device.get(await at.challenge(http))
        for more in ({"signature": "AAAA"}, {"authenticatorData": ""}, {"clientDataJSON": "x"}, {"userHandle": "AAAA"}):
            assert await refused(changed(device.get(await at.challenge(http)), **more))
        for given in ({}, {**found, "id": 5}, {**found, "id": "x" * 5_000}, {**found, "response": None},
                      {**found, "response": []}, {**found, "rawId": "AAAA"}):  # fmt: skip
            assert await refused(given)
        assert (await at.signs_in(http, device)).status_code == 200


async def test_registrations_that_are_not_what_was_asked_for_are_refused(tmp_path: Path) -> None:
    async with site(tmp_path, per_s=1_000.0) as at, at.browser() as http:
        at.at.server.logins = at.at.server.rates
        invitation = at.invitation()

        async def refused(given: Any) -> bool:
            found = await http.post("/v1/passkeys", json={"invitation": invitation, "credential": given})
            return found.status_code == 401

        for device in (Authenticator(origin="https://evil.example"), Authenticator(host="evil.example"),
                       Authenticator(flags=PRESENT)):  # fmt: skip
            assert await refused(device.create(await at.begin(http, invitation)))
        made = Authenticator().create(await at.begin(http, invitation))
        for more in ({"attestationObject": "AAAA"}, {"attestationObject": encoded(b"\xff" * 50)}):
            assert await refused(changed(Authenticator().create(await at.begin(http, invitation)), **more))
        assert await refused(changed(made, clientDataJSON=encoded(b"[]")))
        assert await refused(Authenticator().create(await at.begin(http, at.invitation("bob"))))  # bob's challenge


async def test_the_person_ends_with_their_entry_in_the_file_of_keys(tmp_path: Path) -> None:
    device = Authenticator()
    async with site(tmp_path) as at, at.browser() as http:
        await at.registered(device)
        assert (await at.signs_in(http, device)).status_code == 200
        kept = next(iter(at.at.server.keys.all.values()))
        at.at.server.take_keys(ApiKeys([kept.model_copy(update={"revoked_at": 1.0})]))
        assert (await http.get("/v1/session")).status_code == 401
        assert (await at.signs_in(http, device)).status_code == 401
        at.at.server.take_keys(ApiKeys([]))
        assert (await at.signs_in(http, device)).status_code == 401


@pytest.mark.parametrize("user", ["other owner", "other tenant", "same name at an issuer"])
async def test_passkeys_of_others_are_not_there(tmp_path: Path, user: str) -> None:
    device, both = Authenticator(), WHO.model_copy(update={"issuers": who().issuers})
    async with site(tmp_path, who=both, fetch=Provider()) as at:
        await at.registered(device)
        tenant = "south" if user == "other tenant" else "north"
        key = at.at.key("ann" if tenant == "south" else "bob", tenant=tenant)
        key = token() if user == "same name at an issuer" else key
        assert (await at.at.get("/v1/passkeys", key)).json() == {"passkeys": []}
        theirs = await at.at.get(f"/v1/passkeys/{encoded(device.id)}", key, "DELETE")
        unknown = await at.at.get("/v1/passkeys/unknown", key, "DELETE")
        assert (theirs.status_code, theirs.content) == (404, unknown.content)
        async with at.browser() as http:
            assert (await at.signs_in(http, device)).status_code == 200


async def test_a_copy_of_a_device_signs_in_once_for_each_value_of_its_counter(tmp_path: Path) -> None:
    device = Authenticator()
    async with site(tmp_path) as at, at.browser() as one, at.browser() as other:
        await at.registered(device)
        statuses = []

        async def signs_in(http: httpx.AsyncClient, credential: dict[str, Any]) -> None:
            statuses.append((await http.post("/v1/session/passkey", json={"credential": credential})).status_code)

        first = device.get(await at.challenge(one))
        device.count -= 1
        second = device.get(await at.challenge(other))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(signs_in, one, first)
            tasks.start_soon(signs_in, other, second)
        assert sorted(statuses) == [200, 401]


async def test_behind_tls_only_a_cookie_that_no_other_host_can_set_ties_a_challenge_to_its_browser(
    tmp_path: Path,
) -> None:
    device = Authenticator()
    async with site(tmp_path) as at:
        await at.registered(device)
    async with site(tmp_path, keys=at.at.server.keys, secure=True, hosts=frozenset({"localhost"})) as at:
        for name, status in (("genie-ceremony", 401), ("__Host-genie-ceremony", 200)):
            async with at.browser() as http:
                begun = await http.post("/v1/session/passkey/challenge", json={})
                cookie = begun.headers["set-cookie"].partition(";")[0].partition("=")[2]
                credential = {"credential": device.get(begun.json())}
                found = await http.post("/v1/session/passkey", json=credential, headers={"Cookie": f"{name}={cookie}"})
                assert found.status_code == status


async def test_a_passkey_is_the_fresh_proof_for_high_risk_and_an_old_one_is_not(tmp_path: Path) -> None:
    device = Authenticator()
    async with site(tmp_path, pipeline=risky()) as at, at.browser() as http:
        await at.registered(device, "bob", roles=("checker",), rights=("observe", "approve"))
        path, ballot = await held(at.at)

        async def headers() -> dict[str, str]:
            return {"X-CSRF-Token": (await at.signs_in(http, device)).json()["csrf"]}

        early = await headers()
        at.at.hand.at = 301.0
        assert (await http.post(path, json=ballot, headers=early)).json()["code"] == "step_up"
        found = await http.post(path, json=ballot, headers=await headers())
        assert (found.status_code, found.json()["state"]) == (200, "approved")


async def test_nobody_is_signed_in_from_another_site_and_guesses_are_limited(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        transport = Transport(at.at.app)
        for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as http:
                for path in ("/v1/session/passkey/challenge", "/v1/session/passkey", "/v1/passkeys"):
                    found = await http.post(path, json={})
                    assert (found.status_code, found.json()["code"]) == (403, "cross_site")
        async with at.browser() as http:
            statuses = [
                (await http.post("/v1/passkeys/registration", json={"invitation": f"gk_a_{n}"})).status_code
                for n in range(LOGINS_AT_ONCE + 5)
            ]
            assert statuses == [401] * LOGINS_AT_ONCE + [429] * 5
            good = await http.post("/v1/session", json={"key": at.at.key()})
            assert good.status_code == 429  # a right guess waits as well


def test_ceremonies_are_bounded() -> None:
    made = Ceremonies(lambda: 0.0)
    first = made.begin("sign_in", "b")
    for _ in range(Ceremonies.MOST):
        last = made.begin("sign_in", "b")
    with pytest.raises(Problem):
        made.end(first, "sign_in", "b")
    made.end(last, "sign_in", "b")
    with pytest.raises(Problem):
        made.end(last, "sign_in", "b")


@pytest.mark.parametrize(
    "passkeys",
    [
        {"host": "genie.example.org", "origins": ["https://evil.example"]},
        {"host": "genie.example.org", "origins": ["https://notgenie.example.org"]},
        {"host": "example.org", "origins": ["http://genie.example.org"]},
        {"host": "localhost", "origins": ["http://localhost/page"]}, {"host": "localhost", "origins": []},
    ],
)  # fmt: skip
def test_a_site_of_passkeys_is_its_own(tmp_path: Path, passkeys: dict[str, Any]) -> None:
    (tmp_path / "who.yaml").write_text(json.dumps({"version": 1, "passkeys": passkeys}))
    with pytest.raises(ConfigError):
        read_who(tmp_path / "who.yaml", {})


def test_passkeys_need_a_store_and_the_command_invites(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Server([replace(pipeline())], ApiKeys(), who=WHO)
    file = str(tmp_path / "keys.json")
    done = CliRunner().invoke(main, ["keys", "invite", file, "--user", "asha", "--right", "approve"])
    assert done.exit_code == 0, done.output
    held_keys = ApiKeys.read(Path(file))
    kept = next(iter(held_keys.all.values()))
    assert kept.invited_until is not None
    assert kept.expires_at is not None
    assert kept.invited_until < kept.expires_at
    assert held_keys.resolve(done.stdout.strip(), 0.0) is None
    assert held_keys.invited(done.stdout.strip(), 0.0) == kept
    assert "a person with a passkey" in CliRunner().invoke(main, ["keys", "list", file]).stdout
