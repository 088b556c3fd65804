"""Tokens of identity providers (OpenID Connect): signature, issuer, audience, term, and what the claims give here.

Everything that decides is configured: the algorithms, the type, the claims that are read and what their values give. A
token names its key by id and nothing else; an address or a key inside a token is never used.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.errors import IdentityError, InputError
from genie.server.issuer_keys import IssuerKeys, fetch_of
from genie.server.principals import LONGEST_TOKEN, RIGHTS, Issued, Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from genie.server.issuer_keys import IssuerWay
    from genie.server.who import IssuerSection, WhoSection

MOST_TOKENS = 10_000
"""Number of verified tokens that are cached until they expire."""
MOST_ONCE = 100_000
"""Number of single-use tokens that are remembered until they expire; if full, further ones are refused."""
MOST_NAMES = 100
LONGEST_NAME = 200
_OF_PERSON = ("", "jwt")
"""`typ` of an ID token, which is optional there."""
_OTHER_KINDS = ("nonce", "at_hash", "c_hash", "events")
"""Claims that mark an ID token, which identifies a person but grants no access, or a token that reports an event."""
_OF_SIGN_OUT = ("", "jwt", "logout+jwt")
_SIGNED_OUT = "http://schemas.openid.net/event/backchannel-logout"


class Issuers:
    """Identity providers whose tokens are accepted.

    Args:
        sections: Their configuration.
        keys: Issuer -> its public keys.
        started: Start of the process, in seconds since the epoch; a single-use token issued earlier may have been used
            already.
    """

    def __init__(self, sections: Iterable[IssuerSection], keys: Mapping[str, IssuerKeys], started: float) -> None:
        self._sections = {one.issuer: one for one in sections}
        self._keys = keys
        self._started = started
        self._known: OrderedDict[bytes, tuple[Principal, int]] = OrderedDict()
        self._used, self._ended = Used(MOST_ONCE), Used(MOST_ONCE)

    def knows(self, token: str) -> bool:
        """Return True for a token that names one of these issuers; nothing is verified yet."""
        try:
            return _named(token) in self._sections
        except IdentityError:
            return False

    def resolve(self, token: str, now: float) -> Principal:
        """Return the principal of a token.

        Raises:
            IdentityError: The token is not valid; ``why`` is only for the log.
            WantingError: The keys of its issuer must be fetched first.
        """
        section = self._sections.get(_named(token))
        if section is None:
            raise IdentityError("issuer", "the token is from an issuer that is not configured")
        keys = self._keys[section.issuer]
        keys.look(now)
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and known[1] == keys.edition:  # no key has been withdrawn since
            if known[0].caller.expires_at is None or now >= known[0].caller.expires_at:
                raise IdentityError("expired", "the token has expired")
            return known[0]
        claims = self._claims(token, section, now)
        found = principal_of(section, claims, _in_term(section, claims, now))
        if section.once:
            self._use(section, claims, now)
        else:
            while len(self._known) >= MOST_TOKENS:
                self._known.popitem(last=False)
            self._known[digest] = found, keys.edition
        return found

    def keys(self, issuer: str) -> IssuerKeys:
        """Return the keys of a configured issuer."""
        return self._keys[issuer]

    def signed_in(self, section: IssuerSection, token: str, now: float) -> dict[str, Any]:
        """Return the claims of an ID token for this server; the caller must check its nonce.

        Raises:
            IdentityError: The token is not valid.
            WantingError: As for ``resolve``.
        """
        if section.sign_in is None or _named(token) != section.issuer:
            raise IdentityError("issuer", "the token is from another issuer")
        claims = self._verified(token, section, now, _OF_PERSON)
        if "events" in claims:
            raise IdentityError("type", "the token reports an event, and does not identify a person")
        _meant_for(section.sign_in.client, claims)
        _in_term(section, claims, now)
        return claims

    def signed_out(self, token: str, now: float) -> tuple[str, str | None, str | None]:
        """Return the issuer, the subject and the session that a logout token ends; one of the two may be absent.

        Raises:
            IdentityError: The token is not valid, or was used before.
            WantingError: As for ``resolve``.
        """
        section = self._sections.get(_named(token))
        if section is None or section.sign_in is None:
            raise IdentityError("issuer", "the token is from an issuer without sign-in to this server")
        claims = self._verified(token, section, now, _OF_SIGN_OUT)
        _meant_for(section.sign_in.client, claims)
        ends = _in_term(section, claims, now)
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(_SIGNED_OUT), dict) or "nonce" in claims:
            raise IdentityError("type", "this is not a logout token")
        subject, sid, token_id = (_name(claims.get(name)) for name in ("sub", "sid", "jti"))
        if token_id is None or (subject is None and sid is None):
            raise IdentityError("malformed", "a logout token must have a jti, and a sub or a sid")
        self._ended.take((section.issuer, token_id), ends, now)
        return section.issuer, subject, sid

    def person(self, section: IssuerSection, claims: Mapping[str, Any], now: float) -> Principal:
        """Return the principal of an ID token's claims, valid at most until the session ends.

        Raises:
            IdentityError: A required claim is missing or not valid.
        """
        ends = now + (section.longest_s if section.sign_in is None else section.sign_in.session_s)
        return principal_of(section, claims, ends)

    def _claims(self, token: str, section: IssuerSection, now: float) -> dict[str, Any]:
        return _checked(section, self._verified(token, section, now, section.types))

    def _verified(self, token: str, section: IssuerSection, now: float, types: Iterable[str]) -> dict[str, Any]:
        """Return the claims of a token with a valid signature and a known issuer; nothing else is checked."""
        import jwt  # noqa: PLC0415 - an extra, loaded where it is used

        head = _part(token, 0)
        algorithm, kid, kind = head.get("alg"), head.get("kid"), head.get("typ", "")
        if algorithm not in section.algorithms:
            raise IdentityError("algorithm", "the token is signed with an algorithm that is not configured")
        if "crit" in head or "b64" in head:
            raise IdentityError("malformed", "the token requires an unknown extension")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
            raise IdentityError("type", "the token has another type than the configured one")
        if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= LONGEST_NAME):
            raise IdentityError("malformed", "the id of the token's key is not valid")
        for key in self._keys[section.issuer].fitting(kid, str(algorithm), now):
            try:
                body = jwt.PyJWS().decode(token, key, algorithms=[str(algorithm)])
            except jwt.InvalidSignatureError:
                continue
            except jwt.PyJWTError:
                raise IdentityError("malformed", "this is not a valid signed token") from None
            claims = _object(body)
            if claims.get("iss") != section.issuer:
                raise IdentityError("issuer", "the token is from another issuer")
            return claims
        raise IdentityError("signature", "the token is not signed with any of the issuer's keys")

    def _use(self, section: IssuerSection, claims: Mapping[str, Any], now: float) -> None:
        issued, token_id = claims.get("iat"), claims.get("jti")
        if not isinstance(token_id, str) or not 0 < len(token_id) <= LONGEST_NAME or issued is None:
            raise IdentityError("replay", "a single-use token must have jti and iat")
        if issued < self._started - section.clock_skew_s:
            raise IdentityError("replay", "the token was issued before this process started, and may have been used")
        self._used.take((section.issuer, token_id), float(claims["exp"]) + section.clock_skew_s, now)


class Used:
    """Used single-use tokens, until they expire.

    Args:
        most: Maximum number of remembered tokens.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ends: list[tuple[float, tuple[str, ...]]] = []
        self._there: set[tuple[str, ...]] = set()

    def take(self, name: tuple[str, ...], ends: float, now: float) -> None:
        """Record a use.

        Raises:
            IdentityError: The token was used before, or no more can be remembered.
        """
        while self._ends and self._ends[0][0] <= now:
            self._there.discard(heapq.heappop(self._ends)[1])
        if name in self._there:
            raise IdentityError("replay", "the token was used before")
        if len(self._there) >= self._most:
            raise IdentityError("replay", "no more single-use tokens can be remembered now")
        self._there.add(name)
        heapq.heappush(self._ends, (ends, name))


def _named(token: str) -> str:
    if not token.isascii() or len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise IdentityError("malformed", "this is not a compact JWS")
    found = _part(token, 1).get("iss")
    if not isinstance(found, str):
        raise IdentityError("issuer", "the token names no issuer")
    return found


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    try:
        return _object(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise IdentityError("malformed", "this is not a compact JWS") from None


def _object(body: bytes) -> dict[str, Any]:
    """Return a JSON object without duplicate names: two readers could each use another one."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name occurs twice")
        return found

    def constant(name: str) -> float:
        raise ValueError(name)

    try:
        found = json.loads(body, object_pairs_hook=unique, parse_constant=constant)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise IdentityError("malformed", "a part of the token is not a JSON object")
    return found


def _meant_for(client: str, claims: Mapping[str, Any]) -> None:
    """Refuse a token that was issued for another client, or that does not state when it was issued.

    Raises:
        IdentityError: The token is one of these.
    """
    meant = claims.get("aud")
    named = meant if isinstance(meant, list) else [meant]
    if client not in named or claims.get("azp", client if len(named) == 1 else None) != client:
        raise IdentityError("audience", "the token is meant for another client")
    if claims.get("iat") is None:
        raise IdentityError("malformed", "the token does not state when it was issued")


def _checked(section: IssuerSection, claims: dict[str, Any]) -> dict[str, Any]:
    meant = claims.get("aud")
    if section.audience not in (meant if isinstance(meant, list) else [meant]):
        raise IdentityError("audience", "the token is meant for somebody else")
    if any(name in claims for name in _OTHER_KINDS) or claims.get("typ") in {"ID", "Refresh", "Logout"}:
        raise IdentityError("type", "this is an ID token or a logout token; send an access token")
    return claims


def _in_term(section: IssuerSection, claims: Mapping[str, Any], now: float) -> float:
    """Return the expiry of a token, in seconds since the epoch."""
    for name in ("exp", "nbf", "iat", "auth_time"):
        at = claims.get(name)
        if at is None and name != "exp":
            continue
        if isinstance(at, bool) or not isinstance(at, (int, float)) or not (math.isfinite(at) and 0 <= at < 1e11):
            raise IdentityError("malformed", f"the token's {name} is not a valid time")
        if name != "exp" and at > now + section.clock_skew_s:
            raise IdentityError("early", "the token is not valid yet")
    ends = float(claims["exp"])
    if ends + section.clock_skew_s <= now:
        raise IdentityError("expired", "the token's term is over")
    if ends - now > section.longest_s + section.clock_skew_s:
        raise IdentityError("term", f"the token is valid for more than {section.longest_s:g} seconds")
    return ends + section.clock_skew_s


def principal_of(section: IssuerSection, claims: Mapping[str, Any], ends: float) -> Principal:
    """Return the principal of a verified token's claims; values that are not configured grant nothing.

    Raises:
        IdentityError: A required claim is missing or not valid.
    """
    named = section.claims
    user = _name(_value(claims, named.user))
    if user is None:
        raise IdentityError("user", "the token names no user")
    given = [] if named.roles is None else _names(_value(claims, named.roles))
    roles = frozenset(role for value in given for role in section.roles.get(value, ()))
    clearance = max(
        [section.clearance, *(level for role, level in section.clearances.items() if role in roles)],
        key=Classification.parse,
    )
    region = None if named.region is None else _name(_value(claims, named.region))
    caller = Caller(
        user=user, roles=roles, tenant=_tenant(section, claims), region=region,
        clearance=Classification.parse(clearance), expires_at=ends,
    )  # fmt: skip
    rights = frozenset(right for role, some in section.rights.items() if role in roles for right in some)
    issued = Issued(section.issuer, section.audience, frozenset(section.pipelines))
    proved = claims.get("auth_time")
    scopes = None if named.scopes is None else frozenset(_names(_value(claims, named.scopes)))
    return Principal(
        caller, rights & RIGHTS, f"token:{caller.tenant}:{section.issuer}:{user}", issued,
        None if proved is None else float(proved), scopes,
    )  # fmt: skip


def _tenant(section: IssuerSection, claims: Mapping[str, Any]) -> str:
    if section.claims.tenant is None:
        if section.tenant is None:
            raise IdentityError("tenant", "the issuer has no tenant")  # the configuration refuses it before
        return section.tenant
    value = _name(_value(claims, section.claims.tenant))
    found = value if section.tenants is None else section.tenants.get(value or "")
    if not found:
        raise IdentityError("tenant", "the token names no configured tenant")
    return found


def _value(claims: Mapping[str, Any], path: str) -> object:
    """Return the claim of a name; dots lead into objects if no claim has the whole name."""
    if path in claims:
        return claims[path]
    found: object = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _name(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LONGEST_NAME:
        raise IdentityError("malformed", "a claim of the token is not a valid name")
    return value


def _names(value: object) -> list[str]:
    """Return the names in a claim: a list, or a text separated by spaces as in ``scope``."""
    if value is None:
        return []
    given = value.split(" ") if isinstance(value, str) else value
    if not isinstance(given, list) or len(given) > MOST_NAMES or not all(isinstance(one, str) for one in given):
        raise IdentityError("malformed", f"a claim of the token is not a list of at most {MOST_NAMES} names")
    return given


def issuers_in(
    who: WhoSection, now: Callable[[], float], wall: Callable[[], float], fetch: IssuerWay | None = None
) -> Issuers | None:
    """Return the issuers of a configuration; None if there are none.

    Args:
        who: The configuration.
        now: Seconds on a clock that never goes back.
        wall: Seconds since the epoch.
        fetch: Calls issuers; over HTTP by default.

    Raises:
        InputError: The library that verifies tokens is not installed.
    """
    if not who.issuers:
        return None
    try:
        import jwt  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise InputError("the issuers of tokens", "need PyJWT", "install genie-bus[serve]") from None
    keys = {one.issuer: IssuerKeys(one, fetch or fetch_of(one), now) for one in who.issuers}
    return Issuers(who.issuers, keys, wall())
