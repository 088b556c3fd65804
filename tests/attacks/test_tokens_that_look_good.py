"""Attack: bring a token that a careless verifier would accept, or one that was good once."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from genie.errors import IdentityError
from genie.server.issuers import Used
from tests.genie.desk_for_tests import NOW, ORIGIN, desk
from tests.genie.issuer_for_tests import (
    ISSUER,
    Provider,
    _encoded,
    claims,
    ec_key,
    jwk,
    pem,
    rsa_key,
    section,
    token,
    who,
)  # fmt: skip

pytestmark = pytest.mark.anyio


def shared(secret: bytes, **head: Any) -> str:
    """Return a token with a mark of a shared secret, as who has the public key could make it."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "k1", **head}
    text = f"{_encoded(json.dumps(header))}.{_encoded(json.dumps(claims()))}"
    return f"{text}.{_encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def unsigned(algorithm: str) -> str:
    head = {"alg": algorithm, "typ": "at+jwt", "kid": "k1"}
    return f"{_encoded(json.dumps(head))}.{_encoded(json.dumps(claims()))}."


def bad() -> dict[str, str]:
    good = token()
    head, body, mark = good.split(".")
    twice = json.dumps(claims())[:-1] + ', "sub": "root"}'
    other = _encoded(json.dumps(claims(sub="root")))
    return {
        "alg none": unsigned("none"),
        "alg None": unsigned("None"),
        "alg nOnE": unsigned("nOnE"),
        "no alg": unsigned(""),
        "HS with the public key": shared(pem(ec_key())),
        "HS with the RSA key": shared(pem(rsa_key())),
        "HS with nothing": shared(b""),
        "HS with an own key in the header": shared(b"k", jwk={"kty": "oct", "k": "aw"}),
        "another algorithm of the key": token(head={"alg": "ES384"}),
        "RS named for an EC key": token(head={"alg": "RS256"}),
        "list of algorithms": token(head={"alg": ["ES256"]}),
        "stranger's key": token(ec_key("evil")),
        "stranger's key in the header": token(ec_key("evil"), {"jwk": jwk(ec_key("evil"))}),
        "stranger's address": token(
            ec_key("evil"), {"jku": "https://evil.example/keys", "x5u": "https://evil.example"}
        ),
        "kid as a path": token(ec_key("evil"), {"kid": "../../../../dev/null"}),
        "kid as SQL": token(ec_key("evil"), {"kid": "k1' UNION SELECT 'x"}),
        "kid of another type": token(head={"kid": ["k1"]}),
        "long kid": token(head={"kid": "k" * 300}),
        "unknown kid": token(head={"kid": "k9"}),
        "critical extension": token(head={"crit": ["exp"]}),
        "body not encoded": token(head={"b64": False, "crit": ["b64"]}),
        "another type": token(head={"typ": "JWT"}),
        "no type": token(head={"typ": None}),
        "logout": token(head={"typ": "logout+jwt"}),
        "ID token": token(nonce="n"),
        "ID token by hash": token(at_hash="h"),
        "refresh token": token(typ="Refresh"),
        "another audience": token(aud="other"),
        "no audience": token(aud=None),
        "audience by part": token(aud="genie2"),
        "audience as an object": token(aud={"genie": 1}),
        "another issuer": token(iss=f"{ISSUER}/"),
        "no issuer": token(iss=None),
        "issuer as a list": token(iss=[ISSUER]),
        "expired": token(exp=NOW - 100),
        "no end": token(exp=None),
        "endless": token(exp=NOW + 1e9),
        "end as text": token(exp="4000000600"),
        "end true": token(exp=True),
        "end infinite": token(body=json.dumps(claims()).replace("4000000600.0", "Infinity")),
        "not valid yet": token(nbf=NOW + 100),
        "from the future": token(iat=NOW + 100),
        "signed in in the future": token(auth_time=NOW + 100),
        "no user": token(sub=None),
        "empty user": token(sub=""),
        "user with control characters": token(sub="ann\nroot"),
        "user as a list": token(sub=["ann"]),
        "no tenant": token(org=None),
        "unknown tenant": token(org="org-9"),
        "tenant as a list": token(org=["org-1"]),
        "roles as an object": token(realm={"roles": {"bank-clerks": 1}}),
        "roles of numbers": token(realm={"roles": [1]}),
        "duplicate claims": token(body=twice),
        "no object": token(body="[]"),
        "deep": token(body="[" * 5_000),
        "no mark": f"{head}.{body}.",
        "cut mark": f"{head}.{body}.{mark[:-4]}",
        "another body": f"{head}.{other}.{mark}",
        "four parts": f"{good}.{mark}",
        "two parts": f"{head}.{body}",
        "white space": f"{head}. {body}.{mark}",
        "too long": token(extra="x" * 9_000),
        "mark of zeros": f"{head}.{body}.{_encoded(bytes(64))}",
    }


@pytest.mark.parametrize("name", sorted(bad()))
async def test_a_token_that_is_not_good_is_nobody_and_says_nothing(name: str) -> None:
    provider = Provider()
    provider.keys.append(jwk(rsa_key(), "k2"))
    async with desk(who=who(), fetch=provider) as at:
        assert (await at.get("/v1/runs", token())).status_code == 200
        found = await at.get("/v1/runs", bad()[name])
        assert found.status_code == 401
        nobody = await at.get("/v1/runs", "gk_aaaa_bbbb")
        assert found.content == nobody.content  # nobody learns which part is wrong
        assert not any("evil" in one for one in provider.asked)


async def test_unknown_key_ids_do_not_make_the_server_call_the_issuer_without_end() -> None:
    provider = Provider()
    async with desk(who=who(), fetch=provider, per_s=10_000.0, burst=10_000) as at:
        for n in range(200):
            await at.get("/v1/runs", token(head={"kid": f"flood{n}"}))
        assert len(provider.asked) == 2


async def test_a_token_for_one_use_is_used_once() -> None:
    async with desk(who=who(once=True), fetch=Provider()) as at:
        assert (await at.get("/v1/runs", token())).status_code == 200
        assert (await at.get("/v1/runs", token())).status_code == 401  # another signature, the same jti
        assert (await at.get("/v1/runs", token(jti="t2"))).status_code == 200
        assert (await at.get("/v1/runs", token(jti=None))).status_code == 401
        assert (await at.get("/v1/runs", token(jti="t3", iat=None))).status_code == 401
        before = token(jti="t4", iat=NOW - 61)  # an earlier process may have seen it
        assert (await at.get("/v1/runs", before)).status_code == 401


def test_what_was_used_is_never_forgotten_before_it_ends() -> None:
    used = Used(2)
    used.take(("a",), 10.0, 0.0)
    used.take(("b",), 20.0, 0.0)
    for name in ("a", "c"):  # used before; no room
        with pytest.raises(IdentityError):
            used.take((name,), 30.0, 9.0)
    used.take(("c",), 30.0, 10.0)


@pytest.mark.parametrize(
    "key",
    [
        jwk(rsa_key("small", 1_024)), jwk(ec_key(), use="enc"), jwk(ec_key(), key_ops=["encrypt"]),
        jwk(ec_key(), alg="ES384"), {**jwk(ec_key()), "x": "AAAA"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"},
        {**jwk(ec_key()), "crv": "secp256k1"}, {**jwk(ec_key()), "kid": 1}, "k1", None, {"kty": "RSA", "kid": "k1"},
    ],
)  # fmt: skip
async def test_a_key_that_is_weak_or_for_something_else_verifies_nothing(key: Any) -> None:
    provider = Provider()
    provider.keys = [key]
    weak = isinstance(key, dict) and key.get("kty") == "RSA" and "n" in key
    sent = token(rsa_key("small", 1_024), {"alg": "RS256"}) if weak else token()
    async with desk(who=who(), fetch=provider) as at:
        assert (await at.get("/v1/runs", sent)).status_code == 401


@pytest.mark.parametrize(
    "facts", [{"issuer": "https://evil.example"}, {"jwks_uri": None}, {"jwks_uri": 5}, {"issuer": f"{ISSUER}/"}]
)
async def test_a_document_of_another_issuer_brings_no_keys(facts: dict[str, Any]) -> None:
    provider = Provider()
    provider.facts |= facts
    async with desk(who=who(), fetch=provider) as at:
        assert (await at.get("/v1/runs", token())).status_code == 401
        assert not any(one.endswith("/keys") for one in provider.asked)


async def test_keys_are_fetched_from_the_issuers_host_alone() -> None:
    from genie.errors import FetchError
    from genie.server.issuer_keys import fetch_of
    from genie.server.who import IssuerSection

    fetch = fetch_of(IssuerSection.model_validate_json(json.dumps(section())))
    for url in ("https://evil.example/keys", "http://login.example.org/keys", "https://login.example.org:8443/keys"):
        with pytest.raises(FetchError):
            await fetch.get(url)


@pytest.mark.parametrize("query", ["access_token", "token", "key", "authorization"])
async def test_credentials_in_an_address_count_for_nothing(query: str) -> None:
    async with desk(who=who(), fetch=Provider()) as at:
        for text in (token(), at.key()):
            assert (await at.get(f"/v1/runs?{query}={text}")).status_code == 401


async def test_a_token_that_signs_in_ends_its_session_with_its_term() -> None:
    async with desk(who=who(), fetch=Provider()) as at:
        http = at.http()
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
        found = await http.post("/v1/session", json={"key": token()}, headers=headers)
        assert found.status_code == 200
        assert (await http.get("/v1/session")).json()["user"] == "ann"
        at.hand.at = 661.0
        assert (await http.get("/v1/session")).status_code == 401
        await http.aclose()
