"""Who calls: API keys, kept as hashes, each with its caller and its rights; and signed tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.errors import IdentityError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from genie.config.pipeline import SignedIdentity

Right = Literal["ask", "observe", "approve", "operate", "audit", "govern"]
"""What a caller may do with the API; see the table of routes."""
RIGHTS: frozenset[str] = frozenset(get_args(Right))
PREFIX = "gk_"
MOST_KEYS = 10_000
MOST_BYTES = 10_000_000
"""Largest file of keys that is read."""
LONGEST_TOKEN = 8_192
MOST_TOKENS = 10_000
"""Verified tokens that are remembered until they end."""
_NO_DIGEST = "0" * 64
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Principal(NamedTuple):
    """Who calls, and what it may do."""

    caller: Caller
    rights: frozenset[str]
    id: str
    """Of the key, or of the token's subject; for limits and the audit."""
    signed: SignedIdentity | None = None
    """Against what its token was verified; None for a key."""

    def is_also(self, other: Principal) -> bool:
        """Return True for the same person of the same tenant, whose identity is proved in the same way."""
        own, theirs = self.caller, other.caller
        return (own.user, own.tenant, self.signed) == (theirs.user, theirs.tenant, other.signed)

    def reads(self, other: Principal) -> bool:
        """Return True where what was judged for another may be shown: the same person, with the same rights to read."""
        return self.is_also(other) and all(
            getattr(self.caller, name) == getattr(other.caller, name)
            for name in ("roles", "clearance", "region", "consent")
        )


NOBODY = Principal(Caller(user="nobody", clearance=Classification.PUBLIC), frozenset(), "nobody")


class ApiKey(BaseModel):
    """One key as it is kept; the secret is not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,40}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    user: Name
    tenant: Name | None = None
    roles: tuple[Name, ...] = ()
    clearance: Literal["public", "internal", "confidential", "restricted"] = "internal"
    region: Name | None = None
    rights: tuple[Right, ...] = ("ask", "observe")
    expires_at: float | None = Field(default=None, ge=0)
    """Seconds since the epoch; None for a key without a term."""
    revoked_at: float | None = None

    def principal(self) -> Principal:
        """Return who calls with this key."""
        caller = Caller(
            user=self.user, roles=frozenset(self.roles), tenant=self.tenant, region=self.region,
            clearance=Classification.parse(self.clearance), expires_at=self.expires_at,
        )  # fmt: skip
        return Principal(caller, frozenset(self.rights), f"key:{self.id}")

    def ended(self, now: float) -> bool:
        """Return True once it is revoked or its term is over."""
        return self.revoked_at is not None or (self.expires_at is not None and now >= self.expires_at)


def new_key(**facts: object) -> tuple[str, ApiKey]:
    """Return the text of a new key, which is shown once, and what is kept of it.

    Raises:
        InputError: A fact is not valid.
    """
    name = base64.b32encode(os.urandom(5)).decode().lower()
    text = f"{PREFIX}{name}_{_random()}"
    try:
        kept = ApiKey.model_validate({**facts, "id": name, "sha256": hashlib.sha256(text.encode()).hexdigest()})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        raise InputError(".".join(map(str, found["loc"])), found["msg"]) from None
    return text, kept


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: Annotated[list[ApiKey], Field(max_length=MOST_KEYS)]


class ApiKeys:
    """API keys, by id.

    Args:
        keys: The keys.
    """

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self.all = {key.id: key for key in keys}
        self._principals: dict[str, Principal] = {}

    @classmethod
    def read(cls, path: Path) -> ApiKeys:
        """Read a file of keys.

        Raises:
            InputError: It cannot be read, or a key is not valid.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(str(path), f"is larger than {MOST_BYTES:,} bytes", "remove keys that have ended")
            return cls(_File.model_validate_json(path.read_bytes()).keys)
        except (OSError, ValueError) as error:
            problem = f"is not a file of API keys ({type(error).__name__})"
            raise InputError(str(path), problem, "make one with `genie keys create`") from None

    def text(self) -> str:
        """Return the text of the file."""
        return _File(keys=list(self.all.values())).model_dump_json(indent=1, exclude_defaults=True) + "\n"

    def add(self, key: ApiKey) -> None:
        """Keep one more key, or another state of one.

        Raises:
            InputError: There are too many.
        """
        if len(self.all) >= MOST_KEYS and key.id not in self.all:
            raise InputError("the file of keys", f"has {MOST_KEYS:,} keys already", "remove keys that have ended")
        self.all[key.id] = key
        self._principals.pop(key.id, None)

    def replace(self, other: ApiKeys) -> None:
        """Take over the keys of another file: what it lacks or has revoked is refused from now on."""
        self.all, self._principals = other.all, {}

    def resolve(self, text: str, now: float) -> Principal | None:
        """Return who calls with a key; None for a key that is not known, or has ended."""
        name = text.removeprefix(PREFIX).partition("_")[0]
        key = self.all.get(name)
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        if not hmac.compare_digest(digest, _NO_DIGEST if key is None else key.sha256) or key is None or key.ended(now):
            return None
        return self._principal(key)

    def _principal(self, key: ApiKey) -> Principal:
        found = self._principals.get(key.id)
        if found is None:
            found = self._principals[key.id] = key.principal()
        return found

    def valid(self, principal: Principal, now: float) -> bool:
        """Return True while the key of a principal is good, and gives what it gave."""
        key = self.all.get(principal.id.removeprefix("key:"))
        if key is None or key.ended(now):
            return False
        found = self._principal(key)
        return found is principal or found == principal


class Tokens:
    """Signed tokens of the issuers that the pipelines name.

    Args:
        trusted: What pipelines require of identities.
        grants: Role -> rights that it gives besides ``ask`` and ``observe``.
    """

    def __init__(self, trusted: Iterable[SignedIdentity], grants: Mapping[str, frozenset[str]]) -> None:
        self._trusted = tuple(dict.fromkeys(trusted))
        self._grants = grants
        self._known: OrderedDict[str, Principal] = OrderedDict()

    def resolve(self, token: str, now: float) -> Principal | None:
        """Return who a token identifies; None where no issuer that is trusted here has signed it."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        known = self._known.get(digest)
        if known is not None:
            ends = known.caller.expires_at
            return known if ends is not None and now < ends else None
        for signed in self._trusted:
            caller = _verified(token, signed, now)
            if caller is not None:
                rights = frozenset({"ask", "observe"}).union(*(self._grants.get(r, frozenset()) for r in caller.roles))
                found = Principal(caller, rights & RIGHTS, f"token:{caller.tenant or ''}:{caller.user}", signed)
                while len(self._known) >= MOST_TOKENS:
                    self._known.popitem(last=False)
                self._known[digest] = found
                return found
        return None


def _verified(token: str, signed: SignedIdentity, now: float) -> Caller | None:
    from genie.edges.identity.jwt import verify  # noqa: PLC0415 - start-up: only for those that send tokens
    from genie.edges.identity.keys import public_keys  # noqa: PLC0415 - as above

    try:
        keys = public_keys([signed.keys])
        return verify(token, keys, issuer=signed.issuer, audience=signed.audience, now=now)
    except (IdentityError, InputError):
        return None


class Session(NamedTuple):
    """One session of the page."""

    principal: Principal
    csrf: str
    """The page sends it with every request that changes something; no other site can read it."""
    began: float
    used: float


class Sessions:
    """Sessions of the page: a random id in a cookie, and here what it stands for.

    Args:
        now: Seconds since the epoch.
    """

    MOST = 10_000
    IDLE_S = 1_800.0
    LONGEST_S = 43_200.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: OrderedDict[str, Session] = OrderedDict()

    def begin(self, principal: Principal) -> tuple[str, Session]:
        """Return the id of a new session, and the session."""
        now = self._now()
        while len(self._open) >= self.MOST:
            self._open.popitem(last=False)
        name = _random()
        made = self._open[_digest(name)] = Session(principal, _random(), now, now)
        return name, made

    def find(self, name: str) -> Session | None:
        """Return a session; None once it is over."""
        key, now = _digest(name), self._now()
        found = self._open.get(key)
        if found is None:
            return None
        if now - found.used > self.IDLE_S or now - found.began > self.LONGEST_S:
            del self._open[key]
            return None
        found = self._open[key] = found._replace(used=now)
        self._open.move_to_end(key)
        return found

    def end(self, name: str) -> None:
        """End a session."""
        self._open.pop(_digest(name), None)


def _random() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
