"""An identity provider of a test: discovery, keys that change, and any token that somebody could send."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from genie.contracts.ports.fetch import Fetched
from genie.errors import FetchError
from genie.server.who import WhoSection
from tests.genie.desk_for_tests import NOW

ISSUER = "https://login.example.org/realms/bank"
AUDIENCE = "genie"


@functools.cache
def rsa_key(name: str = "one", bits: int = 2_048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


@functools.cache
def ec_key(name: str = "one") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str | None = "k1", **more: Any) -> dict[str, Any]:
    public = key.public_key()
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    found: dict[str, Any] = json.loads(kind.to_jwk(public))
    return {**found, **({} if kid is None else {"kid": kid}), **more}


def pem(key: Any) -> bytes:
    found: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found


class Provider:
    """What the issuer answers; a test changes it. Implements ``genie.contracts.ports.fetch.Fetch``."""

    def __init__(self) -> None:
        self.keys = [jwk(ec_key())]
        self.facts: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        self.asked: list[str] = []
        self.away = False
        self.posted: list[dict[str, str]] = []
        """Fields and credentials of what came to the token endpoint."""
        self.id_token: Any = None
        """What a code is exchanged for."""
        self.token_status = 200

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Fetched:
        assert url == self.facts["token_endpoint"]
        self.posted.append(dict(parse_qsl(content.decode())) | {"basic": headers.get("Authorization", "")})
        if self.away:
            raise FetchError("login.example.org", "cannot be called", 0.0)
        return Fetched(self.token_status, {}, json.dumps({"id_token": self.id_token}).encode())

    async def get(self, url: str) -> Fetched:
        self.asked.append(url)
        if self.away:
            raise FetchError("login.example.org", "cannot be called", 0.0)
        document = self.facts if url.endswith("openid-configuration") else {"keys": self.keys}
        return Fetched(200, {}, json.dumps(document).encode())


def section(**changes: Any) -> dict[str, Any]:
    """Return the configuration of the issuer."""
    return {
        "issuer": ISSUER, "audience": AUDIENCE, "algorithms": ["ES256", "RS256"],
        "claims": {"roles": "realm.roles", "tenant": "org"}, "tenants": {"org-1": "north", "org-2": "south"},
        "roles": {"bank-clerks": ["clerk"], "bank-checkers": ["checker"]},
        "rights": {"clerk": ["ask", "observe"], "checker": ["observe", "approve"]},
        "clearances": {"clerk": "restricted", "checker": "restricted"}, **changes,
    }  # fmt: skip


def who(**changes: Any) -> WhoSection:
    return WhoSection.model_validate_json(json.dumps({"version": 1, "issuers": [section(**changes)]}))


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good token; None takes one out."""
    given = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": NOW, "exp": NOW + 600, "jti": "t1", "org": "org-1",
        "realm": {"roles": ["bank-clerks"]}, **changes,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def token(key: Any = None, head: dict[str, Any] | None = None, body: str | None = None, **changes: Any) -> str:
    """Return a token: its header, its claims and its key as a test wants them."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "k1", **(head or {})}
    header = {name: value for name, value in header.items() if value is not None}
    text = json.dumps(claims(**changes)) if body is None else body
    signed = f"{_encoded(json.dumps(header))}.{_encoded(text)}"
    key = ec_key() if key is None else key
    if isinstance(key, rsa.RSAPrivateKey):
        mark = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        found = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
        mark = found.sign(signed.encode(), key)
    return f"{signed}.{_encoded(mark)}"


def _encoded(given: str | bytes) -> str:
    content = given.encode() if isinstance(given, str) else given
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
