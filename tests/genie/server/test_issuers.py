"""Tokens of identity providers: keys by discovery, rotation, and what claims give."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genie.config.pipeline import SignedIdentity
from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.errors import ConfigError
from genie.server.who import WhoSection, read_who
from tests.genie.desk_for_tests import Desk, desk, pipeline
from tests.genie.issuer_for_tests import ISSUER, Provider, ec_key, jwk, rsa_key, section, token, who

pytestmark = pytest.mark.anyio


async def status(at: Desk, text: str, path: str = "/v1/runs") -> int:
    return (await at.get(path, text)).status_code


async def test_a_token_gives_what_the_configuration_makes_of_its_claims() -> None:
    async with desk(who=who(), fetch=Provider()) as at:
        found = (await at.get("/v1/session", token(auth_time=4_000_000_000 - 5))).json()
        assert (found["user"], found["tenant"], found["roles"]) == ("ann", "north", ["clerk"])
        assert (found["rights"], found["clearance"]) == (["ask", "observe"], "restricted")
        run = await at.ask(token())
        assert (run.status_code, run.json()["tenant"]) == (200, "north")
        assert await status(at, token(org="org-2"), f"/v1/runs/{run.json()['id']}") == 404
        assert await status(at, token(sub="bob"), f"/v1/runs/{run.json()['id']}") == 404
        assert (await at.get("/v1/runs", token(realm={"roles": ["other"]}))).json()["code"] == "forbidden"
        assert await status(at, token(realm=None)) == 403
        assert await status(at, token(realm={"roles": ["bank-checkers"]}), "/v1/approvals") == 200


async def test_keys_are_found_by_discovery_once_and_fetched_again_when_they_are_due() -> None:
    provider = Provider()
    async with desk(who=who(), fetch=provider) as at:
        for n in range(3):
            assert await status(at, token(jti=f"t{n}")) == 200
        assert provider.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]
        at.hand.at = 601.0
        assert await status(at, token(exp=4_000_000_000 + 1_200)) == 200
        assert len(provider.asked) == 4


async def test_a_new_key_is_taken_over_at_its_first_token_and_a_withdrawn_one_ends() -> None:
    provider = Provider()
    async with desk(who=who(), fetch=provider) as at:
        old = token(exp=4_000_000_000 + 3_000)
        assert await status(at, old) == 200
        at.hand.at = 61.0
        provider.keys = [jwk(ec_key("two"), "k2")]
        assert await status(at, token(ec_key("two"), {"kid": "k2"})) == 200
        assert await status(at, old) == 401  # though it was verified before


async def test_an_issuer_that_is_away_is_tried_again_and_its_keys_are_used_for_an_hour() -> None:
    provider = Provider()
    provider.away = True
    async with desk(who=who(), fetch=provider) as at:
        assert [await status(at, token()) for _ in range(4)] == [401] * 4
        assert len(provider.asked) == 1
        provider.away = False
        at.hand.at = 6.0
        late = token(exp=4_000_000_000 + 9_000)
        assert await status(at, late) == 200
        provider.away = True
        at.hand.at = 4_000.0
        assert await status(at, late) == 200
        at.hand.at = 4_300.0
        assert await status(at, late) == 401


async def test_clocks_may_differ_a_little() -> None:
    async with desk(who=who(), fetch=Provider()) as at:
        assert await status(at, token(iat=4_000_000_059, nbf=4_000_000_059)) == 200
        assert await status(at, token(exp=3_999_999_941)) == 200
        assert await status(at, token(iat=4_000_000_061)) == 401
        assert await status(at, token(exp=3_999_999_939)) == 401


async def test_keys_without_an_id_do_where_only_one_fits() -> None:
    provider = Provider()
    provider.keys = [jwk(ec_key(), None), jwk(rsa_key(), None)]
    async with desk(who=who(), fetch=provider) as at:
        assert await status(at, token(head={"kid": None})) == 200
        assert await status(at, token(rsa_key(), {"kid": None, "alg": "RS256"})) == 200
    provider.keys = [jwk(ec_key(), None), jwk(ec_key("two"), None)]
    async with desk(who=who(), fetch=provider) as at:
        assert await status(at, token(head={"kid": None})) == 401


async def test_a_pipeline_with_signed_identities_takes_an_issuer_that_is_named_for_it(tmp_path: Path) -> None:
    most = Caller(roles=frozenset({"clerk"}), clearance=Classification.RESTRICTED)
    signed = replace(pipeline(), signed=SignedIdentity(tmp_path, "https://x.example", "genie"), caller=most)
    async with desk(signed, who=who(pipelines=["desk"]), fetch=Provider()) as at:
        assert (await at.ask(token())).status_code == 200
        wide = {"roles": ["bank-clerks", "bank-checkers"]}
        assert (await at.ask(token(realm=wide))).json()["code"] == "forbidden"
    async with desk(signed, who=who(), fetch=Provider()) as at:
        assert (await at.ask(token())).json()["code"] == "forbidden"


async def test_clients_find_the_issuer_by_themselves() -> None:
    given = {"version": 1, "resource": "https://genie.example.org/", "issuers": [section()]}
    async with desk(who=WhoSection.model_validate_json(json.dumps(given)), fetch=Provider()) as at:
        place = "https://genie.example.org/.well-known/oauth-protected-resource"
        assert (await at.get("/v1/runs")).headers["www-authenticate"] == f'Bearer resource_metadata="{place}"'
        found = (await at.get("/.well-known/oauth-protected-resource")).json()
        assert found["authorization_servers"] == [ISSUER]
        refused = await at.get("/v1/statistics", token())
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    async with desk() as at:
        assert (await at.get("/.well-known/oauth-protected-resource")).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithms": ["HS256"]}, {"algorithms": ["none"]}, {"algorithms": []}, {"issuer": "http://login.example.org"},
        {"issuer": "https://u:p@login.example.org"}, {"claims": {}}, {"tenant": "north"}, {"rights": {"boss": ["ask"]}},
        {"rights": {"clerk": ["everything"]}}, {"clock_skew_s": 3_600}, {"jwks_uri": "file:///etc/passwd"},
        {"unknown": 1}, {"networks": ["everywhere"]}, {"audience": ""},
    ],
)  # fmt: skip
def test_a_configuration_that_is_not_safe_is_refused_at_its_line(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "who.yaml"
    path.write_text(json.dumps({"version": 1, "issuers": [section()]}))
    assert read_who(path, {}).issuers[0].audience == "genie"
    path.write_text(json.dumps({"version": 1, "issuers": [section(**changes)]}))
    with pytest.raises(ConfigError) as refused:
        read_who(path, {})
    assert refused.value.problems[0].startswith(f"{path}:1: ")
