"""Callers: API keys, stored as hashes, each with its caller and its rights; and signed tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections import OrderedDict
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Protocol, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genie.contracts.card import Caller
from genie.contracts.classification import Classification
from genie.contracts.problems import place_in, problem_of
from genie.errors import IdentityError, InputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from genie.config.pipeline import SignedIdentity

Right = Literal["ask", "observe", "approve", "operate", "audit", "govern", "operate_server"]
"""Rights of a caller of the API; see the table of routes."""
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
KeyId = Annotated[str, Field(pattern=r"^[a-z0-9]{1,40}$")]
Scope = Annotated[str, Field(pattern=r"^[a-z.-]{1,40}:(read|write)$")]


class Issued(NamedTuple):
    """The configured issuer against which a token was verified."""

    issuer: str
    audience: str
    pipelines: frozenset[str]
    """Pipelines with ``caller: keys`` that also accept this issuer."""


class WantingError(Exception):
    """Keys or a session must be loaded before the caller is known. The request is then checked again.

    Args:
        bring: Loads it; returns without an error even if that fails.
    """

    def __init__(self, bring: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.bring = bring


class Principal(NamedTuple):
    """The identity of a caller, with its rights."""

    caller: Caller
    rights: frozenset[str]
    id: str
    """Id of the key, or of the token's subject; for limits and the audit."""
    signed: SignedIdentity | Issued | None = None
    """The issuer of its token; None for a key."""
    proved_at: float | None = None
    """Time of the person's last sign-in, in seconds since the epoch: a passkey, or ``auth_time`` of a token."""
    scopes: frozenset[str] | None = None
    """Routes that it may use, in addition to the required rights; None for all."""
    session: str | None = None
    """Digest of the session of the request; None for a key or a token."""

    def is_also(self, other: Principal) -> bool:
        """Return True for the same person of the same tenant, authenticated in the same way."""
        own, theirs = self.caller, other.caller
        return (own.user, own.tenant, self.signed) == (theirs.user, theirs.tenant, other.signed)

    def reads(self, other: Principal) -> bool:
        """Return True where what was judged for another may be shown: the same person, with the same rights to read."""
        if self is other:
            return True
        return self.is_also(other) and all(
            getattr(self.caller, name) == getattr(other.caller, name)
            for name in ("roles", "clearance", "region", "consent")
        )


NOBODY = Principal(Caller(user="nobody", clearance=Classification.PUBLIC), frozenset(), "nobody")


class Allowance(BaseModel):
    """Spending limit of a key, or of each of its conversations."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    cost: Annotated[Decimal, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | None = None
    """In the unit of the models' prices."""
    tokens: Annotated[int, Field(gt=0, le=10**15)] | None = None
    per: Literal["day", "month", "total"] = "day"
    """Days and months in UTC."""


class ApiKey(BaseModel):
    """One stored key, without its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: KeyId
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    user: Name
    tenant: Name | None = None
    roles: tuple[Name, ...] = ()
    clearance: Literal["public", "internal", "confidential", "restricted"] = "internal"
    region: Name | None = None
    rights: tuple[Right, ...] = ("ask", "observe")
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=100)] | None = None
    """Routes that it is limited to; None for all that its rights allow."""
    replaces: KeyId | None = None
    """The key that it replaces."""
    expires_at: float | None = Field(default=None, ge=0)
    """Expiry, in seconds since the epoch; None for a key without one."""
    revoked_at: float | None = None
    invited_until: float | None = Field(default=None, ge=0)
    """Until then the invitation can register one passkey; it cannot call. None for a key that can call."""
    models: tuple[Name, ...] | None = None
    """Models that it may use through the proxy; None for all."""
    budget: Allowance | None = None
    """Spending limit of all its model calls."""
    conversation: Allowance | None = None
    """Spending limit of each of its conversations."""
    repeats: int = Field(default=0, ge=0, le=1_000)
    """Number of equal consecutive requests of one conversation that are allowed; 0 for no limit."""

    def principal(self) -> Principal:
        """Return the principal of this key."""
        caller = Caller(
            user=self.user, roles=frozenset(self.roles), tenant=self.tenant, region=self.region,
            clearance=Classification.parse(self.clearance), expires_at=self.expires_at,
        )  # fmt: skip
        scopes = None if self.scopes is None else frozenset(self.scopes)
        return Principal(caller, frozenset(self.rights), f"key:{self.id}", scopes=scopes)

    def ended(self, now: float) -> bool:
        """Return True if it is revoked or has expired."""
        return self.revoked_at is not None or (self.expires_at is not None and now >= self.expires_at)


def new_key(**facts: object) -> tuple[str, ApiKey]:
    """Return the text of a new key, which is shown once, and its stored form.

    Raises:
        InputError: A value is not valid.
    """
    name = base64.b32encode(os.urandom(5)).decode().lower()
    text = f"{PREFIX}{name}_{_random()}"
    try:
        kept = ApiKey.model_validate({**facts, "id": name, "sha256": hashlib.sha256(text.encode()).hexdigest()})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        raise InputError(place_in(found, "key"), problem_of(found)) from None
    return text, kept


def rotated(old: ApiKey, now: float, overlap_s: float, term_s: float) -> tuple[str, ApiKey, ApiKey]:
    """Return the text of a replacement key, its stored form, and the old key, which expires after the overlap.

    Args:
        old: A key that has not ended.
        now: Seconds since the epoch.
        overlap_s: Seconds for which both are valid.
        term_s: Seconds until the new key expires.

    Raises:
        InputError: The old key has ended.
    """
    if old.ended(now):
        raise InputError(f"key {old.id}", "has ended", "make another one with `genie keys create`")
    if old.invited_until is not None:
        raise InputError(f"key {old.id}", "is an invitation", "make another one with `genie keys invite`")
    facts = old.model_dump(exclude={"id", "sha256", "expires_at", "revoked_at", "replaces"})
    text, new = new_key(**facts, expires_at=now + term_s, replaces=old.id)
    ends = now + overlap_s if old.expires_at is None else min(old.expires_at, now + overlap_s)
    return text, new, old.model_copy(update={"expires_at": ends})


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    keys: Annotated[list[ApiKey], Field(max_length=MOST_KEYS)]


class ApiKeys:
    """API keys, by id.

    Args:
        keys: The keys.
    """

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self.all = {key.id: key for key in keys}
        self._principals: dict[str, Principal] = {}
        self._shown: dict[bytes, tuple[ApiKey, Principal]] = {}
        """Digest of a presented key -> its entry; at most one for each key."""
        self.used: dict[str, float] = {}
        """Key -> time of its last use, in seconds since the epoch."""

    @classmethod
    def read(cls, path: Path) -> ApiKeys:
        """Read a file of keys.

        Raises:
            InputError: The file cannot be read, or a key is not valid.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InputError(str(path), f"is larger than {MOST_BYTES:,} bytes", "remove keys that have ended")
            return cls(_File.model_validate_json(path.read_bytes()).keys)
        except FileNotFoundError:
            raise InputError(str(path), "does not exist", "make it with `genie keys create`") from None
        except OSError as error:
            raise InputError(str(path), f"cannot be read ({error.strerror})", "name a file of API keys") from None
        except ValueError:
            raise InputError(str(path), "is not a file of API keys", "make one with `genie keys create`") from None

    def text(self) -> str:
        """Return the text of the file."""
        return _File(keys=list(self.all.values())).model_dump_json(indent=1, exclude_defaults=True) + "\n"

    def add(self, key: ApiKey) -> None:
        """Add a key, or replace one by its new state.

        Raises:
            InputError: There are too many keys.
        """
        if len(self.all) >= MOST_KEYS and key.id not in self.all:
            raise InputError("the file of keys", f"has {MOST_KEYS:,} keys already", "remove keys that have ended")
        self.all[key.id] = key
        self._principals.pop(key.id, None)
        self._shown.clear()

    def replace(self, other: ApiKeys) -> None:
        """Take over the keys of another file: missing or revoked keys are refused from now on."""
        self.all, self._principals, self._shown = other.all, {}, {}
        self.used = {name: at for name, at in self.used.items() if name in self.all}

    def resolve(self, text: str, now: float) -> Principal | None:
        """Return the principal of a key; None for a key that is unknown or has ended."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        shown = self._shown.get(digest)
        if shown is None:
            key = self._found(text, now)
            if key is None or key.invited_until is not None:
                return None
            shown = self._shown[digest] = key, self._principal(key)
        key, found = shown
        if key.revoked_at is not None or (key.expires_at is not None and now >= key.expires_at):
            return None
        self.used[key.id] = now
        return found

    def _principal(self, key: ApiKey) -> Principal:
        found = self._principals.get(key.id)
        if found is None:
            found = self._principals[key.id] = key.principal()
        return found

    def invited(self, text: str, now: float) -> ApiKey | None:
        """Return the entry of an invitation; None for one that is unknown or has expired."""
        key = self._found(text, now)
        return None if key is None or key.invited_until is None or now >= key.invited_until else key

    def _found(self, text: str, now: float) -> ApiKey | None:
        key = self.all.get(text.removeprefix(PREFIX).partition("_")[0])
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        if not hmac.compare_digest(digest, _NO_DIGEST if key is None else key.sha256) or key is None or key.ended(now):
            return None
        return key

    def valid(self, principal: Principal, now: float) -> bool:
        """Return True while the key of a principal is valid and grants the same; its expiry may have changed."""
        key = self.all.get(principal.id.removeprefix("key:"))
        if key is None or key.ended(now):
            return False
        if self._principals.get(key.id) is principal:
            return True
        now_gives, gave = self._principal(key), principal._replace(proved_at=None, session=None)
        return now_gives == gave._replace(caller=replace(gave.caller, expires_at=now_gives.caller.expires_at))


class Tokens:
    """Signed tokens of the issuers that the pipelines name.

    Args:
        trusted: Identities that pipelines require.
        grants: Role -> rights in addition to ``ask`` and ``observe``.
    """

    def __init__(self, trusted: Iterable[SignedIdentity], grants: Mapping[str, frozenset[str]]) -> None:
        self._trusted = tuple(dict.fromkeys(trusted))
        self._grants = grants
        self._known: OrderedDict[str, Principal] = OrderedDict()

    def resolve(self, token: str, now: float) -> Principal | None:
        """Return the principal of a token; None if no trusted issuer has signed it."""
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


class Elsewhere(NamedTuple):
    """A sign-in at an identity provider, which the provider can end (OpenID Connect Back-Channel Logout)."""

    issuer: str
    subject: str
    sid: str | None = None
    """The provider's own id of its session."""

    def marks(self) -> tuple[str, ...]:
        """Return the keys of a sign-out: that of the person, and that of this one sign-in."""
        named = [("sub", self.subject), *([] if self.sid is None else [("sid", self.sid)])]
        return tuple(_digest("\0".join((self.issuer, *one))) for one in named)


class Session(NamedTuple):
    """One session of the page."""

    principal: Principal
    csrf: str
    """The page sends it with every changing request; no other site can read it."""
    began: float
    used: float
    at: Elsewhere | None = None
    """The sign-in at an identity provider; None for a key, a token or a passkey."""


class SessionKeeper(Protocol):
    """Stores sessions for a later process."""

    def session_changed(self, digest: str, session: Session, *, over: bool) -> None:
        """Keep a session, or forget it."""
        ...

    def signed_out(self, mark: str, at: float) -> None:
        """Record that an identity provider has ended its earlier sessions, under a key of ``Elsewhere``."""
        ...

    async def session(self, digest: str) -> Session | None:
        """Return a session of an earlier process."""
        ...


class Sessions:
    """Sessions of the page: a random id in a cookie, mapped to its session.

    Args:
        now: Seconds since the epoch.
    """

    MOST = 10_000
    IDLE_S = 1_800.0
    LONGEST_S = 43_200.0
    KEEP_S = 300.0
    """Seconds of use after which the last use of a session is stored again."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._kept: dict[str, float] = {}
        self._absent: OrderedDict[str, None] = OrderedDict()
        self.keeper: SessionKeeper | None = None
        """Keeps sessions for a process after this one."""

    def begin(self, principal: Principal, at: Elsewhere | None = None) -> tuple[str, Session]:
        """Return the id of a new session, and the session."""
        now = self._now()
        name = _random()
        made = Session(principal, _random(), now, now, at)
        self._take(_digest(name), made)
        self._keep(_digest(name), made, over=False)
        return name, made

    def _take(self, key: str, made: Session) -> None:
        while len(self._open) >= self.MOST:
            self._kept.pop(self._open.popitem(last=False)[0], None)
        self._open[key] = made._replace(principal=made.principal._replace(session=key))

    def _keep(self, key: str, session: Session, *, over: bool) -> None:
        if self.keeper is not None:
            self.keeper.session_changed(key, session, over=over)
            self._kept[key] = self._now()
            if over:
                self._kept.pop(key)

    def find(self, name: str) -> Session | None:
        """Return a session; None once it has ended."""
        key, now = _digest(name), self._now()
        found = self._open.get(key)
        if found is None:
            if self.keeper is not None and key not in self._absent:
                raise WantingError(lambda: self._bring(key))
            return None
        if now - found.used > self.IDLE_S or now - found.began > self.LONGEST_S:
            self._over(key)
            return None
        found = self._open[key] = found._replace(used=now)
        self._open.move_to_end(key)
        if self.keeper is not None and now - self._kept.get(key, 0.0) > self.KEEP_S:
            self._keep(key, found, over=False)
        return found

    async def _bring(self, key: str) -> None:
        """Restore a session of an earlier process; an unknown one is cached for a while."""
        found = None if self.keeper is None else await self.keeper.session(key)
        if found is not None and key not in self._absent:
            self._take(key, found)
            return
        self._absent[key] = None
        while len(self._absent) > self.MOST:
            self._absent.popitem(last=False)

    def is_open(self, digest: str) -> bool:
        """Return True while a session is valid; the check does not prolong it."""
        found, now = self._open.get(digest), self._now()
        return found is not None and now - found.used <= self.IDLE_S and now - found.began <= self.LONGEST_S

    def end(self, name: str) -> None:
        """End a session."""
        self._over(_digest(name))

    def end_at(self, mark: str) -> int:
        """End every session of a sign-in, and return how many were open here."""
        found = [key for key, one in self._open.items() if one.at is not None and mark in one.at.marks()]
        for key in found:
            self._over(key)
        if self.keeper is not None:
            self.keeper.signed_out(mark, self._now())
        return len(found)

    def _over(self, key: str) -> None:
        found = self._open.pop(key, None)
        if found is not None:
            if self.keeper is not None:
                self._absent[key] = None  # nothing restores it while its removal waits
            self._keep(key, found, over=True)


def _random() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
