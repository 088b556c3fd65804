"""A caller's identity as a signed token, which is verified once, before a run starts in the caller's name.

The token is a JWT (RFC 7519) signed with Ed25519 (``alg: EdDSA``, RFC 8037); nothing else is accepted. It names the
user, the tenant, roles, clearance and an expiry time. ``verify`` returns a ``Caller`` with exactly these, or raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.errors import IdentityError, InputError

if TYPE_CHECKING:
    from types import ModuleType

    from genie.edges.identity.keys import PrivateKey, PublicKey

MAX_TOKEN_BYTES = 8_192
"""Maximum length of an accepted token."""
LONGEST_S = 86_400.0
"""Longest validity of a token, in seconds: an identity that cannot be revoked must expire."""
LEEWAY_S = 30.0
"""Tolerated difference between the clocks of issuer and verifier in seconds, for tokens that are not valid yet."""
MOST_NAMES = 100
"""Maximum number of roles or consents of one token."""
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}\Z")
_CLAIMS = frozenset({
    "iss", "aud", "sub", "exp", "iat", "nbf", "jti", "roles", "tenant", "clearance", "region", "consent",
})  # fmt: skip


def verify(
    token: str,
    keys: Mapping[str, PublicKey],
    *,
    issuer: str,
    audience: str,
    now: float,
    most: Caller | None = None,
) -> Caller:
    """Return the caller that a signed token identifies.

    Args:
        token: A compact JWS.
        keys: Public keys of the issuer, by id, as ``genie.edges.identity.keys.public_keys`` reads them.
        issuer: Required ``iss``.
        audience: Required ``aud``, or one of several.
        now: Seconds since the epoch.
        most: Upper limit of an accepted caller: roles, clearance, and tenant, region and consents if set. A token that
            grants more is refused, not narrowed.

    Raises:
        IdentityError: The token is malformed, not signed with one of the keys, expired, not valid yet, meant for
            another audience, without expiry, or grants too much.
        InputError: The library that checks it is not installed.
    """
    claims = _claims(token.strip(), keys, issuer=issuer, audience=audience)
    ends = _in_term(claims, now)
    caller = Caller(
        user=_name(claims, "sub") or _lacking("sub"), roles=_names(claims, "roles"), tenant=_name(claims, "tenant"),
        clearance=_clearance(claims), region=_name(claims, "region"), consent=_names(claims, "consent"),
        expires_at=ends,
    )  # fmt: skip
    if most is not None:
        check_within(caller, most)
    return caller


def _claims(token: str, keys: Mapping[str, PublicKey], *, issuer: str, audience: str) -> dict[str, Any]:
    """Return the claims of a token whose signature, issuer and audience are valid."""
    jwt = _library()
    if len(token) > MAX_TOKEN_BYTES:
        raise IdentityError("malformed", f"the token is longer than {MAX_TOKEN_BYTES:,} bytes")
    try:
        head = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise IdentityError("malformed", "this is not a valid signed token (a compact JWS)") from None
    if head.get("alg") != "EdDSA":
        raise IdentityError("algorithm", "the token is not signed with Ed25519 (alg EdDSA)")
    if "crit" in head:
        raise IdentityError("malformed", "the token requires an unknown extension")
    named = head.get("kid")
    known = [keys[named]] if isinstance(named, str) and named in keys else [] if named is not None else keys.values()
    for key in known:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key.key, algorithms=["EdDSA"], issuer=issuer, audience=audience,
                # Its times are checked below, with the clock of the caller.
                options={"require": ["iss", "aud", "sub", "exp"], "verify_exp": False, "verify_nbf": False,
                         "verify_iat": False},
            )  # fmt: skip
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidIssuerError:
            raise IdentityError("issuer", "the token is from another issuer") from None
        except jwt.InvalidAudienceError:
            raise IdentityError("audience", "the token is meant for another audience") from None
        except jwt.MissingRequiredClaimError as error:
            raise _lack(str(error.claim)) from None
        except jwt.PyJWTError:
            raise IdentityError("malformed", "the token's claims cannot be read") from None
        unknown = set(claims) - _CLAIMS
        if unknown:  # ignoring an unknown claim that restricts the token would widen it
            raise IdentityError("malformed", "the token has an unknown claim")
        return claims
    raise IdentityError("signature", "the token is not signed with any of the trusted keys")


def _in_term(claims: Mapping[str, Any], now: float) -> float:
    """Return the expiry of a token, in seconds since the epoch."""
    times = {name: claims.get(name) for name in ("exp", "nbf", "iat")}
    for name, at in times.items():
        if at is None and name != "exp":
            continue
        if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 1e11:
            raise IdentityError("malformed", f"the token's {name} is not a valid time")
    ends = float(claims["exp"])
    if ends <= now:
        raise IdentityError("expired", "the token has expired; ask for a new one")
    if ends - now > LONGEST_S + LEEWAY_S:
        raise IdentityError("term", f"the token is valid for more than {LONGEST_S / 3600:g} hours")
    if any(at is not None and at > now + LEEWAY_S for at in (times["nbf"], times["iat"])):
        raise IdentityError("early", "the token is not valid yet")
    return ends


def check_within(caller: Caller, most: Caller) -> None:
    """Refuse a caller with more rights than the upper limit."""
    wider = []
    if not caller.roles <= most.roles:
        wider.append("roles")
    if caller.clearance > most.clearance:
        wider.append("clearance")
    wider += [name for name in ("tenant", "region") if getattr(most, name) not in {None, getattr(caller, name)}]
    if most.consent and not caller.consent <= most.consent:
        wider.append("consent")
    if wider:
        raise IdentityError("too_wide", f"the token grants more than is accepted here: {', '.join(wider)}")


def _lack(claim: str) -> IdentityError:
    return IdentityError("malformed", f"the token has no {claim if claim in _CLAIMS else 'claim that is needed'}")


def _lacking(claim: str) -> str:
    raise _lack(claim)


def _name(claims: Mapping[str, Any], claim: str) -> str | None:
    value = claims.get(claim)
    if value is None:
        return None
    if not isinstance(value, str) or not _NAME.match(value):
        raise IdentityError("malformed", f"the token's {claim} is not a valid name")
    return value


def _names(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    values = claims.get(claim, [])
    if not isinstance(values, list) or len(values) > MOST_NAMES:
        raise IdentityError("malformed", f"the token's {claim} is not a list of at most {MOST_NAMES} names")
    if not all(isinstance(value, str) and _NAME.match(value) for value in values):
        raise IdentityError("malformed", f"the token's {claim} contains an entry that is not a valid name")
    return frozenset(values)


def _clearance(claims: Mapping[str, Any]) -> Classification:
    """Return the clearance; public if the token has none, so an absent claim grants nothing."""
    value = claims.get("clearance", "public")
    try:
        return Classification.parse(value)
    except (ValueError, TypeError, AttributeError):
        raise IdentityError("malformed", "the token's clearance is not a valid classification") from None


def issue(caller: Caller, key: PrivateKey, *, issuer: str, audience: str, now: float, lifetime_s: float = 900.0) -> str:
    """Return a signed token for a caller; it expires at the latest with the caller.

    Args:
        caller: The caller.
        key: The issuer's key.
        issuer: Name of the issuer.
        audience: The intended recipient of the token.
        now: Seconds since the epoch.
        lifetime_s: Validity of the token in seconds, up to ``LONGEST_S``.

    Raises:
        InputError: The library is not installed.
        ValueError: The lifetime is not above 0 and up to ``LONGEST_S``.
    """
    if not 0 < lifetime_s <= LONGEST_S:
        raise ValueError(f"a token is valid for at most {LONGEST_S:g} seconds, not {lifetime_s:g}")
    ends = now + lifetime_s
    if caller.expires_at is not None:
        ends = min(ends, caller.expires_at)
    claims: dict[str, Any] = {
        "iss": issuer, "aud": audience, "sub": caller.user, "iat": int(now), "exp": int(ends),
        "roles": sorted(caller.roles), "clearance": caller.clearance.label, "consent": sorted(caller.consent),
    }  # fmt: skip
    claims |= {name: value for name in ("tenant", "region") if (value := getattr(caller, name)) is not None}
    encode: Callable[..., str] = _library().encode
    return encode(claims, key.key, algorithm="EdDSA", headers={"kid": key.id})


def _library() -> ModuleType:
    try:
        import jwt  # noqa: PLC0415 - an extra, loaded where it is used
    except ImportError:
        raise InputError(
            "signed identities", "need PyJWT, which is not installed", "install genie-bus[governance]"
        ) from None
    return jwt
