"""Signed identities: what a token says is what the caller is given, and anything else about it is a refusal."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.edges.identity.jwt import LONGEST_S, MAX_TOKEN_BYTES, issue, verify
from genie.edges.identity.keys import generate, private_key, public_keys
from genie.errors import IdentityError, RunExpiredError
from tests.genie.policies_for_tests import Answer, Gate, Question, answerer, gated, running, turns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from genie.edges.identity.keys import PrivateKey, PublicKey

NOW = 1_700_000_000.0
ANN = Caller(
    user="ann", roles=frozenset({"analyst"}), tenant="acme", clearance=Classification.CONFIDENTIAL, region="in",
    consent=frozenset({"share"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("keys")
    for name in ("issuer", "other"):
        generate(found / name)
    return found


@pytest.fixture(scope="module")
def key(folder: Path) -> PrivateKey:
    return private_key(folder / "issuer")


@pytest.fixture(scope="module")
def keys(folder: Path) -> Mapping[str, PublicKey]:
    return public_keys([folder / "issuer.pub"])


def token(key: PrivateKey, caller: Caller = ANN, **changes: Any) -> str:
    given = {"issuer": "login", "audience": "genie", "now": NOW, **changes}
    return issue(caller, key, **given)


def checked(text: str, keys: Mapping[str, PublicKey], now: float = NOW, most: Caller | None = None) -> Caller:
    return verify(text, keys, issuer="login", audience="genie", now=now, most=most)


def forged(claims: dict[str, Any], key: Any, *, algorithm: str | None = "EdDSA", **head: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=head or None)


def claims(**changes: Any) -> dict[str, Any]:
    found = {"iss": "login", "aud": "genie", "sub": "ann", "exp": int(NOW) + 60, "roles": [], **changes}
    return {name: value for name, value in found.items() if value is not ...}


def why(text: str, keys: Mapping[str, PublicKey], **options: Any) -> str:
    with pytest.raises(IdentityError) as caught:
        checked(text, keys, **options)
    return caught.value.why


def test_a_token_gives_what_it_says_and_no_longer(key: PrivateKey, keys: Mapping[str, PublicKey]) -> None:
    found = checked(token(key, lifetime_s=60.0), keys)
    assert found == Caller(
        user="ann", roles=ANN.roles, tenant="acme", clearance=ANN.clearance, region="in", consent=ANN.consent,
        expires_at=NOW + 60,
    )  # fmt: skip
    assert why(token(key, lifetime_s=60.0), keys, now=NOW + 60) == "expired"


def test_silence_gives_nothing(key: PrivateKey, keys: Mapping[str, PublicKey]) -> None:
    found = checked(forged(claims(roles=...), key.key), keys)
    assert found == Caller(user="ann", clearance=Classification.PUBLIC, expires_at=NOW + 60)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "elsewhere"}, "issuer"), ({"aud": "another"}, "audience"), ({"exp": int(NOW) - 1}, "expired"),
        ({"exp": ...}, "malformed"), ({"exp": "soon"}, "malformed"), ({"exp": True}, "malformed"),
        ({"exp": float("nan")}, "malformed"), ({"exp": int(NOW + 2 * LONGEST_S)}, "term"),
        ({"nbf": int(NOW) + 600}, "early"), ({"iat": int(NOW) + 600}, "early"), ({"sub": ...}, "malformed"),
        ({"sub": ""}, "malformed"), ({"sub": "a\nb"}, "malformed"), ({"sub": 7}, "malformed"),
        ({"roles": "admin"}, "malformed"), ({"roles": [7]}, "malformed"), ({"roles": ["r"] * 101}, "malformed"),
        ({"clearance": "TOP-SECRET"}, "malformed"), ({"clearance": "Public"}, "malformed"),
        ({"clearance": 3}, "malformed"), ({"limited_to": "nothing"}, "malformed"), ({"tenant": []}, "malformed"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_token_is_named(
    key: PrivateKey, keys: Mapping[str, PublicKey], changes: dict[str, Any], said: str
) -> None:
    assert why(forged(claims(**changes), key.key), keys) == said


def test_only_ed25519_by_a_known_key_counts(folder: Path, key: PrivateKey, keys: Mapping[str, PublicKey]) -> None:
    other = private_key(folder / "other")
    public = (folder / "issuer.pub").read_text()
    assert why(forged(claims(), "", algorithm=None), keys) == "algorithm"  # alg: none
    secret = base64.b64encode(public.encode()).decode()  # a public key misused as the secret of an HMAC
    assert why(forged(claims(), secret, algorithm="HS256"), keys) == "algorithm"
    assert why(token(other), keys) == "signature"
    assert why(forged(claims(), other.key), keys) == "signature"
    assert why(forged(claims(), other.key, kid=key.id), keys) == "signature"
    assert why(forged(claims(), key.key, kid="unknown"), keys) == "signature"
    assert why(forged(claims(), key.key, crit=["exp"]), keys) == "malformed"
    assert checked(token(other), public_keys([folder / "issuer.pub", folder / "other.pub"])).user == "ann"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.b", "..", "é.é.é", "a" * (MAX_TOKEN_BYTES + 1), "\x00"])
def test_what_is_no_token_is_refused(keys: Mapping[str, PublicKey], text: str) -> None:
    assert why(text, keys) == "malformed"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), char=st.sampled_from("ABCxyz019-_.="))
def test_no_changed_token_is_accepted_as_another_identity(
    key: PrivateKey, keys: Mapping[str, PublicKey], at: float, char: str
) -> None:
    good = token(key)
    place = int(at * len(good))
    text = good[:place] + char + good[place + 1 :]
    try:
        found = checked(text, keys)
    except IdentityError:
        return
    assert found == checked(good, keys)  # the last character of base64 may stand for the same bytes


@settings(max_examples=100)
@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(IdentityError) as caught:
        checked(f"{text}.{text}.{text}", {})
    assert "\n" not in str(caught.value)


def test_a_refusal_quotes_nothing_that_was_claimed(key: PrivateKey, keys: Mapping[str, PublicKey]) -> None:
    with pytest.raises(IdentityError) as caught:
        checked(forged(claims(clearance="marker-7", roles=["marker-7"]), key.key), keys)
    assert "marker-7" not in str(caught.value)


# --- too wide ---

LEVELS = st.sampled_from(list(Classification))
NAMES = st.frozensets(st.sampled_from(["analyst", "admin", "clerk"]))
SOME = st.sampled_from([None, "acme", "north"])
CALLERS = st.builds(
    Caller, user=st.just("ann"), roles=NAMES, tenant=SOME, clearance=LEVELS, region=SOME, consent=NAMES,
    expires_at=st.none() | st.floats(NOW + 1, NOW + 1e5),
)  # fmt: skip


def wider(one: Caller, than: Caller) -> bool:
    ends = than.expires_at is not None and (one.expires_at is None or one.expires_at > than.expires_at)
    return bool(one.headers().widened_beyond(than.headers())) or one.clearance > than.clearance or ends


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(caller=CALLERS, most=CALLERS)
def test_a_token_wider_than_the_pipeline_allows_is_refused(
    key: PrivateKey, keys: Mapping[str, PublicKey], caller: Caller, most: Caller
) -> None:
    accepted = checked(token(key, caller), keys)
    fits = (
        caller.roles <= most.roles and caller.clearance <= most.clearance and most.tenant in {None, caller.tenant}
        and most.region in {None, caller.region} and (not most.consent or caller.consent <= most.consent)
    )  # fmt: skip
    if not fits:
        assert why(token(key, caller), keys, most=most) == "too_wide"
        return
    found = checked(token(key, caller), keys, most=most)
    assert found == accepted
    assert found.roles <= most.roles
    assert found.clearance <= most.clearance
    assert most.tenant in {None, found.tenant}
    assert most.region in {None, found.region}
    assert not most.consent or found.consent <= most.consent


# --- delegation ---


@given(caller=CALLERS, roles=st.none() | NAMES, level=st.none() | LEVELS, consent=st.none() | NAMES,
       ends=st.none() | st.floats(0, 1e10))  # fmt: skip
def test_delegation_never_widens(
    caller: Caller, roles: frozenset[str] | None, level: Classification | None, consent: frozenset[str] | None,
    ends: float | None,
) -> None:  # fmt: skip
    narrow = caller.narrowed(roles=roles, clearance=level, consent=consent, expires_at=ends)
    assert not wider(narrow, caller)
    assert roles is None or narrow.roles <= roles
    assert level is None or narrow.clearance <= level
    assert ends is None or (narrow.expires_at is not None and narrow.expires_at <= ends)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(caller=CALLERS, roles=NAMES)
def test_a_token_for_a_delegate_gives_no_more_than_the_delegate_has(
    key: PrivateKey, keys: Mapping[str, PublicKey], caller: Caller, roles: frozenset[str]
) -> None:
    narrow = caller.narrowed(roles=roles)
    assert not wider(checked(token(key, narrow), keys), narrow)


# --- what a term means for a run ---


@pytest.mark.anyio
async def test_a_run_ends_with_its_callers_term() -> None:
    gate = Gate()
    async with running(gated(gate)) as runtime:
        began = runtime.bus.now()
        with pytest.raises(RunExpiredError):
            await runtime.ask(Question(), Answer, within_s=100.0, caller=Caller(expires_at=5.0))
        assert runtime.bus.now() - began == pytest.approx(5.0)
        await turns()
        assert gate.cancelled == 1


@pytest.mark.anyio
async def test_nothing_is_asked_after_the_callers_term() -> None:
    async with running(answerer) as runtime:
        assert await runtime.ask(Question(), Answer, caller=Caller(expires_at=5.0))
        with pytest.raises(IdentityError, match="expired"):
            await runtime.ask(Question(), Answer, caller=Caller(expires_at=-1.0))
        assert runtime.statistics().runs == 0


def test_a_token_is_readable_json_with_what_was_meant(key: PrivateKey) -> None:
    body = token(key).split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert found["clearance"] == "confidential"
    assert found["roles"] == ["analyst"]
