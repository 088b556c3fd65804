"""Public keys of an identity provider: found by discovery, cached, and fetched again for unknown keys."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import anyio

from genie.contracts.ports.fetch import Fetch
from genie.errors import GenieError
from genie.server.principals import LONGEST_TOKEN, WantingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from genie.contracts.ports.fetch import Fetched
    from genie.server.who import IssuerSection

_logger = logging.getLogger("genie.server")
FETCH_S = 10.0
"""Time limit for discovery and keys together, in seconds."""
AGAIN_S = 60.0
"""Shortest time between two fetches because of unknown keys, in seconds."""
FAILED_S = 5.0
"""Seconds between a failed fetch and the next one."""
STALE_S = 3_600.0
"""Seconds for which expired keys are still used while the issuer cannot be reached."""
MOST_KEYS = 100
MOST_BYTES = 262_144
LEAST_RSA_BITS = 2_048
LONGEST_URL = 2_000
_DISCOVERY = "/.well-known/openid-configuration"
_FIRST = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
"""Type or curve of a key -> the algorithm that it verifies; keys of other curves are ignored."""
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})


class IssuerKey(NamedTuple):
    """One public key."""

    id: str | None
    algorithms: frozenset[str]
    """Algorithms that it may verify, from its type and its own declaration."""
    key: Any


class Endpoints(NamedTuple):
    """Sign-in addresses, from the issuer's document."""

    authorization: str
    token: str
    end_session: str | None
    names_itself: bool
    """True if the issuer identifies itself in every response (RFC 9207)."""


class IssuerWay(Fetch, Protocol):
    """HTTP calls to an issuer."""

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Fetched:
        """Send a body to a URL and return the response.

        Raises:
            FetchError: The URL may not be called, or there was no usable response within the time and size limits.
        """
        ...


class IssuerKeys:
    """The keys of one issuer.

    Args:
        section: The issuer.
        fetch: Reads from it.
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, section: IssuerSection, fetch: IssuerWay, now: Callable[[], float]) -> None:
        self._section = section
        self._fetch = fetch
        self._now = now
        self._keys: tuple[IssuerKey, ...] = ()
        self._fetched: float | None = None
        self._tried: float | None = None
        self._failed = False
        self._lock = anyio.Lock()
        self._shown: object = None
        self._endpoints: Endpoints | None = None
        self.edition = 0
        """Changes with the keys."""

    def look(self, _now: float) -> None:
        """Return once there are usable keys.

        Raises:
            WantingError: They must be fetched first.
        """
        age = None if self._fetched is None else self._now() - self._fetched
        if (age is None or age >= self._section.keys_s) and self._may_fetch():
            raise WantingError(self.bring)
        if age is None or age >= self._section.keys_s + STALE_S:
            self._take((), None)

    def fitting(self, kid: str | None, algorithm: str, now: float) -> list[Any]:
        """Return the keys that may have signed a token.

        Args:
            kid: Key id of the token; without one, no key matches if the issuer has several for the algorithm.
            algorithm: Algorithm of the token.
            now: Seconds since the epoch.

        Raises:
            WantingError: The key is unknown, but the issuer may have it now.
        """
        self.look(now)
        able = [one for one in self._keys if algorithm in one.algorithms]
        found = [one.key for one in able if one.id == kid] if kid is not None else [one.key for one in able]
        if kid is None and len(found) > 1:
            return []
        if not found and self._may_fetch(for_unknown=True):
            raise WantingError(self.bring)
        return found

    def _may_fetch(self, *, for_unknown: bool = False) -> bool:
        if self._tried is None:
            return True
        pause = FAILED_S if self._failed else AGAIN_S if for_unknown else 0.0
        return self._now() - self._tried >= pause

    async def bring(self) -> None:
        """Fetch the keys; failures are logged by kind, and the known keys stay valid for ``STALE_S``."""
        asked = self._now()
        async with self._lock:
            if self._tried is not None and self._tried >= asked:
                return  # another request has fetched them meanwhile
            self._tried, self._failed = self._now(), True
            with anyio.move_on_after(FETCH_S) as limit:
                try:
                    found = await self._found()
                except (GenieError, ValueError) as error:
                    _logger.error(
                        "keys of issuer %s: %s", urlsplit(self._section.issuer).hostname, type(error).__name__
                    )
                    return
                self._failed = False
                self._take(*found)
                self._fetched = self._now()
            if limit.cancelled_caught:
                _logger.error("keys of issuer %s: too slow", urlsplit(self._section.issuer).hostname)

    def _take(self, keys: tuple[IssuerKey, ...], shown: object) -> None:
        if shown != self._shown:
            self.edition += 1
        self._keys, self._shown = keys, shown

    async def _found(self) -> tuple[tuple[IssuerKey, ...], object]:
        address = self._section.jwks_uri
        if address is None or self._section.sign_in is not None:
            facts = await self._document(self._section.issuer.removesuffix("/") + _DISCOVERY)
            address = address or facts.get("jwks_uri")
            if facts.get("issuer") != self._section.issuer or not isinstance(address, str):
                raise ValueError("the document is of another issuer, or names no keys")
            self._endpoints = endpoints_of(facts, plain=urlsplit(self._section.issuer).scheme == "http")
        document = await self._document(address)
        given = document.get("keys")
        if not isinstance(given, list) or len(given) > MOST_KEYS:
            raise ValueError("the set of keys is not a list, or is too long")
        return tuple(filter(None, map(key_of, given))), given

    def endpoints(self, now: float) -> Endpoints | None:
        """Return the sign-in addresses; None if the issuer does not state them.

        Raises:
            WantingError: Its document must be fetched first.
        """
        self.look(now)
        if self._endpoints is None and self._may_fetch(for_unknown=True):
            raise WantingError(self.bring)
        return self._endpoints

    async def redeem(self, endpoints: Endpoints, headers: Mapping[str, str], content: bytes) -> str:
        """Exchange a code for an ID token.

        Raises:
            FetchError: The issuer cannot be reached.
            ValueError: The issuer did not accept the code, or its response cannot be read.
        """
        document = _read(await self._fetch.post(endpoints.token, headers=headers, content=content))
        found = document.get("id_token")
        if not isinstance(found, str) or len(found) > LONGEST_TOKEN:
            raise ValueError("no ID token")
        return found

    async def _document(self, url: str) -> dict[str, Any]:
        return _read(await self._fetch.get(url))


def _read(found: Fetched) -> dict[str, Any]:
    if found.status != 200 or len(found.body) > MOST_BYTES:
        raise ValueError("missing or too large")
    try:
        document = json.loads(found.body)
    except RecursionError:
        document = None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document


def key_of(given: object) -> IssuerKey | None:
    """Return a key of a set (RFC 7517); None for a key that verifies no signature, is too weak, or is a secret."""
    import jwt  # noqa: PLC0415 - an extra, loaded where it is used
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 - as above

    if not isinstance(given, dict) or given.get("crv", given.get("kty")) not in _FIRST or given.get("kty") == "oct":
        return None
    if given.get("use", "sig") != "sig" or "verify" not in given.get("key_ops", ["verify"]):
        return None
    kid, said = given.get("kid"), given.get("alg")
    if kid is not None and not isinstance(kid, str):
        return None
    public = {name: given[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in given}
    able: frozenset[str] = frozenset()
    try:
        key = jwt.PyJWK(public, algorithm=_FIRST.get(str(given.get("crv", given["kty"])))).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        able = _RSA
    elif isinstance(key, ec.EllipticCurvePublicKey):
        able = frozenset({_FIRST[given["crv"]]})
    elif isinstance(key, ed25519.Ed25519PublicKey):
        able = frozenset({"EdDSA"})
    if said is not None:
        able &= {"EdDSA" if said == "Ed25519" else str(said)}
    return IssuerKey(kid, able, key) if able else None


def endpoints_of(facts: Mapping[str, Any], *, plain: bool) -> Endpoints | None:
    """Return the sign-in addresses; None if they are not stated, or are not protected by TLS.

    Args:
        facts: The issuer's document.
        plain: The issuer is on this machine, without TLS.
    """
    found: dict[str, str | None] = {}
    for name in ("authorization_endpoint", "token_endpoint", "end_session_endpoint"):
        given = facts.get(name)
        good = isinstance(given, str) and len(given) <= LONGEST_URL and given.isascii() and given.isprintable()
        parts = urlsplit(given) if good else urlsplit("")
        good = parts.scheme in {"https", *(["http"] if plain else [])} and bool(parts.netloc) and not parts.fragment
        found[name] = given if good and "@" not in parts.netloc else None
    authorization, token, end_session = found.values()
    methods = facts.get("code_challenge_methods_supported")
    if authorization is None or token is None or (isinstance(methods, list) and "S256" not in methods):
        return None
    return Endpoints(
        authorization, token, end_session, facts.get("authorization_response_iss_parameter_supported") is True
    )


def fetch_of(section: IssuerSection) -> IssuerWay:
    """Return a client that calls only the hosts of an issuer."""
    from genie.edges.http.fetch import FetchSettings  # noqa: PLC0415 - start-up: for those with issuers
    from genie.server.issuer_fetch import IssuerFetch  # noqa: PLC0415 - as above

    parts = [urlsplit(one) for one in (section.issuer, section.jwks_uri) if one is not None]
    hosts = tuple(dict.fromkeys([*(one.netloc for one in parts), *section.hosts]))
    local = any(one.scheme == "http" for one in parts)
    networks = (*section.networks, "127.0.0.0/8", "::1/128") if local else section.networks
    settings = FetchSettings(hosts=hosts, http=local, max_bytes=MOST_BYTES, redirects=0)
    return IssuerFetch(settings, networks=networks)
